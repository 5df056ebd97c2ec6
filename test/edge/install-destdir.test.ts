import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { RenderedEdge } from "../../lib/edge/file.js";
import { fill } from "../../lib/edge/placeholders.js";
import { staticFiles } from "../../lib/edge/static-files.js";
import { filled, quiet, sha256, VALUES, withContent } from "./bundles.js";
import { type Delivery, has, needing, SHELLS, type Shell, TestNode } from "./node.js";

const EDGE = quiet();
const WRITTEN = EDGE.files.map(({ path }) => `edge-install: ${path}: written`);
const DONE = "edge-install: done";
const INSTALLER = "/tmp/edge-install";

for (const shell of SHELLS) {
  const name = needing(shell, `below DESTDIR, by ${shell}, edge-install`);
  describe.skipIf(!has(shell))(name, { timeout: 60_000 }, () => suite(shell));
}

function suite(shell: Shell): void {
  let node: TestNode;
  let next = 0;
  beforeAll(async () => {
    node = new TestNode({ shell });
    await node.machine.boot();
    node.write(INSTALLER, staticFiles()["/usr/local/sbin/edge-install"] as string);
  });
  afterAll(() => node.stop());

  /** An empty folder to install below; its path is a new one each time. */
  function emptyFolder(): string {
    const folder = `/tmp/dest${next++}`;
    node.write(`${folder}/etc/myname`, "edge\n");
    return folder;
  }

  function installText(folder: string, text: string): Promise<Delivery> {
    node.write(`${folder}.bundle`, text, 0o600);
    return node.say(`DESTDIR=${folder} sh ${INSTALLER} install ${folder}.bundle`);
  }

  const install = (folder: string, edge: RenderedEdge) => installText(folder, filled(edge));

  /** What is there, without what edge-install keeps for itself. */
  const laidOut = (folder: string) => node.files([`${folder}/etc`, `${folder}/usr`]);

  it("lays out every file with its mode, and the waiting one apart", async () => {
    const folder = emptyFolder();
    expect(await install(folder, EDGE)).toEqual({ status: 0, said: [...WRITTEN, DONE], complained: [] });
    const found = node.files([folder]);
    for (const { path, mode, content } of EDGE.files) {
      const place = path === "/etc/hostname.carp0" ? `/var/db/edge/pending${path}` : path;
      expect([place, found[`${folder}${place}`]]).toEqual([
        place,
        { mode: mode.toString(8).padStart(4, "0"), content: fill(content, VALUES) },
      ]);
    }
    expect(Object.keys(found).filter((path) => path.endsWith("/etc/hostname.carp0"))).toEqual([
      `${folder}/var/db/edge/pending/etc/hostname.carp0`,
    ]);
    expect(found[`${folder}/etc/sysctl.conf`]).toEqual({
      mode: "0644",
      content: "net.inet.carp.preempt=0 # cdktf-ovh-edge\n",
    });
    expect(found[`${folder}/etc/pf.conf`]).toEqual({
      mode: "0600",
      content: '# cdktf-ovh-edge: begin\ninclude "/etc/pf.edge.conf"\n# cdktf-ovh-edge: end\n',
    });
    expect(found[`${folder}/var/db/edge`]?.mode).toBe("0700");
    expect(found[`${folder}/var/db/edge/staging`]).toBeUndefined();
    expect(found[`${folder}/var/db/edge/journal`]).toBeUndefined();
    expect(found[`${folder}/var/db/edge/install.lock`]).toBeUndefined();
  });

  it("changes nothing the second time", async () => {
    const folder = emptyFolder();
    await install(folder, EDGE);
    const before = node.stamps([folder], /\/var\/db\/edge\/old\//);
    expect(await install(folder, EDGE)).toEqual({ status: 0, said: [DONE], complained: [] });
    expect(node.stamps([folder])).toEqual(before);
  });

  it("writes the one file that changed", async () => {
    const folder = emptyFolder();
    await install(folder, EDGE);
    const before = node.stamps([folder]);
    const changed = withContent(EDGE, "/etc/edge.conf", (content) => `${content}probe_attempts=2\n`);
    expect(await install(folder, changed)).toEqual({
      status: 0,
      said: ["edge-install: /etc/edge.conf: written", DONE],
      complained: [],
    });
    const after = node.stamps([folder]);
    const differing = Object.keys(after).filter((path) => after[path] !== before[path]);
    expect(differing).toEqual([`${folder}/etc/edge.conf`, `${folder}/var/db/edge/manifest`]);
    expect(node.mode(`${folder}/etc/edge.conf`)).toBe("0600");
  });

  it("puts right a mode that somebody changed", async () => {
    const folder = emptyFolder();
    await install(folder, EDGE);
    await node.run(`chmod 644 ${folder}/etc/ovh.conf`);
    expect((await install(folder, EDGE)).said).toEqual(["edge-install: /etc/ovh.conf: written", DONE]);
    expect(node.mode(`${folder}/etc/ovh.conf`)).toBe("0600");
  });

  it("takes over the lock of a run that was killed", async () => {
    const folder = emptyFolder();
    // No process has this number: it is above the highest there is.
    await node.run(`mkdir -p ${folder}/var/db/edge && ln -s 99999999 ${folder}/var/db/edge/install.lock`);
    expect((await install(folder, EDGE)).said).toEqual([...WRITTEN, DONE]);
    expect(node.stamps([`${folder}/var/db/edge/install.lock`])).toEqual({});
  });

  it("fails on a second run while the first one is under way", async () => {
    const folder = emptyFolder();
    // The first one waits for its bundle.
    const first = node.machine.sandbox.spawn(`DESTDIR=${folder} sh ${INSTALLER} install`);
    const ended = new Promise((resolve) => first.once("close", resolve));
    const link = `${folder}/var/db/edge/install.lock`;
    const pid = (await node.run(`until [ -L ${link} ]; do sleep 0.02; done; readlink ${link}`)).stdout.trim();
    const second = await install(folder, EDGE);
    expect(second).toEqual({
      status: 1,
      said: [],
      complained: [`edge-install: another installation is under way (process ${pid}); wait for it`],
    });
    expect(Object.keys(laidOut(folder))).toEqual([`${folder}/etc`, `${folder}/etc/myname`]);
    expect((await node.run(`readlink ${link}`)).stdout).toBe(`${pid}\n`);
    first.stdin?.end();
    await ended;
    expect(node.stamps([link])).toEqual({});
  });

  /** Nothing is laid out, and no lock is left. */
  const untouched = (folder: string) => {
    expect(Object.keys(laidOut(folder))).toEqual([`${folder}/etc`, `${folder}/etc/myname`]);
    expect(node.stamps([`${folder}/var/db/edge/install.lock`])).toEqual({});
  };

  const refuses = async (text: string, message: string) => {
    const folder = emptyFolder();
    expect(await installText(folder, text)).toEqual({
      status: 1,
      said: [],
      complained: [`edge-install: ${message}`],
    });
    untouched(folder);
  };

  it("fails when a file is not what was sent", () => {
    const rule = 'pass quick on vio2 proto carp keep state (no-sync) label "edge"\n';
    const other = rule.replace("quick ", "");
    return refuses(
      filled(EDGE).replace(rule, other),
      `/etc/pf.edge.conf is not what was sent: sha256 ${sha256(other)}, expected ${sha256(rule)}; deploy again`,
    );
  });

  it.each([
    ["at the end of a line", (text: string) => text.replace(/[^\n]*\n$/, "")],
    ["within its last line", (text: string) => text.slice(0, -3)],
    ["before its last newline", (text: string) => text.slice(0, -1)],
    ["in the middle", (text: string) => text.slice(0, text.length / 2)],
    ["within its header", (text: string) => text.slice(0, 900)],
    ["after its first line", (text: string) => text.slice(0, text.indexOf("\n") + 1)],
  ])("fails when the bundle is cut %s", (_, cut) => {
    const text = filled(EDGE);
    const lines = (whole: string) => whole.split("\n").length - 1;
    return refuses(
      cut(text),
      `the bundle is cut: ${lines(text)} lines were sent, ${lines(cut(text))} arrived; deploy again`,
    );
  });

  it.each([
    ["of another version", "edge-bundle 2 1\n"],
    ["of an older version", "edge-bundle 0 1\n"],
    ["that is something else", "#!/bin/sh\n"],
  ])("fails on a bundle %s", (_, text) =>
    refuses(text, "this is not a bundle of version 1; deploy with the version that made this edge-install"));

  it.each([
    ["nothing", ""],
    ["a first line without its end", "edge-bundle 1 12"],
  ])("fails on a bundle that is empty: %s", (_, text) => refuses(text, "the bundle is empty; deploy again"));

  it("fails on a bundle without files", () =>
    refuses("edge-bundle 1 3\nedge a\n--\n", "the bundle has no files; deploy again"));

  it.each([
    "/etc/../root/.profile",
    "etc/rc.local",
    "/..",
    "/etc/$(id)",
    "/etc/`id`",
    "/etc/a b",
    "/etc/a;id",
    "/etc/a*",
  ])("fails when the bundle names %j", (path) =>
    refuses(
      filled({ ...EDGE, files: EDGE.files.map((file, index) => (index === 2 ? { ...file, path } : file)) }),
      `the bundle names a file that it may not: ${path}`,
    ));

  it.each([
    ["/usr/local/sbin/edge-sync", "edge-sync is broken, nothing was changed: "],
    ["/usr/local/sbin/ip-move", "ip-move is broken, nothing was changed: "],
    ["/usr/local/sbin/edge-install", ""],
  ])("fails when %s is broken", async (path, message) => {
    const folder = emptyFolder();
    const { status, complained } = await install(
      folder,
      withContent(EDGE, path, (text) => `${text}}\n`),
    );
    expect(status).toBe(1);
    if (message !== "") expect(complained[0]).toMatch(`edge-install: ${message}`);
    else expect(complained.at(-1)).toBe("edge-install: edge-install is broken, nothing was changed");
    untouched(folder);
  });

  it("takes everything off again, and leaves the rest as it was", async () => {
    const folder = emptyFolder();
    const pf = "set skip on lo\n\nblock return\npass\n";
    const sysctl = "net.inet.ip.forwarding=1\n";
    for (const { path, mode, content } of EDGE.files) {
      node.write(`${folder}${path}`, fill(content, VALUES), mode);
    }
    const marked = pf.replace(
      "block",
      '# cdktf-ovh-edge: begin\ninclude "/etc/pf.edge.conf"\n# cdktf-ovh-edge: end\nblock',
    );
    node.write(`${folder}/etc/pf.conf`, marked, 0o600);
    node.write(`${folder}/etc/sysctl.conf`, `${sysctl}net.inet.carp.preempt=0 # cdktf-ovh-edge\n`);
    node.write(`${folder}/var/db/edge/old/etc/edge.conf`, "ip=1\n");
    node.write(`${folder}/var/db/edge/pending/etc/hostname.carp0`, "up\n");
    node.write(`${folder}/var/run/edge-sync/memory.json`, "{}\n");
    expect(await remove(folder)).toEqual({ status: 0, said: ["edge-install: removed"], complained: [] });
    const found = node.files([folder]);
    const files = Object.entries(found).filter(([path]) => !isFolder(path));
    expect(Object.fromEntries(files)).toEqual({
      [`${folder}/etc/myname`]: { mode: "0644", content: "edge\n" },
      [`${folder}/etc/pf.conf`]: { mode: "0600", content: pf },
      [`${folder}/etc/sysctl.conf`]: { mode: "0644", content: sysctl },
    });
    expect(found[`${folder}/var/db/edge`]).toBeUndefined();
  });

  it("has nothing to do where nothing is installed", async () => {
    const folder = emptyFolder();
    node.write(`${folder}/etc/pf.conf`, "pass\n", 0o600);
    node.write(`${folder}/etc/sysctl.conf`, "net.inet.ip.forwarding=1\n");
    const before = node.stamps([folder]);
    for (const _ of ["once", "twice"]) {
      expect(await remove(folder)).toEqual({ status: 0, said: ["edge-install: removed"], complained: [] });
    }
    expect(node.stamps([folder])).toEqual(before);
    expect(node.exists(`${folder}/var/db/edge`)).toBe(false);
  });

  it.each([
    "",
    "deploy",
    "release slave",
    "--help",
    "install -d",
    "install -d x bundle",
  ])("says how it is used, given %j", async (args) => {
    const folder = emptyFolder();
    expect(await node.say(`DESTDIR=${folder} sh ${INSTALLER} ${args}`)).toEqual({
      status: 1,
      said: [],
      complained: [
        "usage: edge-install install [-d digest] [bundle] | release [master | any] | raise carp ... | remove | report | status",
      ],
    });
    expect(node.exists(`${folder}/var`)).toBe(false);
  });

  function remove(folder: string): Promise<Delivery> {
    return node.say(`DESTDIR=${folder} sh ${INSTALLER} remove`);
  }

  function isFolder(path: string): boolean {
    return !Object.hasOwn(node.stamps([path]), path);
  }
}
