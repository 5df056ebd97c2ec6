import { beforeEach, describe, expect, it } from "vitest";
import { type Kernel, KernelError } from "../../../lib/simulator/node/kernel.js";
import { Kernels, type SimulatedKernel, startCarp } from "./kernels.js";

const GROUPS = ["edgefault", "edgedrain"];

let world: Kernels;
let edge: SimulatedKernel;
let kernel: Kernel;
beforeEach(() => {
  world = new Kernels();
  edge = world.add();
  kernel = edge.kernel;
});

const counters = (of = kernel) => Object.fromEntries(of.groups);
const demotion = (of = kernel) => of.demotionOf(of.find("carp0") as never);
const refused = (message: string) => new KernelError(message);

/** carp0 of the one edge, master with three groups. */
function master(): void {
  startCarp(edge, { groups: GROUPS });
  world.advance(5000);
  expect(kernel.carpState("carp0")).toBe("MASTER");
  edge.sent.length = 0;
  edge.links.length = 0;
}

describe("an interface group", () => {
  it("is there from the start only when it is carp", () => {
    expect(counters()).toEqual({ carp: 0 });
  });

  it("is made by the first interface that joins, with a counter of its own", () => {
    kernel.create("carp0");
    kernel.join("carp0", "edgefault");
    expect(counters()).toEqual({ carp: 0, edgefault: 0 });
    expect(kernel.find("carp0")?.groups).toEqual(["carp", "edgefault"]);
  });

  it("takes an interface that joins twice once", () => {
    kernel.create("carp0");
    kernel.join("carp0", "edgefault");
    kernel.demote("edgefault", 64);
    kernel.join("carp0", "edgefault");
    expect(kernel.find("carp0")?.groups).toEqual(["carp", "edgefault"]);
    expect(counters()).toEqual({ carp: 0, edgefault: 64 });
  });

  it("goes with its last member, and its counter with it", () => {
    kernel.create("carp0");
    kernel.create("carp1");
    kernel.join("carp0", "edgefault");
    kernel.join("carp1", "edgefault");
    kernel.demote("edgefault", 64);
    kernel.leave("carp0", "edgefault");
    expect(counters()).toEqual({ carp: 0, edgefault: 64 });
    kernel.leave("carp1", "edgefault");
    expect(counters()).toEqual({ carp: 0 });
    kernel.join("carp0", "edgefault");
    expect(counters()).toEqual({ carp: 0, edgefault: 0 });
  });

  it("goes when the carp interface is destroyed, but carp stays", () => {
    startCarp(edge, { groups: GROUPS });
    kernel.demote("edgefault", 64);
    kernel.demote("carp", 5);
    kernel.destroy("carp0");
    expect(counters()).toEqual({ carp: 5 });
  });

  it("cannot be left by an interface that is no member", () => {
    kernel.create("carp0");
    expect(() => kernel.leave("carp0", "edgefault")).toThrow(refused("No such file or directory"));
  });

  it("takes no interface that does not exist", () => {
    expect(() => kernel.join("carp0", "edgefault")).toThrow(refused("Device not configured"));
  });
});

describe("a demotion counter", () => {
  it("cannot be that of a group that does not exist", () => {
    expect(() => kernel.demote("edgefault", 1)).toThrow(refused("No such file or directory"));
  });

  it.each([
    ["below 0", [-1], 0],
    ["below 0 by taking away more than there is", [127, -128], 127],
    ["above 255", [128, 127, 1], 255],
    ["above 255 by a weight that does not fit", [128, 64, 64], 192],
  ])("does not go %s", (_, steps, kept) => {
    for (const step of steps.slice(0, -1)) kernel.demote("carp", step);
    expect(() => kernel.demote("carp", steps.at(-1) as number)).toThrow(refused("Invalid argument"));
    expect(counters()).toEqual({ carp: kept });
  });

  it("goes from 0 to 255 and back", () => {
    for (const step of [128, 127, -127, -128]) kernel.demote("carp", step);
    expect(counters()).toEqual({ carp: 0 });
  });

  it("counts into the sum of its members, as one of several weights", () => {
    master();
    kernel.demote("carp", 128);
    kernel.demote("edgefault", 64);
    kernel.demote("edgedrain", 16);
    expect(demotion()).toBe(208);
    expect(edge.sent.map((sent) => sent.demotion)).toEqual([128, 192, 208]);
    kernel.demote("edgefault", -64);
    expect(demotion()).toBe(144);
    // What is taken back shows with the next advertisement.
    expect(edge.sent).toHaveLength(3);
    world.advance(1100);
    expect(edge.sent.at(-1)?.demotion).toBe(144);
  });

  it("of a group that carp0 is not in counts for nothing", () => {
    master();
    kernel.join("vio2", "other");
    kernel.demote("other", 64);
    expect(demotion()).toBe(0);
    expect(edge.sent).toEqual([]);
  });

  it("makes a sum of at most 255, which is one byte", () => {
    master();
    for (const group of ["carp", "edgefault", "edgedrain"]) kernel.demote(group, 128);
    expect(demotion()).toBe(255);
  });
});

