import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { type AddressInfo, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { EdgeConfigInput } from "../../lib/config/schema.js";
import type { DrillResult } from "../../lib/operations/drill/run.js";
import { Playground } from "../../lib/playground/playground.js";
import { until } from "../../lib/playground/until.js";
import type { Machine } from "../../lib/simulator/node/machine.js";
import { processesOf } from "../../lib/simulator/node/processes.js";
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
  const { host, port } = playground.region.door;
  const where = ["--stack", playground.stackFolder, "--out", out, "--probe", `${host}:${port}`];
  return ["--import", tsx, script, "--live", ...where, ...args];
}

function environment(changes: Readonly<Record<string, string | undefined>> = {}) {
  return { cwd: out, env: { ...process.env, ...playground.environment(), ...changes } };
}

const drill = (...args: string[]) => run(process.execPath, words(...args), environment());

/** Nothing that a drill has broken is left, nor anything that waits to mend it. */
async function mended(): Promise<void> {
  for (const name of [first, second]) {
    const { kernel, sandbox } = machine(name);
    await until(
      () => processesOf(sandbox.firstProcess).every(({ words }) => !words.join(" ").includes("edge-drill")),
      `${name} still waits to mend something`,
    );
    expect(await sandbox.run("ls -d /var/run/edge-drill.* /var/db/edge/drain")).toMatchObject({ stdout: "" });
    expect([...kernel.interfaces.values()].filter(({ up }) => !up)).toEqual([]);
    expect([name, ...kernel.groups.values()]).toEqual([name, 0, 0, 0]);
    expect(kernel.routes.size).toBe(0);
  }
  expect([carp(first), carp(second)].sort()).toEqual(["BACKUP", "MASTER"]);
  const served = () => carp(playground.region.holder() as string) === "MASTER";
  await until(served, "the FailOver IP does not come to the master");
}

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

  it("runs all drills one after the other, and leaves everything sound", { timeout: 480_000 }, async () => {
    await rested();
    const { status, stdout, stderr } = await drill("--yes", "--cut", "15", "--all");
    expect(stderr).toBe("");
    const results = history();
    expect(results.map(({ scenario, by, verdict, reason }) => [scenario, by, verdict, reason])).toEqual([
      ["carp-down", second, "passed", undefined],
      ["power-off", first, "passed", undefined],
      ["external-lost", second, "passed", undefined],
      ["internal-lost", first, "passed", undefined],
      ["probe-lost", undefined, "passed", undefined],
      ["drain", second, "passed", undefined],
      ["return", first, "passed", undefined],
      ["api-down", undefined, "passed", undefined],
      ["partition", second, "passed", undefined],
    ]);
    for (const { scenario, phases, lost } of results) {
      const moves = !["probe-lost", "api-down"].includes(scenario);
      expect(lost).toEqual(expect.any(Number));
      // Where nothing was lost there is no first packet after a loss.
      const seen = ["accepted", "alias", "confirmed", "master", ...(lost === 0 ? [] : ["packet"])];
      if (moves) expect([scenario, Object.keys(phases).sort()]).toEqual([scenario, seen]);
      else expect([scenario, phases.master, phases.accepted]).toEqual([scenario, undefined, undefined]);
    }
    expect(stdout).toContain("Milliseconds after the fault:");
    expect(stdout).toMatch(/return +bi-edge-sbg-1 .* passed/);
    expect(readFileSync(join(out, "drills.html"), "utf8")).toContain("internal-lost");
    // Who loses power or the public interface answers nobody until the other edge does.
    for (const name of ["power-off", "external-lost"]) {
      expect(results.find(({ scenario }) => scenario === name)?.lost).toBeGreaterThan(0);
    }
    expect(status).toBe(0);
    await mended();
  });

  it("says that packets were not measured where whatever takes the connection says nothing", async () => {
    await rested();
    const silent = createServer((socket) => socket.on("error", () => {})).listen(0, "127.0.0.1");
    await once(silent, "listening");
    const door = `127.0.0.1:${(silent.address() as AddressInfo).port}`;
    try {
      const { stdout, stderr, status } = await drill("--yes", "--probe", door, "drain");
      expect(stderr).toBe("");
      expect(stdout).toMatch(/drain .* not measured .* passed/);
      expect(stdout).toContain(
        "Packets were not measured: nothing answered at the FailOver IP before the fault; --probe names another port of it.",
      );
      expect(status).toBe(0);
      expect(history().at(-1)).not.toHaveProperty("lost");
    } finally {
      silent.close();
    }
    await mended();
  });

  it("mends what it has broken when it is interrupted", async () => {
    await rested();
    const holder = playground.region.holder() as string;
    // A claim that takes long keeps the drill waiting.
    playground.region.project.failoverIps.behaviour.moveDuration = 15_000;
    const { child, ended } = start(process.execPath, words("--yes", "carp-down"), environment());
    try {
      await until(() => carp(holder) === "INIT", "carp0 does not go down");
      child.kill("SIGINT");
      const { status, stderr } = await ended;
      expect(stderr).toBe("carp-down was interrupted; what it had broken is mended\n");
      expect(status).toBe(1);
      expect(carp(holder)).toBe("BACKUP");
    } finally {
      playground.region.project.failoverIps.behaviour.moveDuration = 1500;
    }
    await mended();
  });

  it("is refused where a drill that was killed has left something, which the edge mends by itself", async () => {
    await rested();
    const { child, ended } = start(
      process.execPath,
      words("--yes", "--cut", "10", "probe-lost"),
      environment(),
    );
    const broken = () => machine(holder).kernel.routes.reject(example.probe?.targets?.[0] as string);
    const holder = playground.region.holder() as string;
    await until(broken, "no reject route is added");
    child.kill("SIGKILL");
    await ended;
    const { status, stderr } = await drill("--yes", "carp-down");
    expect(stderr).toMatch(
      new RegExp(
        `^${holder} has still to mend what an earlier drill broke; it does so by itself, or by sh /var/run/edge-drill\\.\\w+\\n$`,
      ),
    );
    expect(status).toBe(1);
    await until(() => !broken(), "the reject routes stay");
    await mended();
  });
});
