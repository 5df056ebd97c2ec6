import { beforeEach, expect, it, vi } from "vitest";
import { useBench } from "./bench.js";

vi.setConfig({ testTimeout: 20_000 });

const bench = useBench();
const [A, B, BLOCK] = ["203.0.113.1", "203.0.113.2", "203.0.113.8/30"];
const FILE = "/var/db/metrics/edge.prom";

/** An IP and a block on carp0, an IP on carp1; all of them elsewhere. */
beforeEach(async () => {
  const { failoverIps } = bench.project;
  failoverIps.add("id-a", A as string, bench.other);
  failoverIps.add("id-block", BLOCK as string, bench.other);
  failoverIps.add("id-b", B as string, bench.other);
  bench.configure({
    ip: undefined,
    settle: undefined,
    carp: "carp0 carp1",
    carp0_ip: `${A} ${BLOCK}`,
    carp1_ip: B,
    ip_id: "id-a id-block id-b",
    carp0_settle: 0,
    carp1_settle: 0,
    metrics: FILE,
  });
  bench.credentials("person");
  await bench.run("edge-sync poll");
  await bench.quiet();
  await bench.become("MASTER");
});

const ROUTED = () => ["id-a", "id-block", "id-b"].map((id) => bench.project.failoverIps.get(id).routedTo);

/** Passes until OVH routes what carp0 elects for to this edge. */
async function served(): Promise<void> {
  await bench.run("edge-sync");
  await bench.until(() => ROUTED()[0] === bench.here && ROUTED()[1] === bench.here, "carp0's IPs are here");
  await bench.quiet();
  await bench.run("edge-sync");
  await bench.quiet();
}

it("claims what its carp interface elects for, a block with each address, and leaves the other vhid alone", async () => {
  await served();
  expect(ROUTED()[2]).toBe(bench.other);
  for (const address of [A, "203.0.113.8", "203.0.113.11"]) {
    expect(bench.machine.hasAddress(address as string)).toBe(true);
  }
  expect(bench.machine.hasAddress(B as string)).toBe(false);
  expect(bench.log("edge-sync")).toContain(`edge-sync: claim start carp=carp0 ip=${A},${BLOCK}`);
  expect(bench.requests().filter((request) => request.startsWith("POST"))).toHaveLength(2);
});

it("shows each vhid and IP in its status and its metrics", async () => {
  await served();
  const lines = (await bench.run("edge-sync status")).stdout.replace(/\d+ s ago/g, "… s ago").split("\n");
  expect(lines).toContain("carp0        MASTER");
  expect(lines).toContain("carp1        NONE");
  expect(lines).toContain(`ip           ${A} is here (… s ago), alias on`);
  expect(lines).toContain(`ip           ${BLOCK} is here (… s ago), alias on`);
  expect(lines).toContain(`ip           ${B} is elsewhere (… s ago), alias off`);
  expect(lines.find((line) => line.startsWith("last claim"))).toMatch(
    new RegExp(`^last claim   … s ago: ${A} here, ${BLOCK} here, ended after `),
  );
  const { vhids, ...edge } = JSON.parse((await bench.run("edge-sync status --json")).stdout);
  expect(edge).toMatchObject({ healthy: 1, external: "up", api: "answers" });
  expect(vhids).toMatchObject([
    {
      name: "carp0",
      carp: "MASTER",
      tokens: 2,
      ips: [
        { ip: A, known: "here", alias: 1 },
        { ip: BLOCK, known: "here", alias: 1 },
      ],
    },
    { name: "carp1", carp: "NONE", tokens: 3, ips: [{ ip: B, known: "elsewhere", alias: 0 }] },
  ]);
  const metrics = bench.machine.sandbox.read(FILE)?.split("\n");
  expect(metrics).toContain('edge_carp_state{carp="carp0",state="MASTER"} 1');
  expect(metrics).toContain(`edge_failover_ip{carp="carp1",ip="${B}",known="elsewhere"} 1`);
  expect(metrics).toContain(`edge_alias{carp="carp0",ip="${BLOCK}"} 1`);
  expect(metrics).toContain('edge_claim_tokens{carp="carp1"} 3');
  expect(metrics).toContain('edge_last_claim_success{carp="carp0"} 1');
});

it("lets no second claim begin where only the process that watches the first one was killed", async () => {
  bench.project.failoverIps.behaviour.moveDuration = 60_000;
  await bench.run("edge-sync");
  const claims = () => bench.processes().filter(({ words }) => words.some((word) => word === "claim"));
  await bench.until(
    () => claims().length > 0 && bench.requests().some((one) => one.startsWith("POST")),
    "a claim runs",
  );
  const watcher = bench
    .processes()
    .filter(({ words }) => words.some((word) => word.endsWith("edge-sync")))
    .map(({ id }) => id);
  expect(watcher.length).toBeGreaterThan(0);
  for (const id of watcher) process.kill(id, "SIGKILL");
  for (let pass = 0; pass < 3; pass++) await bench.run("edge-sync");
  expect(claims()).toHaveLength(1);
  expect(bench.json("/var/run/edge-sync/memory.json")).toMatchObject({ vhids: { carp0: { claim: {} } } });
  for (const { id } of claims()) process.kill(id, "SIGKILL");
});
