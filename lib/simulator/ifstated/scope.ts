import type { Block, Expression } from "./parser.js";

/** Raw link state: if(4)'s LINK_STATE values that matter. */
export type RawLink = "unknown" | "invalid" | "down" | "kalive_down" | "up" | "half" | "full";

/** One external test of one state. */
export interface ExternalTest {
  /** Its number within the file: those of the global block first, then state by state. */
  readonly id: number;
  readonly command: string;
  readonly interval: number;
  /** Exit status of its last run that ended by itself. */
  status: number | undefined;
  /** Wall clock second in which its last run in the background ended, undefined before that. */
  lastExec: number | undefined;
  running: boolean;
  /** When it is due next, in milliseconds of the event loop's time. */
  due: number | undefined;
}

/** A block of the file, and what the daemon knows in it. */
export interface Scope {
  readonly block: Block;
  /** Interfaces that it names; undefined where nothing is known of one. */
  readonly links: Map<string, RawLink | undefined>;
  /** The test whose last run in the background ended longest ago comes first. */
  tests: ExternalTest[];
  /** Wall clock second of the last entry. */
  entered: number;
}

/** A scope as the daemon makes it of a block; `firstId` numbers its tests, `link` tells an interface's state. */
export function newScope(block: Block, firstId: number, link: (name: string) => RawLink | undefined): Scope {
  const links = new Map<string, RawLink | undefined>();
  const tests: ExternalTest[] = [];
  for (const test of block.tests) {
    if (test.op === "link") {
      links.set(test.interface, link(test.interface));
    } else if (test.op === "test" && !tests.some((other) => sameTest(other, test))) {
      const id = firstId + tests.length;
      const { command, interval } = test;
      tests.push({
        id,
        command,
        interval,
        status: undefined,
        lastExec: undefined,
        running: false,
        due: undefined,
      });
    }
  }
  return { block, links, tests, entered: 0 };
}

/** Whether a condition holds in a scope. */
export function isTrue(condition: Expression, scope: Scope): boolean {
  return truth(condition, scope).value;
}

function sameTest(test: ExternalTest, other: { command: string; interval: number }): boolean {
  return test.command === other.command && test.interval === other.interval;
}

/** A condition's value; what nothing is known of is false, and so is its negation. */
function truth(expression: Expression, scope: Scope): { value: boolean; known: boolean } {
  switch (expression.op) {
    case "link": {
      if (expression.lost) return { value: false, known: false };
      const raw = scope.links.get(expression.interface);
      return { value: raw !== undefined && linkIs(raw, expression.truth), known: raw !== undefined };
    }
    case "test": {
      if (expression.lost) return { value: false, known: false };
      const status = scope.tests.find((test) => sameTest(test, expression))?.status;
      return { value: status === 0, known: status !== undefined };
    }
    case "not": {
      const { value, known } = truth(expression.operand, scope);
      return { value: known && !value, known };
    }
    default: {
      const [left, right] = [truth(expression.left, scope), truth(expression.right, scope)];
      const value = expression.op === "and" ? left.value && right.value : left.value || right.value;
      return { value, known: left.known || right.known };
    }
  }
}

function linkIs(raw: RawLink, asked: "up" | "down" | "unknown"): boolean {
  const up = raw === "unknown" || raw === "up" || raw === "half" || raw === "full";
  if (asked === "unknown") return raw === "unknown";
  return asked === "up" ? up : !up;
}
