import { nearest } from "../../config/suggest.js";
import { type LeavingEdge, leavingEdges } from "./leaving.js";
import type { Configured, Plan, ResourceChange } from "./plan.js";
import { type Role, roleOf, text } from "./role.js";

/** A rule that a plan breaks. */
export interface Violation {
  readonly rule: RuleName;
  /** The resource that breaks it. */
  readonly address: string;
  /** What was found. */
  readonly got: string;
  /** What to do next; no value of the plan is in it. */
  readonly next: string;
  /** Whether it was allowed. */
  readonly allowed: boolean;
}

type Finding = Pick<Violation, "address" | "got" | "next">;

/** Resources of a plan by what they are. */
class Stack {
  readonly instances: readonly ResourceChange[];
  readonly attachments: readonly ResourceChange[];
  /** The order of the FailOver IP, and what brings it to the project. */
  readonly orders: readonly ResourceChange[];
  /** The CARP network and its subnet, and the vRack that they are in. */
  readonly carp: readonly ResourceChange[];
  readonly deliveries: readonly ResourceChange[];
  readonly releases: readonly ResourceChange[];
  readonly leaving: readonly LeavingEdge[];

  constructor(private readonly plan: Plan) {
    const all = plan.resources.map((change) => ({ change, role: roleOf(change) }));
    const those = (...wanted: readonly Role["is"][]) => all.filter(({ role }) => wanted.includes(role.is));
    const changes = (...wanted: readonly Role["is"][]) => those(...wanted).map(({ change }) => change);
    this.instances = changes("instance");
    this.attachments = changes("attachment");
    this.orders = changes("order", "order-move");
    this.carp = those("network", "subnet", "vrack")
      .filter(({ role }) => !("which" in role) || role.which === "carp")
      .map(({ change }) => change);
    this.deliveries = changes("delivery");
    this.releases = changes("release");
    this.leaving = leavingEdges(plan);
  }

  edgeOf(change: ResourceChange): string {
    const role = roleOf(change);
    return "edge" in role ? role.edge : change.address;
  }

  configured(address: string): Configured | undefined {
    // The configuration knows nothing of the keys of count and for_each.
    return this.plan.configuration.find((one) => one.address === address.replace(/\[[^\]]*\]/g, ""));
  }

  /** All that a resource waits for, at whatever remove. */
  waitsFor(address: string): ReadonlySet<string> {
    const found = new Set<string>();
    const visit = (one: string) => {
      for (const next of this.configured(one)?.dependsOn ?? []) {
        if (found.has(next)) continue;
        found.add(next);
        visit(next);
      }
    };
    visit(address);
    return found;
  }

  /** The preferred edge: the one that the attachment refers to. */
  get preferred(): string | undefined {
    for (const { address } of this.attachments) {
      const references = this.configured(address)?.references.routed_to ?? [];
      const found = this.instances.find((one) => references.includes(one.address));
      if (found !== undefined) return this.edgeOf(found);
    }
    return undefined;
  }
}

const GOING: Readonly<Record<string, string>> = {
  replace: "replaced",
  destroy: "destroyed",
  forget: "forgotten",
};

/** Why an edge is out of service while a plan is applied; undefined where it is not. */
function outage({ action, attributes }: ResourceChange): string | undefined {
  if (action === "replace" || action === "destroy") return GOING[action];
  const restarts = action === "update" && attributes.some(({ path }) => path === "flavor_id");
  return restarts ? "resized" : undefined;
}

function forAnother(forcedBy: readonly string[]): string {
  return forcedBy.length === 0 ? "" : ` for another ${forcedBy.join(", ")}`;
}

function addresses(changes: readonly ResourceChange[]): string {
  return changes.map(({ address }) => address).join(", ");
}

interface Rule {
  /** What must be so, as a sentence that goes on after the resource. */
  readonly must: string;
  readonly find: (stack: Stack) => Finding[];
}

