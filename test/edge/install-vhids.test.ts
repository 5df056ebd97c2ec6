import { expect, it, vi } from "vitest";
import { rendered } from "./bundles.js";
import { onNode, type TestNode } from "./node.js";

vi.setConfig({ testTimeout: 60_000 });

const [A, B] = ["146.59.143.231", "146.59.143.232"];
const BLOCK = "146.59.143.8/30";
const ONE = rendered();
const TWO = rendered({ failoverIp: undefined, failoverIps: [{ address: A }, { address: B, vhid: 2 }] });
const done = (said: readonly string[]) => ({
  status: 0,
  said: said.map((line) => `edge-install: ${line}`),
  complained: [],
});
/** Waits until it has heard nobody else for long enough. */
const alone = (node: TestNode, ...carps: readonly string[]) =>
  vi.waitFor(() => expect(carps.map((carp) => isUp(node, carp))).toEqual(carps.map(() => "MASTER")), 10_000);
const isUp = (node: TestNode, carp: string) => node.machine.kernel.carpState(carp);
const held = (node: TestNode) =>
  node.exists("/var/db/edge/hold") ? JSON.parse(node.read("/var/db/edge/hold")).reason : undefined;

it("a first installation of two vhids raises what it holds, on hold, and releases the rest", () =>
  onNode(async (node) => {
    expect(await node.deliver(TWO)).toMatchObject({ status: 0, complained: [] });
    expect([isUp(node, "carp0"), isUp(node, "carp1"), held(node)]).toEqual([
      undefined,
      undefined,
      "first installation",
    ]);
    expect(await node.say("edge-install raise")).toEqual(done([]));
    expect(await node.say("edge-install raise carp7")).toMatchObject({
      status: 1,
      complained: ["edge-install: there is no carp7 here; the carp interfaces are carp0 carp1"],
    });
    expect(await node.say("edge-install raise carp1")).toEqual(done(["carp1 is MASTER"]));
    expect([isUp(node, "carp0"), isUp(node, "carp1"), held(node)]).toEqual([
      undefined,
      "MASTER",
      "first installation",
    ]);
    expect((await node.say("edge-install release any")).complained).toEqual([]);
    await alone(node, "carp0", "carp1");
    expect([held(node), node.exists("/var/db/edge/pending")]).toEqual([undefined, false]);
    expect(await node.deliver(TWO)).toEqual(done(["done"]));
    expect((await node.say("edge-install status")).said.slice(0, 2)).toEqual([
      "edge-install: carp0 is MASTER",
      "edge-install: carp1 is MASTER",
    ]);
  }));

it("a second vhid waits by itself while the first one stays, and goes with its alias when it is taken back", () =>
  onNode(async (node) => {
    await node.installed(ONE);
    await alone(node, "carp0");
    const before = node.transitions();
    expect((await node.deliver(TWO)).complained).toEqual([]);
    expect(held(node)).toBe("deploy: carp1 changes");
    expect(node.exists("/var/db/edge/pending/etc/hostname.carp0")).toBe(false);
    expect(node.exists("/var/db/edge/pending/etc/hostname.carp1")).toBe(true);
    expect(node.transitions()).toEqual(before);
    expect((await node.say("edge-install release any")).complained).toEqual([]);
    await alone(node, "carp0", "carp1");
    expect(held(node)).toBeUndefined();
    await node.run(`ifconfig vio0 inet alias ${B} netmask 255.255.255.255`);

    expect((await node.deliver(ONE)).said).toContain("edge-install: carp1: removed");
    expect([node.machine.kernel.find("carp1"), node.exists("/etc/hostname.carp1")]).toEqual([
      undefined,
      false,
    ]);
    expect([node.machine.hasAddress(B as string), isUp(node, "carp0")]).toEqual([false, "MASTER"]);
  }));

it("an IP that is no longer configured goes with each address of its block, and a removal takes all", () =>
  onNode(async (node) => {
    await node.installed(
      rendered({ failoverIp: undefined, failoverIps: [{ address: A }, { address: BLOCK }] }),
    );
    const block = [8, 9, 10, 11].map((last) => `146.59.143.${last}`);
    for (const address of [A, ...block])
      await node.run(`ifconfig vio0 inet alias ${address} netmask 255.255.255.255`);
    const has = () => [A, ...block].map((address) => node.machine.hasAddress(address as string));
    expect((await node.deliver(ONE)).complained).toEqual([]);
    expect(has()).toEqual([true, false, false, false, false]);
    expect((await node.deliver(TWO)).complained).toEqual([]);
    expect((await node.say("edge-install release any")).complained).toEqual([]);
    expect((await node.say("edge-install remove")).complained).toEqual([]);
    expect(has()).toEqual([false, false, false, false, false]);
    for (const carp of ["carp0", "carp1"]) {
      expect([node.machine.kernel.find(carp), node.exists(`/etc/hostname.${carp}`)]).toEqual([
        undefined,
        false,
      ]);
    }
  }));
