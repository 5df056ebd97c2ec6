import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import type { RenderedEdge } from "../../lib/edge/file.js";
import { rendered, withContent } from "./bundles.js";
import { OURS, onNode, TestNode } from "./node.js";

const EDGE = rendered();
const WAITING = "/var/db/edge/pending/etc/hostname.carp0";

/** A node on which the edge is in service, once for all tests: each begins with a copy of its disk. */
let origin: TestNode;
let disk: string;
beforeAll(async () => {
  origin = new TestNode();
  await origin.machine.boot();
  await origin.installed(EDGE);
  disk = origin.disk();
}, 60_000);
afterAll(() => origin.stop());

/** Runs a test on an edge in service, BACKUP of another one. */
function onBackup(test: (node: TestNode, silence: () => void) => Promise<void>): Promise<void> {
  return onNode(
    async (node) => {
      const silence = node.peer();
      await test(node, silence);
    },
    { disk },
  );
}

const settingsOf = (node: TestNode) => {
  const found = node.machine.kernel.find("carp0");
  const { vhid, pass, advbase, advskew } = found?.carp ?? {};
  return { address: found?.addresses[0]?.address, vhid, pass, advbase, advskew };
};

/** Delivers a change of what carp0 is, looks that it waits, and releases it. */
function changesAtRelease(
  changes: Readonly<Record<string, unknown>>,
  values: Parameters<TestNode["deliver"]>[1],
  after: Partial<ReturnType<typeof settingsOf>>,
): Promise<void> {
  return onBackup(async (node) => {
    const old = node.read("/etc/hostname.carp0");
    const transitions = node.transitions();
    const edge = rendered({ ...changes, "edges[0].advskew": 20 });
    expect(await node.deliver(edge, values)).toEqual({
      status: 0,
      said: ["edge-install: /etc/hostname.carp0: written", "edge-install: done"],
      complained: [],
    });
    expect(settingsOf(node)).toEqual(BEFORE);
    expect(node.read("/etc/hostname.carp0")).toBe(old);
    expect(node.transitions()).toEqual(transitions);
    const hold = JSON.parse(node.read("/var/db/edge/hold"));
    expect(hold).toEqual({ reason: "deploy: carp0 changes", since: hold.since, until: hold.since + 1800 });
    const waiting = node.read(WAITING);

    expect(await node.deliver(edge, values)).toEqual({
      status: 0,
      said: ["edge-install: done"],
      complained: [],
    });
    expect(node.read(WAITING)).toBe(waiting);

    expect((await node.say("edge-install release any")).complained).toEqual([]);
    expect(settingsOf(node)).toMatchObject({ ...BEFORE, ...after, advskew: 20 });
    expect([node.read("/etc/hostname.carp0"), node.mode("/etc/hostname.carp0")]).toEqual([waiting, "0640"]);
    expect([node.exists("/var/db/edge/pending"), node.exists("/var/db/edge/hold")]).toEqual([false, false]);
  });
}

const BEFORE = { address: "10.25.0.10", vhid: 1, pass: "carp-pass_1", advbase: 1, advskew: 1 };