const RULES = {
  "one-edge-at-a-time": {
    must: "a plan may take one edge out of service at most",
    find: (stack) => {
      const out = stack.instances.filter((one) => outage(one) !== undefined);
      if (out.length < 2) return [];
      const told = out.map((one) => `${stack.edgeOf(one)} (${outage(one)})`).join(", ");
      const kept = stack.instances.filter(({ action }) => action === "none" || action === "update");
      const all = kept.every((one) => outage(one) !== undefined) ? ", which are all there are" : "";
      return [
        {
          address: addresses(out),
          got: `${told}${all}`,
          next: "do one edge in each plan, the backup first, by terraform plan -target",
        },
      ];
    },
  },
  "holder-stays": {
    must: "the edge that holds the FailOver IP stays",
    find: (stack) =>
      stack.attachments.flatMap(({ before }) => {
        const holder = text(before, "routed_to");
        return stack.instances
          .filter((one) => holder !== undefined && text(one.before, "id") === holder)
          .filter((one) => one.action in GOING || outage(one) !== undefined)
          .map((one) => ({
            address: one.address,
            got: `${stack.edgeOf(one)}, which holds ${text(before, "ip") ?? "it"} and is ${GOING[one.action] ?? outage(one)}`,
            next: "run edge-sync drain on it and plan again when another edge holds the IP",
          }));
      }),
  },
  "still-redundant": {
    must: "two edges are left at least",
    find: (stack) => {
      const before = stack.instances.filter((one) => one.before !== null && one.before !== undefined);
      const left = stack.instances.filter(({ action }) => action !== "destroy" && action !== "forget");
      if (left.length >= 2 || left.length >= before.length) return [];
      const gone = before.filter(({ action }) => action === "destroy" || action === "forget");
      return [
        {
          address: addresses(gone),
          got: `${left.length === 0 ? "none" : left.map((one) => stack.edgeOf(one)).join(", ")}`,
          next: "add an edge first, or allow it where the edge is to be given up",
        },
      ];
    },
  },
  "ip-stays": {
    must: "the FailOver IP's attachment is made once and never again, as the edges move the IP",
    find: (stack) =>
      stack.attachments.flatMap(({ address, action, attributes, forcedBy }) => {
        const other = action === "update" && attributes.some(({ path }) => path === "ip");
        if (!(action in GOING) && !other) return [];
        const got = other ? "one of another address" : `one that is ${GOING[action]}${forAnother(forcedBy)}`;
        return [{ address, got, next: "undo what asks for it, or plan it as an outage and allow it" }];
      }),
  },
  "ordered-ip-stays": {
    must: "a FailOver IP that was ordered stays in its project, as its address is given away for good with it",
    find: (stack) =>
      stack.orders
        .filter(({ action }) => action in GOING)
        .map(({ address, action, forcedBy }) => ({
          address,
          got: `one that is ${GOING[action]}${forAnother(forcedBy)}`,
          next: "undo what asks for it, or allow it where the address is to be given up",
        })),
  },
  "carp-network-stays": {
    must: "the CARP network, its subnet and its vRack stay, as edges that do not hear each other are all MASTER",
    find: (stack) =>
      stack.carp
        .filter(({ action }) => action in GOING)
        .map(({ address, action, forcedBy }) => ({
          address,
          got: `one that is ${GOING[action]}${forAnother(forcedBy)}`,
          next: "undo what asks for it, or hold the edges meanwhile and allow it",
        })),
  },
  "nothing-forgotten": {
    must: "an edge's instance is destroyed or kept, but not forgotten, as it would go on taking part in elections",
    find: (stack) =>
      stack.instances
        .filter(({ action }) => action === "forget")
        .map(({ address }) => ({
          address,
          got: "one that is forgotten",
          next: "take the removed block out, or let it destroy",
        })),
  },
  "nothing-left-behind": {
    must: "an edge that is taken out is cleaned where its instance stays, as it would go on taking part in elections",
    find: (stack) =>
      stack.leaving.flatMap(({ name, address, becomes }) => {
        if (becomes === "left") {
          return [
            {
              address,
              got: `${name}, which is not in retired`,
              next: "add its name to retired, or run edge-install remove on it and allow it",
            },
          ];
        }
        if (becomes !== "exchanged") return [];
        return [
          {
            address,
            got: `${name}, whose name another instance gets`,
            next: "give that one a name of its own and add this one to retired, or run edge-install remove on it and allow it",
          },
        ];
      }),
  },
  "renamed-not-retired": {
    must: "an edge that only gets another name is not cleaned, as what it gets by that may go too",
    find: (stack) =>
      stack.leaving
        .filter(({ becomes }) => becomes === "renamed")
        .map(({ name, address }) => ({
          address,
          got: `${name}, which is in retired`,
          next: "take its name out of retired",
        })),
  },
  "backup-before-master": {
    must: "the preferred edge is delivered after all others, and only if they succeeded",
    find: (stack) => {
      const last = stack.deliveries.find((one) => stack.edgeOf(one) === stack.preferred);
      if (last === undefined || last.action === "destroy") return [];
      const waits = stack.waitsFor(last.address);
      const missing = stack.deliveries.filter(
        (one) => one !== last && one.action !== "destroy" && !waits.has(one.address),
      );
      return missing.length === 0
        ? []
        : [
            {
              address: last.address,
              got: `no depends_on for ${missing.map((one) => one.address).join(", ")}`,
              next: "add it",
            },
          ];
    },
  },
  "ip-after-delivery": {
    must: "the FailOver IP is attached, and the edges are released, when all of them are installed",
    find: (stack) =>
      [...stack.attachments, ...stack.releases]
        .filter(({ action }) => action !== "destroy" && action !== "forget")
        .flatMap(({ address }) => {
          const waits = stack.waitsFor(address);
          const missing = stack.deliveries.filter(
            (one) => one.action !== "destroy" && !waits.has(one.address),
          );
          if (missing.length === 0) return [];
          return [
            {
              address,
              got: `no depends_on for ${missing.map((one) => one.address).join(", ")}`,
              next: "add it",
            },
          ];
        }),
  },
} satisfies Readonly<Record<string, Rule>>;

