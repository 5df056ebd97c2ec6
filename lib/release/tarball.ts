import { gunzipSync } from "node:zlib";

/** A package as it is packed. */
export interface Tarball {
  /** Bytes of the compressed file. */
  readonly size: number;
  /** Content by path, without the leading `package/`. */
  readonly files: ReadonlyMap<string, Buffer>;
}

const BLOCK = 512;

/**
 * Reads what npm packs: gzip around a ustar archive of plain files, long names in pax headers.
 *
 * @throws Error when it is something else
 */
export function readTarball(packed: Buffer): Tarball {
  const files = new Map<string, Buffer>();
  const tar = unzip(packed);
  let longName: string | undefined;
  for (let at = 0; at + BLOCK <= tar.length; ) {
    const header = tar.subarray(at, at + BLOCK);
    if (header.every((byte) => byte === 0)) break;
    const size = Number.parseInt(text(header, 124, 12), 8);
    if (text(header, 257, 5) !== "ustar" || Number.isNaN(size)) {
      throw new Error("the tarball must be a ustar archive, as npm pack makes it; pack it anew");
    }
    const content = tar.subarray(at + BLOCK, at + BLOCK + size);
    const type = text(header, 156, 1);
    const prefix = text(header, 345, 155);
    const name = longName ?? (prefix === "" ? text(header, 0, 100) : `${prefix}/${text(header, 0, 100)}`);
    at += BLOCK + Math.ceil(size / BLOCK) * BLOCK;
    longName = type === "x" ? paxPath(content.toString("utf8")) : undefined;
    if (type === "x" || type === "g" || type === "5") continue;
    if (type !== "0" && type !== "") {
      throw new Error(`the tarball must hold plain files alone, ${name} is none; leave it out`);
    }
    files.set(name.replace(/^[^/]+\//, ""), content);
  }
  return { size: packed.length, files };
}

function unzip(packed: Buffer): Buffer {
  try {
    return gunzipSync(packed);
  } catch (error) {
    throw new Error(
      `the tarball must be compressed by gzip, as npm pack does: ${(error as Error).message}; pack it anew`,
    );
  }
}

function text(block: Buffer, from: number, length: number): string {
  const field = block.subarray(from, from + length);
  const end = field.indexOf(0);
  return field
    .subarray(0, end === -1 ? length : end)
    .toString("utf8")
    .trimEnd();
}

function paxPath(records: string): string | undefined {
  return /(?:^|\n)\d+ path=([^\n]*)\n/.exec(records)?.[1];
}
