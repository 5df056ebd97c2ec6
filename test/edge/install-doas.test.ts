import { describe, expect, it } from "vitest";
import { staticFiles } from "../../lib/edge/static-files.js";
import { parseReport, REPORT_COMMAND } from "../../lib/operations/edge-report.js";
import { filled, quiet, rendered, withContent } from "./bundles.js";
import { has, onNode, SHELLS, type Shell, type TestNode } from "./node.js";

const SELF = "/usr/local/sbin/edge-install";
const SHIPPED = staticFiles()[SELF] as string;
const newer = (text: string) => withContent(quiet(), SELF, () => text);
const DONE = 'say "done"';

/** Starts the installed edge-install as a doas rule does: by its path, with the bundle on standard input. */
const install = (node: TestNode, text: string) => node.say(`${SELF} install -d 0123abcd`, text);

const on = (test: (node: TestNode) => Promise<void>, shell?: Shell) =>
  onNode(
    async (node) => {
      node.write(SELF, SHIPPED, 0o555);
      await test(node);
    },
    shell === undefined ? {} : { shell },
  );

describe("edge-install, started by its path,", { timeout: 60_000 }, () => {
  it("installs a bundle that brings the same one", () =>
    on(async (node) => {
      const { status, said, complained } = await install(node, filled(quiet()));
      expect({ status, complained, last: said.at(-1) }).toEqual({
        status: 0,
        complained: [],
        last: "edge-install: done",
      });
      expect(said.join("\n")).not.toContain("goes on");
      expect(node.read("/var/db/edge/manifest")).toMatch(/^digest 0123abcd\n/);
    }));

  it.each(SHELLS)("leaves a bundle that brings another one to that one, by %s", (shell) => {
    if (!has(shell)) return;
    return on(async (node) => {
      const text = SHIPPED.replace(DONE, 'say "done by $0"');
      const { status, said, complained } = await install(node, filled(newer(text)));
      expect([status, complained]).toEqual([0, []]);
      expect([said[0], said.at(-1)]).toEqual([
        "edge-install: the bundle's own edge-install goes on",
        "edge-install: done by /var/db/edge/handover/edge-install",
      ]);
      expect(node.read(SELF)).toBe(text);
      expect(node.read("/var/db/edge/manifest")).toMatch(/^digest 0123abcd\n/);
      expect(node.exists("/var/db/edge/handover")).toBe(false);
      expect(node.exists("/var/db/edge/install.lock")).toBe(false);
    }, shell);
  });

  it("changes nothing where the one of the bundle is broken", () =>
    on(async (node) => {
      expect((await install(node, filled(newer("#!/bin/sh\nif\n")))).complained.at(-1)).toBe(
        "edge-install: edge-install is broken, nothing was changed",
      );
      expect(node.read(SELF)).toBe(SHIPPED);
      expect(node.exists("/var/db/edge/staging")).toBe(false);
    }));

  it("leaves no secret behind where the one of the bundle gives up", () =>
    on(async (node) => {
      const text = SHIPPED.replace(DONE, 'die "no more"');
      const { status, complained } = await install(node, filled(newer(text)));
      expect([status, complained]).toEqual([1, ["edge-install: no more"]]);
      expect(node.exists("/var/db/edge/handover")).toBe(false);
      expect(node.exists("/var/db/edge/staging")).toBe(false);
      // The next run finishes.
      expect((await install(node, filled(quiet()))).complained).toEqual([]);
      expect(node.read(SELF)).toBe(SHIPPED);
    }));
});

describe("the report of edge-install", { timeout: 60_000 }, () => {
  it("tells what root sees by the commands themselves", () =>
    onNode(async (node) => {
      await node.installed(rendered());
      const [own, commands] = [await node.run(`${SELF} report`), await node.run(REPORT_COMMAND)];
      const report = parseReport(own.stdout);
      expect(own.stderr).toBe("");
      expect(report.sync).toMatchObject({ carp: expect.any(String), probe: expect.any(String) });
      expect(report.carp?.vhid).toBe(1);
      const { sync, uptime, ...same } = parseReport(commands.stdout);
      expect(report).toMatchObject(same);
    }));
});
