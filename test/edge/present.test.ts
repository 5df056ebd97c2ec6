import { lstatSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { parseConfig } from "../../lib/config/load.js";
import type { EdgeFile } from "../../lib/edge/file.js";
import { listing, masked, writeEdge } from "../../lib/edge/present.js";
import { renderEdge } from "../../lib/edge/render.js";
import { example } from "../config/example.js";
import { STAND_INS } from "./bundles.js";

const EDGE = renderEdge(parseConfig(example()), "bi-edge-sbg-1", STAND_INS);
const fileOf = (path: string) => EDGE.files.find((file) => file.path === path) as EdgeFile;

describe("a file as people may see it", () => {
  it("has its secrets masked", () => {
    expect(masked(fileOf("/etc/ovh.conf")).content).toBe(
      "[default]\nendpoint=ovh-eu\n\n[ovh-eu]\napplication_key=********\napplication_secret=********\nconsumer_key=********\n",
    );
    expect(masked(fileOf("/etc/hostname.carp0")).content).toContain(" pass ******** advbase 1 ");
  });

  it("has what is only known later by its name", () => {
    expect(masked(fileOf("/etc/edge.conf")).content).toContain(
      "\nip_id=<failover_ip_id>\ninstance=<instance_id>\n",
    );
  });

  it("is the file itself where nothing comes late", () => {
    for (const path of ["/etc/ifstated.conf", "/usr/local/sbin/ip-move"]) {
      expect(masked(fileOf(path))).toEqual(fileOf(path));
    }
  });
});

describe("the listing of an edge", () => {
  const text = listing(EDGE);

  it("has each file under its path, mode and owner, and the lines in files of others", () => {
    expect(text.split("\n").filter((line) => line.startsWith("==> "))).toEqual([
      "==> /usr/local/sbin/edge-install 0555 root:wheel",
      "==> /usr/local/sbin/edge-sync 0555 root:wheel",
      "==> /usr/local/sbin/ip-move 0555 root:wheel",
      "==> /etc/pf.edge.conf 0600 root:wheel",
      "==> /etc/hostname.vio2 0640 root:wheel",
      "==> /etc/hostname.carp0 0640 root:wheel",
      "==> /etc/ovh.conf 0600 root:wheel",
      "==> /etc/edge.conf 0600 root:wheel",
      "==> /etc/ifstated.conf 0600 root:wheel",
      "==> /etc/sysctl.conf, one line",
      "==> root's crontab, one line",
    ]);
  });

  it("has programs by their length, and everything else as it is", () => {
    expect(text).toContain("==> /usr/local/sbin/edge-install 0555 root:wheel\nas shipped, 2 lines\n\n");
    expect(text).toContain("==> /etc/hostname.vio2 0640 root:wheel\nup\n\n");
    expect(text).toContain("==> /etc/sysctl.conf, one line\nnet.inet.carp.preempt=0\n");
  });

  it("has no placeholder", () => {
    expect(text).not.toContain("@@");
  });
});

describe("an edge that is written below a folder", () => {
  let folder: string;
  let written: string[];
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), "edge-present-"));
    written = writeEdge(EDGE, folder);
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it("has every file at its real path, as people may see it", () => {
    expect(written).toEqual(EDGE.files.map(({ path }) => join(folder, path)));
    for (const file of EDGE.files) {
      expect(readFileSync(join(folder, file.path), "utf8")).toBe(masked(file).content);
    }
  });

  it("has files that others may not read where the edge has them so", () => {
    for (const { path, mode } of EDGE.files) {
      const allowed = mode | 0o200;
      expect([path, lstatSync(join(folder, path)).mode & 0o777 & ~allowed]).toEqual([path, 0]);
    }
  });

  it("can be written again", () => {
    expect(writeEdge(EDGE, folder)).toEqual(written);
  });
});
