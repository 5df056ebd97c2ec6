import { type OvhClient, OvhError } from "../ovh-client.js";
import { type AccessRule, covers, ruleText, uncovered } from "./access-rule.js";
import { OWN_RULES, type Right } from "./rights.js";

/** What was learnt of a key, and how. */
export type KeyExam =
  /** It is no good at all, or nobody answered. */
  | { readonly refused: string }
  /** OVH told its rules. */
  | { readonly rules: readonly AccessRule[]; readonly expiration?: string }
  /** It may not ask for its rules: calls were tried. */
  | { readonly tried: readonly Trial[] };

/** One call that was tried. */
export interface Trial extends AccessRule {
  /** Undefined where the answer tells nothing. */
  readonly granted: boolean | undefined;
}

/** What a key can do, held to what it must. */
export interface KeyVerdict {
  /** Calls that it must be able to make and is not. */
  readonly missing: readonly Right[];
  /** Rules, or calls that were tried, beyond what it needs. */
  readonly excess: readonly AccessRule[];
  /** Calls of which nothing is known. */
  readonly unproven: readonly Right[];
}

/** What a key is asked. */
export interface KeyQuestions {
  readonly needed: readonly Right[];
  /** Calls that it may be able to make, and need not. @default - none */
  readonly tolerated?: readonly AccessRule[];
  /** GET calls that show, by not being refused, that it may do more than it needs. */
  readonly beyond: readonly AccessRule[];
  /**
   * Whether an attach without a target is sent where the key's rules cannot be read: OVH refuses it
   * to any key, to one with the right as a bad request. @default - false
   */
  readonly emptyAttach?: boolean;
}

/** Calls that no edge of one FailOver IP needs, one of each kind; those of several need the first. */
export function beyondAnEdge(project: string): AccessRule[] {
  return [
    `/cloud/project/${project}/ip/failover`,
    `/cloud/project/${project}`,
    `/v2/publicCloud/project/${project}/compute/instance`,
    "/me",
  ].map((path) => ({ method: "GET", path }));
}

/** Finds out what a key may do: by its rules where it may ask for them, else by trying harmless calls. */
export async function examineKey(
  ovh: Pick<OvhClient, "get" | "post">,
  { needed, beyond, emptyAttach = false }: KeyQuestions,
): Promise<KeyExam> {
  const own = await attempt(ovh.get<{ rules: AccessRule[]; expiration: string | null }>(OWN_RULES.path));
  if ("refused" in own) return own;
  if (own.granted && Array.isArray(own.value?.rules)) {
    const { rules, expiration } = own.value;
    return { rules, ...(expiration ? { expiration } : {}) };
  }
  const details = await attempt(ovh.get<{ allowedRoutes: AccessRule[] | null }>("/auth/details"));
  if ("refused" in details) return details;
  if (details.granted && (details.value?.allowedRoutes ?? []).length > 0) {
    return { rules: details.value?.allowedRoutes ?? [] };
  }
  const tried: Trial[] = [];
  for (const { method, path } of [...needed, ...beyond]) {
    if (path.includes("*")) continue;
    const attach = emptyAttach && method === "POST" && path.endsWith("/attach");
    if (method !== "GET" && !attach) continue;
    const answer = await attempt(attach ? ovh.post(path, {}) : ovh.get(path));
    if ("refused" in answer) return answer;
    if (attach && "value" in answer) {
      return { refused: "OVH accepted an attach without a target: look where the FailOver IP is now" };
    }
    tried.push({ method, path, granted: answer.granted });
  }
  return { tried };
}

/** Holds a key to what it needs. */
export function judgeKey(
  exam: KeyExam,
  { needed, tolerated = [] }: Pick<KeyQuestions, "needed" | "tolerated">,
): KeyVerdict {
  if ("refused" in exam) return { missing: [], excess: [], unproven: needed };
  if ("rules" in exam) {
    const wide = uncovered(exam.rules, [...needed, ...tolerated, OWN_RULES]);
    return { missing: uncovered(needed, exam.rules), excess: wide, unproven: [] };
  }
  const trial = (right: AccessRule) => exam.tried.find((one) => ruleText(one) === ruleText(right));
  return {
    missing: needed.filter((right) => trial(right)?.granted === false),
    excess: exam.tried
      .filter((one) => one.granted === true && !needed.some((right) => covers(right, one)))
      .map(({ method, path }) => ({ method, path })),
    unproven: needed.filter((right) => trial(right)?.granted === undefined),
  };
}

type Attempt<T> =
  | { readonly refused: string }
  /** There is a value where the call succeeded. */
  | { readonly granted: boolean | undefined; readonly value?: T };

/** A call with the key: 403 of one kind is about the call, all else that bars it is about the key. */
async function attempt<T>(call: Promise<T>): Promise<Attempt<T>> {
  try {
    return { granted: true, value: await call };
  } catch (error) {
    if (!(error instanceof OvhError)) return { refused: (error as Error).message };
    const { status } = error;
    const message = error.message.replace(/ \(X-OVH-Query-Id: [^)]*\)$/, "");
    if (status === 403 && /has not been granted/.test(message)) return { granted: false };
    const aboutKey =
      status === 401 || status === 403 || (status === 400 && /signature|out of time/i.test(message));
    if (aboutKey) return { refused: message };
    return { granted: status === 429 || status >= 500 ? undefined : true };
  }
}
