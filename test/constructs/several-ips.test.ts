import { beforeAll, describe, expect, it } from "vitest";
import { twoIps, twoVhids } from "../edge/bundles.js";
import { type Synthesized, synthesize } from "./synthesized.js";

let spread: Synthesized;
let together: Synthesized;
beforeAll(() => {
  spread = synthesize(twoVhids());
  together = synthesize(twoIps());
}, 60_000);

const commands = (stack: Synthesized): string[] =>
  stack
    .block("edge/edge/release/release")
    .provisioner.map((one: Record<string, { inline: string[] }>) => one["remote-exec"]?.inline[0]);

describe("two vhids", () => {
  it("route each FailOver IP once to the edge that is preferred for it", () => {
    const [first, second] = ["failover-ip", "failover-ip-146-59-143-232"].map((id) =>
      spread.block(`edge/edge/${id}/attach`),
    );
    expect(first).toMatchObject({ ip: "146.59.143.231", lifecycle: { ignore_changes: ["routed_to"] } });
    expect(second).toMatchObject({ ip: "146.59.143.232", lifecycle: { ignore_changes: ["routed_to"] } });
    expect(first.routed_to).toContain("edge_bi-edge-sbg-1_instance");
    expect(second.routed_to).toContain("edge_bi-edge-sbg-2_instance");
  });

  it("raise on each edge what it holds, and release only when all have", () => {
    const [one, two, three, four, ...more] = commands(spread);
    for (const raise of [one, two]) {
      expect(raise).toMatch(
        /^\/usr\/local\/sbin\/edge-install raise \$\{join\(" ", \[for v in \[\{ carp = "carp0", id = /,
      );
    }
    expect([three, four, ...more]).toEqual(Array(2).fill("/usr/local/sbin/edge-install release any"));
  });

  it("tell all their addresses, and warn of each that is lost", () => {
    expect(spread.json.output.failover_ip.value).toBe("146.59.143.231");
    expect(spread.json.output.failover_ips.value).toEqual(["146.59.143.231", "146.59.143.232"]);
    expect(Object.keys(spread.json.check)).toEqual([
      "edge-holds-the-failover-ip",
      "edge-holds-the-failover-ip-146-59-143-232",
    ]);
  });
});

describe("two FailOver IPs on one vhid", () => {
  it("go to the same edge, a block by its first address", () => {
    const [first, block] = ["failover-ip", "failover-ip-146-59-143-8-29"].map((id) =>
      together.block(`edge/edge/${id}/attach`),
    );
    expect([first.ip, block.ip]).toEqual(["146.59.143.231", "146.59.143.8"]);
    for (const { routed_to } of [first, block]) expect(routed_to).toContain("edge_edge-2_instance");
  });

  it("are released like one", () => {
    expect(commands(together)).toEqual([
      "/usr/local/sbin/edge-install release master",
      "/usr/local/sbin/edge-install release any",
      "/usr/local/sbin/edge-install release any",
    ]);
  });
});
