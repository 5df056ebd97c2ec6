import { describe, expect, it } from "vitest";
import { parseConfig } from "../../lib/config/load.js";
import type { DrillCluster } from "../../lib/operations/drill/cluster.js";
import { breakByCommand } from "../../lib/operations/drill/lasting-fault.js";
import { chosenIp, liveCluster } from "../../lib/operations/drill/live-cluster.js";
import { runDrill, sound } from "../../lib/operations/drill/run.js";
import { type Scenario, scenariosNamed } from "../../lib/operations/drill/scenarios.js";
import { NotPermittedError, type RemoteEdge } from "../../lib/operations/remote-edge.js";
import { example } from "../config/example.js";

const SOUND = {
  carp: "BACKUP",
  healthy: 1,
  alias: 0,
  known: "elsewhere",
  hold: null,
  tokens: 3,
  settled: 1,
  demotion: { edgefault: { present: 0 }, edgedrain: { present: 0 } },
};
type State = Record<string, unknown>;

/** An edge of which only the answers are there: its status, and its logs. */
class Pretended {
  readonly commands: string[] = [];
  state: State | undefined;
  /** Commands that end with this status. */
  failing: readonly [command: string, status: number] | undefined;
  private readonly readers: ((line: string) => void)[] = [];

  constructor(
    readonly name: string,
    state: State = {},
  ) {
    this.state = { ...SOUND, ...state };
  }

  /** A line in one of its logs. */
  say(text: string): void {
    this.readers[0]?.(`Jan 1 00:00:00 ${this.name} ${text}`);
  }

  async run(command: string) {
    if (this.state === undefined) throw new Error(`${this.name} cannot be reached at 192.0.2.1:22: timeout`);
    this.commands.push(command);
    const [, mark] = /'(drill \S+ begins)'/.exec(command) ?? [];
    if (mark !== undefined) for (const read of this.readers) read(mark);
    if (command === this.failing?.[0])
      return { status: this.failing[1], stdout: "", stderr: "ifconfig: no\n" };
    return { status: 0, stdout: command.includes("status") ? JSON.stringify(this.state) : "", stderr: "" };
  }

  async follow(_: string, read: (line: string) => void) {
    read("0 0");
    this.readers.push(read);
    return () => {};
  }
}

/** Two sound edges, the first with the address. */
function cluster(changes: { first?: State; second?: State; holder?: string; answers?: boolean } = {}) {
  const first = new Pretended("edge-a", { carp: "MASTER", alias: 1, known: "here", ...changes.first });
  const second = new Pretended("edge-b", changes.second);
  const made = { holder: changes.holder ?? "edge-a", answers: changes.answers ?? true };
  const one: DrillCluster = {
    edges: [first, second] as unknown as RemoteEdge[],
    failoverIp: "192.0.2.9",
    probeInterval: 1,
    holder: async () => made.holder,
    probe: async () => made.answers,
    faults: { command: breakByCommand } as DrillCluster["faults"],
  };
  return { cluster: one, first, second, made };
}

/** A takeover by an edge, as the logs tell it. */
function takeOver(edge: Pretended): void {
  for (const text of [
    "/bsd: carp0: state transition: BACKUP -> MASTER",
    "edge-sync[1]: alias=on ip=192.0.2.9",
    "ip-move[2]: claim phase=accepted ms=40",
    "ip-move[2]: claim phase=here ip=192.0.2.9 requests=3 ms=900",
  ]) {
    edge.say(text);
  }
}

const config = parseConfig(example());
const scenario = (changes: Partial<Scenario>): Scenario => ({
  name: "carp-down",
  what: "something",
  expects: "takeover",
  fault: async () => async () => {},
  ...changes,
});

