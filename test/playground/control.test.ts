import { mkdtempSync, rmSync } from "node:fs";
import { connect, type Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { askForFault, FAULTS, serveControl } from "../../lib/playground/control.js";
import type { Region } from "../../lib/simulator/region.js";

/** A region that only notes what is done to it. */
function notingRegion() {
  const done: string[] = [];
  const note =
    (what: string) =>
    (...args: unknown[]) =>
      void done.push([what, ...args.map((arg) => JSON.stringify(arg))].join(" "));
  const node = (name: string) => ({
    name,
    powerOff: note(`${name} powerOff`),
    boot: async () => note(`${name} boot`)(),
    reboot: note(`${name} reboot`),
    stepClock: note(`${name} stepClock`),
    kernel: {
      setCable: note(`${name} setCable`),
      setUp: note(`${name} setUp`),
      interfaces: new Map(["vio0", "carp0"].map((port) => [port, {}])),
    },
  });
  const machines = new Map(["edge-a", "edge-b"].map((name) => [name, node(name)]));
  const region = {
    machines,
    machine: (name: string) => machines.get(name),
    vrack: { partition: note("partition"), heal: note("heal") },
    setReachable: note("setReachable"),
    silence: note("silence"),
    project: { faults: { fail: note("fail"), clear: note("clear") } },
  };
  return { region: region as unknown as Region, done };
}

let folder: string;
let socket: string;
let server: Server;
let done: string[];
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "control-"));
  socket = join(folder, "control");
  const made = notingRegion();
  done = made.done;
  server = await serveControl(made.region, socket);
});
afterEach(() => {
  server.close();
  rmSync(folder, { recursive: true, force: true });
});

describe("a fault from the command line", () => {
  it.each([
    [["power-off", "edge-a"], "edge-a powerOff"],
    [["power-on", "edge-a"], "edge-a boot"],
    [["reboot", "edge-b"], "edge-b reboot"],
    [["cut", "edge-a", "vio0"], 'edge-a setCable "vio0" false'],
    [["mend", "edge-a", "vio0"], 'edge-a setCable "vio0" true'],
    [["down", "edge-a", "carp0"], 'edge-a setUp "carp0" false'],
    [["up", "edge-a", "carp0"], 'edge-a setUp "carp0" true'],
    [["partition", "edge-a", "edge-b"], 'partition [["edge-a","edge-b"]]'],
    [["heal"], "heal"],
    [["api-down"], 'setReachable "api" false'],
    [["api-up"], 'setReachable "api" true'],
    [["api-fail", "POST", "/attach", "503", "2"], 'fail "POST" "/attach" {"status":503,"times":2}'],
    [["api-fail", "GET", "/failover", "500"], 'fail "GET" "/failover" {"status":500}'],
    [["api-slow", "700"], 'fail "*" "" {"delay":700}'],
    [["api-sound"], "clear"],
    [["silence", "edge-b"], 'silence "edge-b" true'],
    [["unsilence", "edge-b"], 'silence "edge-b" false'],
    [["clock", "edge-a", "-3600"], "edge-a stepClock -3600"],
  ])("%j is made", async (words, what) => {
    await askForFault(socket, words);
    expect(done).toEqual([what]);
  });

  it("is there for each name that the help lists", () => {
    for (const { usage, what } of Object.values(FAULTS))
      expect([typeof usage, what]).toEqual(["string", what]);
    expect(Object.keys(FAULTS)).toHaveLength(17);
  });

  it.each([
    [["unplug"], `there is no fault unplug; there are ${Object.keys(FAULTS).join(", ")}`],
    [["power-off"], "there is no node ; there are edge-a, edge-b"],
    [["power-off", "edge-c"], "there is no node edge-c; there are edge-a, edge-b"],
    [["partition", "edge-a", "edge-c"], "there is no node edge-c; there are edge-a, edge-b"],
    [["cut", "edge-a", "vio9"], "edge-a has no interface vio9; it has vio0, carp0"],
    [["down", "edge-a"], "edge-a has no interface ; it has vio0, carp0"],
    [["api-fail", "POST", "/attach", "often"], "STATUS must be a whole number, got often"],
    [["api-fail", "POST", "/attach", "503", "1.5"], "TIMES must be a whole number, got 1.5"],
    [["api-slow"], "MILLISECONDS must be a whole number, got nothing"],
    [["clock", "edge-a", "soon"], "SECONDS must be a whole number, got soon"],
  ])("%j is refused with what is wrong with it, and nothing is done", async (words, message) => {
    await expect(askForFault(socket, words)).rejects.toThrow(message);
    expect(done).toEqual([]);
  });

  it("can be made after somebody has hung up in the middle of a word", async () => {
    const rude = connect(socket);
    await new Promise<void>((resolve) => rude.once("connect", () => resolve()));
    rude.write('["he');
    rude.destroy();
    await askForFault(socket, ["heal"]);
    expect(done).toEqual(["heal"]);
  });

  it("cannot be made where no region runs", async () => {
    const nowhere = join(folder, "nowhere");
    await expect(askForFault(nowhere, ["heal"])).rejects.toThrow(
      `no simulated region answers at ${nowhere}: connect ENOENT ${nowhere}`,
    );
  });
});
