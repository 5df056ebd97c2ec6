import type { AccessRule } from "../credentials/access-rule.js";
import { ruleText } from "../credentials/access-rule.js";
import { OWN_RULES } from "../credentials/rights.js";
import { type Asking, type Assumption, bySight } from "./assumption.js";
import { json, type Refusal, refusal } from "./ovh.js";

const topic = "OVH";

/** What a key is told of itself: its rules by each of the two calls, or a refusal. */
export interface OwnRules {
  readonly credential: Refusal | { readonly accepted: unknown };
  readonly details: Refusal | { readonly accepted: unknown };
}

async function ownRules({ ovh }: Pick<Asking, "ovh">): Promise<OwnRules> {
  return {
    credential: await refusal(ovh.get(OWN_RULES.path)),
    details: await refusal(ovh.get("/auth/details")),
  };
}

/** The rules of an answer in one order; undefined where it is none, or has none. */
function rulesIn(answer: OwnRules["credential"], field: "rules" | "allowedRoutes"): string[] | undefined {
  if (!("accepted" in answer)) return undefined;
  const rules = (answer.accepted as Record<string, unknown> | null)?.[field];
  if (!Array.isArray(rules)) return undefined;
  const whole = rules.every(
    (one: Partial<AccessRule> | null) => typeof one?.method === "string" && typeof one.path === "string",
  );
  return whole ? rules.map(ruleText).sort() : undefined;
}

const isNotGranted = (answer: OwnRules["credential"]) =>
  "status" in answer && answer.status === 403 && /has not been granted/.test(answer.message);

/** What OVH is taken to hold of keys, and of service accounts and their policies. */
export const CREDENTIAL_ASSUMPTIONS: readonly Assumption[] = [
  {
    id: "own-rules",
    topic,
    statement:
      "`GET /auth/currentCredential` tells a key its rules, or refuses that with 403 and `has not been granted`, as any call that a key may not make",
    matters: "`npm run credentials -- check` and `npm run doctor`",
    otherwise: "they say that a key is refused which is not; nothing else",
    source: "OVH's API, /auth",
    how: {
      kind: "ovh",
      expected: "rules, each with a method and a path; or 403 with `has not been granted`",
      ask: ownRules,
      judge: ({ credential }: OwnRules) =>
        rulesIn(credential, "rules") !== undefined || isNotGranted(credential) ? undefined : json(credential),
    },
  },
  {
    id: "allowed-routes",
    topic,
    statement: "`allowedRoutes` of `GET /auth/details` are the key's rules",
    matters: "the same, for a key that may not ask for its credential",
    otherwise: "a right counts as there that is not, or the other way round",
    source: "OVH's API, /auth",
    how: {
      kind: "ovh",
      expected: "the rules that `GET /auth/currentCredential` tells",
      ask: ownRules,
      judge: ({ credential, details }: OwnRules) => {
        const [rules, routes] = [rulesIn(credential, "rules"), rulesIn(details, "allowedRoutes")];
        if (rules === undefined) return { untold: "the deployer's key may not ask for its rules" };
        return routes?.join() === rules.join() ? undefined : json(details);
      },
    },
  },
  {
    id: "empty-attach",
    topic,
    statement:
      "An attach without `instanceId` is refused before anything moves: with 400 to a key that may attach, with 403 to one that may not",
    matters: "`npm run credentials -- check` tries the edges' key by it",
    otherwise: "where it is accepted the check stops and says to look where the address is",
    source: "not documented",
    how: bySight(
      "`npm run credentials -- check --only edges`, and `npm run status` before and after it: the address stays.",
    ),
  },
  {
    id: "rule-form",
    topic,
    statement:
      "A key's rules for calls of v2 are written `/v2/…`, a `*` spans slashes, a query does not count",
    matters: "the rights that `npm run credentials` lists",
    otherwise: "OVH refuses a call to a key with exactly these rights; the message names the call",
    source: "OVH's documentation; not told of v2",
    how: bySight(
      "`npm run credentials -- check` and a deploy with a key that was made on the page it names.",
    ),
  },
  {
    id: "token-page",
    topic,
    statement: "createToken takes paths of v2 and an address of some 2,000 characters",
    matters: "the page that `npm run credentials` names",
    otherwise: "rules are missing on it, which have to be typed",
    source: "not documented",
    how: bySight("The page, opened: it shows each rule of the list."),
  },
  {
    id: "iam-conditions",
    topic,
    statement:
      "A policy takes `OR` of `MATCH` on `request.IP`, and an edge's requests leave with its own public address",
    matters: "`credentials.serviceAccounts`",
    otherwise: "the deploy fails at the policy, or each check ends with exit status 3",
    source: "OVH's documentation of IAM",
    how: bySight("`npm run accept -- --only edge-key` after a deploy with a service account."),
  },
  {
    id: "iam-names",
    topic,
    statement:
      "A policy's name, its actions `publicCloudProject:apiovh:ip/failover/get` and `…/attach`, and its URN `urn:v1:eu:resource:publicCloudProject:ID` are as lib/constructs/edge-credentials.ts writes them, and the first of them lets an edge ask for all IPs at once as well",
    matters: "`credentials.serviceAccounts`",
    otherwise: "the deploy fails at the policy, or each check ends with exit status 3",
    source: "OVH's API, /v2/iam",
    how: bySight("`npm run accept -- --only edge-key` after a deploy with a service account."),
  },
  {
    id: "iam-delay",
    topic,
    statement: "A policy takes effect before the next request of an edge",
    matters: "another name in `credentials.serviceAccounts`",
    otherwise: "checks end with exit status 3 until it does; a master is blind after three",
    source: "not documented",
    how: bySight("`grep ip-move /var/log/daemon` on the edges after a deploy with another name there."),
  },
];
