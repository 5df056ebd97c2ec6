import { runnable } from "../../config/command-line.js";
import type { EdgeConfig } from "../../config/schema.js";
import { type Route, routeOf } from "../failover-route.js";
import { OvhError } from "../ovh-client.js";
import type { Assumption, Stage } from "./assumption.js";

const topic = "OVH";
/** Milliseconds that a move may take, and between two looks at it. */
const MOVE = 300_000;
const LOOK = 1000;

/** What an attach was answered. */
export interface Attached {
  readonly status: number;
  readonly message: string;
}

/** What came of a trial with the address. */
export interface Moved {
  readonly answer: Attached;
  readonly holder: string;
  readonly end: Pick<Route, "routedTo" | "status">;
}

async function attach({ config, ovh }: Stage, id: string, instanceId: string): Promise<Attached> {
  try {
    const { status } = await ovh.post<{ status: string }>(
      `/cloud/project/${config.project}/ip/failover/${id}/attach`,
      { instanceId },
    );
    return { status: 200, message: status };
  } catch (error) {
    if (!(error instanceof OvhError)) throw error;
    return { status: error.status, message: error.message };
  }
}

/** Waits until no move is pending. */
async function settled({ config, ovh, pause }: Stage): Promise<Route> {
  for (let waited = 0; ; waited += LOOK) {
    const route = await routeOf(config, ovh);
    if (route.status === "ok" || waited >= MOVE) return route;
    await pause(LOOK);
  }
}

const command = async ({ edges }: Stage, text: string) => {
  for (const edge of edges) {
    const { status, stderr } = await edge.run(text);
    if (status !== 0) throw new Error(`${edge.name}: ${text} failed: ${stderr.trim()}`);
  }
};

function judge({ answer, holder, end }: Moved, _: EdgeConfig): string | undefined {
  const { status, message } = answer;
  if (status !== 200 && (status < 400 || status >= 500))
    return `the attach was answered ${status} ${message}`;
  if (end.status !== "ok") return `the move is pending after ${MOVE / 60_000} min`;
  if (end.routedTo !== holder) return `the address ended at ${end.routedTo}, not at ${holder}`;
  return undefined;
}

/** What of OVH only a POST shows. */
export const OVH_TRIALS: readonly Assumption[] = [
  {
    id: "attach-to-holder",
    topic,
    statement: "An attach to the present holder does no harm",
    matters: "`ip-move claim` after an unknown outcome",
    otherwise: "a needless move",
    source: "not documented",
    how: {
      kind: "trial",
      does: "attaches the FailOver IP to the edge that holds it",
      expected: "a success or a 4xx, and the address is routed to the same edge afterwards",
      run: async (stage): Promise<Moved> => {
        const { id } = await routeOf(stage.config, stage.ovh);
        const holder = stage.holder.address.instanceId;
        const answer = await attach(stage, id, holder);
        return { answer, holder, end: await settled(stage) };
      },
      judge,
    },
  },
  {
    id: "attach-while-pending",
    topic,
    statement: "An attach during a pending move is refused with 4xx, or wins",
    matters: "two edges that claim at once",
    otherwise: "both are handled; a third answer would be `UNKNOWN`",
    source: "not documented",
    how: {
      kind: "trial",
      does: "holds all edges, attaches the FailOver IP to a backup and at once to its holder again, and lifts the hold",
      expected: "a success after which the address is at its holder, or a 4xx",
      // A hold ends by itself, and the master then claims the address back: so it mends itself without us.
      run: async (stage): Promise<Moved> => {
        const { id } = await routeOf(stage.config, stage.ovh);
        const holder = stage.holder.address.instanceId;
        const reason = runnable("npm run accept");
        await command(stage, `/usr/local/sbin/edge-sync hold --reason "${reason}" --minutes 10`);
        try {
          await attach(stage, id, stage.backup.address.instanceId);
          const answer = await attach(stage, id, holder);
          const end = await settled(stage);
          if (end.routedTo === holder) return { answer, holder, end };
          await attach(stage, id, holder);
          const back = await settled(stage);
          // Where it was refused the first attach counts, so that the way back is part of the trial.
          return { answer, holder, end: answer.status === 200 ? end : back };
        } finally {
          await command(stage, "/usr/local/sbin/edge-sync release");
        }
      },
      judge,
    },
  },
];
