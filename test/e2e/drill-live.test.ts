import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { EdgeConfigInput } from "../../lib/config/schema.js";
import type { DrillResult } from "../../lib/operations/drill/run.js";
import { Playground } from "../../lib/playground/playground.js";
import { until } from "../../lib/playground/until.js";
import type { Machine } from "../../lib/simulator/node/machine.js";
import { run, start } from "./process.js";

const root = fileURLToPath(new URL("../../", import.meta.url));
const example: EdgeConfigInput = JSON.parse(readFileSync(`${root}edge.config.example.json`, "utf8"));
const [first, second] = example.edges.map(({ name }) => name) as [string, string];
let playground: Playground;
let out: string;

const machine = (name: string) => playground.region.machine(name) as Machine;
const carp = (name: string) => machine(name).kernel.carpState("carp0");
const posts = () => playground.region.project.failoverIps.attaches.length;
const history = (): DrillResult[] =>
  readFileSync(join(out, "drills.jsonl"), "utf8")
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line));

/** The words of `npm run drill -- --live` on the deployed edges, in a process that knows only the stack. */
function words(...args: string[]): string[] {
  const tsx = import.meta.resolve("tsx");
  const script = join(root, "scripts", "drill.ts");
  return ["--import", tsx, script, "--live", "--stack", playground.stackFolder, "--out", out, ...args];
}

function environment(changes: Readonly<Record<string, string | undefined>> = {}) {
  return { cwd: out, env: { ...process.env, ...playground.environment(), ...changes } };
}

const drill = (...args: string[]) => run(process.execPath, words(...args), environment());

/** Waits until both edges are sound again, and their tokens of earlier drills are back. */
async function rested(): Promise<void> {
  for (const name of [first, second]) {
    await machine(name).sandbox.run("rm -f /var/run/edge-sync/memory.json; /usr/local/sbin/edge-sync pass");
  }
  const sound = (name: string) => {
    const text = machine(name).sandbox.read("/var/run/edge-sync/memory.json");
    const known = text === undefined ? undefined : JSON.parse(text).known;
    return known === (playground.region.holder() === name ? "here" : "elsewhere");
  };
  await until(() => [first, second].every(sound), "the edges do not know where the FailOver IP is");
}

beforeAll(async () => {
  out = mkdtempSync(join(tmpdir(), "drill-test-"));
  playground = await Playground.create({
    config: {
      ...example,
      probe: { ...example.probe, interval: 5, attempts: 2 },
      claim: { ...example.claim, checkInterval: 10, healthyFor: 2 },
    },
  });
  await playground.synth();
  await playground.terraform.init();
  await playground.terraform.apply(() => {});
  await until(() => playground.region.answering() !== undefined, "no edge answers for the FailOver IP");
  await rested();
});
afterAll(async () => {
  await playground?.stop();
  rmSync(out, { recursive: true, force: true });
});

// Each drill waits until real programs have made everything sound again.
describe("npm run drill -- --live", { timeout: 240_000 }, () => {
  it("refuses to begin where nobody can be asked, and names the flag that answers", async () => {
    const before = posts();
    expect(await drill("carp-down")).toEqual({
      status: 1,
      stdout: "",
      stderr:
        "This interrupts 146.59.143.231 for some seconds, several times. Go on? Nobody can answer here; say --yes\n",
    });
    expect([carp(first), posts()]).toEqual(["MASTER", before]);
  });

  it.each([
    [
      "a drill that there is none of",
      ["--yes", "carp-up"],
      {},
      "there is no drill carp-up; there are carp-down, power-off, external-lost, internal-lost, probe-lost, drain, return, api-down, partition",
    ],
    [
      "a folder without a stack",
      ["--yes", "--stack", "nowhere"],
      {},
      "nowhere does not exist; deploy first, or name the stack's folder with --stack",
    ],
    [
      "no credentials of OVH",
      ["--yes"],
      { OVH_CONSUMER_KEY: undefined },
      "OVH_CONSUMER_KEY is not set; a drill asks OVH where the FailOver IP is",
    ],
  ])("refuses %s", async (_, args, changes, message) => {
    const ended = await run(process.execPath, words(...args), environment(changes));
    expect(ended).toEqual({ status: 1, stdout: "", stderr: `${message}\n` });
  });

  it("refuses edges that are not sound to start with, and says all that is wrong", async () => {
    const { sandbox } = machine(second);
    await sandbox.run("edge-sync hold --reason 'a look around'");
    await sandbox.run("edge-sync drain");
    try {
      const { status, stdout, stderr } = await drill("--yes");
      expect({ status, stdout, stderr }).toEqual({
        status: 1,
        stdout: "",
        stderr: `the edge is not sound:\n  ${second} is on hold\n`,
      });
    } finally {
      await sandbox.run("edge-sync undrain; edge-sync release");
    }
    expect(carp(first)).toBe("MASTER");
  });

  it("moves the address by carp-down, internal-lost, drain and return, and leaves everything sound", async () => {
    await rested();
    const before = posts();
    const { status, stdout, stderr } = await drill(
      "--yes",
      "--cut",
      "20",
      "carp-down",
      "internal-lost",
      "drain",
      "return",
    );
    expect(stderr).toBe("");
    const results = history();
    expect(results.map(({ scenario, by, verdict, reason }) => [scenario, by, verdict, reason])).toEqual([
      ["carp-down", second, "passed", undefined],
      ["internal-lost", first, "passed", undefined],
      ["drain", second, "passed", undefined],
      ["return", first, "passed", undefined],
    ]);
    for (const { phases } of results) {
      expect(Object.keys(phases)).toEqual(
        expect.arrayContaining(["master", "alias", "accepted", "confirmed"]),
      );
    }
    expect(stdout).toContain("Milliseconds after the fault:");
    expect(stdout).toMatch(/return +bi-edge-sbg-1 .* passed/);
    expect(readFileSync(join(out, "drills.html"), "utf8")).toContain("internal-lost");
    expect(status).toBe(0);
    expect(posts() - before).toBe(4);
    expect([carp(first), carp(second)]).toEqual(["MASTER", "BACKUP"]);
    expect([...machine(first).kernel.groups.values()]).toEqual([0, 0, 0]);
  });

  it("follows an edge that is rebooted until it is back as backup", async () => {
    await rested();
    const { status, stderr } = await drill("--yes", "power-off");
    expect(stderr).toBe("");
    expect(history().at(-1)).toMatchObject({
      scenario: "power-off",
      from: first,
      by: second,
      verdict: "passed",
    });
    expect(status).toBe(0);
    expect([carp(first), carp(second)]).toEqual(["BACKUP", "MASTER"]);
  });

  it("mends what it has broken when it is interrupted", async () => {
    await rested();
    // A claim that takes long keeps the drill waiting.
    playground.region.project.failoverIps.behaviour.moveDuration = 60_000;
    const { child, ended } = start(process.execPath, words("--yes", "carp-down"), environment());
    try {
      await until(() => carp(second) === "INIT", "carp0 does not go down");
      child.kill("SIGINT");
      const { status, stderr } = await ended;
      expect(stderr).toBe("carp-down was interrupted; what it had broken is mended\n");
      expect(status).toBe(1);
      expect(carp(second)).toBe("BACKUP");
    } finally {
      playground.region.project.failoverIps.behaviour.moveDuration = 1500;
    }
  });
});
