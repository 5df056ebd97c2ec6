import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { parseConfig } from "../../lib/config/load.js";
import type { EdgeConfigInput } from "../../lib/config/schema.js";
import { ASSUMPTIONS } from "../../lib/operations/accept/assumptions.js";
import { Playground } from "../../lib/playground/playground.js";
import { until } from "../../lib/playground/until.js";
import type { Machine } from "../../lib/simulator/node/machine.js";
import { parseTap } from "../operations/accept/tap.js";
import { run, start } from "./process.js";

const root = fileURLToPath(new URL("../../", import.meta.url));
const example: EdgeConfigInput = JSON.parse(readFileSync(`${root}edge.config.example.json`, "utf8"));
const [first, second] = example.edges.map(({ name }) => name) as [string, string];
const config = parseConfig(example);
let playground: Playground;
let folder: string;

const machine = (name: string) => playground.region.machine(name) as Machine;
const carp = (name: string) => machine(name).kernel.carpState("carp0");
const words = (...args: string[]) => [
  "--import",
  import.meta.resolve("tsx"),
  join(root, "scripts", "accept.ts"),
  ...args,
];
const environment = (changes: Readonly<Record<string, string | undefined>> = {}) => ({
  cwd: folder,
  env: { ...process.env, ...playground.environment(), ...changes },
});
const accepted = (...args: string[]) => run(process.execPath, words(...args), environment());

/** Digest, mode and time of change of whatever an installation or an operator keeps on an edge. */
async function kept(name: string): Promise<string> {
  const { stdout } = await machine(name).sandbox.run(
    "find /etc /usr/local /var/cron /var/db /root -type f -exec ls -ln {} + -exec sha256 -r {} +",
  );
  return stdout;
}

/** Everything of the region that an acceptance must leave as it is. */
async function state() {
  const { attaches } = playground.region.project.failoverIps;
  return {
    attaches: attaches.length,
    writes: playground.region.api.journal.entries.filter(({ method }) => method !== "GET").length,
    roles: [first, second].map(carp),
    transitions: [first, second].map((name) => machine(name).counters.transitions),
    groups: [first, second].map((name) => [...machine(name).kernel.groups]),
    members: [first, second].map((name) => machine(name).kernel.find("carp0")?.groups),
    files: await Promise.all([first, second].map(kept)),
    holder: playground.region.holder(),
  };
}

/** Waits until both edges are sound, and their tokens of earlier trials are back. */
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
  folder = mkdtempSync(join(tmpdir(), "accept-"));
  playground = await Playground.create({
    config: { ...example, probe: { ...example.probe, interval: 5, attempts: 2 } },
  });
  await playground.synth();
  await playground.terraform.init();
  await playground.terraform.apply(() => {});
  await until(() => playground.region.answering() !== undefined, "no edge answers for the FailOver IP");
});
afterAll(async () => {
  await playground?.stop();
  rmSync(folder, { recursive: true, force: true });
});

