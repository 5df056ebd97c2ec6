import { type LeavingEdge, leavingEdges } from "./leaving.js";
import { code, codes } from "./markdown.js";
import { type Plan, type ResourceChange, UNKNOWN } from "./plan.js";
import { type Role, roleOf, text } from "./role.js";
import { around } from "./surroundings.js";

/** What a plan means to whoever runs the edge, as one sentence of Markdown. */
export interface Effect {
  /** `danger` where an edge goes or the FailOver IP or a network is touched. */
  readonly kind: "danger" | "change";
  readonly text: string;
}

interface Known {
  readonly change: ResourceChange;
  readonly role: Role;
}

/** The effects of a plan, the dangerous ones first. */
export function effectsOf(plan: Plan): Effect[] {
  const all: Known[] = plan.resources
    .filter(({ action }) => action !== "none" && action !== "read")
    .map((change) => ({ change, role: roleOf(change) }));
  const effects = [
    ...drifted(plan),
    ...all.flatMap(({ change, role }) => (role.is === "instance" ? instance(change, role.edge) : [])),
    ...leavingEdges(plan).flatMap((edge) => leaving(edge, all)),
    ...all.flatMap(({ change, role }) => (role.is === "attachment" ? attachment(change) : [])),
    ...all.flatMap(({ change, role }) => around(change, role)),
    ...networks(all),
    ...all.flatMap(({ change, role }) => (role.is === "release" ? release(change) : [])),
    ...deliveries(all),
    ...all.flatMap(({ change, role }) => others(change, role)),
  ];
  return [
    ...effects.filter(({ kind }) => kind === "danger"),
    ...effects.filter(({ kind }) => kind === "change"),
  ];
}

const danger = (sentence: string): Effect => ({ kind: "danger", text: sentence });
const change = (sentence: string): Effect => ({ kind: "change", text: sentence });

function instance(
  { action, before, after, reason, forcedBy, attributes }: ResourceChange,
  edge: string,
): Effect[] {
  const name = `**${code(edge)}**`;
  switch (action) {
    case "create":
      return [change(`${name} is a new edge: OVH makes its instance.`)];
    case "replace":
      return [
        danger(
          `${name} is **replaced**${why(reason, forcedBy)}: its instance and disk go, another one comes with another address. It is no edge until it is installed and released.`,
        ),
      ];
    case "destroy":
      return [danger(`${name} is **destroyed** with its disk.`)];
    case "forget":
      return [
        danger(
          `${name} is **forgotten**: its instance goes on running, and costing, and takes part in elections; nothing here manages it any more.`,
        ),
      ];
    default: {
      const changed = attributes.filter((one) => one.after !== UNKNOWN).map(({ path }) => path);
      const sentences: Effect[] = [];
      if (changed.includes("flavor_id")) {
        sentences.push(danger(`${name} is **resized**: expect it to restart, and to be no edge meanwhile.`));
      }
      if (changed.includes("name")) {
        sentences.push(change(`${name} is renamed at OVH to ${code(text(after, "name") ?? "?")}.`));
      }
      if (changed.some((path) => path.startsWith("networks."))) {
        sentences.push(
          danger(`${name} gets **other network interfaces**; the networks in question are in the details.`),
        );
      }
      if (text(before, "power_state") !== text(after, "power_state") && changed.includes("power_state")) {
        sentences.push(danger(`${name} is switched to ${code(text(after, "power_state") ?? "?")}.`));
      }
      return sentences.length > 0 ? sentences : [change(`${name}: its instance is changed in place.`)];
    }
  }
}

function leaving({ name, becomes }: LeavingEdge, all: readonly Known[]): Effect[] {
  const edge = `**${code(name)}**`;
  const goesOn = "goes on as an edge, with its credentials, and takes part in elections";
  switch (becomes) {
    case "cleaned": {
      const goes = all.some(({ role }) => role.is === "instance" && role.edge === name);
      return [
        change(
          `What was installed on ${edge} is removed${goes ? ", before its instance goes" : "; its instance stays"}.`,
        ),
      ];
    }
    case "renamed":
      return [
        danger(
          `What was installed on ${edge} is **removed while it is installed anew** by another name: it may be no edge then.`,
        ),
      ];
    case "left":
      return [danger(`${edge} is **left as it is**: nothing is removed from its instance, which ${goesOn}.`)];
    case "exchanged":
      return [
        danger(
          `${edge} is **another instance**: nothing is removed from the one that had the name, which ${goesOn}.`,
        ),
      ];
    default:
      return [];
  }
}

/** Why something is replaced, in words. */
function why(reason: string, forcedBy: readonly string[]): string {
  if (reason === "replace_by_request") return " by request";
  if (reason === "replace_because_tainted") return " because its last creation failed";
  return forcedBy.length === 0 ? "" : ` for another ${codes(forcedBy)}`;
}

function attachment({ action, before, after, reason, forcedBy }: ResourceChange): Effect[] {
  const address = code(text(after, "ip") ?? text(before, "ip") ?? "?");
  switch (action) {
    case "create":
      return [
        danger(
          `**The FailOver IP ${address} is routed** to the preferred edge, this once. From then on it is the edges'.`,
        ),
      ];
    case "replace":
      return [
        danger(
          `**The FailOver IP's attachment is replaced**${why(reason, forcedBy)}: ${address} is routed to the preferred edge, whichever edge holds the IP now.`,
        ),
      ];
    case "destroy":
    case "forget":
      return [
        danger(`**The FailOver IP ${address} is no longer managed.** OVH goes on routing it to where it is.`),
      ];
    default:
      return [
        danger(
          `**The FailOver IP is another one**: ${address} in place of ${code(text(before, "ip") ?? "?")}. Nothing routes it until the master claims it.`,
        ),
      ];
  }
}