describe("a drill begins only where", () => {
  it.each([
    ["each edge is healthy", { second: { healthy: 0 } }, "edge-b is not healthy"],
    ["none is on hold", { first: { hold: { reason: "x" } } }, "edge-a is on hold"],
    [
      "the election has settled",
      { second: { settled: 0 } },
      "edge-b waits until the election has settled after its boot",
    ],
    ["each has a token", { second: { tokens: 0 } }, "edge-b has no token left for a claim"],
    [
      "none is demoted",
      { second: { demotion: { edgedrain: { present: 1 } } } },
      "edge-b is demoted by edgedrain",
    ],
    [
      "there is one master, not two",
      { second: { carp: "MASTER" } },
      "there must be one master, there are edge-a, edge-b",
    ],
    [
      "there is one master, not none",
      { first: { carp: "BACKUP", alias: 0 } },
      "there must be one master, there is none",
    ],
    ["the others are backups", { second: { carp: "INIT" } }, "edge-b is INIT"],
    ["only the master has the alias", { second: { alias: 1 } }, "edge-b has the alias and is not master"],
    ["the master has the alias", { first: { alias: 0 } }, "edge-a has no alias"],
    [
      "OVH routes to the master",
      { holder: "edge-b" },
      "OVH routes 192.0.2.9 to edge-b, the master is edge-a",
    ],
  ])("%s", async (_, changes, wrong) => {
    const { cluster: one, first } = cluster(changes);
    await expect(runDrill(scenario({}), { cluster: one, config })).rejects.toThrow(
      `the edge is not sound:\n  ${wrong}`,
    );
    expect(first.commands.filter((command) => !command.includes("status"))).toEqual([]);
  });

  it("each edge is reached, and it says all that is wrong", async () => {
    const { cluster: one, first, second } = cluster({ first: { healthy: 0 } });
    second.state = undefined;
    await expect(sound(one, 0)).rejects.toThrow(
      "the edge is not sound:\n  edge-b: edge-b cannot be reached at 192.0.2.1:22: timeout\n  edge-a is not healthy",
    );
    expect(first.commands).toHaveLength(1);
  });
});

describe("a drill on edges whose deploy user may start no shell as root", () => {
  it("does nothing and says which line is missing, and nothing of edges that are not sound", async () => {
    const { cluster: one, first, second } = cluster({ first: { healthy: 0 } });
    const rule = "permit nopass deploy as root cmd /bin/sh";
    const refused = new NotPermittedError(
      `edge-b lets deploy start no shell as root; permit it: ${rule}`,
      rule,
    );
    second.run = () => Promise.reject(refused);
    await expect(runDrill(scenario({}), { cluster: one, config })).rejects.toBe(refused);
    await expect(sound(one, 60_000)).rejects.toBe(refused);
    expect(first.commands.filter((command) => !command.includes("status"))).toEqual([]);
  });
});

describe("a drill that cuts a link", () => {
  it.each([
    ["external-lost", "vio0"],
    ["internal-lost", "vio1"],
  ])("%s is answered before it may cut off who asks, and counts from then on", async (name, port) => {
    const [cut] = scenariosNamed([name]) as [Scenario];
    const api = { endpoint: "ovh-eu", applicationKey: "", applicationSecret: "", consumerKey: "" };
    const { first, cluster: one } = cluster();
    const { faults } = liveCluster({ config, edges: [], api });
    await cut.fault({ ...one, faults }, first as unknown as RemoteEdge);
    const [script] = first.commands as [string];
    const lines = script.split("\n").filter((line) => line.includes(`ifconfig ${port} down`));
    expect(lines).toEqual([expect.stringContaining(`sleep 0.5; ifconfig ${port} down; `)]);
    expect(lines[0]).toMatch(/^sh -c .* &$/);
    expect(cut.severs).toBe(true);
  });
});

