import type { CarpState } from "./carp.js";

/** One thing that happened, with what it was about. */
export type Happening =
  | { readonly kind: "fault" | "log" | "broken"; readonly text: string }
  | { readonly kind: "role"; readonly role: CarpState }
  | { readonly kind: "alias"; readonly on: boolean }
  | { readonly kind: "demotion"; readonly group: string; readonly by: number }
  | { readonly kind: "claim" | "post" | "accepted" }
  | { readonly kind: "route"; readonly to: string | null };

/** When it happened, and to whom. */
export type Moment = Happening & {
  /** Milliseconds since the first step could be played. */
  readonly ms: number;
  /** Name of the edge; absent for OVH's own. */
  readonly edge?: string;
};

/** What an edge went through, without its times. */
export interface EdgeOutline {
  /** Roles reached; INIT is on the way to each of them. */
  readonly roles: readonly CarpState[];
  readonly alias: readonly ("on" | "off")[];
  /** Groups, with + where they were demoted and - where that was taken back. */
  readonly demotions: readonly string[];
  /** POSTs that OVH accepted. */
  readonly accepted: number;
}

/** What a story comes down to. */
export interface Outline {
  readonly edges: Readonly<Record<string, EdgeOutline>>;
  /** Name of the edge that the IP is routed to at the end, null for none. */
  readonly holder: string | null;
}

/** What the moments of a story come down to. */
export function outlineOf(
  moments: readonly Moment[],
  edges: readonly string[],
  holder: string | null,
): Outline {
  const of = (name: string): EdgeOutline => {
    const own = moments.filter(({ edge }) => edge === name);
    return {
      roles: own.flatMap((one) => (one.kind === "role" && one.role !== "INIT" ? [one.role] : [])),
      alias: own.flatMap((one) => (one.kind === "alias" ? [one.on ? "on" : "off"] : [])),
      demotions: own.flatMap((one) =>
        one.kind === "demotion" ? [`${one.by > 0 ? "+" : "-"}${one.group}`] : [],
      ),
      accepted: own.filter(({ kind }) => kind === "accepted").length,
    };
  };
  return { edges: Object.fromEntries(edges.map((name) => [name, of(name)])), holder };
}

/** A story as lines of text. */
export function storyText(moments: readonly Moment[]): string {
  return moments
    .map((moment) => {
      const who = (moment.edge ?? "ovh").padEnd(8);
      return `${String(Math.round(moment.ms)).padStart(8)} ms  ${who} ${textOf(moment)}`;
    })
    .join("\n");
}

function textOf(moment: Moment): string {
  switch (moment.kind) {
    case "fault":
      return `* ${moment.text}`;
    case "broken":
      return `! ${moment.text}`;
    case "log":
      return moment.text;
    case "role":
      return `carp0 is ${moment.role}`;
    case "alias":
      return `alias ${moment.on ? "on" : "off"}`;
    case "demotion":
      return `${moment.group} ${moment.by > 0 ? "+" : ""}${moment.by}`;
    case "claim":
      return "a claim begins";
    case "post":
      return "POST";
    case "accepted":
      return "its POST is accepted";
    case "route":
      return `the IP is routed to ${moment.to ?? "nothing"}`;
  }
}
