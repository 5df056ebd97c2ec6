import { existsSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { EdgeConfigInput } from "../../lib/config/schema.js";
import { OvhClient } from "../../lib/operations/ovh-client.js";
import { Playground } from "../../lib/playground/playground.js";
import { until } from "../../lib/playground/until.js";
import type { Machine } from "../../lib/simulator/node/machine.js";
import type { ApiKey } from "../../lib/simulator/ovh-api/seed.js";
import { Region } from "../../lib/simulator/region.js";
import type { Ended } from "../e2e/process.js";
import { Desk, runbook } from "./book.js";

const root = fileURLToPath(new URL("../../", import.meta.url));
const example: EdgeConfigInput = JSON.parse(readFileSync(`${root}edge.config.example.json`, "utf8"));
const [first, second] = example.edges.map(({ name }) => name) as [string, string];
const book = runbook();
const tested = new Set<string>([""]);
let playground: Playground;
let desk: Desk;

const machine = (name: string) => playground.region.machine(name) as Machine;
const role = (name: string) => machine(name)?.kernel.carpState("carp0");
const attaches = () => playground.region.project.failoverIps.attaches.length;
const holder = () => playground.region.holder() as string;
const memory = (name: string) =>
  JSON.parse(machine(name)?.sandbox.read("/var/run/edge-sync/memory.json") ?? "{}");

/** Waits until one edge serves, all are sound and remember no earlier claim. */
async function serving(name: string): Promise<void> {
  const other = name === first ? second : first;
  const sound = () =>
    [name, other].every(
      (edge) => machine(edge)?.kernel.groups.get("edgefault") === 0 && memory(edge).healthy,
    ) &&
    role(name) === "MASTER" &&
    role(other) === "BACKUP" &&
    playground.region.answering()?.name === name;
  await until(sound, `${name} does not come to serve`);
  for (const edge of [name, other]) {
    await machine(edge).sandbox.run("rm -f /var/run/edge-sync/memory.json; edge-sync pass");
  }
  await until(
    () => sound() && memory(name).known === "here" && memory(other).known === "elsewhere",
    "the edges do not know where the address is",
  );
}

/** Puts the address on an edge as somebody does by hand in OVH's manager. */
async function attach(name: string): Promise<void> {
  const ovh = new OvhClient({ endpoint: playground.region.api.endpoint, ...Region.DEPLOYER });
  const folder = `/cloud/project/${example.project}/ip/failover`;
  const [ip] = await ovh.get<{ id: string }[]>(folder);
  await ovh.post(`${folder}/${ip?.id}/attach`, { instanceId: playground.region.instanceId(name) });
  await until(() => playground.region.holder() === name, "the address does not move");
}

/** Blocks of one case, taken one after the other, each with the exit status that it must have. */
function steps(title: string, names: { EDGE: string; OTHER: string }) {
  const blocks = [...(book.get(title) ?? [])];
  tested.add(title);
  return {
    async next(status = 0, input = "", change = (text: string) => text): Promise<Ended> {
      const [text] = blocks.splice(0, 1);
      if (text === undefined) throw new Error(`${title} has no such block`);
      const block = change(text);
      const ended = await desk.run(block, names, input);
      expect(ended.status, `${block}\n${ended.stdout}\n${ended.stderr}`).toBe(status);
      return ended;
    },
    done(): void {
      expect(blocks, "blocks that were not run").toEqual([]);
    },
  };
}

beforeAll(async () => {
  playground = await Playground.create({
    config: {
      ...example,
      probe: { ...example.probe, interval: 5, attempts: 1 },
      claim: { ...example.claim, checkInterval: 10, healthyFor: 1 },
    },
  });
  desk = new Desk(playground);
  const { status, stdout, stderr } = await desk.run("npm run deploy -- --auto-approve");
  if (status !== 0) throw new Error(stdout + stderr);
  await serving(first);
});
afterAll(() => playground?.stop());

describe("the runbook", { timeout: 300_000 }, () => {
  it("looks first of all", async () => {
    const [look = ""] = book.get("") as string[];
    const { status, stdout } = await desk.run(look);
    expect(stdout).toContain(`carp's master is ${first}: they agree.`);
    expect(status).toBe(0);
  });

  it("brings the FailOver IP back where it should be, from under a forgotten hold and by hand", async () => {
    const step = steps("The FailOver IP is not where it should be", { EDGE: first, OTHER: second });
    for (const name of [first, second]) await machine(name).sandbox.run("edge-sync hold --reason forgotten");
    await attach(second);
    // Nothing moves under a hold; that a wait for it ends is not what this is about.
    await step.next(1, "", (block) => block.replace("120", "2"));
    const { stdout } = await step.next();
    expect(stdout).toContain(`carp's master is ${first}: they agree.`);
    expect((await step.next()).stdout).toMatch(/edge-sync: hold reason="forgotten"/);
    // No token is left, and somebody moves the address away.
    const { sandbox } = machine(first);
    sandbox.write("/var/run/edge-sync/memory.json", JSON.stringify({ ...memory(first), tokens: 0 }));
    await attach(second);
    const before = attaches();
    await step.next();
    expect([attaches() - before, playground.region.holder()]).toEqual([1, first]);
    step.done();
    await serving(first);
  });

  it("keeps the address on one of two masters, and takes the other one back", async () => {
    const step = steps("Two masters", { EDGE: first, OTHER: second });
    playground.region.vrack.partition([[first], [second]]);
    await until(() => role(second) === "MASTER", "the other edge does not become master");
    const { stdout } = await step.next(1);
    expect(stdout).toContain(`${first} and ${second} are both carp's master`);
    expect(machine(second).sandbox.read("/var/db/edge/hold")).toContain("vRack partition");
    const before = attaches();
    const counters = await step.next();
    expect(counters.stdout).toMatch(/carp:\n[\s\S]*carp:\n/);
    playground.region.vrack.heal();
    await until(() => role(second) === "BACKUP", "the edges do not hear each other");
    await step.next();
    expect(attaches() - before).toBeLessThanOrEqual(1);
    step.done();
    await serving(first);
  });

  it("drains an edge for its maintenance, and takes it back as backup", async () => {
    const step = steps("Planned maintenance of an edge", { EDGE: first, OTHER: second });
    const { stdout } = await step.next();
    expect(stdout).toContain(`carp's master is ${second}: they agree.`);
    expect(stdout).toContain(`${first} is drained: new kernel; edge-sync undrain`);
    machine(first).reboot();
    await until(() => role(first) === "BACKUP", "the edge does not come back");
    await step.next();
    expect(role(second)).toBe("MASTER");
    step.done();
    await serving(holder());
  });

  it("upgrades an edge that is drained, and takes it back", async () => {
    const step = steps("Upgrade OpenBSD", { EDGE: second, OTHER: first });
    await step.next();
    expect(playground.region.holder()).toBe(first);
    machine(second).reboot();
    await until(() => !machine(second).running, "the edge does not go down");
    const { stdout } = await step.next();
    expect(stdout).toMatch(/^drain +upgrade$/m);
    step.done();
    await serving(first);
  });

  it("changes the password of CARP while the address is served", async () => {
    const step = steps("Change the password of CARP", { EDGE: first, OTHER: second });
    const before = attaches();
    let silent = false;
    const stop = playground.region.onChange(() => {
      silent ||= playground.region.answering() === undefined;
    });
    const { stdout } = await step.next(0, "another-password_2\n");
    stop();
    playground.carpPassword = "another-password_2";
    expect(stdout).toContain("they agree");
    expect([attaches() - before, silent]).toEqual([0, false]);
    for (const name of [first, second]) {
      expect(machine(name).sandbox.read("/etc/hostname.carp0")).toContain("pass another-password_2 ");
    }
    step.done();
    await serving(first);
  });

  it("rotates the edges' credentials without a move, and the new ones serve", async () => {
    const step = steps("Rotate the edges' credentials", { EDGE: first, OTHER: second });
    const keys = playground.region.project.seed.keys as ApiKey[];
    const old = keys.find(
      ({ applicationKey }) => applicationKey === playground.region.edgeKey.applicationKey,
    );
    const fresh = {
      applicationKey: "fresh-key",
      applicationSecret: "fresh-secret",
      consumerKey: "fresh-consumer",
    };
    keys.push({ ...fresh, rules: old?.rules ?? [] });
    const before = attaches();
    await step.next(0, "fresh-key\nfresh-secret\nfresh-consumer\n");
    expect(attaches()).toBe(before);
    keys.splice(keys.indexOf(old as ApiKey), 1);
    Object.assign(playground.region.edgeKey, fresh);
    await machine(first).sandbox.run("ifconfig carp0 down");
    await until(() => playground.region.holder() === second, "the new key moves nothing");
    await machine(first).sandbox.run("ifconfig carp0 up");
    step.done();
    await serving(holder());
  });

  it("restores a state that is lost", async () => {
    const step = steps("Restore a lost state", { EDGE: first, OTHER: second });
    const state = join(desk.folder, "cdktf.out", "stacks", "edge", "terraform.edge.tfstate");
    const whole = readFileSync(state, "utf8");
    const backup = `${state}.backup`;
    expect(existsSync(backup)).toBe(true);
    rmSync(state);
    const { stdout } = await step.next();
    expect(stdout).toMatch(/No changes|Plan: |Changes to Outputs/);
    step.done();
    // The copy is the state before the last change.
    expect(JSON.parse(readFileSync(state, "utf8")).lineage).toBe(JSON.parse(whole).lineage);
    const { status } = await desk.run("npm run deploy -- --auto-approve");
    expect(status).toBe(0);
    await serving(holder());
  });

  it("rolls a deploy back", async () => {
    const step = steps("Roll back a deploy", { EDGE: first, OTHER: second });
    const before = desk.read();
    desk.write({ ...before, probe: { ...before.probe, targets: ["8.8.4.4"] } }, "Probe somewhere else");
    const deployed = await desk.run("npm run deploy -- --auto-approve");
    expect(deployed.status, deployed.stdout + deployed.stderr).toBe(0);
    expect(machine(first).sandbox.read("/etc/edge.conf")).toContain("probe=8.8.4.4\n");
    const moves = attaches();
    await step.next();
    expect(desk.read()).toEqual(before);
    expect(machine(first).sandbox.read("/etc/edge.conf")).toContain(
      `probe=${before.probe?.targets?.join(" ")}\n`,
    );
    expect(attaches()).toBe(moves);
    step.done();
    await serving(holder());
  });

  it("replaces an edge that is lost for good, without a move", async () => {
    const step = steps("An edge is lost for good", { EDGE: first, OTHER: second });
    const id = playground.region.instanceId(first);
    machine(first).powerOff();
    const config = desk.read();
    desk.write(
      {
        ...config,
        edges: config.edges.map(({ sshHostKey, ...edge }) =>
          edge.name === first ? edge : { ...edge, sshHostKey },
        ),
      },
      "Forget the host key of an edge that is replaced",
    );
    const diff = await desk.run("npm run diff");
    expect(diff.status, diff.stdout + diff.stderr).toBe(0);
    const before = attaches();
    await step.next();
    expect(playground.region.instanceId(first)).not.toBe(id);
    expect([role(first), role(second), attaches() - before]).toEqual(["BACKUP", "MASTER", 0]);
    const { stdout } = await step.next();
    expect(stdout.replace(/\s+/g, " ")).toContain(
      `set edges[].sshHostKey to "${playground.region.hostKey(first)}"`,
    );
    step.done();
  });

  it("has no case with commands that is not tested here", () => {
    const cases = [...book].filter(([, blocks]) => blocks.length > 0).map(([title]) => title);
    expect(cases.filter((title) => !tested.has(title))).toEqual([]);
  });
});