describe("a carpdev that loses its link", () => {
  const losses: [string, (lost: boolean) => void, string[]][] = [
    ["by its cable", (lost) => kernel.setCable("vio2", !lost), ["vio2 down", "carp0 invalid"]],
    // The driver's link stays up.
    ["by ifconfig down", (lost) => kernel.setUp("vio2", !lost), ["carp0 invalid"]],
  ];

  it.each(losses)("%s makes carp0 INIT without a word, and adds one to every group", (_, lose, links) => {
    master();
    lose(true);
    expect(kernel.carpState("carp0")).toBe("INIT");
    expect(edge.sent).toEqual([]);
    expect(counters()).toEqual({ carp: 1, edgefault: 1, edgedrain: 1 });
    expect(demotion()).toBe(3);
    expect(edge.links).toEqual(links);
  });

  it.each(losses)("%s takes the ones back when it has its link again", (_, lose) => {
    master();
    kernel.demote("edgefault", 64);
    lose(true);
    expect(counters()).toEqual({ carp: 1, edgefault: 65, edgedrain: 1 });
    lose(false);
    expect(counters()).toEqual({ carp: 0, edgefault: 64, edgedrain: 0 });
    expect(kernel.carpState("carp0")).toBe("BACKUP");
  });

  it("adds one to a group as well that carp0 joins meanwhile", () => {
    master();
    kernel.setCable("vio2", false);
    kernel.join("carp0", "late");
    expect(counters()).toEqual({ carp: 1, edgefault: 1, edgedrain: 1, late: 1 });
    kernel.setCable("vio2", true);
    expect(counters()).toEqual({ carp: 0, edgefault: 0, edgedrain: 0, late: 0 });
  });

  it("does nothing twice", () => {
    master();
    kernel.setCable("vio2", false);
    kernel.setCable("vio2", false);
    kernel.setUp("vio2", false);
    expect(counters()).toEqual({ carp: 1, edgefault: 1, edgedrain: 1 });
    kernel.setUp("vio2", true);
    expect(kernel.carpState("carp0")).toBe("INIT");
    kernel.setCable("vio2", true);
    expect(counters()).toEqual({ carp: 0, edgefault: 0, edgedrain: 0 });
  });

  it("adds one while carp0 is started on it, and takes it back with the link", () => {
    const late = world.add(false);
    startCarp(late, { groups: GROUPS });
    expect(counters(late.kernel)).toEqual({ carp: 1, edgefault: 1, edgedrain: 1 });
    late.kernel.setUp("vio2", true);
    expect(counters(late.kernel)).toEqual({ carp: 0, edgefault: 0, edgedrain: 0 });
    expect(late.kernel.carpState("carp0")).toBe("BACKUP");
  });

  it("takes its ones back although carp0 was down when the link came again", () => {
    master();
    kernel.setCable("vio2", false);
    kernel.setUp("carp0", false);
    kernel.setCable("vio2", true);
    kernel.setUp("carp0", true);
    expect(counters()).toEqual({ carp: 0, edgefault: 0, edgedrain: 0 });
  });

  it("leaves nothing on group carp when carp0 is destroyed meanwhile", () => {
    master();
    kernel.setCable("vio2", false);
    kernel.destroy("carp0");
    expect(counters()).toEqual({ carp: 0 });
  });

  it("can get it back while carp0 has no address", () => {
    master();
    kernel.removeAddress("carp0", undefined);
    kernel.setCable("vio2", false);
    kernel.setCable("vio2", true);
    expect(kernel.carpState("carp0")).toBe("INIT");
    expect(counters()).toEqual({ carp: 0, edgefault: 0, edgedrain: 0 });
  });
});

