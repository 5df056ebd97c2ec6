import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { RenderedEdge } from "../../lib/edge/file.js";
import { fill } from "../../lib/edge/placeholders.js";
import { staticFiles } from "../../lib/edge/static-files.js";
import { filled, quiet, VALUES, withContent } from "../edge/bundles.js";
import { OURS, TestNode } from "../edge/node.js";
import { CAN_KILL, callsToKill, DEEP, type KilledRun, killAt, killing, type Victim } from "./kill-at.js";

const EDGE = quiet();
/** Everything differs that can without a release. */
const CHANGED = withContent(
  quiet({ "edges[0].advskew": 20, "probe.interval": 20, "carp.preempt": true }),
  "/usr/local/sbin/edge-sync",
  (content) => `${content}# changed\n`,
);
const INSTALLER = "/root/edge-install";
const BUNDLE = "/root/bundle";
const TIMEOUT = DEEP ? 3 * 3_600_000 : 600_000;

let node: TestNode;
beforeAll(async () => {
  node = new TestNode();
  await node.machine.boot();
  node.write(INSTALLER, staticFiles()["/usr/local/sbin/edge-install"] as string);
});
afterAll(() => node.stop());

const describeKill = (at: number, { killedAt }: KilledRun) => `killed at call ${at}, ${killedAt}`;

/** Nothing that only a run under way has is left, and nothing of ours has a second name. */
function expectTidy(root: string, when: string): void {
  const found = Object.keys(
    node.files([`${root}/etc`, `${root}/usr/local`, `${root}/var/cron`, `${root}/var/db/edge`]),
  );
  const left = found.filter((path) => /\.edge-new$|\/staging|\/journal$|\/install\.lock$|\.like$/.test(path));
  expect(left, when).toEqual([]);
}

/** Each file of ours is one of those that it may be, whole. */
function expectWhole(root: string, edges: readonly RenderedEdge[], when: string): void {
  for (const { path } of EDGE.files) {
    const found = node.machine.sandbox.read(`${root}${path}`);
    if (found === undefined) continue;
    const allowed = edges.map(({ files }) =>
      fill(files.find((file) => file.path === path)?.content ?? "", VALUES),
    );
    expect([path, allowed.includes(found)], when).toEqual([path, true]);
  }
}

describe.skipIf(!CAN_KILL)(
  killing("edge-install below DESTDIR, killed at a system call"),
  { timeout: TIMEOUT },
  () => {
    const install = (root: string) => `DESTDIR=${root} sh ${INSTALLER} install ${BUNDLE}`;
    const kill = (root: string, victim: Victim, at: number) =>
      killAt(node.machine.sandbox, victim, at, `/bin/env ${install(root)}`);
    let next = 0;
    /** What is there, without the old versions, whose number depends on where the first run ended. */
    const laidOut = (root: string) =>
      Object.fromEntries(
        Object.entries(node.files([root], /\/var\/db\/edge\/old/)).map(([path, file]) => [
          path.slice(root.length),
          file,
        ]),
      );

    it.each<[Victim, number]>([
      ["all", 6],
      ["one", 5],
    ])("%s of it, is finished by the next run", async (victim, share) => {
      node.write(BUNDLE, filled(EDGE), 0o600);
      const undisturbed = await kill(`/tmp/whole-${victim}`, victim, 0);
      expect([undisturbed.status, undisturbed.stderr, undisturbed.killedAt]).toEqual([0, "", undefined]);
      const end = laidOut(`/tmp/whole-${victim}`);
      expect(undisturbed.calls).toBeGreaterThan(500);
      for (const at of callsToKill(undisturbed.calls, share)) {
        const root = `/tmp/d${next++}`;
        const killed = await kill(root, victim, at);
        const when = describeKill(at, killed);

        expectWhole(root, [EDGE], when);
        // A tool that died is never taken for one that did its work.
        if (killed.status === 0) expect(laidOut(root), when).toEqual(end);
        expect(await node.say(install(root)), when).toMatchObject({ status: 0, complained: [] });
        expect(laidOut(root), when).toEqual(end);
        expectTidy(root, when);
        expect(await node.say(install(root)), when).toEqual({
          status: 0,
          said: ["edge-install: done"],
          complained: [],
        });
        await node.run(`rm -rf ${root}`);
      }
    });

    it("all of a removal, is finished by the next one", async () => {
      node.write(BUNDLE, filled(EDGE), 0o600);
      const remove = (root: string) => `DESTDIR=${root} sh ${INSTALLER} remove`;
      const killRemoval = (root: string, at: number) =>
        killAt(node.machine.sandbox, "all", at, `/bin/env ${remove(root)}`);
      expect(await node.say(install("/tmp/removed"))).toMatchObject({ status: 0 });
      const undisturbed = await killRemoval("/tmp/removed", 0);
      expect([undisturbed.status, undisturbed.stderr]).toEqual([0, ""]);
      const end = laidOut("/tmp/removed");
      for (const at of callsToKill(undisturbed.calls, 4)) {
        const root = `/tmp/d${next++}`;
        expect(await node.say(install(root))).toMatchObject({ status: 0 });
        const when = describeKill(at, await killRemoval(root, at));
        expect(await node.say(remove(root)), when).toMatchObject({ status: 0, complained: [] });
        expect(laidOut(root), when).toEqual(end);
        await node.run(`rm -rf ${root}`);
      }
    });
  },
);

