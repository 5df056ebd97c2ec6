import { describe, expect, it } from "vitest";
import { announceDrill } from "../../lib/operations/drill/announce.js";
import type { RemoteEdge } from "../../lib/operations/remote-edge.js";
import { onNode } from "../edge/node.js";

describe("the mark of a drill", () => {
  it("is one that edge-notify reads, ends by itself, and is taken off again", () =>
    onNode(async (node) => {
      node.write("/var/run/edge-sync/.keep", "");
      node.write("/usr/local/sbin/edge-sync", '#!/bin/sh\necho "$@" >>/var/run/passes\n', 0o555);
      const edge = { run: (command: string) => node.run(command) } as unknown as RemoteEdge;
      const unmark = await announceDrill("carp-down", [edge]);
      const { name, until } = JSON.parse(node.read("/var/run/edge-sync/drill"));
      const left = until - Math.floor(Date.now() / 1000);
      expect({ name, mode: node.mode("/var/run/edge-sync/drill") }).toEqual({
        name: "carp-down",
        mode: "0600",
      });
      expect(left > 0 && left <= 900).toBe(true);
      await unmark();
      expect(node.exists("/var/run/edge-sync/drill")).toBe(false);
      expect(node.read("/var/run/passes")).toBe("pass\npass\n");
    }));

  it("stays until it ends by itself on an edge that cannot be reached any more", async () => {
    let reached = true;
    const run = async () => {
      if (!reached) throw new Error("edge-a cannot be reached");
      return { status: 0, stdout: "", stderr: "" };
    };
    const unmark = await announceDrill("power-off", [{ run } as unknown as RemoteEdge]);
    reached = false;
    await expect(unmark()).resolves.toBeUndefined();
  });
});
