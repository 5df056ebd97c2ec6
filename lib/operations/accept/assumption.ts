import type { EdgeConfig, EdgeSettings } from "../../config/schema.js";
import type { OvhClient } from "../ovh-client.js";
import type { RemoteEdge, RemoteResult } from "../remote-edge.js";

/** What of OpenBSD or OVH an assumption is about. */
export type Topic = "carp" | "system" | "pf and ifstated" | "TLS and Perl" | "OVH" | "deployment";

/** Something that the package takes for true and that only real nodes or the real OVH can show. */
export interface Assumption {
  /** Lower-case words with dashes; `--only` takes it. */
  readonly id: string;
  readonly topic: Topic;
  readonly statement: string;
  /** What rests on it. */
  readonly matters: string;
  /** What happens where it does not hold. */
  readonly otherwise: string;
  /** Manual page or source that says so, or where it was seen. */
  readonly source: string;
  /** What a configuration must have for it to matter. @default - it matters to all */
  readonly where?: Where;
  readonly how: How;
}

/** Configurations that an assumption is about. */
export interface Where {
  /** What they have, as the end of "with …". */
  readonly setting: string;
  readonly has: (config: EdgeConfig) => boolean;
}

/** How an assumption is checked. */
export type How = EdgeCheck | ClusterCheck | OvhCheck | Trial | Sight;

/** That an answer cannot tell, with the reason. */
export interface Untold {
  readonly untold: string;
}

/** What a judge says: nothing when the assumption holds, or what was got instead. */
export type Judged = string | Untold | undefined;

/** The edge that a check is about. */
export interface About {
  readonly config: EdgeConfig;
  readonly edge: EdgeSettings;
}

/** One command on every edge, which changes nothing there. */
export interface EdgeCheck {
  readonly kind: "edge";
  /** Who runs it on the edge: `login` is the user who logs in. @default - root */
  readonly as?: "login";
  readonly command: (about: About) => string;
  readonly expected: string;
  readonly judge: (answer: RemoteResult, about: About) => Judged;
}

/** What one edge answered. */
export interface Answered {
  readonly edge: string;
  readonly answer: RemoteResult;
}

/** The same command on all edges at once, judged together; it changes nothing. */
export interface ClusterCheck {
  readonly kind: "cluster";
  readonly command: (config: EdgeConfig) => string;
  readonly expected: string;
  readonly judge: (answers: readonly Answered[], config: EdgeConfig) => Judged;
}

/** What a question to OVH may use. */
export interface Asking {
  readonly config: EdgeConfig;
  readonly ovh: Pick<OvhClient, "get" | "time" | "late">;
  readonly edges: readonly RemoteEdge[];
}

/** A question to OVH that changes nothing there. */
export interface OvhCheck {
  readonly kind: "ovh";
  readonly expected: string;
  readonly ask: (asking: Asking) => Promise<unknown>;
  /** Takes what `ask` brought. */
  readonly judge: (answer: never, config: EdgeConfig) => Judged;
}

/** What a trial works on: sound edges, one of which holds the IP, of several the first. */
export interface Stage {
  readonly config: EdgeConfig;
  readonly holder: RemoteEdge;
  /** MASTER of no vhid where there is such an edge, else a backup of the first vhid. */
  readonly backup: RemoteEdge;
  readonly edges: readonly RemoteEdge[];
  readonly ovh: Pick<OvhClient, "get" | "post">;
  /** Lets some milliseconds pass. */
  readonly pause: (ms: number) => Promise<unknown>;
}

/** Something that disturbs the edges for a moment, and that mends itself. */
export interface Trial {
  readonly kind: "trial";
  /** What it does, as the rest of "It …". */
  readonly does: string;
  readonly expected: string;
  /** Whether it disturbs all vhids of the backup, which then must be MASTER of none. @default - the first one alone */
  readonly everyVhid?: boolean;
  readonly run: (stage: Stage) => Promise<unknown>;
  readonly judge: (answer: never, config: EdgeConfig) => Judged;
}

/** What no command can check. */
export interface Sight {
  readonly kind: "sight";
  /** How a person sees it. */
  readonly how: string;
}

/** Whether an assumption is checked by something that disturbs the edges. */
export function isDisruptive({ how }: Assumption): boolean {
  return how.kind === "trial";
}

/** The first lines of what a command printed, as one line, with its status where that is no success. */
export function printed({ status, stdout, stderr }: RemoteResult): string {
  const text = `${stdout}${stderr}`.trim().replace(/\s*\n\s*/g, " / ");
  const short = text.length > 300 ? `${text.slice(0, 300)} …` : text;
  const ended = status === 0 ? "" : `exit status ${status}`;
  return [ended, short === "" ? "nothing printed" : short].filter(Boolean).join(": ");
}

/** A check of every edge by one command; it holds when the judge has nothing to say. */
export function onEdge(
  command: string | ((about: About) => string),
  expected: string,
  judge: (answer: RemoteResult, about: About) => boolean | Judged,
): EdgeCheck {
  return {
    kind: "edge",
    command: typeof command === "string" ? () => command : command,
    expected,
    judge: (answer, about) => {
      const said = judge(answer, about);
      return said === true ? undefined : said === false ? printed(answer) : said;
    },
  };
}

/** What only a person can see. */
export function bySight(how: string): Sight {
  return { kind: "sight", how };
}

/** A judge for a text of the system's own that some node may not have. */
export function inFile(
  path: string,
  judge: (text: string) => boolean,
): (answer: RemoteResult) => boolean | Judged {
  return ({ status, stdout }) => {
    if (status !== 0) return { untold: `there is no ${path} to look into` };
    return judge(stdout) || `${path} does not say so`;
  };
}
