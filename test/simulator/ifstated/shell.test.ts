import { describe, expect, it } from "vitest";
import { runShell } from "../../../lib/simulator/ifstated/shell.js";

const SCRIPTED = new Map<string, readonly [number, number]>([
  ["good", [0, 1000]],
  ["bad", [3, 500]],
  ["bad but x", [0, 0]],
  ["exit", [9, 0]],
]);

/** What ran with its status and span, then the shell's status and span. */
function ran(text: string, scripted = SCRIPTED): string {
  const { ran, status, ms } = runShell(text, (command) => scripted.get(command));
  const commands = ran.map(({ words, status, from, until }) => `${words}=${status} ${from}-${until}`);
  return `${commands.join(", ")} | ${status} ${ms}`;
}

describe("a shell's text", () => {
  it.each([
    ["good", "good=0 0-1000 | 0 1000"],
    ["good -q 1 >/dev/null 2>&1", "good -q 1=0 0-1000 | 0 1000"],
    ["good 2>/dev/null", "good=0 0-1000 | 0 1000"],
    ["good 5 <x", "good 5=0 0-1000 | 0 1000"],
    [`good "a b" 'c'`, "good a b c=0 0-1000 | 0 1000"],
    ["! bad", "bad=3 0-500 | 0 500"],
    ["! good", "good=0 0-1000 | 1 1000"],
    ["bad but x", "bad but x=0 0-0 | 0 0"],
    ["bad && good", "bad=3 0-500 | 3 500"],
    ["bad || good", "bad=3 0-500, good=0 500-1500 | 0 1500"],
    ["good || bad", "good=0 0-1000 | 0 1000"],
    ["good; bad", "good=0 0-1000, bad=3 1000-1500 | 3 1500"],
    ["bad || good && other", "bad=3 0-500, good=0 500-1500, other=0 1500-1500 | 0 1500"],
    ["good 'a && b; c'", "good a && b; c=0 0-1000 | 0 1000"],
    ["other", "other=0 0-0 | 0 0"],
    ["true", " | 0 0"],
    ["false || bad", "bad=3 0-500 | 3 500"],
    [":", " | 0 0"],
    ["", " | 0 0"],
    ["bad || kill -9 $$", "bad=3 0-500 | undefined 500"],
    ["good || kill -9 $$", "good=0 0-1000 | 0 1000"],
  ])("%j runs: %s", (text, expected) => {
    expect(ran(text)).toBe(expected);
  });

  it.each([
    ["exit 3", " | 3 0"],
    ["exit 259", " | 3 0"],
    ["exit", " | 0 0"],
    ["a; exit 2; b", "a=0 0-0 | 2 0"],
  ])("%j ends its shell: %s", (text, expected) => {
    expect(ran(text, new Map())).toBe(expected);
  });

  it("prefers what is scripted to what a shell has", () => {
    expect(ran("exit 3")).toBe("exit 3=9 0-0 | 9 0");
  });
});
