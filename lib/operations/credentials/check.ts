import type { EdgeConfig } from "../../config/schema.js";
import type { OvhClient } from "../ovh-client.js";
import { table } from "../table.js";
import { ruleText } from "./access-rule.js";
import { beyondAnEdge, examineKey, judgeKey, type KeyExam, type KeyVerdict } from "./key.js";
import { deployerRights, doctorRights, edgeRights, type Right } from "./rights.js";

/** Which key. */
export type KeyHolder = "deployer" | "edges";

/** What a key can do and what not. */
export interface KeyCheck extends KeyVerdict {
  readonly holder: KeyHolder;
  readonly exam: KeyExam;
  readonly needed: readonly Right[];
}

/** A client with the key, or why there is none. */
export type KeyClient = Pick<OvhClient, "get" | "post"> | string;

/** Proves what a key can do for a FailOver IP, and for others where there are several. An attach is never made: at most one without a target is sent, which OVH refuses. */
export async function checkKey(
  holder: KeyHolder,
  client: KeyClient,
  config: EdgeConfig,
  ipId: string | undefined,
  others: readonly string[] = [],
): Promise<KeyCheck> {
  const rights = holder === "edges" ? edgeRights : deployerRights;
  const needed = ipId === undefined ? [] : rights(config, ipId, ...others);
  const tolerated = holder === "deployer" ? doctorRights(config) : [];
  const beyond = holder === "edges" ? beyondAnEdge(config.project) : [];
  const exam: KeyExam =
    typeof client === "string"
      ? { refused: client }
      : ipId === undefined
        ? { refused: "the FailOver IP's id is not known; give it with --ip-id" }
        : await examineKey(client, { needed, beyond, emptyAttach: holder === "edges" });
  return { holder, exam, needed, ...judgeKey(exam, { needed, tolerated }) };
}

/** 0 where a key can do what it must and no more, 1 where not, 2 where that could not be found out. */
export function checkStatus(checks: readonly KeyCheck[]): number {
  const bad = checks.some(
    ({ holder, exam, missing, excess }) =>
      ("refused" in exam && aboutKey(exam.refused)) ||
      missing.length > 0 ||
      (holder === "edges" && excess.length > 0),
  );
  if (bad) return 1;
  return checks.some(({ unproven, exam }) => "refused" in exam || unproven.length > 0) ? 2 : 0;
}

function aboutKey(refused: string): boolean {
  return /API error/.test(refused);
}

const NAMES: Readonly<Record<KeyHolder, string>> = {
  deployer: "The deployer's key",
  edges: "The edges' key",
};

/** What was found out, for people. */
export function checkScreen(checks: readonly KeyCheck[]): string {
  return `${checks.map(keyScreen).join("\n\n")}\n`;
}

function keyScreen({ holder, exam, needed, missing, excess, unproven }: KeyCheck): string {
  const name = NAMES[holder];
  if ("refused" in exam) return `${name}: ${exam.refused}.`;
  const has = (list: readonly Right[], right: Right) => list.includes(right);
  const rows = needed.map((right) => [
    right.method,
    right.path,
    has(missing, right) ? "NO" : has(unproven, right) ? "not proven" : "yes",
  ]);
  const how =
    "rules" in exam
      ? "by the rules that OVH told"
      : holder === "edges"
        ? "by trying; the attach by one without a target, which nothing can come of"
        : "by trying what changes nothing; it may not ask for its rules";
  const wide =
    excess.length === 0
      ? "It may do nothing beyond that, as far as was looked."
      : `It may do more than it needs: ${excess.map(ruleText).join(", ")}.`;
  const end = "rules" in exam && exam.expiration !== undefined ? `\nIt ends at ${exam.expiration}.` : "";
  return `${name}, ${how}:\n${table(["call", "path", "may it"], rows)}\n${wide}${end}`;
}