const GOES = new Set(["replace", "destroy", "forget"]);

function networks(all: readonly Known[]): Effect[] {
  const seen = new Map<string, ResourceChange[]>();
  for (const { change: one, role } of all) {
    if (role.is !== "network" && role.is !== "subnet") continue;
    seen.set(role.which, [...(seen.get(role.which) ?? []), one]);
  }
  return [...seen].map(([which, changes]) => {
    const [worst] = changes.filter(({ action }) => GOES.has(action));
    const name = `${which === "carp" ? "CARP" : which === "internal" ? "internal" : code(which)} network`;
    if (worst === undefined) {
      const [{ action }] = changes as [ResourceChange];
      return change(`The ${name} is ${action === "create" ? "made, with its subnet" : "changed in place"}.`);
    }
    const consequence =
      which === "carp"
        ? "the edges do not hear each other meanwhile, so that each of them may become MASTER"
        : "what is behind the edges loses them meanwhile";
    const done = { replace: "replaced", destroy: "destroyed", forget: "forgotten" }[
      worst.action as "replace"
    ];
    return danger(`**The ${name} is ${done}**${why(worst.reason, worst.forcedBy)}: ${consequence}.`);
  });
}

function release({ action, attributes }: ResourceChange): Effect[] {
  if (action === "create") {
    return [change("All edges wait until each of them is installed; then the preferred one goes first.")];
  }
  if (action !== "replace") return [];
  if (attributes.some(({ path }) => path === "triggers.identity")) {
    return [
      danger(
        "**CARP gets another address, vhid or password**: all edges are on hold, without failover, until each of them has it. Then the one that holds the FailOver IP goes first.",
      ),
    ];
  }
  return [change("The edges are released anew, the one that holds the FailOver IP first.")];
}

const CONNECTION = new Set(["host", "port", "user"]);

function deliveries(all: readonly Known[]): Effect[] {
  const made = new Set(
    all.flatMap(({ role, change: { action } }) =>
      role.is === "instance" && (action === "create" || action === "replace") ? [role.edge] : [],
    ),
  );
  // Edges with the same to say share a sentence.
  const sentences = new Map<string, string[]>();
  for (const { change: one, role } of all) {
    if (role.is !== "delivery") continue;
    const sentence = delivery(one, made.has(role.edge));
    if (sentence !== undefined) sentences.set(sentence, [...(sentences.get(sentence) ?? []), role.edge]);
  }
  return [...sentences].map(([sentence, edges]) =>
    change(
      `${edges.map((edge) => `**${code(edge)}**`).join(", ")} ${sentence.replaceAll("GETS", edges.length > 1 ? "get" : "gets")}`,
    ),
  );
}

function delivery({ action, reason, attributes }: ResourceChange, newInstance: boolean): string | undefined {
  if (action === "create" || newInstance) return "GETS all files, over SSH.";
  if (action === "destroy" || action === "forget") return undefined;
  if (reason === "replace_because_tainted")
    return "GETS all files again, as the last delivery failed; what is there already stays.";
  if (reason === "replace_by_request")
    return "GETS all files again, by request; what is there already stays.";
  const triggers = attributes
    .filter(({ path }) => path.startsWith("triggers."))
    .map((one) => ({ ...one, path: one.path.slice("triggers.".length) }));
  const files = triggers.filter(({ path }) => path !== "bundle" && !CONNECTION.has(path));
  const paths = (keep: (after: unknown) => boolean) =>
    files.filter(({ after }) => keep(after)).map(({ path }) => path);
  const parts = [
    list(
      "GETS new",
      paths((after) => after !== undefined && after !== UNKNOWN),
    ),
    list(
      "GETS all files again, as the instance changes; new in them at most:",
      paths((after) => after === UNKNOWN),
    ),
    list(
      "has no longer",
      paths((after) => after === undefined),
    ),
  ].filter((one) => one !== undefined);
  const moved = triggers.filter(({ path }) => CONNECTION.has(path)).map(({ path }) => path);
  if (parts.length === 0) {
    if (moved.length > 0) return `GETS all files again, over another way: ${codes(moved)}.`;
    return "GETS the same files with other modes, MAC addresses or order.";
  }
  return `${parts.join("; ")}.`;
}

function list(lead: string, paths: readonly string[]): string | undefined {
  return paths.length === 0 ? undefined : `${lead} ${codes(paths)}`;
}

function others({ action, address, reason, forcedBy }: ResourceChange, role: Role): Effect[] {
  const done: Readonly<Record<string, string>> = {
    create: "made",
    update: "changed in place",
    replace: `replaced${why(reason, forcedBy)}`,
    destroy: "destroyed",
    forget: "forgotten",
  };
  switch (role.is) {
    case "group":
      return [change(`The anti-affinity group of the edges is ${done[action]}.`)];
    case "ssh-key":
      return [change(`The SSH key of the edges at OVH is ${done[action]}.`)];
    case "salt":
      return action === "replace"
        ? [change("The salt of all digests is made anew, so every edge is delivered anew.")]
        : [];
    case "other":
      return [change(`${code(address)} is ${done[action] ?? action}.`)];
    default:
      return [];
  }
}

/** What is gone that the state still knows. */
function drifted({ drift }: Plan): Effect[] {
  return drift
    .filter(({ action }) => action === "destroy")
    .map((one) => {
      const role = roleOf(one);
      const what = role.is === "instance" ? `The instance of **${code(role.edge)}**` : code(one.address);
      return danger(`${what} **is gone** without Terraform's doing.`);
    });
}