// Real programs on simulated nodes, and real pauses.
describe("npm run accept", { timeout: 180_000 }, () => {
  beforeEach(rested);

  it("asks about every assumption: each holds, or is skipped for a reason; nothing is changed", async () => {
    const before = await state();
    const { status, stdout, stderr } = await accepted();
    const { plan, comments, points } = parseTap(stdout);
    expect(points.filter(({ ok }) => !ok)).toEqual([]);
    expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
    expect(plan).toBe(ASSUMPTIONS.length);
    expect(points.map(({ number, id, statement }) => [number, id, statement])).toEqual(
      ASSUMPTIONS.map(({ id, statement }, index) => [index + 1, id, statement]),
    );
    for (const { skip } of points) {
      if (skip !== undefined)
        expect(skip).toMatch(
          /^(only a person can see it: |the configuration is without |it disturbs the edges, |there is no \/etc\/rc |notify\.mail is not configured)\S?/,
        );
    }
    const skipped = points.filter(({ skip }) => skip !== undefined).map(({ id }) => id);
    const wanted = ASSUMPTIONS.filter(
      ({ id, how, where }) =>
        where?.has(config) === false ||
        how.kind === "sight" ||
        how.kind === "trial" ||
        /^boot-(demotion|order|forgets|rules)|^shutdown|^sendmail/.test(id),
    );
    expect(skipped).toEqual(wanted.map(({ id }) => id));
    expect(comments[0]).toMatch(new RegExp(`^${first} at 127\\.77\\.\\d+\\.\\d+: OpenBSD `));
    expect(await state()).toEqual(before);
  });

  it("tries what disturbs the edges when it may, and leaves them as they were", async () => {
    const before = await state();
    const { status, stdout, stderr } = await accepted(
      "--disruptive",
      "--yes",
      "--only",
      "demotion-counter",
      "carpdev-loss",
      "live-interval",
      "attach-to-holder",
      "attach-while-pending",
    );
    const { points } = parseTap(stdout);
    expect(points.map(({ ok, skip, diagnostics }) => [ok, skip, diagnostics])).toEqual(
      points.map(() => [true, undefined, {}]),
    );
    expect({ points: points.length, status, stderr }).toEqual({ points: 5, status: 0, stderr: "" });
    const after = await state();
    expect(after.attaches).toBeGreaterThan(before.attaches);
    const same = ({ roles, groups, members, files, holder }: typeof before) => ({
      roles,
      groups,
      members,
      files,
      holder,
    });
    expect(same(after)).toEqual(same(before));
  });

  it("takes what it has broken back when its connection is lost in the middle", async () => {
    const { child, ended } = start(
      process.execPath,
      words("--disruptive", "--yes", "--only", "carpdev-loss"),
      environment(),
    );
    await until(() => carp(second) === "INIT", "the backup's CARP interface does not go down");
    child.kill("SIGKILL");
    await ended;
    await until(() => carp(second) === "BACKUP", "the backup's CARP interface does not come up again");
    expect([...machine(second).kernel.groups.values()]).toEqual([0, 0, 0]);
  });

  it("does not disturb the edges where nobody can be asked, and says what it would have done", async () => {
    const before = await state();
    expect(await accepted("--disruptive", "--only", "carp-line", "attach-to-holder", "carpdev-loss")).toEqual(
      {
        status: 2,
        stdout: "",
        stderr:
          "This disturbs the edges of 146.59.143.231 for moments:\n" +
          "  carpdev-loss: it takes the CARP interface of a backup down for a second\n" +
          "  attach-to-holder: it attaches the FailOver IP to the edge that holds it\n" +
          "Go on? Nobody can answer here; say --yes\n",
      },
    );
    expect(await state()).toEqual(before);
  });

  it("is not ok about what a node does otherwise, and exits 1", async () => {
    const { sandbox } = machine(second);
    const ca = sandbox.read("/etc/ssl/cert.pem") as string;
    sandbox.write("/etc/ssl/cert.pem", "");
    try {
      const { status, stdout } = await accepted("--only", "openbsd", "authorities");
      expect(parseTap(stdout).points).toMatchObject([
        { ok: true, id: "openbsd" },
        {
          ok: false,
          id: "authorities",
          diagnostics: {
            [`got ${second}`]: "exit status 1: 0",
            means: "no claim succeeds; exit status 9 says why",
          },
        },
      ]);
      expect(status).toBe(1);
    } finally {
      sandbox.write("/etc/ssl/cert.pem", ca);
    }
  });

  it("exits 2 for what it could not find out, without OVH's credentials", async () => {
    const { status, stdout } = await run(
      process.execPath,
      words("--only", "openbsd", "ovh-time"),
      environment({ OVH_CONSUMER_KEY: undefined }),
    );
    expect(parseTap(stdout).points).toMatchObject([
      { ok: true },
      { ok: false, diagnostics: { unknown: "OVH_CONSUMER_KEY is not set; OVH is not asked" } },
    ]);
    expect(status).toBe(2);
  });

  it("prints the same as JSON", async () => {
    const { status, stdout } = await accepted("--json", "--only", "carp-line", "bow-out");
    const { edges, results } = JSON.parse(stdout);
    expect(edges.map(({ edge }: { edge: string }) => edge)).toEqual([first, second]);
    expect(results).toMatchObject([
      { id: "carp-line", verdict: "ok", got: {} },
      { id: "bow-out", verdict: "skipped", reason: expect.stringMatching(/^only a person can see it: /) },
    ]);
    expect(status).toBe(0);
  });

  it("lists the assumptions without asking anybody", async () => {
    const { status, stdout, stderr } = await run(
      process.execPath,
      words("--list", "--config", "nowhere.json"),
      environment(),
    );
    expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
    expect(
      stdout
        .trimEnd()
        .split("\n")
        .map((line) => line.split(" ")[0]),
    ).toEqual(ASSUMPTIONS.map(({ id }) => id));
  });

  it.each([
    [
      "an assumption that there is none of",
      ["--only", "carp-up"],
      "there is no assumption carp-up; npm run accept -- --list shows all",
    ],
    [
      "a folder without a stack",
      ["--stack", "nowhere"],
      "nowhere does not exist; deploy first, or name the stack's folder with --stack",
    ],
  ])("refuses %s", async (_, args, message) => {
    expect(await accepted(...args)).toEqual({ status: 2, stdout: "", stderr: `${message}\n` });
  });
});
