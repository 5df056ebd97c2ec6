import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { bundle } from "../../lib/edge/bundle.js";
import { rendered, withContent } from "./bundles.js";
import { onNode, TestNode } from "./node.js";

const EDGE = rendered();
const SBIN = "/usr/local/sbin";

/** The programs grow, each by something else. */
const LARGER = ["edge-install", "edge-sync", "ip-move", "edge-notify"].reduce(
  (edge, name) => withContent(edge, `${SBIN}/${name}`, (content) => `${content}# of ${name}\n`),
  rendered({ "probe.interval": 20 }),
);

/** Kilobytes that the programs of these names take on a tmpfs, which counts whole pages. */
function room(edge: typeof EDGE, ...names: string[]): number {
  const sizes = names.map(
    (name) => edge.files.find(({ path }) => path === `${SBIN}/${name}`)?.content.length as number,
  );
  return sizes.reduce((sum, size) => sum + 4 * Math.ceil(size / 4096), 0);
}

/** Whether a node can be given a small disk: a tmpfs in its own mount namespace. */
const smallDisks = await canMount();

async function canMount(): Promise<boolean> {
  let status = 1;
  await onNode(async (node) => {
    ({ status } = await mount(node, "/mnt", 16));
  });
  return status === 0;
}

/** Puts a small disk in the place of a folder, with what was there. */
function mount(node: TestNode, folder: string, kilobytes: number) {
  return node.run(
    `mkdir -p ${folder} /tmp/kept && cp -pR ${folder}/. /tmp/kept && ` +
      `/simulator/host/mount -t tmpfs -o size=${kilobytes}k,mode=755 tmpfs ${folder} && cp -pR /tmp/kept/. ${folder}`,
  );
}

/** What is in a folder, as only the node itself sees it. */
async function listing(node: TestNode, folder: string): Promise<string[]> {
  return (await node.say(`cd ${folder} && for f in *; do echo "$f $(sha256 -q "$f")"; done`)).said.slice();
}

/** What copies a file of the user's, by words of its command, and where it runs out of room. */
const COPIES = [
  ["pf.conf", "function put"],
  ["sysctl.conf", "substr /etc/sysctl.conf"],
  ["crontab", "substr /var/db/edge/staging/crontab.old"],
] as const;

describe.concurrent("an installation that runs out of room", { timeout: 60_000 }, () => {
  // A copy that was cut is taken for whole, and put in place.
  it.each(COPIES)("while it copies the user's %s changes nothing", (_, words) =>
    onNode(async (node) => {
      node.write("/etc/sysctl.conf", "kern.maxfiles=9\nkern.maxproc=9\n");
      const before = node.files(["/etc", "/var/cron"], /rc\.conf\.local$/);
      const pattern = words
        .split(" ")
        .map((word) => `*"${word}"`)
        .join("");
      await node.run("rm /bin/awk");
      // As a full disk does: the first line is written, and awk says that there is an error.
      node.write(
        "/bin/awk",
        `#!/bin/sh\ncase "$*" in ${pattern}*) /usr/bin/awk "$@" | head -n 1; exit 2 ;; esac\nexec /usr/bin/awk "$@"\n`,
        0o755,
      );
      expect((await node.deliver(EDGE)).status).toBe(1);
      expect(node.files(["/etc", "/var/cron"], /rc\.conf\.local$/)).toEqual(before);
    }));
});

describe
  .skipIf(!smallDisks)
  .concurrent(
    `on a full disk an installation${smallDisks ? "" : " (skipped: this machine lets no user namespace mount a tmpfs)"}`,
    { timeout: 60_000 },
    () => {
      let origin: TestNode;
      let disk: string;
      beforeAll(async () => {
        origin = new TestNode();
        await origin.machine.boot();
        await origin.installed(EDGE);
        disk = origin.disk();
      }, 60_000);
      afterAll(() => origin.stop());

      it("changes nothing when there is no room for the bundle", () =>
        onNode(async (node) => {
          await mount(node, "/var/db", 32);
          const before = node.files(["/etc", "/usr/local", "/var/cron"]);
          const { status, said, complained } = await node.deliver(EDGE);
          expect([status, said, complained.at(-1)]).toEqual([
            1,
            [],
            "edge-install: the bundle cannot be read or kept; is the disk full?",
          ]);
          expect(node.files(["/etc", "/usr/local", "/var/cron"])).toEqual(before);
        }));

      it("changes nothing when there is no room to take the bundle apart", () =>
        onNode(async (node) => {
          // The bundle as it is kept, and some of its files.
          await mount(node, "/var/db", 4 * Math.ceil(bundle(EDGE).text.length / 4096) + 32);
          const before = node.files(["/etc", "/usr/local", "/var/cron"]);
          const { status, said, complained } = await node.deliver(EDGE);
          expect([status, said]).toEqual([1, []]);
          expect(complained.at(-1)).toMatch(
            /^edge-install: \/usr\/local\/sbin\/\S+ cannot be staged; is the disk full\?$/,
          );
          expect(node.files(["/etc", "/usr/local", "/var/cron"])).toEqual(before);
        }));

      it("puts back what it had written when there is no room for a program", () =>
        onNode(async (node) => {
          await mount(node, SBIN, room(EDGE, "edge-install", "edge-sync") + 4);
          const before = node.files(["/etc"], /rc\.conf\.local$/);
          const { status, said, complained } = await node.deliver(EDGE);
          expect([status, said]).toEqual([
            1,
            [
              "edge-install: /usr/local/sbin/edge-install: written",
              "edge-install: /usr/local/sbin/edge-sync: written",
            ],
          ]);
          expect(complained.at(-1)).toBe(
            "edge-install: putting the old files back: /usr/local/sbin/ip-move could not be written; is the disk full?",
          );
          expect((await node.say(`ls ${SBIN}`)).said).toEqual([]);
          expect(node.files(["/etc"], /rc\.conf\.local$/)).toEqual(before);
        }));

      it("can be repeated when there is room again", () =>
        onNode(async (node) => {
          await mount(node, SBIN, room(EDGE, "edge-install", "edge-sync") + 4);
          expect((await node.deliver(EDGE)).status).toBe(1);
          await node.run(`/simulator/host/mount -o remount,size=1m ${SBIN}`);
          expect(await node.deliver(EDGE)).toMatchObject({ status: 0, complained: [] });
          expect((await listing(node, SBIN)).length).toBe(4);
        }));

      it("puts back the old versions in the room that they had", () =>
        onNode(
          async (node) => {
            // Room for a second edge-install, but not for a second edge-sync.
            await mount(
              node,
              SBIN,
              room(EDGE, "edge-install", "edge-sync", "ip-move", "edge-notify") +
                room(LARGER, "edge-install"),
            );
            const before = await listing(node, SBIN);
            expect((await node.deliver(LARGER)).complained).toContain(
              "edge-install: putting the old files back: /usr/local/sbin/edge-sync could not be written; is the disk full?",
            );
            expect(await listing(node, SBIN)).toEqual(before);
          },
          { disk },
        ));
    },
  );