/** Name of a rule. */
export type RuleName = keyof typeof RULES;

/** The rules with what each wants. */
export const POLICY: Readonly<Record<RuleName, string>> = Object.fromEntries(
  Object.entries(RULES).map(([name, { must }]) => [name, must]),
) as Record<RuleName, string>;

/**
 * The names of rules that may be broken.
 *
 * @throws Error with all that are no rule
 */
export function ruleNames(names: readonly string[]): RuleName[] {
  const known = Object.keys(RULES);
  const wrong = names.filter((name) => !known.includes(name));
  if (wrong.length === 0) return names as RuleName[];
  throw new Error(
    wrong
      .map((name) => {
        const near = nearest(name, known);
        return `--allow must be a rule, got ${JSON.stringify(name)}; ${near === undefined ? `it is one of ${known.join(", ")}` : `did you mean ${near}?`}`;
      })
      .join("\n"),
  );
}

/**
 * The rules that a plan breaks, all of them.
 *
 * @throws Error when Terraform could not plan everything, so that nothing can be said
 */
export function violationsOf(plan: Plan, allowed: readonly RuleName[] = []): Violation[] {
  if (!plan.complete) {
    throw new Error(
      "the plan is not complete, so nothing can be said of it; mend what terraform plan reports",
    );
  }
  const stack = new Stack(plan);
  return (Object.keys(RULES) as RuleName[]).flatMap((rule) =>
    (RULES[rule] as Rule).find(stack).map((found) => ({ ...found, rule, allowed: allowed.includes(rule) })),
  );
}

/** `ADDRESS: RULE: what must be so, what was found; the next step` */
export function violationText({ address, rule, got, next, allowed }: Violation): string {
  return `${address}: ${rule}: ${POLICY[rule]}, got ${got}; ${next}${allowed ? " (allowed)" : ""}`;
}

/** What `npm run policy` prints, for people. */
export function policyReport(violations: readonly Violation[], allowed: readonly RuleName[]): string {
  const unused = allowed.filter((rule) => violations.every((one) => one.rule !== rule));
  const broken = violations.filter((one) => !one.allowed).length;
  const count = Object.keys(RULES).length;
  return [
    ...violations.map(violationText),
    ...unused.map((rule) => `--allow ${rule} was not needed`),
    broken === 0
      ? `the plan keeps to ${violations.length === 0 ? `all ${count} rules` : "the rules, but for what was allowed"}`
      : `the plan breaks the policy in ${broken} ${broken === 1 ? "place" : "places"}; --allow RULE lets one pass`,
  ]
    .map((line) => `${line}\n`)
    .join("");
}
