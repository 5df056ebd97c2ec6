import { beforeEach, describe, expect, it } from "vitest";
import { Kernels, type SimulatedKernel } from "./kernels.js";

let kernels: Kernels;
beforeEach(() => {
  kernels = new Kernels();
});

/** An edge whose vio2 has the address .N and whose carp0 sends to .PEER, or to the group. */
function edge(advskew: number, own?: number, peer?: number): SimulatedKernel {
  const made = kernels.add();
  if (own !== undefined) made.kernel.addAddress("vio2", { address: `10.25.0.${own}`, prefix: 16 });
  made.kernel.create("carp0");
  made.kernel.setPeer("carp0", peer === undefined ? undefined : `10.25.0.${peer}`);
  made.kernel.setInterval("carp0", { advskew });
  made.kernel.setCarp("carp0", { vhid: 1, pass: "secret", carpdev: "vio2" });
  made.kernel.addAddress("carp0", { address: "10.25.0.10", prefix: 16 });
  return made;
}

const states = () => kernels.all.map(({ kernel }) => kernel.carpState("carp0"));

describe("two edges with each other's address as carppeer", () => {
  it("elect one of them, and the other takes over when it is gone", () => {
    const [first] = [edge(1, 11, 12), edge(50, 12, 11)];
    kernels.advance(10_000);
    expect(states()).toEqual(["MASTER", "BACKUP"]);
    first.kernel.setCable("vio2", false);
    kernels.advance(10_000);
    expect(states()).toEqual(["INIT", "MASTER"]);
  });

  it("are heard by nobody else on the network, whoever it is", () => {
    edge(1, 11, 12);
    edge(50, 12, 11);
    edge(100, 13, 11);
    kernels.advance(10_000);
    expect(states()).toEqual(["MASTER", "BACKUP", "MASTER"]);
  });

  it("do not hear each other where one has another address than its peer believes", () => {
    edge(1, 11, 12);
    edge(50, 13, 11);
    kernels.advance(10_000);
    expect(states()).toEqual(["MASTER", "MASTER"]);
    const [, second] = kernels.all;
    second?.kernel.addAddress("vio2", { address: "10.25.0.12", prefix: 16 });
    kernels.advance(10_000);
    expect(states()).toEqual(["MASTER", "BACKUP"]);
  });

  it("send nothing without an address of the carpdev, which demotes them as any failure does", () => {
    const [without] = [edge(1, undefined, 12), edge(50, 12, 11)];
    kernels.advance(20_000);
    expect(without.sent).toEqual([]);
    expect(without.kernel.groups.get("carp")).toBe(1);
    expect(states()).toEqual(["MASTER", "MASTER"]);
  });
});

describe("one edge with a carppeer and one without", () => {
  it("do not hear each other: who has a peer does not listen to the group", () => {
    edge(1, 11, 12);
    edge(50, 12);
    kernels.advance(10_000);
    expect(states()).toEqual(["MASTER", "MASTER"]);
  });

  it("hear each other again once both send to the group", () => {
    const [first] = [edge(1, 11, 12), edge(50, 12)];
    first.kernel.setPeer("carp0", undefined);
    kernels.advance(10_000);
    expect(states()).toEqual(["MASTER", "BACKUP"]);
  });
});
