import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { CoProcess } from "./co-process.js";
import { Decisions } from "./decisions.js";
import type { Tools } from "./explore.js";
import type { Job } from "./job.js";
import { Trigger } from "./trigger.js";

/** The deployed edge-sync. */
export const EDGE_SYNC = fileURLToPath(new URL("../../edge/static/edge-sync", import.meta.url));

/** Makes what explorations need, and keeps it for those that come after: one co-process for each program. */
export class Workshop {
  private readonly trigger: Trigger;
  private readonly programs = new Map<string, { decisions: Decisions; coProcess: CoProcess }>();
  private readonly folder = mkdtempSync(join(tmpdir(), "edge-explore-"));

  /** @param ifstatedConf the generated ifstated.conf */
  constructor(ifstatedConf: string) {
    this.trigger = new Trigger(ifstatedConf);
  }

  /** The tools for a job. */
  toolsFor({ edgeSync, keepsSince = false }: Job): Tools {
    const text = edgeSync ?? readFileSync(EDGE_SYNC, "utf8");
    const key = `${keepsSince} ${text}`;
    let found = this.programs.get(key);
    if (found === undefined) {
      const file = edgeSync === undefined ? EDGE_SYNC : join(this.folder, `edge-sync-${this.programs.size}`);
      if (edgeSync !== undefined) writeFileSync(file, text);
      const coProcess = new CoProcess(file);
      found = { coProcess, decisions: new Decisions(coProcess, keepsSince) };
      this.programs.set(key, found);
    }
    return { decisions: found.decisions, trigger: this.trigger, clock: () => performance.now() / 1000 };
  }

  close(): void {
    for (const { coProcess } of this.programs.values()) coProcess.close();
    rmSync(this.folder, { recursive: true, force: true });
  }
}
