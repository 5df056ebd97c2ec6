import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { EdgeConfigInput } from "../../lib/config/schema.js";
import { OvhClient } from "../../lib/operations/ovh-client.js";
import { Playground } from "../../lib/playground/playground.js";
import { until } from "../../lib/playground/until.js";
import type { Machine } from "../../lib/simulator/node/machine.js";
import { Region } from "../../lib/simulator/region.js";
import { run, start } from "./process.js";

const root = fileURLToPath(new URL("../../", import.meta.url));
const example: EdgeConfigInput = JSON.parse(readFileSync(`${root}edge.config.example.json`, "utf8"));
const [first, second] = example.edges.map(({ name }) => name) as [string, string];
let playground: Playground;

const machine = (name: string) => playground.region.machine(name) as Machine;
const words = (script: string, args: readonly string[]) => [
  "--import",
  import.meta.resolve("tsx"),
  `${root}scripts/${script}.ts`,
  ...args,
];
const environment = (changes: Readonly<Record<string, string | undefined>> = {}) => ({
  cwd: playground.folder,
  env: { ...process.env, ...playground.environment(), ...changes },
});
const command = (script: string, ...args: string[]) =>
  run(process.execPath, words(script, args), environment());
const known = (name: string): string | undefined => {
  const memory = machine(name).sandbox.read("/var/run/edge-sync/memory.json");
  return memory === undefined ? undefined : JSON.parse(memory).known;
};

/** Waits until the edges know that the first one holds the IP, and it has the alias. */
const settled = () =>
  until(
    () =>
      known(first) === "here" &&
      known(second) === "elsewhere" &&
      machine(first).kernel.groups.get("edgefault") === 0 &&
      machine(second).kernel.groups.get("edgefault") === 0 &&
      playground.region.answering()?.name === first,
    "the edges do not come to rest",
  );

beforeAll(async () => {
  playground = await Playground.create({
    config: {
      ...example,
      probe: { ...example.probe, interval: 5, attempts: 1 },
      claim: { ...example.claim, checkInterval: 10, healthyFor: 1 },
    },
  });
  await playground.synth();
  await playground.terraform.init();
  await playground.terraform.apply(() => {});
  await settled();
});
afterAll(() => playground?.stop());

