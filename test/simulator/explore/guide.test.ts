import { describe, expect, it, vi } from "vitest";
import { exploreGuide, guideText, WAYS } from "../../../lib/simulator/explore/guide/explore.js";
import { fileOf } from "./workshop.js";

vi.setConfig({ testTimeout: 120_000 });

describe("the guide's own ifstated.conf", () => {
  const findings = exploreGuide(fileOf("test/fixtures/ifstated-guide.conf"));

  it.each(findings)("is found wrong: $name", async ({ name, story }) => {
    await expect(`${story.join("\n")}\n`).toMatchFileSnapshot(`guide/${name}.txt`);
    expect(story.length).toBeGreaterThan(1);
  });

  it("is found wrong in each way that is looked for", () => {
    expect(findings.map(({ name }) => name)).toEqual(WAYS.map(({ name }) => name));
  });

  it("is shown beside what the guide says", () => {
    const page = fileOf("docs/why-not-the-original.md");
    for (const { story } of findings) expect(page).toContain(story.join("\n"));
  });

  it("says so where a way is not found", () => {
    expect(guideText([{ name: "unpaired", what: "it fails", states: 7, faults: [], story: [] }])).toBe(
      "unpaired: not found in 7 states (it fails)\n",
    );
  });
});
