import { createHash } from "node:crypto";
import type { EdgeFile, RenderedEdge } from "./file.js";
import { placeholdersIn } from "./placeholders.js";

/** A bundle whose secrets and late values are still placeholders. */
export interface BundleTemplate {
  /** The text that edge-install reads. */
  readonly text: string;
  /**
   * Files whose digest is only known once their placeholders are filled, with the
   * placeholder that stands for the digest.
   */
  readonly lateDigests: readonly { readonly placeholder: string; readonly content: string }[];
  /** First and last line of edge-install in the text, from 1. */
  readonly installer: readonly [first: number, last: number];
}

const SEPARATOR = "--";

/**
 * Lays an edge's files out as one text: a header that says what belongs where, a line `--`,
 * then the files one after the other. Filling in placeholders changes no line's number.
 */
export function bundle(edge: RenderedEdge): BundleTemplate {
  const lateDigests: { placeholder: string; content: string }[] = [];
  const digest = (file: EdgeFile, index: number): string => {
    if (placeholdersIn(file.content).length === 0) return sha256(file.content);
    const placeholder = `@@sha256_${index}@@`;
    lateDigests.push({ placeholder, content: file.content });
    return placeholder;
  };
  const header = [
    `edge ${edge.name}`,
    `carp ${edge.carps.join(" ")}`,
    `carpdev ${edge.carpdev}`,
    ...edge.macs.map(({ interface: name, mac }) => `mac ${name} ${mac}`),
    ...edge.lines.map(({ in: where, text }) => `${where} ${text}`),
  ];
  let next = 1 + header.length + edge.files.length + 1 + 1;
  let installer: readonly [number, number] = [0, 0];
  const table = edge.files.map((file, index) => {
    const lines = file.content.split("\n").length - 1;
    const [first, last] = [next, next + lines - 1];
    next += lines;
    if (file.path.endsWith("/edge-install")) installer = [first, last];
    const mode = file.mode.toString(8).padStart(4, "0");
    return `file ${mode} ${file.owner} ${file.group} ${digest(file, index)} ${first} ${last} ${file.path}`;
  });
  const head = [`edge-bundle 1 ${next - 1}`, ...header, ...table, SEPARATOR].join("\n");
  return {
    text: `${head}\n${edge.files.map(({ content }) => content).join("")}`,
    lateDigests,
    installer,
  };
}

/** The digest by which an edge tells whether a file is the one that was sent, in hex. */
export function sha256(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}