describe.concurrent("on an edge in service a delivery", { timeout: 60_000 }, () => {
  it("changes the skew live, without a change of state", () =>
    onBackup(async (node) => {
      const transitions = node.transitions();
      expect(await node.deliver(rendered({ "edges[0].advskew": 20 }))).toEqual({
        status: 0,
        said: [
          "edge-install: /etc/hostname.carp0: written",
          "edge-install: carp0: changed live",
          "edge-install: done",
        ],
        complained: [],
      });
      expect(settingsOf(node)).toEqual({ ...BEFORE, advskew: 20 });
      expect(node.transitions()).toEqual(transitions);
      expect([node.exists("/var/db/edge/pending"), node.exists("/var/db/edge/hold")]).toEqual([false, false]);
    }));

  it("changes skew and interval live on the master as well, which stays it", () =>
    onNode(
      async (node) => {
        await node.say("edge-install release master");
        await node.run("until ifconfig carp0 | grep -q MASTER; do sleep 0.1; done");
        const transitions = node.transitions();
        const changes = { "edges[0].advskew": 20, "carp.advertisementInterval": 2 };
        expect((await node.deliver(rendered(changes))).status).toBe(0);
        expect(settingsOf(node)).toEqual({ ...BEFORE, advbase: 2, advskew: 20 });
        expect([node.role, node.transitions()]).toEqual(["MASTER", transitions]);
        await vi.waitFor(() => expect(node.machine.hasAddress("146.59.143.231")).toBe(true), 20_000);
      },
      { disk },
    ));

  it("changes the poll and nothing else, and lets ifstated read it", () =>
    onBackup(async (node) => {
      const before = node.stamps(OURS, /^\/var\/db\/edge\/old/);
      expect(await node.deliver(rendered({ "probe.interval": 20 }))).toEqual({
        status: 0,
        said: [
          "edge-install: /etc/edge.conf: written",
          "edge-install: /etc/ifstated.conf: written",
          "edge-install: ifstated: loaded",
          "edge-install: done",
        ],
        complained: [],
      });
      const after = node.stamps(OURS, /^\/var\/db\/edge\/old/);
      expect(Object.keys(after).filter((path) => after[path] !== before[path])).toEqual([
        "/etc/edge.conf",
        "/etc/ifstated.conf",
        "/var/db/edge/manifest",
      ]);
      expect(node.read("/var/db/edge/old/etc/ifstated.conf")).toContain("every 10\n");
    }));

  it("changes net.inet.carp.preempt, now and for the next boot", () =>
    onBackup(async (node) => {
      expect(await node.deliver(rendered({ "carp.preempt": true }))).toEqual({
        status: 0,
        said: ["edge-install: sysctl: set", "edge-install: done"],
        complained: [],
      });
      expect(node.machine.kernel.preempt).toBe(true);
      expect(node.read("/etc/sysctl.conf")).toBe("net.inet.carp.preempt=1 # cdktf-ovh-edge\n");
    }));

  it("lets carp0 join a group that it is not in, live and without a change of state", () =>
    onBackup(async (node) => {
      const transitions = node.transitions();
      await node.run("ifconfig carp0 -group edgedrain");
      expect(node.machine.kernel.find("carp0")?.groups).toEqual(["carp", "edgefault"]);
      expect((await node.deliver(rendered({ "edges[0].advskew": 20 }))).status).toBe(0);
      expect(node.machine.kernel.find("carp0")?.groups.toSorted()).toEqual([
        "carp",
        "edgedrain",
        "edgefault",
      ]);
      expect([node.role, node.transitions()]).toEqual(["BACKUP", transitions]);
    }));

  it("checks ifstated's file with ifstated -n before it is staged, and before each reload", () =>
    onBackup(async (node) => {
      for (const program of ["/usr/sbin/ifstated", "/usr/sbin/rcctl"]) {
        await node.run(
          `mkdir -p /real && mv ${program} /real/ && printf '%s\n' '#!/bin/sh' 'echo "\${0##*/} $*" >>/tmp/calls' 'exec /real/\${0##*/} "$@"' >${program} && chmod 555 ${program}`,
        );
      }
      expect((await node.deliver(rendered({ "probe.interval": 20 }))).status).toBe(0);
      const calls = node.read("/tmp/calls").split("\n");
      const reload = calls.indexOf("rcctl reload ifstated");
      expect(calls[0]).toBe("ifstated -nf /var/db/edge/staging/new/etc/ifstated.conf");
      expect(calls.slice(0, reload)).toContain("ifstated -nf /etc/ifstated.conf");
      expect(calls.filter((call) => call === "rcctl reload ifstated")).toHaveLength(1);
    }));

  it("leaves no old password or credential behind", () =>
    onBackup(async (node) => {
      await node.deliver(rendered({ "edges[0].advskew": 20, "probe.interval": 20 }), {
        consumerKey: "another-consumer-key",
      });
      expect(Object.keys(node.files(["/var/db/edge/old/etc"]))).toEqual([
        "/var/db/edge/old/etc",
        "/var/db/edge/old/etc/ifstated.conf",
      ]);
      await node.deliver(EDGE, { carpPassword: "second-pass" });
      await node.deliver(EDGE, { carpPassword: "third-pass" });
      await node.say("edge-install release any");
      const kept = node.files(["/var/db/edge"]);
      expect(Object.values(kept).filter(({ content }) => /pass_1|-pass|consumer-key/.test(content))).toEqual(
        [],
      );
    }));

  it("starts ifstated where somebody stopped it", () =>
    onBackup(async (node) => {
      await node.run("rcctl stop ifstated; rcctl disable ifstated");
      expect(await node.deliver(EDGE)).toEqual({
        status: 0,
        said: ["edge-install: ifstated: loaded", "edge-install: done"],
        complained: [],
      });
      expect([node.machine.enabled, node.machine.ifstatedRuns]).toEqual([true, true]);
    }));
});

