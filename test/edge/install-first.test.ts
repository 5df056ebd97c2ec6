import { describe, expect, it, vi } from "vitest";
import { fill } from "../../lib/edge/placeholders.js";
import { staticFiles } from "../../lib/edge/static-files.js";
import { filled, quiet, rendered, VALUES } from "./bundles.js";
import { has, needing, OURS, onNode, SHELLS } from "./node.js";

const EDGE = rendered();
/** What a first installation says. */
const FIRST = [
  ...EDGE.files.map(({ path }) => `edge-install: ${path}: written`),
  "edge-install: crontab: one line",
  "edge-install: pf: loaded",
  "edge-install: sysctl: set",
  "edge-install: vio2: started",
  "edge-install: ifstated: loaded",
  "edge-install: done",
];
const DONE = { status: 0, said: ["edge-install: done"], complained: [] };
const WAITING = "/var/db/edge/pending/etc/hostname.carp0";

for (const shell of SHELLS) {
  describe
    .skipIf(!has(shell))
    .concurrent(needing(shell, `a first installation, by ${shell}`), { timeout: 60_000 }, () => {
      it("puts every file in place, leaves carp0 down and the edge on hold, once or twice", () =>
        onNode(
          async (node) => {
            expect(await node.deliver(EDGE)).toEqual({ status: 0, said: FIRST, complained: [] });
            for (const { path, mode, content } of EDGE.files) {
              const place = path === "/etc/hostname.carp0" ? WAITING : path;
              const wanted = { mode: mode.toString(8).padStart(4, "0"), content: fill(content, VALUES) };
              expect([place, node.files([place])[place]]).toEqual([place, wanted]);
            }
            expect(node.exists("/etc/hostname.carp0")).toBe(false);
            expect((await node.run("ifconfig carp0")).stdout).toMatch(/^carp0: flags=8802<BROADCAST,/);
            expect([node.role, node.transitions()]).toEqual([undefined, []]);
            expect(node.holdReason()).toBe("first installation");
            expect(node.machine.hasAddress("146.59.143.231")).toBe(false);
            expect(node.machine.pf.rules[0]).toBe(
              'pass quick on vio2 proto carp keep state (no-sync) label "edge"',
            );
            expect([node.machine.enabled, node.machine.ifstatedRuns]).toEqual([true, true]);
            expect(node.machine.kernel.find("vio2")?.up).toBe(true);
            expect(Object.keys(node.files(["/var/db/edge"]))).toEqual([
              "/var/db/edge",
              "/var/db/edge/hold",
              "/var/db/edge/manifest",
              "/var/db/edge/old",
              "/var/db/edge/old/etc",
              "/var/db/edge/old/etc/pf.conf",
              "/var/db/edge/pending",
              "/var/db/edge/pending/etc",
              WAITING,
            ]);

            // Once more, before the release: nothing to do.
            const before = node.stamps(OURS, /^\/var\/db\/edge\/(old|hold)/);
            const { pf } = node.machine;
            expect(await node.deliver(EDGE)).toEqual(DONE);
            expect(node.stamps(OURS, /^\/var\/db\/edge\/(old|hold)/)).toEqual(before);
            expect(node.machine.pf).toBe(pf);
            expect([node.role, node.transitions()]).toEqual([undefined, []]);
          },
          { shell },
        ));

      it("ends in MASTER when the edge is released as such, and then changes nothing more", () =>
        onNode(
          async (node) => {
            await node.deliver(EDGE);
            const released = { status: 0, said: ["edge-install: carp0 is MASTER"], complained: [] };
            expect(await node.say("edge-install release master")).toEqual(released);
            const transitions = [
              "carp0: state transition: INIT -> BACKUP",
              "carp0: state transition: BACKUP -> MASTER",
            ];
            expect(node.transitions()).toEqual(transitions);
            expect(node.files(["/etc/hostname.carp0"])["/etc/hostname.carp0"]).toEqual({
              mode: "0640",
              content: fill(
                EDGE.files.find(({ path }) => path === "/etc/hostname.carp0")?.content as string,
                VALUES,
              ),
            });
            expect(node.exists("/var/db/edge/pending")).toBe(false);
            expect(node.exists("/var/db/edge/hold")).toBe(false);
            await vi.waitFor(() => expect(node.machine.hasAddress("146.59.143.231")).toBe(true), 20_000);
            expect(await node.say("edge-install status")).toEqual(released);

            const before = node.stamps(OURS, /^\/var\/db\/edge\/old/);
            const { pf } = node.machine;
            expect(await node.deliver(EDGE)).toEqual(DONE);
            expect(await node.say("edge-install release master")).toEqual(released);
            expect(node.stamps(OURS, /^\/var\/db\/edge\/old/)).toEqual(before);
            expect(node.machine.pf).toBe(pf);
            expect(node.transitions()).toEqual(transitions);
          },
          { shell },
        ));
    });
}

