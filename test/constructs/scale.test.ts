import { describe, expect, it } from "vitest";
import { parseConfig } from "../../lib/config/load.js";
import { settleTime } from "../../lib/edge/edge-conf.js";
import { exampleWithEdges } from "../config/example.js";
import { type Json, type Synthesized, synthesize } from "./synthesized.js";

/** The delivering resources by the edges' names. */
function deliveries(stack: Synthesized, count: number) {
  return Array.from({ length: count }, (_, index) => stack.at(`edge/edge/files-edge-${index + 1}/deliver`));
}

describe.each([2, 4, 8])("a stack of %i edges", (count) => {
  const stack = () => synthesize(exampleWithEdges(count));

  it("makes three SSH connections for each delivery and one for each release, and no more", () => {
    const connections = (block: Json) => block.provisioner.length;
    const delivered = deliveries(stack(), count).map(({ block }) =>
      block.provisioner.reduce((sum: number, one: Json) => sum + Object.keys(one).length, 0),
    );
    expect(delivered).toEqual(Array(count).fill(3));
    expect(connections(stack().block("edge/edge/release/release"))).toBe(count);
    const elsewhere = stack()
      .all()
      .filter(
        ({ path, block }) => block.provisioner !== undefined && !/\/(deliver|removal|release)$/.test(path),
      );
    expect(elsewhere).toEqual([]);
  });

  it("delivers to the backups at once, and to the preferred edge after all of them", () => {
    const [preferred, ...backups] = deliveries(stack(), count);
    const waits = (one: Json, other: Json) => one.block.depends_on.includes(other.address);
    for (const backup of backups) {
      expect(waits(preferred, backup)).toBe(true);
      expect(backups.filter((other) => waits(backup, other))).toEqual([]);
    }
  });

  it("has resources that grow by the same number with each edge", () => {
    const total = (edges: number) => synthesize(exampleWithEdges(edges)).all().length;
    expect(total(count)).toBe(total(2) + (count - 2) * (total(3) - total(2)));
  });

  it("has skews that all differ, a spare step between any two, and room below 254", () => {
    const config = parseConfig(exampleWithEdges(count));
    const skews = config.edges.map(({ advskew }) => advskew);
    expect(skews).toEqual([...skews].sort((a, b) => a - b));
    skews.slice(1).forEach((skew, index) => {
      expect(skew - (skews[index] as number)).toBeGreaterThan(1);
    });
    expect(skews.at(-1)).toBeLessThanOrEqual(254);
  });

  it("lets a claim settle for one advertisement where there are others to settle with", () => {
    const config = parseConfig(exampleWithEdges(count));
    const settle = config.edges.map((edge) => settleTime(config, edge));
    const expected = config.edges.map(({ advskew }) =>
      count === 2 ? 0 : Math.round((1 + advskew / 256) * 1000) / 1000,
    );
    expect(settle).toEqual(expected);
  });
});