describe("advertisements that pf blocks on their way out", () => {
  const ONES = { carp: 1, edgefault: 1, edgedrain: 1 };
  const NONE = { carp: 0, edgefault: 0, edgedrain: 0 };

  /** Lets one advertisement be due. */
  const once = () => world.advance(1004);
  const blocked = (times: number) => {
    edge.passesCarp = false;
    for (let i = 0; i < times; i++) once();
    edge.passesCarp = true;
  };

  it("add one to every group when three in a row failed, and not before", () => {
    master();
    edge.passesCarp = false;
    once();
    once();
    expect(counters()).toEqual(NONE);
    once();
    expect(counters()).toEqual(ONES);
    expect(demotion()).toBe(3);
    expect(kernel.carpState("carp0")).toBe("MASTER");
    expect(edge.sent).toEqual([]);
  });

  it("add one once, however many fail", () => {
    master();
    blocked(60);
    expect(counters()).toEqual(ONES);
  });

  it("add nothing while one in three gets through", () => {
    master();
    for (let round = 0; round < 5; round++) {
      blocked(2);
      once();
    }
    expect(counters()).toEqual(NONE);
  });

  it("have the ones taken back after three in a row got through, and not before", () => {
    master();
    blocked(3);
    once();
    once();
    expect(edge.sent.map((sent) => sent.demotion)).toEqual([3, 3]);
    expect(counters()).toEqual(ONES);
    once();
    expect(counters()).toEqual(NONE);
    once();
    expect(edge.sent.at(-1)?.demotion).toBe(0);
  });

  it("begin to count the ones that got through anew with each that fails", () => {
    master();
    blocked(3);
    once();
    once();
    blocked(1);
    once();
    once();
    expect(counters()).toEqual(ONES);
    once();
    expect(counters()).toEqual(NONE);
  });

  it("need three in a row again for the next time", () => {
    master();
    blocked(3);
    for (let i = 0; i < 3; i++) once();
    blocked(2);
    expect(counters()).toEqual(NONE);
    blocked(1);
    expect(counters()).toEqual(ONES);
  });

  it("fail for a bow-out as well", () => {
    master();
    blocked(2);
    edge.passesCarp = false;
    kernel.setUp("carp0", false);
    expect([edge.sent, counters()]).toEqual([[], ONES]);
  });

  it("count beside a carpdev without a link, each with one of its own", () => {
    master();
    kernel.demote("edgefault", 64);
    blocked(3);
    kernel.setCable("vio2", false);
    expect(counters()).toEqual({ carp: 2, edgefault: 66, edgedrain: 2 });
    kernel.setCable("vio2", true);
    expect(counters()).toEqual({ carp: 1, edgefault: 65, edgedrain: 1 });
    world.advance(5000);
    expect(counters()).toEqual({ carp: 1, edgefault: 65, edgedrain: 1 });
    world.advance(3000);
    expect(counters()).toEqual({ carp: 0, edgefault: 64, edgedrain: 0 });
  });

  it.each([
    ["is destroyed", () => kernel.destroy("carp0"), { carp: 0 }],
    [
      "gets another carpdev",
      () => {
        kernel.attach("vio3", "fa:16:3e:00:00:04");
        kernel.setUp("vio3", true);
        kernel.setCarp("carp0", { carpdev: "vio3" });
      },
      NONE,
    ],
    ["leaves a group", () => kernel.leave("carp0", "edgefault"), { carp: 1, edgedrain: 1 }],
  ])("are forgotten where carp0 %s", (_, happen, left) => {
    master();
    blocked(3);
    happen();
    expect(counters()).toEqual(left);
  });
});

