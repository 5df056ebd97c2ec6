import { runnable } from "../../config/command-line.js";
import type { Asked } from "../asked.js";
import { ruleText } from "../credentials/access-rule.js";
import { judgeKey, type KeyExam } from "../credentials/key.js";
import type { Right } from "../credentials/rights.js";
import { duration } from "../duration.js";
import {
  advice,
  answered,
  type Check,
  type Finding,
  findingOf,
  found,
  type Outcome,
  wrong,
} from "./check.js";

/** A key, what it must be able to do, and what was learnt of it. */
export interface KeyFacts {
  readonly exam: KeyExam;
  readonly needed: readonly Right[];
}

/** What was gathered of OVH's API and of the keys for it. */
export interface ApiFacts {
  /** Where the API is. */
  readonly endpoint: string;
  /** OVH's clock in seconds. */
  readonly time: Asked<number>;
  /** This machine's clock in seconds, at that moment. */
  readonly now: number;
  readonly deployer: Asked<KeyFacts>;
  readonly edges: Asked<KeyFacts>;
}

/** Seconds by which this machine's clock may be off. */
const CLOCK_LIMIT = 10;
/** Seconds before its end from which a key is worth a word. */
const EXPIRY_NOTICE = 30 * 86_400;

/** Checks of OVH's API and of the keys for it. */
export const API_CHECKS: readonly Check<ApiFacts>[] = [
  {
    name: "reachable",
    judge: ({ endpoint, time }) =>
      "value" in time
        ? { ok: endpoint }
        : {
            findings: [
              wrong(
                time.failed,
                "a deploy goes through it, and so does every failover, from the edges",
                `curl -v ${endpoint}/auth/time`,
              ),
            ],
          },
  },
  {
    name: "clock",
    judge: ({ time, now }) =>
      answered(time, (value) => {
        const off = now - value;
        const text = `${Math.abs(off)} s ${off < 0 ? "behind" : "ahead of"} OVH's`;
        const finding = wrong(
          `this machine's clock is ${text}`,
          "requests are signed with the time and refused when it is wrong; certificates are judged by it",
          "timedatectl set-ntp true",
        );
        return found(Math.abs(off) > CLOCK_LIMIT ? [finding] : [], off === 0 ? "right" : text);
      }),
  },
  { name: "deployer's key", judge: (facts) => keyOutcome(facts, facts.deployer, DEPLOYER) },
  { name: "edges' key", judge: (facts) => keyOutcome(facts, facts.edges, EDGES) },
];

interface Holder {
  readonly what: string;
  readonly refused: string;
  readonly missing: string;
  readonly excess: string;
  readonly mend: string;
  readonly severity: Finding["severity"];
}

const DEPLOYER: Holder = {
  what: "the deployer's key",
  refused: "nothing can be deployed with it, and no command here can ask OVH",
  missing: "a deploy stops there, maybe half-way",
  excess: "whoever gets hold of it can do that too",
  mend: "npm run credentials, and make a key with the page that it names",
  // Most keys of people who deploy may do everything, and are theirs to keep.
  severity: "advice",
};

const EDGES: Holder = {
  what: "the edges' key",
  refused: "no edge can move the FailOver IP: there is no failover",
  missing: "an edge cannot do its part of a failover without it",
  excess: "it lies on every edge, so whoever breaks into one can do that too",
  mend: "npm run credentials, make another key with the page that it names, and npm run deploy",
  severity: "wrong",
};

function keyOutcome({ now }: ApiFacts, facts: Asked<KeyFacts>, holder: Holder): Outcome {
  return answered(facts, ({ exam, needed }) => {
    const { what, mend } = holder;
    if ("refused" in exam) {
      if (/cannot be reached/.test(exam.refused)) return { impossible: exam.refused };
      return { findings: [wrong(`${what} is refused: ${exam.refused}`, holder.refused, mend)] };
    }
    const { missing, excess, unproven } = judgeKey(exam, { needed });
    const findings: Finding[] = missing.map((right) =>
      wrong(`${what} may not ${ruleText(right)} (${right.purpose})`, holder.missing, mend),
    );
    if (excess.length > 0) {
      const text = `${what} may do more than it needs: ${excess.map(ruleText).join(", ")}`;
      findings.push(findingOf(holder.severity, text, holder.excess, mend));
    }
    findings.push(...expiryFindings(exam, now, holder));
    const how = "rules" in exam ? "by its rules" : "by trying";
    const open =
      unproven.length === 0
        ? ""
        : `; ${unproven.length} ${unproven.length === 1 ? "call" : "calls"} not proven, npm run credentials -- check`;
    return found(findings, runnable(`what it needs, ${how}${open}`));
  });
}

function expiryFindings(exam: KeyExam, now: number, { what, refused, mend }: Holder): Finding[] {
  if (!("rules" in exam) || exam.expiration === undefined) return [];
  const left = Date.parse(exam.expiration) / 1000 - now;
  if (!(left < EXPIRY_NOTICE)) return [];
  return [advice(`${what} ends in ${duration(Math.max(0, left))}, at ${exam.expiration}`, refused, mend)];
}
