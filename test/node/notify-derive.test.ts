import { spawnSync } from "node:child_process";
import { describe, expect, it } from "vitest";
import { staticPath } from "../../lib/edge/static-files.js";

type Look = Readonly<Record<string, unknown>>;
interface Told {
  readonly tell: readonly (readonly [event: string, text: string])[];
  readonly is: Look;
}

const NOW: Look = { at: 1000, role: "BACKUP", known: "elsewhere", no_token: 0 };
const HERE = { at: 990, result: "here", status: 0, posted: 1, ms: 812 };
const REFUSED = { at: 990, result: "none", status: 3, refused: 1, posted: 0 };

/** What edge-notify itself makes of looks one after the other. */
function looks(...changes: readonly Look[]): readonly Told["tell"][] {
  let was: Look = {};
  return changes.map((change) => {
    const input = `${JSON.stringify({ was, now: { ...NOW, ...change } })}\n`;
    const { stdout, stderr, status } = spawnSync("perl", [staticPath("edge-notify"), "--derive"], {
      input,
      encoding: "utf8",
    });
    expect({ stderr, status }).toEqual({ stderr: "", status: 0 });
    const told: Told = JSON.parse(stdout);
    was = told.is;
    return told.tell;
  });
}

const events = (all: readonly Told["tell"][]) => all.map((told) => told.map(([event]) => event));
const last = (all: readonly Told["tell"][]) => all.at(-1);

describe("edge-notify tells of a failover", () => {
  it("nothing at its first look, wherever the IP is", () => {
    expect(looks({ known: "here", role: "MASTER" })).toEqual([[]]);
    expect(looks({ known: "?" }, { known: "here" }, { known: "here" })).toEqual([[], [], []]);
  });

  it("that this edge holds the IP, and what the claim took", () => {
    expect(last(looks({}, { role: "MASTER", known: "here", claim: HERE }))).toEqual([
      ["failover", "EDGE holds IP now: OVH routes it there. The claim took 812 ms."],
    ]);
  });

  it("that somebody else brought the IP here", () => {
    expect(last(looks({}, { known: "here" }))).toEqual([
      ["failover", "EDGE holds IP now: OVH routes it there."],
    ]);
  });

  it("that this edge holds it no more", () => {
    expect(last(looks({ known: "here" }, { known: "elsewhere", role: "INIT" }))).toEqual([
      ["failover", "EDGE does not hold IP any more: OVH routes it elsewhere; carp is INIT there."],
    ]);
  });

  it("once, though nobody knows in between where the IP is", () => {
    expect(events(looks({}, { known: "?" }, { known: "here" }, { known: "?" }, { known: "here" }))).toEqual([
      [],
      [],
      ["failover"],
      [],
      [],
    ]);
  });
});

describe("edge-notify tells of a failed claim", () => {
  it.each([
    [{ ...REFUSED, status: 3 }, "OVH refuses the credentials (ip-move exit 3)."],
    [{ ...REFUSED, status: 4 }, "OVH does not know the address or the instance (ip-move exit 4)."],
    [{ ...REFUSED, status: 7 }, "OVH refuses it (ip-move exit 7)."],
    [{ ...REFUSED, status: 9 }, "TLS failed (ip-move exit 9)."],
    [{ at: 990, result: "none", status: 5, posted: 1 }, "its outcome is not known (ip-move exit 5)."],
    [{ at: 990, result: "elsewhere", status: 6, posted: 1 }, "it went elsewhere (ip-move exit 6)."],
    [{ at: 990, result: "none", status: 75, posted: 1 }, "ip-move ended with status 75."],
    [{ at: 990, result: "none", posted: 1 }, "it was killed."],
  ])("why: %j", (claim, why) => {
    expect(last(looks({ role: "MASTER" }, { role: "MASTER", claim }))).toEqual([
      ["claim-failed", `EDGE could not claim IP: ${why} It tries again; see ip-move(8).`],
    ]);
  });

  it("but not of one that sent nothing because the edge was no master any more", () => {
    expect(last(looks({}, { claim: { at: 990, result: "none", status: 2, posted: 0 } }))).toEqual([]);
  });

  it("nor of one from before its first look", () => {
    expect(looks({ role: "MASTER", claim: REFUSED })).toEqual([[]]);
  });

  it("once an hour while claims go on failing, and at once after one that came through", () => {
    const failing = (at: number) => ({ at: 1000 + at, role: "MASTER", claim: { ...REFUSED, at: 990 + at } });
    const sequence = [
      { role: "MASTER" },
      failing(10),
      failing(70),
      failing(3600),
      failing(3620),
      { at: 4700, role: "MASTER", known: "here", claim: { ...HERE, at: 4700 } },
      failing(3800),
    ];
    expect(events(looks(...sequence))).toEqual([
      [],
      ["claim-failed"],
      [],
      [],
      ["claim-failed"],
      ["failover"],
      ["failover", "claim-failed"],
    ]);
  });
});

