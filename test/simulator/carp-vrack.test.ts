import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { SignedAdvertisement } from "../../lib/simulator/node/kernel.js";
import type { Machine } from "../../lib/simulator/node/machine.js";
import { VRack } from "../../lib/simulator/vrack.js";

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

const SENT: SignedAdvertisement = { vhid: 1, advbase: 1, advskew: 50, demotion: 0, pass: "secret" };

/** Three machines whose vio2 is on the CARP network, and what reaches them. */
function network(loss = 0) {
  const vrack = new VRack(1);
  vrack.loss = loss;
  const heard: string[] = [];
  const machines = ["a", "b", "c"].map((name) => {
    const machine = {
      name,
      running: true,
      receive: (carpdev: string, advertisement: SignedAdvertisement) => {
        expect(advertisement).toBe(SENT);
        heard.push(`${name} ${carpdev}`);
      },
    };
    vrack.plug(machine as unknown as Machine, "vio1", "internal");
    vrack.plug(machine as unknown as Machine, "vio2", "carp");
    return machine;
  });
  /** Sends one advertisement. @returns who has heard it, and on which interface */
  const carry = (from: number, carpdev = "vio2"): string[] => {
    heard.length = 0;
    vrack.carry(machines[from] as unknown as Machine, carpdev, SENT);
    vi.runAllTimers();
    return [...heard];
  };
  return { vrack, machines, carry, heard };
}

describe("a vRack", () => {
  it("carries an advertisement to all others on the same network, and to nobody else", () => {
    const { carry } = network();
    expect(carry(0)).toEqual(["b vio2", "c vio2"]);
    expect(carry(1)).toEqual(["a vio2", "c vio2"]);
    expect(carry(2, "vio1")).toEqual(["a vio1", "b vio1"]);
  });

  it("carries nothing from an interface that is on no network", () => {
    expect(network().carry(0, "vio0")).toEqual([]);
  });

  it("carries nothing to a machine that is off, or that went off meanwhile", () => {
    const { carry, machines, vrack, heard } = network();
    (machines[1] as { running: boolean }).running = false;
    expect(carry(0)).toEqual(["c vio2"]);
    heard.length = 0;
    vrack.carry(machines[0] as unknown as Machine, "vio2", SENT);
    (machines[2] as { running: boolean }).running = false;
    vi.runAllTimers();
    expect(heard).toEqual([]);
  });

  it("carries nothing from or to a machine that was unplugged", () => {
    const { carry, machines, vrack } = network();
    vrack.unplug(machines[1] as unknown as Machine);
    expect(carry(0)).toEqual(["c vio2"]);
    expect(carry(1)).toEqual([]);
  });

  it("takes its delay to carry", () => {
    const { vrack, machines, heard } = network();
    vrack.delay = 20;
    vrack.carry(machines[0] as unknown as Machine, "vio2", SENT);
    vi.advanceTimersByTime(19);
    expect(heard).toEqual([]);
    vi.advanceTimersByTime(1);
    expect(heard).toEqual(["b vio2", "c vio2"]);
  });

  it("loses its share of what it carries, the same for the same seed", () => {
    const count = (loss: number) => {
      const { carry } = network(loss);
      return Array.from({ length: 500 }, () => carry(0).length).reduce((a, b) => a + b);
    };
    expect(count(0)).toBe(1000);
    expect(count(1)).toBe(0);
    const third = count(0.3);
    expect(third).toBeGreaterThan(630);
    expect(third).toBeLessThan(770);
    expect(count(0.3)).toBe(third);
  });

  it("that is split carries within each group, those that were not named being one of them", () => {
    const { vrack, carry } = network();
    vrack.partition([["a"]]);
    expect(carry(0)).toEqual([]);
    expect(carry(1)).toEqual(["c vio2"]);
    vrack.partition([["a", "b"], ["c"]]);
    expect(carry(0)).toEqual(["b vio2"]);
    expect(carry(2)).toEqual([]);
    vrack.heal();
    expect(carry(2)).toEqual(["a vio2", "b vio2"]);
  });
});
