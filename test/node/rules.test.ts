import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { staticPath } from "../../lib/edge/static-files.js";

const SOURCE = readFileSync(staticPath("edge-sync"), "utf8");
const TWELVE = Array.from({ length: 12 }, (_, index) => index + 1);

describe("the rules of edge-sync", () => {
  it("are a table of twelve, each with when it holds and what it does", () => {
    const rows = [...SOURCE.matchAll(/^# {1,2}(\d+) {2}(\S.*?) {2,}(\S.*)$/gm)];
    expect(rows.map(([, number]) => Number(number))).toEqual(TWELVE);
  });

  it("stand in the decisions under their numbers, and nowhere else", () => {
    const decisions = SOURCE.slice(SOURCE.indexOf("sub decide {"), SOURCE.indexOf("# ---- observe"));
    const numbers = (text: string) =>
      [...text.matchAll(/^\t+# Rules? ([\d, and]+):/gm)].flatMap(([, list]) =>
        (list as string).split(/\D+/).map(Number),
      );
    expect([...new Set(numbers(decisions))].sort((a, b) => a - b)).toEqual(TWELVE);
    expect(numbers(SOURCE)).toEqual(numbers(decisions));
  });
});