describe.concurrent("a new password, vhid or address", { timeout: 60_000 }, () => {
  it.each([
    ["password", {}, { carpPassword: "other-pass" }, { pass: "other-pass" }],
    ["vhid", { "carp.vhid": 7 }, {}, { vhid: 7 }],
  ])("waits on hold for the release, which applies it: %s", (_, changes, values, after) =>
    changesAtRelease(changes, values, after));

  it("waits on hold for the release, which applies it: address", () =>
    changesAtRelease({ "carp.address": "10.25.0.20/16" }, {}, { address: "10.25.0.20" }));

  it("is forgotten when it is taken back before its release", () =>
    onBackup(async (node) => {
      await node.deliver(EDGE, { carpPassword: "other-pass" });
      expect((await node.deliver(EDGE)).said).toEqual(["edge-install: done"]);
      expect(node.exists(WAITING)).toBe(false);
      await node.say("edge-install release any");
      expect(settingsOf(node)).toEqual(BEFORE);
    }));

  it("that is taken back before its release leaves no hold", () =>
    onBackup(async (node) => {
      await node.deliver(EDGE, { carpPassword: "other-pass" });
      await node.deliver(EDGE);
      expect(node.exists("/var/db/edge/hold")).toBe(false);
    }));

  it("leaves a hold that somebody placed by hand, also after its release", () =>
    onBackup(async (node) => {
      await node.run("edge-sync hold --reason maintenance --forever");
      await node.deliver(EDGE, { carpPassword: "other-pass" });
      await node.say("edge-install release any");
      expect(node.exists("/var/db/edge/hold")).toBe(true);
    }));

  // A mark that has ended stays in its place until somebody releases the edge.
  it("holds an edge on which an earlier hold has ended", () =>
    onBackup(async (node) => {
      node.write("/var/db/edge/hold", '{"reason":"maintenance","until":1}\n', 0o600);
      await node.deliver(EDGE, { carpPassword: "other-pass" });
      expect(JSON.parse((await node.run("edge-sync status --json")).stdout).hold).toMatchObject({
        reason: "deploy: carp0 changes",
      });
    }));

  it("holds an edge whose carp0 was set up by hand", () =>
    onNode(async (node) => {
      node.write(
        "/etc/hostname.carp0",
        "inet 10.25.0.10 255.255.0.0 10.25.255.255 vhid 1 carpdev vio2 pass mine advskew 1\n",
        0o640,
      );
      await node.deliver(EDGE);
      expect(node.exists(WAITING)).toBe(true);
      expect(node.exists("/var/db/edge/hold")).toBe(true);
    }));
});

