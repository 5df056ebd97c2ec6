import { describe, expect, it } from "vitest";
import { conform } from "../../../lib/simulator/ifstated/conformance.js";

const GOOD = JSON.stringify({ config: "", check: { ok: true, exit: 0, output: ["configuration OK"] } });
const BAD = JSON.stringify({ config: "", trace: [] });

describe("conformance", () => {
  it.each<[string, Record<string, string>, string[], boolean]>([
    ["recordings that all pass", { "a.json": GOOD, "b.json": GOOD }, ["2 passed, 0 failed"], true],
    [
      "one that does not, in the order of names",
      { "z.json": BAD, "b.json": GOOD, "a.json": BAD },
      [
        'a.json: entry 0: recorded nothing, got {"at":0,"log":"started"}',
        'z.json: entry 0: recorded nothing, got {"at":0,"log":"started"}',
        "1 passed, 2 failed",
      ],
      false,
    ],
    [
      "nothing",
      {},
      ["no recording is there: a recording is a file whose name ends in .json", "0 passed, 0 failed"],
      false,
    ],
    [
      "files that are none",
      { "a.json": "", "b.json": "[]", "c.json": GOOD },
      [
        "a.json: it is not JSON: Unexpected end of JSON input",
        "b.json: it is no recording: it has no config",
        "1 passed, 2 failed",
      ],
      false,
    ],
  ])("of %s", (_, files, lines, ok) => {
    expect(conform(new Map(Object.entries(files)))).toEqual({ lines, ok });
  });

  it("of one that cannot be played says so, and goes on", () => {
    const odd = JSON.stringify({ config: "", args: 5, check: { ok: true } });
    const { lines, ok } = conform(new Map([...Object.entries({ "a.json": odd, "b.json": GOOD })]));
    expect(lines).toEqual([expect.stringMatching(/^a\.json: it cannot be played: /), "1 passed, 1 failed"]);
    expect(ok).toBe(false);
  });
});
