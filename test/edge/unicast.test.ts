import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { parseConfig } from "../../lib/config/load.js";
import { hostnameCarp, hostnameCarpdev } from "../../lib/edge/hostname-if.js";
import { example } from "../config/example.js";
import { rendered } from "./bundles.js";
import { onNode, TestNode } from "./node.js";

const UNICAST = {
  "carp.unicast": true,
  "edges[0].carpAddress": "10.25.0.11",
  "edges[1].carpAddress": "10.25.0.12",
};

describe("with unicast CARP", () => {
  const config = parseConfig(example(UNICAST));

  it("each edge's carpdev has its own address, and its carp0 the other's as its peer", () => {
    const files = config.edges.map((edge) => [
      hostnameCarpdev(config, edge).content,
      hostnameCarp(config, edge).content.split("\n")[2],
    ]);
    const carp = "inet 10.25.0.10 255.255.0.0 10.25.255.255 vhid 1 carpdev vio2 carppeer";
    expect(files).toEqual([
      [
        "inet 10.25.0.11 255.255.0.0 10.25.255.255\nup\n",
        `${carp} 10.25.0.12 pass @@carp_password@@ advbase 1 advskew 1`,
      ],
      [
        "inet 10.25.0.12 255.255.0.0 10.25.255.255\nup\n",
        `${carp} 10.25.0.11 pass @@carp_password@@ advbase 1 advskew 50`,
      ],
    ]);
  });
});

describe("an edge in service that goes to unicast CARP, and back", { timeout: 60_000 }, () => {
  const MULTICAST = rendered();
  let origin: TestNode;
  let disk: string;
  beforeAll(async () => {
    origin = new TestNode();
    await origin.machine.boot();
    await origin.installed(MULTICAST);
    disk = origin.disk();
  }, 60_000);
  afterAll(() => origin.stop());

  const now = ({ machine: { kernel } }: TestNode) => ({
    own: kernel.find("vio2")?.addresses.map(({ address }) => address),
    peer: kernel.find("carp0")?.carp?.peer,
    up: kernel.find("vio2")?.up,
  });

  it("keeps the old way until its release, however often it is delivered to", () =>
    onNode(
      async (node) => {
        node.peer();
        const before = now(node);
        expect(before).toEqual({ own: [], peer: undefined, up: true });
        const unicast = rendered(UNICAST);
        for (const said of [["hostname.vio2: written", "hostname.carp0: written"], []]) {
          expect((await node.deliver(unicast)).said).toEqual([
            ...said.map((line) => `edge-install: /etc/${line}`),
            "edge-install: done",
          ]);
          expect(now(node)).toEqual(before);
          expect(node.read("/etc/hostname.vio2")).toBe("up\n");
          expect(JSON.parse(node.read("/var/db/edge/hold")).reason).toBe("deploy: carp0 changes");
        }
        expect((await node.say("edge-install release any")).complained).toEqual([]);
        expect(now(node)).toEqual({ own: ["10.25.0.11"], peer: "10.25.0.12", up: true });
        expect(node.exists("/var/db/edge/pending")).toBe(false);

        await node.deliver(MULTICAST);
        expect(now(node)).toMatchObject({ own: ["10.25.0.11"], peer: "10.25.0.12" });
        expect((await node.say("edge-install release any")).complained).toEqual([]);
        expect(now(node)).toEqual(before);
      },
      { disk },
    ));

  it("waits as well when only its own address is another one, which its peer must know first", () =>
    onNode(
      async (node) => {
        node.peer();
        await node.deliver(rendered(UNICAST));
        await node.say("edge-install release any");
        const moved = rendered({ ...UNICAST, "edges[0].carpAddress": "10.25.0.21" });
        for (let time = 1; time <= 2; time++) {
          expect((await node.deliver(moved)).status).toBe(0);
          expect(now(node).own).toEqual(["10.25.0.11"]);
          expect(node.exists("/var/db/edge/hold")).toBe(true);
        }
        await node.deliver(rendered(UNICAST));
        expect(node.exists("/var/db/edge/hold")).toBe(false);
        await node.deliver(moved);
        await node.say("edge-install release any");
        expect(now(node).own).toEqual(["10.25.0.21"]);
        expect(node.exists("/var/db/edge/hold")).toBe(false);
      },
      { disk },
    ));
});
