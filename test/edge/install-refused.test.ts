import { mkdirSync, rmSync } from "node:fs";
import { describe, expect, it } from "vitest";
import type { RenderedEdge } from "../../lib/edge/file.js";
import { filled, quiet, withContent } from "./bundles.js";
import { OURS, onNode, type TestNode } from "./node.js";

const EDGE = quiet();
const STAGED = "/var/db/edge/staging";

interface Refusal {
  readonly when: string;
  /** Done to the node before the delivery. */
  readonly given?: (node: TestNode) => unknown;
  readonly edge?: RenderedEdge;
  readonly values?: Parameters<TestNode["deliver"]>[1];
  readonly complained: readonly string[];
}

const spoiled = (path: string, change: (content: string) => string) => withContent(EDGE, path, change);

const REFUSALS: readonly Refusal[] = [
  {
    when: "the user's pf.conf has a syntax error",
    given: (node) => node.write("/etc/pf.conf", "set skip on lo\npas in on vio0\n", 0o600),
    complained: [
      "edge-install: pf would not load /etc/pf.conf with the edge's rule, nothing was changed: " +
        `${STAGED}/pf.check:2: syntax error`,
    ],
  },
  {
    when: "the user's pf.conf names a macro that is not there, and a file",
    given: (node) => node.write("/etc/pf.conf", 'pass in on $wan\ninclude "/etc/pf.more"\n', 0o600),
    complained: [
      "edge-install: pf would not load /etc/pf.conf with the edge's rule, nothing was changed: " +
        `${STAGED}/pf.check:4: macro 'wan' not defined`,
      "pfctl: pushfile: /etc/pf.more: No such file or directory",
      `${STAGED}/pf.check:5: failed to include file /etc/pf.more`,
    ],
  },
  {
    when: "the edge's own rule has a syntax error",
    edge: spoiled("/etc/pf.edge.conf", () => "pass quick on vio2 proto\n"),
    complained: [
      "edge-install: pf would not load /etc/pf.conf with the edge's rule, nothing was changed: " +
        `${STAGED}/new/etc/pf.edge.conf:1: syntax error`,
    ],
  },
  {
    when: "ifstated.conf has a syntax error",
    edge: spoiled("/etc/ifstated.conf", (content) => content.replace("state watch {", "state watch")),
    complained: [
      "edge-install: ifstated would not load its file, nothing was changed: " +
        `${STAGED}/new/etc/ifstated.conf:3: syntax error`,
      `${STAGED}/new/etc/ifstated.conf:6: syntax error`,
    ],
  },
  {
    when: "ifstated.conf names an interface that is not there",
    edge: spoiled("/etc/ifstated.conf", (content) => content.replace("vio1.link", "vio9.link")),
    complained: [
      "edge-install: ifstated would not load its file, nothing was changed: " +
        `${STAGED}/new/etc/ifstated.conf:4: unknown interface vio9`,
      `${STAGED}/new/etc/ifstated.conf:6: syntax error`,
    ],
  },
  {
    when: "edge-sync is broken",
    edge: spoiled("/usr/local/sbin/edge-sync", () => "#!/usr/bin/perl\nuse strict;\nmy $x = $y;\n"),
    complained: [
      'edge-install: edge-sync is broken, nothing was changed: Global symbol "$y" requires explicit package name ' +
        `(did you forget to declare "my $y"?) at ${STAGED}/new/usr/local/sbin/edge-sync line 3.`,
      `${STAGED}/new/usr/local/sbin/edge-sync had compilation errors.`,
    ],
  },
  {
    when: "two interfaces are not the ones that OVH reports",
    values: { macInternal: "fa:16:3e:00:00:03", macCarp: "fa:16:3e:00:00:02" },
    complained: [
      "edge-install: the interfaces are not the ones that OVH reports; correct 'interfaces' in the configuration",
      "expected:",
      "  vio0 fa:16:3e:00:00:01",
      "  vio1 fa:16:3e:00:00:03",
      "  vio2 fa:16:3e:00:00:02",
      "found:",
      "  vio0 fa:16:3e:00:00:01",
      "  vio1 fa:16:3e:00:00:02",
      "  vio2 fa:16:3e:00:00:03",
    ],
  },
  {
    when: "the node has no interface of a name",
    edge: quiet({ "interfaces.carp": "vio3" }),
    complained: [
      "edge-install: the interfaces are not the ones that OVH reports; correct 'interfaces' in the configuration",
      "expected:",
      "  vio0 fa:16:3e:00:00:01",
      "  vio1 fa:16:3e:00:00:02",
      "  vio3 fa:16:3e:00:00:03",
      "found:",
      "  vio0 fa:16:3e:00:00:01",
      "  vio1 fa:16:3e:00:00:02",
      "  vio2 fa:16:3e:00:00:03",
    ],
  },
  {
    when: "root's crontab cannot be read",
    given: (node) => {
      const table = node.machine.sandbox.path("/var/cron/tabs/root");
      rmSync(table);
      mkdirSync(table);
    },
    complained: [
      expect.stringMatching(/^\w+: /),
      "edge-install: root's crontab cannot be read, nothing was changed",
    ],
  },
];