describe.skipIf(!CAN_KILL)(
  killing("edge-install on a node, killed at a system call"),
  { timeout: TIMEOUT },
  () => {
    const install = `sh ${INSTALLER} install ${BUNDLE}`;

    /** What the node is: its files and what its kernel has. */
    function state() {
      const { kernel, pf, enabled, ifstatedRuns } = node.machine;
      const carp = kernel.find("carp0");
      const { engine: _, ...settings } = carp?.carp ?? {};
      return {
        files: node.files(OURS, /^\/var\/db\/edge\/old/),
        carp: { ...settings, groups: carp?.groups, addresses: carp?.addresses },
        preempt: kernel.preempt,
        rules: pf.rules,
        daemon: [enabled, ifstatedRuns],
      };
    }

    beforeAll(async () => {
      node.peer();
      await node.installed(EDGE);
    });

    it.each<[Victim, number]>([
      ["all", 5],
      ["one", 5],
    ])("%s of it, is finished by the next run, and carp0 changes no state", async (victim, share) => {
      const edges = [EDGE, CHANGED] as const;
      const states: ReturnType<typeof state>[] = [];
      let calls = 0;
      for (const edge of [CHANGED, EDGE]) {
        node.write(BUNDLE, filled(edge), 0o600);
        const undisturbed = await killAt(node.machine.sandbox, victim, 0, `/bin/${install}`);
        expect([undisturbed.status, undisturbed.stderr]).toEqual([0, ""]);
        states.unshift(state());
        calls = Math.max(calls, undisturbed.calls);
      }
      expect(states[0]).not.toEqual(states[1]);
      const before = node.transitions();
      let which = 1;
      for (const at of callsToKill(calls, share)) {
        node.write(BUNDLE, filled(edges[which] as RenderedEdge), 0o600);
        const killed = await killAt(node.machine.sandbox, victim, at, `/bin/${install}`);
        const when = describeKill(at, killed);

        expectWhole("", edges, when);
        if (killed.status === 0 && killed.killedAt !== undefined)
          expect(state(), when).toEqual(states[which]);
        expect(await node.say(install), when).toMatchObject({ status: 0, complained: [] });
        expect(state(), when).toEqual(states[which]);
        expectTidy("", when);
        expect(await node.say(install), when).toEqual({
          status: 0,
          said: ["edge-install: done"],
          complained: [],
        });
        which = 1 - which;
      }
      expect(node.transitions()).toEqual(before);
    });

    it("all of a release, is finished by the next one", async () => {
      const passwords = ["first-password", "second-password"] as const;
      const release = `sh ${INSTALLER} release any`;
      /** A new password is there and waits; the other edge has it already. */
      const waiting = async (which: number) => {
        endPeer();
        endPeer = node.peer({ pass: passwords[which] as string });
        node.write(BUNDLE, filled(EDGE, { carpPassword: passwords[which] as string }), 0o600);
        expect(await node.say(install)).toMatchObject({ status: 0, complained: [] });
        expect(node.exists("/var/db/edge/pending")).toBe(true);
      };
      let endPeer = node.peer();
      const states: ReturnType<typeof state>[] = [];
      let calls = 0;
      for (const which of [0, 1]) {
        await waiting(which);
        const undisturbed = await killAt(node.machine.sandbox, "all", 0, `/bin/${release}`);
        expect([undisturbed.status, undisturbed.stderr]).toEqual([0, ""]);
        states.push(state());
        calls = undisturbed.calls;
      }
      let which = 0;
      for (const at of callsToKill(calls, 4)) {
        await waiting(which);
        const when = describeKill(at, await killAt(node.machine.sandbox, "all", at, `/bin/${release}`));
        expect(await node.say(release), when).toMatchObject({ status: 0, complained: [] });
        expect(state(), when).toEqual(states[which]);
        expectTidy("", when);
        expect(node.machine.kernel.find("carp0")?.carp?.pass, when).toBe(passwords[which]);
        which = 1 - which;
      }
      endPeer();
    });
  },
);