describe("a demotion of the kernel's own", () => {
  it("counts for the interface even where others took it from all its groups", () => {
    master();
    kernel.setCable("vio2", false);
    for (const group of ["carp", ...GROUPS]) kernel.demote(group, -1);
    expect([counters(), demotion()]).toEqual([{ carp: 0, edgefault: 0, edgedrain: 0 }, 1]);
  });

  it("is taken back without an error where there is nothing left to take", () => {
    master();
    kernel.setCable("vio2", false);
    kernel.demote("carp", -1);
    kernel.setCable("vio2", true);
    expect(counters()).toEqual({ carp: 0, edgefault: 0, edgedrain: 0 });
    expect(demotion()).toBe(0);
  });

  it("is told at once by other masters of a group that was not demoted before", () => {
    master();
    kernel.attach("vio3", "fa:16:3e:00:00:04");
    kernel.setUp("vio3", true);
    kernel.create("carp1");
    kernel.setCarp("carp1", { carpdev: "vio3", vhid: 9 });
    kernel.addAddress("carp1", { address: "10.26.0.10", prefix: 16 });
    world.advance(5000);
    edge.sent.length = 0;
    kernel.setCable("vio2", false);
    expect(edge.sent).toEqual([{ vhid: 9, advbase: 1, advskew: 0, demotion: 1, pass: "" }]);
  });
});

describe("a carp interface", () => {
  it("is INIT without a vhid, a carpdev, an address or being up", () => {
    kernel.create("carp0");
    expect(kernel.carpState("carp0")).toBeUndefined();
    kernel.setCarp("carp0", { vhid: 7 });
    expect(kernel.carpState("carp0")).toBe("INIT");
    kernel.setCarp("carp0", { carpdev: "vio2" });
    expect(kernel.carpState("carp0")).toBe("INIT");
    kernel.setUp("carp0", true);
    expect(kernel.carpState("carp0")).toBe("INIT");
    kernel.addAddress("carp0", { address: "10.25.0.10", prefix: 16 });
    expect(kernel.carpState("carp0")).toBe("BACKUP");
  });

  it("has the virtual MAC address of its vhid", () => {
    kernel.create("carp0");
    expect(kernel.find("carp0")?.lladdr).toBe("00:00:00:00:00:00");
    kernel.setCarp("carp0", { vhid: 1 });
    expect(kernel.find("carp0")?.lladdr).toBe("00:00:5e:00:01:01");
    kernel.setCarp("carp0", { vhid: 255 });
    expect(kernel.find("carp0")?.lladdr).toBe("00:00:5e:00:01:ff");
  });

  it("is up by getting an address, and works on a carpdev that has none", () => {
    startCarp(edge);
    expect(kernel.find("carp0")?.up).toBe(true);
    expect(kernel.find("vio2")?.addresses).toEqual([]);
    world.advance(5000);
    expect(kernel.carpState("carp0")).toBe("MASTER");
  });

  it("tells each link state: MASTER is up, BACKUP is down, INIT is invalid", () => {
    startCarp(edge);
    world.advance(5000);
    kernel.setUp("carp0", false);
    expect(edge.links).toEqual(["carp0 down", "carp0 up", "carp0 invalid"]);
    expect(edge.log).toEqual([
      "carp0: state transition: INIT -> BACKUP",
      "carp0: state transition: BACKUP -> MASTER",
      "carp0: state transition: MASTER -> INIT",
    ]);
  });

  it("bows out when it is set down, and starts over as backup when it is set up", () => {
    master();
    kernel.setUp("carp0", false);
    expect(edge.sent).toEqual([{ vhid: 1, advbase: 255, advskew: 255, demotion: 0, pass: "secret" }]);
    kernel.setUp("carp0", true);
    expect(kernel.carpState("carp0")).toBe("BACKUP");
  });

  it("bows out when it is destroyed", () => {
    master();
    kernel.destroy("carp0");
    expect(edge.sent).toEqual([{ vhid: 1, advbase: 255, advskew: 255, demotion: 0, pass: "secret" }]);
    expect(kernel.find("carp0")).toBeUndefined();
    world.advance(60_000);
    expect(edge.sent).toHaveLength(1);
  });

  it("is INIT without a word when its last address goes", () => {
    master();
    kernel.removeAddress("carp0", "10.25.0.10");
    expect(kernel.carpState("carp0")).toBe("INIT");
    expect(kernel.find("carp0")?.up).toBe(false);
    expect(edge.sent).toEqual([]);
    kernel.addAddress("carp0", { address: "10.25.0.10", prefix: 16 });
    expect(kernel.carpState("carp0")).toBe("BACKUP");
  });

  it("takes a skew, an interval and a group while it runs, and stays MASTER", () => {
    master();
    kernel.setInterval("carp0", { advskew: 77 });
    kernel.setInterval("carp0", { advbase: 2 });
    kernel.join("carp0", "more");
    expect(edge.links).toEqual([]);
    world.advance(2000 + 301);
    expect(edge.sent).toEqual([{ vhid: 1, advbase: 2, advskew: 77, demotion: 0, pass: "secret" }]);
  });

  it("is BACKUP again, and says nothing, when it gets one more address", () => {
    master();
    kernel.addAddress("carp0", { address: "10.25.0.11", prefix: 32 });
    expect([kernel.carpState("carp0"), edge.sent]).toEqual(["BACKUP", []]);
    expect(edge.links).toEqual(["carp0 invalid", "carp0 down"]);
  });

  it("begins anew with another vhid, and says nothing to those of the old one", () => {
    master();
    kernel.setCarp("carp0", { vhid: 2 });
    expect(kernel.carpState("carp0")).toBe("BACKUP");
    expect(edge.sent).toEqual([]);
    world.advance(4000);
    expect(edge.sent.every(({ vhid }) => vhid === 2)).toBe(true);
  });

  it.each([
    ["an interface that does not exist", { carpdev: "vio9" }, "Invalid argument"],
    ["nothing on an interface that is not carp", undefined, "Inappropriate ioctl for device"],
  ])("takes for its carpdev %s", (_, changes, message) => {
    kernel.create("carp0");
    const set = () => kernel.setCarp(changes === undefined ? "vio2" : "carp0", changes ?? { vhid: 1 });
    expect(set).toThrow(refused(message));
  });

  it("cannot have the vhid of another one on the same carpdev", () => {
    startCarp(edge);
    kernel.create("carp1");
    kernel.setCarp("carp1", { carpdev: "vio2" });
    expect(() => kernel.setCarp("carp1", { vhid: 1 })).toThrow(refused("Invalid argument"));
  });

  it("cannot have an address before it has a carpdev", () => {
    kernel.create("carp0");
    expect(() => kernel.addAddress("carp0", { address: "10.25.0.10", prefix: 16 })).toThrow(
      refused("Invalid argument"),
    );
  });
});

