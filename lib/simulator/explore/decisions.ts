import type { Decision, Memory, Observation } from "../world/decider.js";
import type { CoProcess } from "./co-process.js";
import { memoryOf, NOW, type Recall, recall, SETTINGS } from "./memory.js";

/** What a pass sees apart from its memory, without times that are always the same. */
export type Seen = Omit<Observation, "now">;

/** What came of a question. */
export interface Answered {
  readonly do: readonly Decision[];
  /** Number of the memory that it leaves. */
  readonly memory: number;
}

/** The decisions of the deployed edge-sync, each asked once. */
export class Decisions {
  private readonly recalled: Recall[] = [];
  private readonly numbers = new Map<string, number>();
  private readonly known = new Map<string, Answered>();

  /** @param keepsSince whether the program looks at the time since a change of role, apart from a boot */
  constructor(
    private readonly program: Pick<CoProcess, "decide">,
    private readonly keepsSince = false,
  ) {}

  /** How many distinct questions there were. */
  get size(): number {
    return this.known.size;
  }

  /** What an edge remembers by the number of its memory; undefined after a boot. */
  recalledBy(memory: number): Recall | undefined {
    return this.recalled[memory];
  }

  /** The number of what an edge remembers. */
  number(recalled: Recall): number {
    const key = JSON.stringify(recalled);
    let number = this.numbers.get(key);
    if (number === undefined) {
      number = this.recalled.push(recalled) - 1;
      this.numbers.set(key, number);
    }
    return number;
  }

  ask(seen: Seen, memory: number): Answered {
    const key = `${memory} ${JSON.stringify(seen)}`;
    let answered = this.known.get(key);
    if (answered === undefined) {
      answered = this.askAnew(seen, memory);
      this.known.set(key, answered);
    }
    return answered;
  }

  /** Asks, whether it was asked before or not. */
  askAnew(seen: Seen, memory: number): Answered {
    const before: Memory = memoryOf(this.recalledBy(memory));
    const decided = this.program.decide({ ...seen, now: NOW }, before, SETTINGS);
    return {
      do: decided.do.filter(([what]) => what !== "log"),
      memory: this.number(recall(decided.memory, this.keepsSince)),
    };
  }
}