describe.concurrent("an installation changes nothing and says why", { timeout: 60_000 }, () => {
  for (const { when, given, edge = EDGE, values, complained } of REFUSALS) {
    it(`when ${when}`, () =>
      onNode(async (node) => {
        given?.(node);
        const before = node.files(OURS);
        const { pf } = node.machine;
        expect(await node.deliver(edge, values)).toEqual({ status: 1, said: [], complained });
        expect(node.files(OURS, /^\/var\/db\/edge(\/staging.*)?$/)).toEqual(before);
        expect(node.machine.pf).toBe(pf);
        expect([node.machine.enabled, node.machine.ifstatedRuns]).toEqual([false, false]);
        expect(node.machine.kernel.find("vio2")?.up).toBe(false);
      }));
  }

  it("also on an edge in service, which stays what it is", () =>
    onNode(async (node) => {
      node.peer();
      await node.installed(EDGE);
      const before = node.files(OURS);
      const { pf } = node.machine;
      for (const { edge, complained } of REFUSALS) {
        if (edge === undefined) continue;
        expect(await node.deliver(edge)).toEqual({ status: 1, said: [], complained });
      }
      expect(node.files(OURS, /^\/var\/db\/edge\/staging/)).toEqual(before);
      expect(node.machine.pf).toBe(pf);
      expect(node.machine.ifstatedRuns).toBe(true);
      expect(node.transitions()).toEqual(["carp0: state transition: INIT -> BACKUP"]);
    }));

  it("when the edge-install that it brings is broken", () =>
    onNode(async (node) => {
      await node.deliver(EDGE);
      const before = node.files(OURS);
      const broken = withContent(EDGE, "/usr/local/sbin/edge-install", () => "#!/bin/sh\nfi\n");
      const { status, complained } = await node.say("edge-install install", filled(broken));
      expect([status, complained.at(-1)]).toEqual([
        1,
        "edge-install: edge-install is broken, nothing was changed",
      ]);
      expect(node.files(OURS, /^\/var\/db\/edge\/staging/)).toEqual(before);
    }));

  it("when it cannot note what it is about to change", () =>
    onNode(async (node) => {
      node.write("/var/db/edge/journal/in-the-way", "");
      const before = node.files(["/etc", "/usr/local"]);
      const { status } = await node.deliver(EDGE);
      expect(status).not.toBe(0);
      expect(node.files(["/etc", "/usr/local"])).toEqual(before);
    }));

  it("when it cannot note what it is about to change, in words of its own", () =>
    onNode(async (node) => {
      node.write("/var/db/edge/journal/in-the-way", "");
      expect((await node.deliver(EDGE)).complained.at(-1)).toBe(
        "edge-install: /var/db/edge/journal cannot be written, nothing was changed; is the disk full?",
      );
    }));

  it("and can be repeated when the cause is gone", () =>
    onNode(async (node) => {
      const pf = node.read("/etc/pf.conf");
      node.write("/etc/pf.conf", "blok all\n", 0o600);
      expect((await node.deliver(EDGE)).status).toBe(1);
      node.write("/etc/pf.conf", pf, 0o600);
      expect(await node.deliver(EDGE)).toMatchObject({ status: 0, complained: [] });
      expect(node.exists(STAGED)).toBe(false);
    }));
});
