import { describe, expect, it } from "vitest";
import { ManualClock } from "../../../lib/simulator/clock.js";
import { Journal } from "../../../lib/simulator/ovh-api/journal.js";
import { seededRandom } from "../../../lib/simulator/random.js";

const clock = () => new ManualClock(Date.UTC(2026, 0, 1));
const entry = { method: "GET", path: "/1.0/auth/time", body: "", status: 200, queryId: "q" };

describe("the journal", () => {
  it("writes down the time of each entry, oldest first", () => {
    const time = clock();
    const journal = new Journal(time, seededRandom(1));
    journal.add(entry);
    time.advance(1500);
    journal.add({ ...entry, status: 0 });
    expect(journal.entries).toEqual([
      { at: Date.UTC(2026, 0, 1), ...entry },
      { at: Date.UTC(2026, 0, 1) + 1500, ...entry, status: 0 },
    ]);
  });

  it("finds entries by method and part of the path", () => {
    const journal = new Journal(clock(), seededRandom(1));
    const paths = ["/ip/failover", "/ip/failover/fo-1", "/ip/failover/fo-1/attach"];
    for (const path of paths) {
      journal.add({ ...entry, path });
      journal.add({ ...entry, path, method: "POST" });
    }
    expect(journal.matching("POST", "/fo-1").map(({ path }) => path)).toEqual(paths.slice(1));
    expect(journal.matching("DELETE", "/fo-1")).toEqual([]);
  });

  it("gives ids with the second in them that are the same for the same seed", () => {
    const [one, other] = [new Journal(clock(), seededRandom(1)), new Journal(clock(), seededRandom(1))];
    const ids = [one.queryId(), one.queryId()];
    expect(ids).toEqual([other.queryId(), other.queryId()]);
    expect(new Set(ids).size).toBe(2);
    for (const id of ids) expect(id).toMatch(/^EU\.ext-1\.[0-9a-f]{8}\.1767225600$/);
  });
});