describe.concurrent("before its release an edge", { timeout: 60_000 }, () => {
  it("waits on through a restart", () =>
    onNode(async (node) => {
      await node.deliver(EDGE);
      await node.restart();
      expect([node.role, node.exists(WAITING)]).toEqual([undefined, true]);
      expect(node.holdReason()).toBe("first installation");
      // Nothing made carp0, which ifstated.conf names.
      expect(await node.deliver(EDGE)).toMatchObject({ status: 0, complained: [] });
      expect(node.machine.ifstatedRuns).toBe(true);
    }));

  it("says that it waits", () =>
    onNode(async (node) => {
      await node.deliver(EDGE);
      const { status, said } = await node.say("edge-install status");
      expect(status).toBe(0);
      expect(said.slice(1)).toEqual([
        "edge-install: a new address, vhid or password waits for edge-install release",
        "edge-install: on hold",
      ]);
    }));

  it("tells which bundle it got, and what has been changed of it since", () =>
    onNode(async (node) => {
      await node.deliver(EDGE);
      expect((await node.say("edge-install status")).said).toHaveLength(3);
      await node.say("echo >>/etc/ifstated.conf; rm /etc/pf.edge.conf");
      expect((await node.say("edge-install status")).said.slice(3)).toEqual([
        "edge-install: missing on the edge: /etc/pf.edge.conf",
        "edge-install: changed on the edge: /etc/ifstated.conf",
      ]);
      const text = filled(EDGE);
      node.machine.sandbox.write("/root/bundle", text, 0o600);
      expect(await node.say("sh /usr/local/sbin/edge-install install -d 0a1b /root/bundle")).toMatchObject({
        status: 0,
      });
      expect((await node.say("edge-install status")).said.slice(3)).toEqual(["edge-install: bundle 0a1b"]);
    }));

  it("keeps its hold as it was placed when it is delivered to again", () =>
    onNode(async (node) => {
      await node.deliver(quiet());
      const before = node.stamps(["/var/db/edge/hold"]);
      await node.deliver(quiet());
      expect(node.stamps(["/var/db/edge/hold"])).toEqual(before);
    }));

  it("takes the newest of several deliveries", () =>
    onNode(async (node) => {
      await node.deliver(EDGE);
      expect(await node.deliver(rendered({ "carp.vhid": 9 }))).toEqual({
        status: 0,
        said: ["edge-install: /etc/hostname.carp0: written", "edge-install: done"],
        complained: [],
      });
      expect(node.read(WAITING)).toContain(" vhid 9 ");
      await node.say("edge-install release any");
      expect(node.machine.kernel.find("carp0")?.carp?.vhid).toBe(9);
    }));

  it("may come as a bundle on standard input", () =>
    onNode(async (node) => {
      node.write("/root/edge-install", staticFiles()["/usr/local/sbin/edge-install"] as string);
      expect(await node.say("sh edge-install install", filled(EDGE))).toEqual({
        status: 0,
        said: FIRST,
        complained: [],
      });
    }));
});

describe.concurrent("the release", { timeout: 60_000 }, () => {
  it("leaves an edge as BACKUP while another one is the master", () =>
    onNode(async (node) => {
      node.peer();
      await node.deliver(EDGE);
      expect(await node.say("edge-install release any")).toEqual({
        status: 0,
        said: ["edge-install: carp0 is BACKUP"],
        complained: [],
      });
      expect(node.exists("/var/db/edge/hold")).toBe(false);
      expect(node.machine.hasAddress("146.59.143.231")).toBe(false);
    }));

  it("as master fails while another edge is the master, and can be repeated", () =>
    onNode(async (node) => {
      const silence = node.peer();
      await node.deliver(EDGE);
      expect(await node.say("EDGE_INSTALL_ROLE_WAIT=1 edge-install release master")).toEqual({
        status: 1,
        said: [],
        complained: ["edge-install: carp0 is BACKUP after 1 s, expected MASTER; see ifconfig carp0"],
      });
      expect(node.holdReason()).toBe("first installation");
      silence();
      expect((await node.say("edge-install release master")).said).toEqual(["edge-install: carp0 is MASTER"]);
      expect(node.exists("/var/db/edge/hold")).toBe(false);
      expect(node.exists("/var/db/edge/journal")).toBe(false);
    }));

  it("that failed leaves the next installation and release as they would have been", () =>
    onNode(async (node) => {
      const silence = node.peer();
      await node.deliver(EDGE);
      await node.say("EDGE_INSTALL_ROLE_WAIT=0 edge-install release master");
      expect((await node.deliver(EDGE)).status).toBe(0);
      silence();
      expect((await node.say("edge-install release master")).said).toEqual(["edge-install: carp0 is MASTER"]);
      expect(node.read("/etc/hostname.carp0")).toContain(" pass carp-pass_1 ");
      expect(await node.deliver(EDGE)).toEqual(DONE);
    }));

  // The file that was put in place by the release is taken for one of a killed installation.
  it("that failed lets the next installation say and do nothing of carp0", () =>
    onNode(async (node) => {
      node.peer();
      await node.deliver(EDGE);
      await node.say("EDGE_INSTALL_ROLE_WAIT=0 edge-install release master");
      const { said, complained } = await node.deliver(EDGE);
      expect(complained).toEqual([]);
      expect(said).not.toContain("edge-install: carp0: changed live");
    }));

  it("keeps a hold that somebody placed by hand", () =>
    onNode(async (node) => {
      await node.installed(EDGE);
      await node.run("edge-sync hold --reason maintenance --forever");
      expect((await node.say("edge-install release any")).status).toBe(0);
      expect(JSON.parse(node.read("/var/db/edge/hold"))).toMatchObject({ reason: "maintenance" });
    }));

  it.each([["release"], ["release master"], ["status"]])("fails where nothing is installed: %s", (command) =>
    onNode(async (node) => {
      node.write("/root/edge-install", staticFiles()["/usr/local/sbin/edge-install"] as string);
      const advice = command === "status" ? "" : "; deploy first";
      expect(await node.say(`sh edge-install ${command}`)).toEqual({
        status: 1,
        said: [],
        complained: [`edge-install: nothing is installed here${advice}`],
      });
    }));
});