describe("a drill that expects a takeover", () => {
  const taken = (second: Pretended) =>
    scenario({
      fault: async () => {
        takeOver(second);
        return async () => {};
      },
    });

  it("passes when all phases were seen of another edge in time, and counts its requests", async () => {
    const { cluster: one, second } = cluster();
    const result = await runDrill(taken(second), { cluster: one, config, leaveSound: false });
    expect(result).toMatchObject({ verdict: "passed", from: "edge-a", by: "edge-b", requests: 3, lost: 0 });
    expect(Object.keys(result.phases)).toEqual(["master", "alias", "accepted", "confirmed"]);
  });

  it("fails over the configuration's limit, which takes the place of the drill's own", async () => {
    const { cluster: one, second } = cluster();
    const limited = parseConfig(example({ "drill.limits.carp-down": 1 }));
    const slow = scenario({
      limit: () => 60_000,
      fault: async () => {
        await new Promise((resolve) => setTimeout(resolve, 5));
        takeOver(second);
        return async () => {};
      },
    });
    const result = await runDrill(slow, { cluster: one, config: limited, leaveSound: false });
    expect(result).toMatchObject({ verdict: "failed", limit: 1 });
    expect(result.reason).toMatch(/^the claim was accepted after \d+ ms, the limit is 1 ms$/);
  });

  it("fails with the phases that were never seen", async () => {
    const { cluster: one, second } = cluster();
    const half = scenario({
      fault: async () => {
        second.say("/bsd: carp0: state transition: BACKUP -> MASTER");
        return async () => {};
      },
    });
    const options = { cluster: one, config, deadline: 0, leaveSound: false };
    expect(await runDrill(half, options)).toMatchObject({
      verdict: "failed",
      reason: "never seen: alias, accepted, confirmed",
    });
  });

  it("does not take what the old master does for a takeover", async () => {
    const { cluster: one, first } = cluster();
    const same = scenario({
      fault: async () => {
        takeOver(first);
        return async () => {};
      },
    });
    const options = { cluster: one, config, deadline: 0, leaveSound: false };
    expect(await runDrill(same, options)).toMatchObject({ verdict: "failed", phases: {} });
  });

  it("waits for the first packet after the last that was not answered, and counts those", async () => {
    const { cluster: one, second, made } = cluster();
    const cut = scenario({
      fault: async () => {
        made.answers = false;
        // One that was lost by chance, before anything moved.
        setTimeout(() => {
          made.answers = true;
        }, 5);
        setTimeout(() => {
          made.answers = false;
          takeOver(second);
        }, 20);
        setTimeout(() => {
          made.answers = true;
        }, 40);
        return async () => {};
      },
    });
    const { phases, lost } = await runDrill(cut, { cluster: one, config, leaveSound: false });
    expect(phases.packet).toBeGreaterThanOrEqual(phases.accepted as number);
    expect(lost).toBeGreaterThan(0);
  });

  it("counts no packets where the address did not answer before", async () => {
    const { cluster: one, second } = cluster({ answers: false });
    const result = await runDrill(taken(second), { cluster: one, config, leaveSound: false });
    expect(result.verdict).toBe("passed");
    expect(result.lost).toBeUndefined();
  });
});

describe("a drill in which nothing may move", () => {
  const calm = (fault: Scenario["fault"]) => scenario({ expects: "nothing moves", calm: () => 50, fault });

  it("passes when nothing moves", async () => {
    const { cluster: one } = cluster();
    const result = await runDrill(
      calm(async () => async () => {}),
      { cluster: one, config },
    );
    expect(result).toMatchObject({ verdict: "passed", phases: {} });
    expect(result.by).toBeUndefined();
  });

  it("fails when another edge takes the address", async () => {
    const { cluster: one, second } = cluster();
    const moved = calm(async () => {
      takeOver(second);
      return async () => {};
    });
    expect(await runDrill(moved, { cluster: one, config, leaveSound: false })).toMatchObject({
      verdict: "failed",
      reason: "the FailOver IP moved to edge-b",
    });
  });
});

describe("what a drill has broken", () => {
  it("is mended also when nothing came of it", async () => {
    const { cluster: one, first } = cluster();
    const [down] = scenariosNamed(["carp-down"]) as [Scenario];
    await runDrill(down, { cluster: one, config, deadline: 0, leaveSound: false });
    expect(first.commands.slice(-2)).toEqual(["ifconfig carp0 down", "ifconfig carp0 up"]);
  });

  it("is mended when it is interrupted", async () => {
    const { cluster: one, first } = cluster();
    const interrupt = new AbortController();
    const [down] = scenariosNamed(["carp-down"]) as [Scenario];
    const running = runDrill(down, { cluster: one, config, signal: interrupt.signal });
    const interrupted = expect(running).rejects.toThrow(
      "carp-down was interrupted; what it had broken is mended",
    );
    while (!first.commands.includes("ifconfig carp0 down"))
      await new Promise((resolve) => setTimeout(resolve, 1));
    interrupt.abort();
    await interrupted;
    expect(first.commands.at(-1)).toBe("ifconfig carp0 up");
  });

  it("is nothing when it is interrupted before", async () => {
    const { cluster: one, first } = cluster();
    const [down] = scenariosNamed(["carp-down"]) as [Scenario];
    const options = { cluster: one, config, signal: AbortSignal.abort() };
    await expect(runDrill(down, options)).rejects.toThrow(
      "carp-down was interrupted before anything was broken",
    );
    expect(first.commands).not.toContain("ifconfig carp0 down");
  });

  it("is nothing when the command that breaks it fails, which is said", async () => {
    const { cluster: one, first } = cluster();
    first.failing = ["ifconfig carp0 down", 1];
    const [down] = scenariosNamed(["carp-down"]) as [Scenario];
    await expect(runDrill(down, { cluster: one, config })).rejects.toThrow(
      "edge-a: ifconfig carp0 down failed with status 1: ifconfig: no",
    );
  });
});

