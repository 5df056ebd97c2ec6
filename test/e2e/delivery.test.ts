import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { CreatedEdge } from "../../lib/config/edge.js";
import type { EdgeConfigInput } from "../../lib/config/schema.js";
import { Playground } from "../../lib/playground/playground.js";
import type { Progress } from "../../lib/playground/terraform.js";
import { until } from "../../lib/playground/until.js";
import type { Machine } from "../../lib/simulator/node/machine.js";

const root = fileURLToPath(new URL("../../", import.meta.url));
const example: EdgeConfigInput = JSON.parse(readFileSync(`${root}edge.config.example.json`, "utf8"));
const [first, second] = example.edges as [CreatedEdge, CreatedEdge];
const names = ["bi-edge-sbg-1", "bi-edge-sbg-2", "bi-edge-sbg-3"];
let playground: Playground;

const machine = (name: string) => playground.region.machine(name) as Machine;
const roles = () => names.map((name) => machine(name).kernel.carpState("carp0"));
const transitions = () =>
  names.map((name) => machine(name).syslog.filter(({ text }) => text.includes("state transition")).length);
const posts = () => playground.region.project.failoverIps.attaches.length;

async function deploy(): Promise<string[]> {
  const told: Progress[] = [];
  await playground.synth();
  await playground.terraform.init();
  await playground.terraform.apply((progress) => told.push(progress));
  return told.filter(({ fromNode }) => fromNode).map(({ text }) => text.replace("edge-install: ", ""));
}

function change(mutate: (config: EdgeConfigInput) => void): void {
  const config = structuredClone(playground.readConfig());
  mutate(config);
  playground.writeConfig(config);
}

/** Terraform reads variables from its environment. */
function setPassword(password: string): void {
  playground.carpPassword = password;
}

describe("deploys of three edges, one after the other", () => {
  beforeAll(async () => {
    playground = await Playground.create({
      config: {
        ...example,
        edges: [first, second, { ...second, name: "bi-edge-sbg-3", internalAddress: "10.10.0.13" }],
        probe: { ...example.probe, interval: 5, attempts: 2 },
      },
    });
  });
  afterAll(() => playground?.stop());

  it("installs the backups first, the preferred edge after them, and releases the preferred one first", async () => {
    const told = await deploy();
    expect(told.filter((line) => line === "done")).toHaveLength(3);
    expect(told.slice(-3)).toEqual(["carp0 is MASTER", "carp0 is BACKUP", "carp0 is BACKUP"]);
    expect(roles()).toEqual(["MASTER", "BACKUP", "BACKUP"]);
    expect(playground.region.holder()).toBe("bi-edge-sbg-1");
    await until(() => playground.region.answering() !== undefined, "no edge answers for the FailOver IP");
  });

  it("opens no SSH connection when nothing changed", async () => {
    const before = playground.region.sshSessions();
    expect(await deploy()).toEqual([]);
    expect(playground.region.sshSessions()).toBe(before);
  });

  it("changes skews on running carp interfaces without a change of state", async () => {
    const before = transitions();
    change(({ edges }) => {
      (edges[1] as { advskew?: number }).advskew = 60;
    });
    const told = await deploy();
    // With three edges the time that a claim waits depends on the skew.
    expect(told.filter((line) => line.endsWith(": written"))).toEqual([
      "/etc/hostname.carp0: written",
      "/etc/edge.conf: written",
    ]);
    expect(told).toContain("carp0: changed live");
    expect(machine("bi-edge-sbg-2").kernel.find("carp0")?.carp?.advskew).toBe(60);
    expect(transitions()).toEqual(before);
  });

  it("gives all edges a new password without moving the FailOver IP", async () => {
    const before = posts();
    setPassword("another-password_2");
    const told = await deploy();
    expect(told.slice(-3)).toEqual(["carp0 is MASTER", "carp0 is BACKUP", "carp0 is BACKUP"]);
    await until(() => roles().join() === "MASTER,BACKUP,BACKUP", `the roles are ${roles()}`);
    expect(names.map((name) => machine(name).kernel.find("carp0")?.carp?.pass)).toEqual(
      names.map(() => "another-password_2"),
    );
    expect(posts()).toBe(before);
    expect(playground.region.holder()).toBe("bi-edge-sbg-1");
    for (const name of names) expect(machine(name).sandbox.read("/var/db/edge/hold")).toBeUndefined();
  });

  it("neither takes the address back nor changes a role after a failover", async () => {
    await machine("bi-edge-sbg-1").sandbox.run("ifconfig carp0 down");
    await until(() => playground.region.holder() === "bi-edge-sbg-2", "the FailOver IP does not move");
    await machine("bi-edge-sbg-1").sandbox.run("ifconfig carp0 up");
    await until(() => roles().join() === "BACKUP,MASTER,BACKUP", `the roles are ${roles()}`);
    expect(await playground.terraform.plan()).toBe("no changes");
    const [before, moves] = [transitions(), posts()];
    change((config) => {
      config.probe = { ...config.probe, targets: ["8.8.4.4"] };
    });
    const told = await deploy();
    expect(told.filter((line) => line.endsWith(": written"))).toEqual(
      names.map(() => "/etc/edge.conf: written"),
    );
    expect(transitions()).toEqual(before);
    expect(posts()).toBe(moves);
    expect(roles()).toEqual(["BACKUP", "MASTER", "BACKUP"]);
  });

  it("gives a new password to the holder first, whichever edge that is", async () => {
    const before = posts();
    setPassword("a-third-password");
    await deploy();
    await until(() => roles().join() === "BACKUP,MASTER,BACKUP", `the roles are ${roles()}`);
    expect(posts()).toBe(before);
    expect(playground.region.holder()).toBe("bi-edge-sbg-2");
  });

  it("leaves a carp interface down that somebody took down", async () => {
    await machine("bi-edge-sbg-3").sandbox.run("ifconfig carp0 down");
    change((config) => {
      config.probe = { ...config.probe, targets: ["8.8.8.8"] };
    });
    await deploy();
    expect(roles()).toEqual(["BACKUP", "MASTER", "INIT"]);
    await machine("bi-edge-sbg-3").sandbox.run("ifconfig carp0 up");
    await until(() => roles().join() === "BACKUP,MASTER,BACKUP", `the roles are ${roles()}`);
  });

  it("takes one edge out without touching the others", async () => {
    const before = transitions().slice(0, 2);
    change((config) => {
      config.edges = config.edges.slice(0, 2);
    });
    await deploy();
    expect(playground.region.machine("bi-edge-sbg-3")).toBeUndefined();
    expect(names.slice(0, 2).map((name) => machine(name).kernel.carpState("carp0"))).toEqual([
      "BACKUP",
      "MASTER",
    ]);
    const after = names
      .slice(0, 2)
      .map((name) => machine(name).syslog.filter(({ text }) => text.includes("state transition")).length);
    expect(after).toEqual(before);
  });

  it("keeps secrets out of the state, the plan's text and Terraform's log", async () => {
    const state = readFileSync(`${playground.stackFolder}/terraform.edge.tfstate`, "utf8");
    const log = readFileSync(`${playground.folder}/terraform.log`, "utf8");
    const { applicationSecret, consumerKey } = playground.region.edgeKey;
    for (const secret of ["another-password_2", "a-third-password", applicationSecret, consumerKey]) {
      expect(state).not.toContain(secret);
      expect(log).not.toContain(secret);
    }
  });

  it("destroys everything but the adopted FailOver IP", async () => {
    await playground.terraform.destroy(() => {});
    expect(playground.region.project.leftovers()).toEqual([]);
  });
});
