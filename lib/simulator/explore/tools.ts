import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { CoProcess } from "./co-process.js";
import type { IfstatedConfs } from "./confs.js";
import { Decisions } from "./decisions.js";
import type { Tools } from "./explore.js";
import type { Job } from "./job.js";
import { Trigger } from "./trigger.js";
import { Questions } from "./vhids/questions.js";

/** The deployed edge-sync. */
export const EDGE_SYNC = fileURLToPath(new URL("../../edge/static/edge-sync", import.meta.url));

/** A program, and what it was asked. */
interface Asked {
  readonly coProcess: CoProcess;
  readonly decisions: Decisions;
  readonly questions: Questions;
}

/** Makes what explorations need, and keeps it for those that come after: one co-process for each program. */
export class Workshop {
  private readonly programs = new Map<string, Asked>();
  private readonly trigger: Trigger;
  private readonly triggerOfSeveral: Trigger;
  private readonly folder = mkdtempSync(join(tmpdir(), "edge-explore-"));

  constructor({ one, several }: IfstatedConfs) {
    this.trigger = new Trigger(one);
    this.triggerOfSeveral = new Trigger(several);
  }

  /** The tools for a job. */
  toolsFor({ edgeSync, vhids = 1, keepsSince = false }: Job): Tools {
    const text = edgeSync ?? readFileSync(EDGE_SYNC, "utf8");
    const key = `${keepsSince} ${text}`;
    let found = this.programs.get(key);
    if (found === undefined) {
      const file = edgeSync === undefined ? EDGE_SYNC : join(this.folder, `edge-sync-${this.programs.size}`);
      if (edgeSync !== undefined) writeFileSync(file, text);
      const coProcess = new CoProcess(file);
      const decisions = new Decisions(coProcess, keepsSince);
      found = { coProcess, decisions, questions: new Questions(coProcess) };
      this.programs.set(key, found);
    }
    const trigger = vhids === 1 ? this.trigger : this.triggerOfSeveral;
    const { decisions, questions } = found;
    return { decisions, questions, trigger, clock: () => performance.now() / 1000 };
  }

  close(): void {
    for (const { coProcess } of this.programs.values()) coProcess.close();
    rmSync(this.folder, { recursive: true, force: true });
  }
}
