import { copyFileSync, rmSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { fill } from "../../lib/edge/placeholders.js";
import { staticFiles } from "../../lib/edge/static-files.js";
import { filled, quiet, VALUES, withContent } from "./bundles.js";
import { OURS, onNode, TestNode } from "./node.js";

const EDGE = quiet();
/** Everything differs that can without a release. */
const CHANGED = withContent(
  quiet({ "edges[0].advskew": 20, "probe.interval": 20, "carp.preempt": true }),
  "/usr/local/sbin/edge-sync",
  (content) => `${content}# changed\n`,
);

/** Commands at which the installer is killed. */
const COUNTED = ["cp", "mv", "rm", "rmdir", "mkdir", "sync"]
  .map((name) => `/bin/${name}`)
  .concat(["/sbin/pfctl", "/sbin/ifconfig", "/usr/bin/crontab", "/usr/sbin/rcctl"]);

/**
 * Counts what the installer itself starts, and sends it a signal instead of the one of a number,
 * or of the one with these arguments. A copy has begun by then.
 */
const COUNTER = `#!/bin/sh
name=\${0##*/}
read -r pid </tmp/installer
[ "$PPID" = "$pid" ] || exec /simulator/real/$name "$@"
read -r count </tmp/count
count=$((count + 1))
echo $count >/tmp/count
read -r at signal words </tmp/kill-at
[ $count = "$at" ] || [ "$*" = "$words" ] || exec /simulator/real/$name "$@"
[ $name != cp ] || { shift; /simulator/host/head -c 10 "$1" >"$2"; }
kill -$signal "$pid"
`;

/** Puts an installer and its bundle on a node whose commands are counted. */
function prepare(node: TestNode, edge: typeof EDGE): void {
  const { sandbox } = node.machine;
  node.write("/root/bundle", filled(edge), 0o600);
  node.write("/root/edge-install", staticFiles()["/usr/local/sbin/edge-install"] as string);
  node.write("/tmp/installer", "none\n");
  for (const path of COUNTED) {
    const name = path.slice(path.lastIndexOf("/") + 1);
    const real = `/simulator/real/${name}`;
    node.write(real, "");
    // What is a link to a program of the host stays one.
    if (path.startsWith("/bin/")) node.relink(real, `/simulator/host/${name === "sync" ? "true" : name}`);
    else copyFileSync(sandbox.path(path), sandbox.path(real));
    rmSync(sandbox.path(path));
    node.write(path, COUNTER, 0o755);
  }
}

const INSTALL = "sh /root/edge-install install /root/bundle";
const REMOVE = "sh /root/edge-install remove";

/**
 * Runs a command until it has started so many others, or is about to start one with the arguments.
 * @returns how many it has started
 */
async function runUntil(
  node: TestNode,
  at: number | string,
  command: string,
  signal = "KILL",
): Promise<number> {
  node.write("/tmp/kill-at", typeof at === "number" ? `${at} ${signal} -\n` : `0 ${signal} ${at}\n`);
  node.write("/tmp/count", "0\n");
  await node.run(`sh -c 'echo $$ >/tmp/installer; exec ${command}'; echo none >/tmp/installer`);
  return Number(node.read("/tmp/count"));
}

/** What a node is after all is done: its files and what its kernel has. */
function state(node: TestNode) {
  const { kernel, pf, enabled, ifstatedRuns } = node.machine;
  const carp = kernel.find("carp0");
  const { engine: _, ...settings } = carp?.carp ?? {};
  return {
    files: { ...node.files(OURS, /^\/var\/db\/edge\/(old|hold)/), ...hold(node) },
    carp: carp === undefined ? undefined : { ...settings, groups: carp.groups, addresses: carp.addresses },
    carpdev: kernel.find("vio2")?.up,
    preempt: kernel.preempt,
    rules: pf.rules,
    daemon: [enabled, ifstatedRuns],
  };
}

/** The hold without its times. */
function hold(node: TestNode): Record<string, unknown> {
  if (!node.exists("/var/db/edge/hold")) return {};
  const { reason } = JSON.parse(node.read("/var/db/edge/hold"));
  return { hold: reason };
}

/** Each file is one of those that it may be, whole. */
function expectWhole(node: TestNode, edges: readonly (typeof EDGE)[]): void {
  for (const { path } of EDGE.files) {
    const allowed = edges.map(({ files }) =>
      fill(files.find((file) => file.path === path)?.content as string, VALUES),
    );
    const found = node.machine.sandbox.read(path);
    if (found !== undefined) expect([path, allowed.includes(found)]).toEqual([path, true]);
    else expect(edges).toHaveLength(1);
  }
}

/** An edge whose edge-sync is well formed and does not run. */
const unfit = (edge: typeof EDGE) =>
  withContent(edge, "/usr/local/sbin/edge-sync", (content) => `${content}exit 1 if "@ARGV" eq "pass";\n`);

/** An uninterrupted run: where it ends, and how many commands it starts. */
interface WholeRun {
  readonly end: ReturnType<typeof state>;
  readonly count: number;
}

async function runWhole(node: TestNode, edge: typeof EDGE, command: string): Promise<WholeRun> {
  prepare(node, edge);
  const count = await runUntil(node, 0, command);
  return { end: state(node), count };
}

/** Kills an installation when a share of its commands was started, and runs it again. */
async function killAndRepeat(
  node: TestNode,
  edge: typeof EDGE,
  { count }: WholeRun,
  percent: number,
  meanwhile: () => void = () => {},
): Promise<void> {
  prepare(node, edge);
  const at = share(count, percent);
  expect(await runUntil(node, at, INSTALL)).toBe(at);
  meanwhile();
  expect(await node.say(INSTALL)).toMatchObject({ status: 0, complained: [] });
}

const share = (count: number, percent: number) => 1 + Math.round(((count - 1) * percent) / 100);
const PERCENTS = [0, 25, 45, 65, 85, 100];

describe.concurrent("a first installation that is killed", { timeout: 60_000 }, () => {
  let whole: WholeRun;
  beforeAll(
    () =>
      onNode(async (node) => {
        whole = await runWhole(node, EDGE, INSTALL);
      }),
    60_000,
  );

  it.each(PERCENTS)("after %i % of its commands is finished by the next run", (percent) =>
    onNode(async (node) => {
      await killAndRepeat(node, EDGE, whole, percent, () => {
        expectWhole(node, [EDGE]);
        expect([node.role, node.transitions()]).toEqual([undefined, []]);
      });
      expect(state(node)).toEqual(whole.end);
      expect(node.exists("/var/db/edge/journal")).toBe(false);
    }));
});

describe.concurrent("a first installation that is killed, and then fails,", { timeout: 60_000 }, () => {
  // What a killed run put in place of pf.conf stays, and the file that it includes goes.
  it("leaves a pf.conf that loads at the next boot", () =>
    onNode(async (node) => {
      prepare(node, EDGE);
      await runUntil(node, "-f /var/db/edge/journal", INSTALL);
      expect((await node.deliver(unfit(EDGE))).status).toBe(1);
      expect(await node.say("pfctl -nf /etc/pf.conf")).toEqual({ status: 0, said: [], complained: [] });
    }));
});

describe("on an edge in service", () => {
  let origin: TestNode;
  let disk: string;
  beforeAll(async () => {
    origin = new TestNode();
    await origin.machine.boot();
    await origin.installed(EDGE);
    disk = origin.disk();
  }, 60_000);
  afterAll(() => origin.stop());

  const onBackup = (test: (node: TestNode) => Promise<void>) =>
    onNode(
      async (node) => {
        node.peer();
        await test(node);
      },
      { disk },
    );

  describe.concurrent("a delivery that is killed", { timeout: 60_000 }, () => {
    let whole: WholeRun;
    beforeAll(
      () =>
        onBackup(async (node) => {
          whole = await runWhole(node, CHANGED, INSTALL);
        }),
      60_000,
    );

    it.each(PERCENTS)("after %i % of its commands is finished by the next run, in the same role", (percent) =>
      onBackup(async (node) => {
        await killAndRepeat(node, CHANGED, whole, percent, () => expectWhole(node, [EDGE, CHANGED]));
        expect(state(node)).toEqual(whole.end);
        expect(node.transitions()).toEqual(["carp0: state transition: INIT -> BACKUP"]);
      }));

    it.each(["HUP", "TERM"])("by SIG%s leaves no lock, and is finished by the next run", (signal) =>
      onBackup(async (node) => {
        prepare(node, CHANGED);
        await runUntil(node, share(whole.count, 60), INSTALL, signal);
        expect(node.stamps(["/var/db/edge/install.lock"])).toEqual({});
        expect(await node.say(INSTALL)).toMatchObject({ status: 0, complained: [] });
        expect(state(node)).toEqual(whole.end);
      }));

    it("half-way is undone by a delivery of what was there before", () =>
      onBackup(async (node) => {
        const before = state(node);
        prepare(node, CHANGED);
        await runUntil(node, share(whole.count, 50), INSTALL);
        expect(await node.deliver(EDGE)).toMatchObject({ status: 0, complained: [] });
        expect(state(node)).toEqual(before);
      }));

    it("after all was applied is undone by a delivery of what was there before, also live", () =>
      onBackup(async (node) => {
        const before = state(node);
        prepare(node, CHANGED);
        await runUntil(node, "-f /var/db/edge/journal", INSTALL);
        await node.deliver(EDGE);
        expect(state(node)).toEqual(before);
      }));

    it("keeps what the user changed meanwhile in pf.conf and the crontab", () =>
      onBackup(async (node) => {
        const pf = node.read("/etc/pf.conf").replace("block return\t# block", "block drop\t# block");
        const cron = `${node.read("/var/cron/tabs/root")}5 5 * * * true\n`;
        await killAndRepeat(node, CHANGED, whole, 90, () => {
          node.write("/etc/pf.conf", pf, 0o600);
          node.write("/var/cron/tabs/root", cron, 0o600);
        });
        expect(node.read("/etc/pf.conf")).toBe(pf);
        expect(node.read("/var/cron/tabs/root")).toContain("5 5 * * * true\n");
      }));

    it("keeps what the user changed meanwhile in sysctl.conf", () =>
      onBackup(async (node) => {
        await killAndRepeat(node, CHANGED, whole, 90, () => {
          node.write("/etc/sysctl.conf", `${node.read("/etc/sysctl.conf")}kern.maxfiles=9\n`);
        });
        expect(node.read("/etc/sysctl.conf")).toContain("kern.maxfiles=9\n");
      }));
  });

  describe.concurrent("a removal that is killed", { timeout: 60_000 }, () => {
    let whole: WholeRun;
    beforeAll(
      () =>
        onBackup(async (node) => {
          whole = await runWhole(node, EDGE, REMOVE);
        }),
      60_000,
    );

    const removalKilledAt = (at: number | string) =>
      onBackup(async (node) => {
        prepare(node, EDGE);
        expect(await runUntil(node, at, REMOVE)).toBeLessThan(whole.count + 1);
        expect(await node.say(REMOVE)).toMatchObject({ status: 0, complained: [] });
        expect(state(node)).toEqual(whole.end);
      });

    it.each([0, 40, 60, 80, 100])("after %i % of its commands is finished by the next one", (percent) =>
      removalKilledAt(share(whole.count, percent)));

    it("before it comes to hostname.vio2 is finished by the next one", () =>
      removalKilledAt("-f /etc/hostname.vio2"));
  });
});