describe("npm run status", { timeout: 120_000 }, () => {
  it("shows a sound edge, and exits 0", async () => {
    const { status, stdout, stderr } = await command("status", "--strict");
    expect(stderr).toBe("");
    expect(stdout).toContain(`              ${first}`);
    expect(stdout).toMatch(/^reached +yes +yes$/m);
    expect(stdout).toMatch(/^carp0 +MASTER, skew 1 +BACKUP, skew 50$/m);
    expect(stdout).toMatch(/^alias +on +off$/m);
    expect(stdout).toMatch(/^bundle +as deployed, [0-9a-f]{8} +as deployed, [0-9a-f]{8}$/m);
    expect(stdout).toContain(
      `OVH routes 146.59.143.231 to ${first}; carp's master is ${first}: they agree.\n`,
    );
    expect(stdout).not.toContain("Look at this");
    expect(status).toBe(0);
  });

  it("tells the same to machines, with nothing secret in it", async () => {
    const { status, stdout } = await command("status", "--json");
    expect(status).toBe(0);
    const told = JSON.parse(stdout);
    expect(told).toMatchObject({
      address: "146.59.143.231",
      agreement: "agree",
      route: { edge: first, status: "ok" },
      attention: [],
      edges: [
        { name: first, report: { carp: { state: "MASTER" }, ifstated: true, changed: [] } },
        { name: second, report: { carp: { state: "BACKUP" }, ifstated: true, changed: [] } },
      ],
    });
    for (const edge of told.edges) expect(edge.report.bundle).toBe(edge.wanted);
    for (const secret of Object.values(playground.region.edgeKey)) expect(stdout).not.toContain(secret);
    expect(stdout).not.toContain(playground.carpPassword);
  });

  it("changes nothing: OVH gets no request but GET, and no file on an edge is another one", async () => {
    const { journal } = playground.region.api;
    const before = journal.entries.length;
    const listing = () =>
      machine(second).sandbox.run("find /etc /var/db /usr/local -type f | sort | xargs sha256 -q");
    const files = (await listing()).stdout;
    await command("status");
    const methods = journal.entries.slice(before).map(({ method }) => method);
    expect(methods.filter((method) => method !== "GET")).toEqual([]);
    expect((await listing()).stdout).toBe(files);
  });

  it("exits 1 when OVH routes to the other edge, and names who holds it", async () => {
    for (const name of [first, second]) await machine(name).sandbox.run("edge-sync hold --reason test");
    const { endpoint } = playground.region.api;
    const ovh = new OvhClient({ endpoint, ...Region.DEPLOYER });
    const folder = `/cloud/project/${example.project}/ip/failover`;
    const [ip] = await ovh.get<{ id: string }[]>(folder);
    await ovh.post(`${folder}/${ip?.id}/attach`, { instanceId: playground.region.instanceId(second) });
    await until(() => playground.region.holder() === second, "the address does not move");
    const { status, stdout } = await command("status");
    expect(stdout).toContain(
      `OVH routes 146.59.143.231 to ${second}; carp's master is ${first}: they disagree.\n`,
    );
    expect(stdout).toContain(`  ${first} is on hold and would not fail over: test; edge-sync release\n`);
    expect(status).toBe(1);
    for (const name of [first, second]) await machine(name).sandbox.run("edge-sync release");
    await until(() => playground.region.holder() === first, "the master does not take the address back");
    await settled();
  });

  it("says what cannot be told without OVH's credentials, and exits 2", async () => {
    const { status, stdout } = await run(
      process.execPath,
      words("status", []),
      environment({ OVH_CONSUMER_KEY: undefined }),
    );
    expect(stdout).toContain(
      `Where OVH routes 146.59.143.231 is not known: OVH_CONSUMER_KEY is not set; OVH is not asked; carp's master is ${first}.\n`,
    );
    expect(status).toBe(2);
  });

  it("shows files that somebody changed on an edge", async () => {
    const { sandbox } = machine(second);
    await sandbox.run("cp -p /etc/ifstated.conf /root/kept; echo '# by hand' >>/etc/ifstated.conf");
    const { stdout } = await command("status");
    await sandbox.run("mv /root/kept /etc/ifstated.conf");
    expect(stdout).toContain(
      `  ${second} has another /etc/ifstated.conf than was installed; deploy again, or find out who changed it\n`,
    );
  });

  it("shows it again and again, until it is interrupted", async () => {
    const { child, printed, ended } = start(
      process.execPath,
      words("status", ["--watch", "1", "--json"]),
      environment(),
    );
    await until(() => printed.stdout.split("\n").length > 2, "no second status");
    child.kill("SIGINT");
    const { status, stdout } = await ended;
    expect(status).toBe(0);
    for (const line of stdout.trimEnd().split("\n")) expect(JSON.parse(line).agreement).toBe("agree");
  });

  it("waits until all is as it should be, or says what is not when the time is over", async () => {
    await machine(second).sandbox.run("edge-sync drain");
    const { status, stdout } = await command("status", "--wait", "1", "--strict");
    expect([status, stdout.includes(`${second} is drained`)]).toEqual([1, true]);
    const waiting = start(process.execPath, words("status", ["--wait", "60", "--strict"]), environment());
    await machine(second).sandbox.run("edge-sync undrain");
    expect((await waiting.ended).status).toBe(0);
  });

  it("shows the rest when an edge has lost its power", async () => {
    machine(second).powerOff();
    try {
      const { status, stdout } = await command("status");
      expect(stdout).toMatch(/^reached +yes +NO$/m);
      expect(stdout).toMatch(new RegExp(`^  ${second} could not be asked: .+$`, "m"));
      expect(status).toBe(0);
    } finally {
      await machine(second).boot();
    }
    await settled();
  });

  it.each([
    ["a flag that there is none of", ["--lines"], 1, "error: unknown option '--lines'\n"],
    ["a pause that is none", ["--watch", "soon"], 1, /must be seconds from 1 to 3600/],
    [
      "a folder without a stack",
      ["--stack", "nowhere"],
      2,
      "nowhere does not exist; deploy first, or name the stack's folder with --stack\n",
    ],
    [
      "no configuration",
      ["--config", "none.json"],
      2,
      /^none.json: 1 error\n {2}the file does not exist; copy edge.config.example.json to it/,
    ],
  ])("refuses %s", async (_, args, status, message) => {
    const ended = await command("status", ...args);
    expect([ended.status, ended.stdout]).toEqual([status, ""]);
    if (typeof message === "string") expect(ended.stderr).toBe(message);
    else expect(ended.stderr).toMatch(message);
  });
});

describe("npm run ssh", () => {
  it("runs a command on an edge, hands its exit status on, and trusts the configured host key alone", async () => {
    const { status, stdout, stderr } = await command("ssh", second, "hostname; exit 7");
    expect([status, stdout, stderr]).toEqual([7, `${second}\n`, ""]);
    const config = playground.readConfig();
    const wrong = config.edges.map((edge) => ({ ...edge, sshHostKey: playground.region.hostKey(first) }));
    playground.writeConfig({ ...config, edges: wrong });
    const refused = await command("ssh", second, "hostname");
    playground.writeConfig(config);
    expect([refused.status, refused.stdout]).toEqual([255, ""]);
  });

  it("knows the edges by their names", async () => {
    expect(await command("ssh", "edge-9")).toEqual({
      status: 2,
      stdout: "",
      stderr: `there is no edge edge-9; there are ${first}, ${second}\n`,
    });
  });
});

describe("npm run diagram", () => {
  it("draws the wish, the state, and what is so right now", async () => {
    const wish = await command("diagram");
    expect(wish.stdout).toContain("│ vio0  public address");
    const state = await command("diagram", "--from", "state", "--format", "mermaid");
    expect(state.stdout).toMatch(/edge0\["bi-edge-sbg-1<br>b3-8, OpenBSD 7.8<br>vio0 {2}127\.77\.0\.\d+<br>/);
    const live = await command("diagram", "--from", "live", "--format", "svg");
    expect(live.stdout).toMatch(/^<svg [^>]+><title>FailOver IP 146.59.143.231 and 2 edges<\/title>/);
    expect(live.stdout).toContain("carp0 BACKUP, skew 50");
    expect([wish, state, live].map(({ status, stderr }) => [status, stderr])).toEqual([
      [0, ""],
      [0, ""],
      [0, ""],
    ]);
  });

  it("writes it where it is told to", async () => {
    const { status, stdout } = await command("diagram", "--out", "picture.txt");
    expect([status, stdout]).toEqual([0, ""]);
    expect(readFileSync(`${playground.folder}/picture.txt`, "utf8")).toMatch(/^146\.59\.143\.231 in SBG5 → /);
  });
});