describe("two edges", () => {
  let other: SimulatedKernel;
  beforeEach(() => {
    other = world.add();
  });
  const states = () => [edge, other].map((one) => one.kernel.carpState("carp0"));

  it("hear each other with the same vhid and password", () => {
    startCarp(edge, { advskew: 1 });
    startCarp(other, { advskew: 50 });
    expect(world.advance(10_000) && states()).toEqual(["MASTER", "BACKUP"]);
    edge.kernel.setUp("carp0", false);
    expect(world.advance(10) && states()).toEqual(["INIT", "MASTER"]);
  });

  it.each([
    ["their passwords differ", { pass: "Secret" }],
    ["their vhids differ", { vhid: 2 }],
  ])("do not hear each other when %s: both are masters", (_, changes) => {
    startCarp(edge, { advskew: 1 });
    startCarp(other, { advskew: 50, ...changes });
    expect(world.advance(10_000) && states()).toEqual(["MASTER", "MASTER"]);
  });

  it("hear each other again once the password is the same", () => {
    startCarp(edge, { advskew: 1, pass: "one" });
    startCarp(other, { advskew: 50, pass: "two" });
    world.advance(10_000);
    other.kernel.setCarp("carp0", { pass: "one" });
    expect(world.advance(2000) && states()).toEqual(["MASTER", "BACKUP"]);
  });

  it.each([
    ["of the first", () => edge, ["BACKUP", "MASTER"]],
    ["of the second", () => other, ["MASTER", "BACKUP"]],
  ])("do not hear each other when the pf %s blocks carp, and afterwards it yields for its failed sends", (_, which, after) => {
    startCarp(edge, { advskew: 1, groups: GROUPS });
    startCarp(other, { advskew: 50, groups: GROUPS });
    world.advance(10_000);
    which().passesCarp = false;
    expect(world.advance(10_000) && states()).toEqual(["MASTER", "MASTER"]);
    expect([edge, other].map((one) => demotion(one.kernel))).toEqual(which() === edge ? [3, 0] : [0, 3]);
    which().passesCarp = true;
    expect(world.advance(3000) && states()).toEqual(after);
  });

  it("do not hear each other over a carpdev without a cable", () => {
    startCarp(edge, { advskew: 1 });
    startCarp(other, { advskew: 50 });
    world.advance(10_000);
    edge.kernel.setCable("vio2", false);
    expect(world.advance(10_000) && states()).toEqual(["INIT", "MASTER"]);
    edge.kernel.setCable("vio2", true);
    expect(world.advance(10_000) && states()).toEqual(["BACKUP", "MASTER"]);
  });

  it("change places at once when the master is demoted, and stay so", () => {
    startCarp(edge, { advskew: 1, groups: GROUPS });
    startCarp(other, { advskew: 50, groups: GROUPS });
    world.advance(10_000);
    edge.kernel.demote("edgefault", 64);
    expect(world.advance(5) && states()).toEqual(["BACKUP", "MASTER"]);
    edge.kernel.demote("edgefault", -64);
    expect(world.advance(60_000) && states()).toEqual(["BACKUP", "MASTER"]);
  });

  it("change back when the preferred one is sound again, with preempt=1", () => {
    for (const one of [edge, other]) one.kernel.preempt = true;
    startCarp(edge, { advskew: 1, groups: GROUPS });
    startCarp(other, { advskew: 50, groups: GROUPS });
    world.advance(10_000);
    edge.kernel.demote("edgefault", 64);
    world.advance(5000);
    edge.kernel.demote("edgefault", -64);
    expect(world.advance(1500) && states()).toEqual(["MASTER", "BACKUP"]);
  });
});