describe("edge-notify suspects a partition", () => {
  const TEXT =
    "EDGE is MASTER, and OVH took IP elsewhere again and again: another edge may be MASTER too, because they do not hear " +
    "each other, or somebody moves the address by hand. Compare edge-sync status on all edges.";
  const master = (at: number, known: string) => ({ at: 1000 + at, role: "MASTER", known });

  it("when a master loses the IP twice within 15 minutes, and says what else it may be", () => {
    const all = looks(
      master(0, "here"),
      master(10, "elsewhere"),
      master(20, "here"),
      master(30, "elsewhere"),
    );
    expect(events(all)).toEqual([[], ["failover"], ["failover"], ["failover", "partition"]]);
    expect(last(all)?.[1]).toEqual(["partition", TEXT]);
  });

  it("when a master has no token left for a claim", () => {
    expect(last(looks(master(0, "elsewhere"), { ...master(10, "elsewhere"), no_token: 1 }))).toEqual([
      ["partition", TEXT],
    ]);
  });

  it("not for two losses that lie farther apart", () => {
    const all = looks(
      master(0, "here"),
      master(10, "elsewhere"),
      master(20, "here"),
      master(911, "elsewhere"),
    );
    expect(events(all).at(-1)).toEqual(["failover"]);
  });

  it("not for a backup whose IP goes", () => {
    const backup = (at: number, known: string) => ({ ...master(at, known), role: "BACKUP" });
    const all = looks(
      backup(0, "here"),
      backup(10, "elsewhere"),
      backup(20, "here"),
      backup(30, "elsewhere"),
    );
    expect(events(all).at(-1)).toEqual(["failover"]);
  });

  it("once an hour", () => {
    const without = (at: number) => ({ ...master(at, "elsewhere"), no_token: 1 });
    expect(events(looks(without(0), without(10), without(20), without(3610)))).toEqual([
      [],
      ["partition"],
      [],
      ["partition"],
    ]);
  });
});

describe("edge-notify tells of a hold that was forgotten", () => {
  const held = (at: number, age: number) => ({ at: 1000 + at, hold: { reason: "maintenance", age } });

  it("after 30 minutes, and again after six hours", () => {
    const all = looks({}, held(0, 600), held(1200, 1800), held(1800, 2400), held(1200 + 21600, 23400));
    expect(events(all)).toEqual([[], [], ["hold"], [], ["hold"]]);
    expect(all[2]).toEqual([
      [
        "hold",
        "EDGE has been on hold for 30 min: maintenance. It does not fail over until edge-sync release.",
      ],
    ]);
  });

  it("anew after a release", () => {
    expect(events(looks(held(0, 1800), { at: 1100 }, held(200, 1900)))).toEqual([["hold"], [], ["hold"]]);
  });
});

describe("edge-notify tells of a drill", () => {
  it("once, on the edge that holds the IP", () => {
    const all = looks(
      { known: "here" },
      { known: "here", drill: "carp-down" },
      { known: "here", drill: "carp-down" },
    );
    expect(all).toEqual([
      [],
      [["drill", "A drill begins with IP: carp-down. What is told of it is marked."]],
      [],
    ]);
    expect(events(looks({}, { drill: "carp-down" }))).toEqual([[], []]);
  });

  it("anew for the next one", () => {
    const drilled = { known: "here", drill: "drain" };
    expect(events(looks({ known: "here" }, drilled, { known: "here" }, drilled))).toEqual([
      [],
      ["drill"],
      [],
      ["drill"],
    ]);
  });
});
