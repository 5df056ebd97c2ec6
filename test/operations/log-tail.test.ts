import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { appendFileSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { afterEach, beforeEach, expect, it } from "vitest";
import { LogTail } from "../../lib/operations/drill/log-tail.js";
import type { RemoteEdge } from "../../lib/operations/remote-edge.js";
import { eventually } from "../simulator/node/nodes.js";

/** An edge whose commands run here, over connections that can be lost. */
class Here {
  reached = true;
  asked = 0;
  readonly children: ChildProcess[] = [];

  async run(command: string) {
    const { stdout } = spawnSync("sh", ["-c", command], { encoding: "utf8" });
    return { status: 0, stdout, stderr: "" };
  }

  async follow(command: string, onLine: (line: string) => void, onEnd: () => void) {
    this.asked++;
    if (!this.reached) throw new Error("edge-a cannot be reached");
    const child = spawn("sh", ["-c", command], { stdio: ["ignore", "pipe", "ignore"] });
    this.children.push(child);
    createInterface({ input: child.stdout }).on("line", onLine);
    child.once("close", onEnd);
    return () => child.kill();
  }

  lose(): void {
    this.children.at(-1)?.kill();
  }
}

let folder: string;
let file: string;
let here: Here;
let tail: LogTail;
let lines: [line: string, late: boolean][];
const say = (text: string) => appendFileSync(file, text);
const shown = () => lines.map(([line]) => line).join(" ");

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "tail-"));
  file = join(folder, "daemon");
  writeFileSync(file, "earlier\n");
  here = new Here();
  lines = [];
  tail = new LogTail(here as unknown as RemoteEdge, file, (line, late) => lines.push([line, late]));
  await tail.open();
});
afterEach(() => {
  tail.close();
  for (const child of here.children) child.kill();
  rmSync(folder, { recursive: true });
});

it("shows what is written from now on", async () => {
  say("one\ntwo\n");
  await eventually("both lines are shown", () => lines.length === 2);
  expect(lines).toEqual([
    ["one", false],
    ["two", false],
  ]);
});

it("shows after a lost connection what was written meanwhile, as late, and each line once", async () => {
  say("one\n");
  await eventually("the first line is shown", () => shown() === "one");
  here.reached = false;
  here.lose();
  await eventually("it tries again", () => here.asked > 2);
  say("two \u00e9\nthree\n");
  here.reached = true;
  await eventually("three lines are shown", () => lines.length === 3);
  say("four\n");
  await eventually("the last line is shown", () => lines.length === 4);
  expect(lines).toEqual([
    ["one", false],
    ["two \u00e9", true],
    ["three", true],
    ["four", false],
  ]);
});

it("begins anew with a file that has become shorter meanwhile", async () => {
  here.lose();
  writeFileSync(file, "new\n");
  await eventually("the new file's line is shown", () => shown() === "new");
});

it("asks nothing more once it is closed", async () => {
  here.lose();
  tail.close();
  const { asked } = here;
  say("one\n");
  await eventually("all has ended", () => here.children.every(({ killed }) => killed));
  expect([here.asked, lines]).toEqual([asked, []]);
});