describe("an interface", () => {
  it("has the link of its cable, whether it is up or down", () => {
    const fresh = world.add(false);
    const { kernel: other } = fresh;
    for (const up of [false, true, false]) {
      other.setUp("vio2", up);
      expect(other.linkState("vio2")).toBe("up");
    }
    other.setCable("vio2", false);
    expect(other.linkState("vio2")).toBe("down");
    expect(fresh.links).toEqual(["vio2 down"]);
  });

  it("that does not exist is down for ifstated", () => {
    expect(kernel.linkState("vio9")).toBe("down");
  });

  it("cannot be created unless it is carp with a number", () => {
    for (const name of ["vio9", "carp", "carp0a", "xcarp0"]) {
      expect(() => kernel.create(name)).toThrow(refused("Invalid argument"));
    }
    expect(kernel.create("carp12").name).toBe("carp12");
  });

  it("cannot be destroyed unless it is carp", () => {
    expect(() => kernel.destroy("vio2")).toThrow(refused("Invalid argument"));
  });

  it("keeps an address once, at the end of its list", () => {
    for (const address of ["10.0.0.1", "10.0.0.2", "10.0.0.1"]) {
      kernel.addAddress("vio2", { address, prefix: 32 });
    }
    expect(kernel.find("vio2")?.addresses.map(({ address }) => address)).toEqual(["10.0.0.2", "10.0.0.1"]);
  });

  it("loses its first address where none is named, and cannot lose one that it has not", () => {
    kernel.addAddress("vio2", { address: "10.0.0.1", prefix: 32 });
    kernel.addAddress("vio2", { address: "10.0.0.2", prefix: 32 });
    kernel.removeAddress("vio2", undefined);
    expect(kernel.find("vio2")?.addresses).toEqual([{ address: "10.0.0.2", prefix: 32 }]);
    for (const address of ["10.0.0.1", "10.9.9.9"]) {
      expect(() => kernel.removeAddress("vio2", address)).toThrow(refused("Can't assign requested address"));
    }
    kernel.removeAddress("vio2", "10.0.0.2");
    expect(() => kernel.removeAddress("vio2", undefined)).toThrow(refused("Can't assign requested address"));
  });
});