describe.concurrent("a delivery that fails while it is applied", { timeout: 60_000 }, () => {
  const CHANGED = withContent(
    rendered({ "edges[0].advskew": 20, "probe.interval": 20, "carp.preempt": true }),
    "/usr/local/sbin/edge-sync",
    (content) => `${content}# changed\n`,
  );
  const WRITTEN = [
    "edge-install: /usr/local/sbin/edge-sync: written",
    "edge-install: /etc/hostname.carp0: written",
    "edge-install: /etc/edge.conf: written",
    "edge-install: /etc/ifstated.conf: written",
  ];
  const DOES_NOT_RUN = ["edge-install: putting the old files back: edge-sync does not run"];
  /** An edge whose edge-sync is well formed and does not run. */
  const broken = (edge: RenderedEdge) =>
    withContent(edge, "/usr/local/sbin/edge-sync", (content) =>
      content.replace("my $command = shift", "exit 1 if \"@ARGV\" eq 'pass';\nmy $command = shift"),
    );

  it("puts every file back, and carp0's skew", () =>
    onBackup(async (node) => {
      const before = node.files(["/etc", "/usr/local"]);
      const transitions = node.transitions();
      expect(await node.deliver(broken(CHANGED))).toEqual({
        status: 1,
        said: [
          ...WRITTEN,
          "edge-install: sysctl: set",
          "edge-install: carp0: changed live",
          "edge-install: ifstated: loaded",
        ],
        complained: DOES_NOT_RUN,
      });
      expect(node.files(["/etc", "/usr/local"])).toEqual(before);
      expect(settingsOf(node)).toEqual(BEFORE);
      expect(node.transitions()).toEqual(transitions);
      expect(node.machine.ifstatedRuns).toBe(true);
      expect([node.exists("/var/db/edge/journal"), node.exists("/var/db/edge/hold")]).toEqual([false, false]);
    }));

  it("puts net.inet.carp.preempt back", () =>
    onBackup(async (node) => {
      await node.deliver(broken(CHANGED));
      expect(node.machine.kernel.preempt).toBe(false);
    }));

  it("leaves no file of ours behind when it was the first one", () =>
    onNode(async (node) => {
      const before = node.files(["/etc", "/usr/local"], /rc\.conf\.local$/);
      expect(await node.deliver(broken(EDGE))).toMatchObject({ status: 1, complained: DOES_NOT_RUN });
      expect(node.files(["/etc", "/usr/local"], /rc\.conf\.local$/)).toEqual(before);
      expect(node.role).toBe(undefined);
    }));

  it("takes its line out of root's crontab again", () =>
    onNode(async (node) => {
      await node.deliver(broken(EDGE));
      expect(node.read("/var/cron/tabs/root")).not.toContain("edge-sync");
    }));

  it("leaves no ifstated running that was not before", () =>
    onNode(async (node) => {
      await node.deliver(broken(EDGE));
      expect([node.machine.enabled, node.machine.ifstatedRuns]).toEqual([false, false]);
    }));

  it("can be repeated when the cause is gone", () =>
    onBackup(async (node) => {
      await node.deliver(broken(CHANGED));
      expect(await node.deliver(CHANGED)).toMatchObject({ status: 0, complained: [] });
      expect(settingsOf(node)).toEqual({ ...BEFORE, advskew: 20 });
      expect([node.role, node.machine.kernel.preempt]).toEqual(["BACKUP", true]);
    }));

  /** Another edge's end, while files are put in place: carp0 hears nobody any more, and takes over. */
  const takesOver = async (node: TestNode, silence: () => void) => {
    silence();
    await node.run("rm /bin/sync");
    node.write("/bin/sync", "#!/bin/sh\nuntil ifconfig carp0 | grep -q MASTER; do sleep 0.1; done\n", 0o755);
  };

  it("is none where the master dies meanwhile, and the edge takes over", () =>
    onBackup(async (node, silence) => {
      await takesOver(node, silence);
      expect(await node.deliver(rendered({ "probe.interval": 20 }))).toEqual({
        status: 0,
        said: [
          "edge-install: /etc/edge.conf: written",
          "edge-install: /etc/ifstated.conf: written",
          "edge-install: ifstated: loaded",
          "edge-install: carp0 is MASTER, it was BACKUP before; nothing that was installed decides that",
          "edge-install: done",
        ],
        complained: [],
      });
      expect(node.read("/etc/ifstated.conf")).toContain("every 20\n");
      expect(node.role).toBe("MASTER");
    }));

  it("puts everything back when the edge has another role and something was installed that could be why", () =>
    onBackup(async (node, silence) => {
      const before = node.files(["/etc", "/usr/local"]);
      await takesOver(node, silence);
      expect(
        await node.deliver(rendered({ "edges[0].advskew": 20 }), {}, "EDGE_INSTALL_ROLE_WAIT=1"),
      ).toEqual({
        status: 1,
        said: ["edge-install: /etc/hostname.carp0: written", "edge-install: carp0: changed live"],
        complained: ["edge-install: putting the old files back: carp0 is MASTER, it was BACKUP before"],
      });
      expect(node.files(["/etc", "/usr/local"])).toEqual(before);
    }));

  it("puts everything back when the edge is no longer what it was before", () =>
    onBackup(async (node) => {
      const before = node.files(["/etc", "/usr/local"]);
      // It leaves its role while files are put in place.
      await node.run("rm /bin/sync");
      node.write("/bin/sync", "#!/bin/sh\n/sbin/ifconfig carp0 down\n", 0o755);
      expect(await node.deliver(rendered({ "probe.interval": 20 }), {}, "EDGE_INSTALL_ROLE_WAIT=1")).toEqual({
        status: 1,
        said: [
          "edge-install: /etc/edge.conf: written",
          "edge-install: /etc/ifstated.conf: written",
          "edge-install: ifstated: loaded",
        ],
        complained: ["edge-install: putting the old files back: carp0 is INIT, it was BACKUP before"],
      });
      expect(node.files(["/etc", "/usr/local"])).toEqual(before);
    }));
});
