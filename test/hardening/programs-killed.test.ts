import { existsSync, readdirSync } from "node:fs";
import { describe, expect, it, vi } from "vitest";
import { IP, useBench } from "../node/bench.js";
import { CAN_KILL, callsToKill, DEEP, killAt, killing, type Victim } from "./kill-at.js";

vi.setConfig({ testTimeout: DEEP ? 3 * 3_600_000 : 300_000 });

const bench = useBench();
const RUN = "/var/run/edge-sync";
const CLAIM = "/usr/local/sbin/ip-move claim -result /var/run/claim.json -guard /var/run/health";

const kill = (victim: Victim, at: number, command: string) =>
  killAt(bench.machine.sandbox, victim, at, command, (line) => bench.run(line));
const accepted = () => bench.project.failoverIps.attaches.length;
const memory = () => bench.json(`${RUN}/memory.json`) ?? {};

/** Temporary files with a name of their own, one more for each kill; a `.new` is the next writer's. */
const leftOver = () =>
  ["/var/run", RUN, "/var/db/edge"].flatMap((folder) => {
    const path = bench.machine.sandbox.path(folder);
    return existsSync(path) ? readdirSync(path).filter((name) => /\.\d+$/.test(name)) : [];
  });

describe.skipIf(!CAN_KILL)(killing("an operator's command, killed at a system call"), () => {
  it.each([
    ["hold --reason upgrade", "hold", "upgrade"],
    ["drain --reason upgrade", "drain", "upgrade"],
  ])("%s, leaves a whole mark or none, and nothing else after the next pass", async (command, mark, reason) => {
    await bench.reset();
    const line = `/usr/local/sbin/edge-sync ${command}`;
    const undisturbed = await kill("all", 0, line);
    expect(undisturbed.status).toBe(0);
    for (const at of callsToKill(undisturbed.calls, 4)) {
      await bench.reset();
      const killed = await kill("all", at, line);
      const when = `killed at call ${at}, ${killed.killedAt}`;
      await bench.quiet();
      expect(await bench.run("edge-sync pass"), when).toMatchObject({ status: 0 });
      await bench.quiet();
      const found = readdirSync(bench.machine.sandbox.path("/var/db/edge")).filter(
        (name) => name !== ".keep",
      );
      expect([[], [mark]], when).toContainEqual(found);
      if (found.length > 0) expect(bench.json(`/var/db/edge/${mark}`), when).toMatchObject({ reason });
    }
  });
});

/** A master whose IP is routed to another edge, anew. */
async function anotherMaster(): Promise<void> {
  await bench.reset();
  await bench.become("MASTER");
  bench.machine.sandbox.write("/var/run/health", "healthy\n", 0o600);
}

describe.skipIf(!CAN_KILL)(killing("ip-move claim, killed at a system call"), () => {
  it.each<[Victim, number]>([
    ["all", 8],
    ["one", 5],
  ])("%s of it, leaves nothing that keeps the next one from it", async (victim, share) => {
    await anotherMaster();
    const undisturbed = await kill(victim, 0, CLAIM);
    expect([undisturbed.status, bench.routedTo(), accepted()]).toEqual([0, bench.here, 1]);
    expect(undisturbed.calls).toBeGreaterThan(20);
    for (const at of callsToKill(undisturbed.calls, share)) {
      await anotherMaster();
      const killed = await kill(victim, at, CLAIM);
      const when = `killed at call ${at}, ${killed.killedAt}`;
      await bench.quiet();
      expect(accepted(), when).toBeLessThanOrEqual(1);
      // A claim says that the IP is here only where it is.
      if (killed.status === 0) expect(bench.routedTo(), when).toBe(bench.here);
      const posts = accepted();
      const next = await bench.run(CLAIM);
      expect([next.status, bench.routedTo()], `${when}: ${next.stderr}`).toEqual([0, bench.here]);
      expect(accepted(), when).toBeLessThanOrEqual(posts + 1);
      expect(bench.json("/var/run/claim.json"), when).toMatchObject({ done: 1, status: 0 });
      expect(leftOver(), when).toEqual([]);
    }
  });
});

describe.skipIf(!CAN_KILL)(
  killing("a pass of edge-sync that begins a claim, killed at a system call"),
  () => {
    const passes = async (condition: () => boolean, what: string) => {
      let n = 0;
      do {
        await bench.run("edge-sync pass");
        await bench.quiet();
      } while (!condition() && n++ < 60);
      await bench.until(condition, what);
    };

    /** A backup that knows that the IP is elsewhere, and has just become master. */
    async function newMaster(claimedBefore: boolean): Promise<void> {
      await bench.reset();
      if (claimedBefore) {
        await bench.become("MASTER");
        await passes(
          () => bench.routedTo() === bench.here && memory().known === "here",
          "the first claim arrives",
        );
        bench.project.failoverIps.add("fo-1", IP, bench.other);
        await bench.become("BACKUP");
      }
      await passes(() => memory().known === "elsewhere" && memory().role === "BACKUP", "the backup knows");
      await bench.become("MASTER");
    }

    it.each<[string, Victim, boolean, number]>([
      ["all of it", "all", false, 6],
      ["one process of it", "one", false, 3],
      ["all of it after an earlier claim", "all", true, 3],
    ])("%s, is mended by the next passes", async (_, victim, claimedBefore, share) => {
      await newMaster(claimedBefore);
      const undisturbed = await kill(victim, 0, "/usr/local/sbin/edge-sync pass");
      await bench.quiet();
      expect(undisturbed.calls).toBeGreaterThan(20);
      for (const at of callsToKill(undisturbed.calls, share)) {
        await newMaster(claimedBefore);
        const [tokens, before] = [memory().tokens as number, accepted()];
        const killed = await kill(victim, at, "/usr/local/sbin/edge-sync pass");
        const when = `killed at call ${at}, ${killed.killedAt}`;
        await bench.quiet();
        const isRight = () =>
          bench.routedTo() === bench.here &&
          bench.machine.hasAddress(IP) &&
          memory().known === "here" &&
          !memory().claim &&
          // A check that was killed is one that went unanswered.
          bench.machine.kernel.groups.get("edgefault") === 0;
        await passes(
          isRight,
          `${when}: the IP is here and the edge knows it; it remembers ${JSON.stringify(memory())}`,
        );
        // Each POST that OVH accepted has cost a token; one may have come back meanwhile.
        expect(accepted() - before, when).toBeGreaterThan(0);
        expect(accepted() - before, when).toBeLessThanOrEqual(tokens - (memory().tokens as number) + 1);
        expect(leftOver(), when).toEqual([]);
        expect(bench.processes(), when).toEqual([]);
      }
    });
  },
);
