import { describe, expect, it } from "vitest";
import { onNode } from "./node.js";

describe("on the simulated node, as on a real one,", { timeout: 60_000 }, () => {
  it("a demotion that took is none that failed", () =>
    onNode(async (node) => {
      await node.run("ifconfig carp0 create; ifconfig carp0 group edgefault");
      expect(await node.run("ifconfig -g edgefault carpdemote 64; ifconfig -g edgefault")).toEqual({
        status: 0,
        stdout: "edgefault: carp demote count 64\n",
        stderr: "",
      });
    }));

  it("an address that is no alias takes the place of the first one", () =>
    onNode(async (node) => {
      await node.run("ifconfig vio1 inet 10.10.0.20 netmask 255.255.0.0");
      expect(node.machine.kernel.find("vio1")?.addresses).toEqual([{ address: "10.10.0.20", prefix: 16 }]);
    }));

  it("an alias is one address more", () =>
    onNode(async (node) => {
      await node.run("ifconfig vio1 inet alias 10.10.0.20 netmask 255.255.255.255");
      expect(node.machine.kernel.find("vio1")?.addresses.map(({ address }) => address)).toEqual([
        "10.10.0.11",
        "10.10.0.20",
      ]);
    }));
});