describe("the drill return", () => {
  it("drains all but the preferred edge, and undrains them", async () => {
    const {
      cluster: one,
      first,
      second,
    } = cluster({
      first: { carp: "BACKUP", alias: 0 },
      second: { carp: "MASTER", alias: 1 },
      holder: "edge-b",
    });
    const [back] = scenariosNamed(["return"]) as [Scenario];
    await runDrill(back, { cluster: one, config, deadline: 0, leaveSound: false });
    expect(second.commands.slice(-2)).toEqual(["edge-sync drain --reason drill", "edge-sync undrain"]);
    expect(first.commands.filter((command) => command.includes("drain"))).toEqual([]);
  });

  it("cannot be done while the preferred edge has the address", async () => {
    const [back] = scenariosNamed(["return"]) as [Scenario];
    await expect(runDrill(back, { cluster: cluster().cluster, config })).rejects.toThrow(
      "edge-a has the FailOver IP already; run the drill drain first",
    );
  });
});

describe("a drill of one of several FailOver IPs", () => {
  /** An edge that tells of two vhids: it is master of one of them. */
  const vhids = (master: "carp0" | "carp1") =>
    (["carp0", "carp1"] as const).map((name, index) => ({
      name,
      carp: name === master ? "MASTER" : "BACKUP",
      tokens: 3,
      settled: 1,
      last_claim: null,
      ips: [{ ip: `192.0.2.${8 + index}`, alias: name === master ? 1 : 0, known: "here", known_age: 1 }],
    }));
  const several = (second: object = {}) => {
    const states = [{ vhids: vhids("carp1") }, { vhids: vhids("carp0"), ...second }];
    const { cluster: one, first, second: other, made } = cluster({ first: states[0], second: states[1] });
    return { cluster: { ...one, carp: "carp1" }, first, second: other, made };
  };

  it("looks at the master of its vhid, and breaks that one's carp interface", async () => {
    const { cluster: one, first } = several();
    const [carpDown] = scenariosNamed(["carp-down"]);
    const mend = await carpDown?.fault(one, await sound(one, 0));
    expect(first.commands).toContain("ifconfig carp1 down");
    await mend?.();
  });

  it("says which carp interface goes down", async () => {
    const { cluster: one } = several();
    const carpDown = scenario({ what: "carp0 goes down on the master" });
    const options = { cluster: one, config, deadline: 0, leaveSound: false };
    expect((await runDrill(carpDown, options)).what).toBe("carp1 goes down on the master");
  });

  it("is told what its vhid lacks on an edge", async () => {
    const { cluster: one } = several({ vhids: vhids("carp0").slice(0, 1) });
    await expect(sound(one, 0)).rejects.toThrow("edge-b: it has no carp1; deploy again");
  });

  it("takes nothing for its takeover that another IP's claim says", async () => {
    const { cluster: one, second } = several();
    const begun = scenario({
      fault: async () => {
        setTimeout(() => {
          second.say("/bsd: carp0: state transition: BACKUP -> MASTER");
          second.say("edge-sync[1]: alias=on ip=192.0.2.8");
          second.say("ip-move[2]: claim phase=accepted ip=192.0.2.8 ms=40");
          second.say("ip-move[2]: claim phase=here ip=192.0.2.8 requests=3 ms=900");
        }, 20);
        return async () => {};
      },
    });
    const options = { cluster: one, config, deadline: 200, leaveSound: false };
    expect(await runDrill(begun, options)).toMatchObject({
      verdict: "failed",
      reason: "never seen: master, alias, accepted, confirmed",
    });
  });

  it("is of an IP that the configuration has, and prefers the edge that its vhid prefers", () => {
    const { failoverIp, ...others } = example();
    const two = parseConfig({
      ...others,
      failoverIps: [failoverIp, { address: "146.59.143.232", vhid: 200 }],
    });
    expect(chosenIp(two)).toEqual({ address: "146.59.143.231", carp: "carp0", preferred: "bi-edge-sbg-1" });
    expect(chosenIp(two, "146.59.143.232")).toEqual({
      address: "146.59.143.232",
      carp: "carp1",
      preferred: "bi-edge-sbg-2",
    });
    expect(() => chosenIp(two, "192.0.2.1")).toThrow(
      "there is no FailOver IP 192.0.2.1 in the configuration; there is 146.59.143.231, 146.59.143.232",
    );
  });
});
