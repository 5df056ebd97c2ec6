import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { enlarged, WHOLE_PROVIDER } from "../../lib/bench/template-app.js";
import { withEdges } from "../../lib/bench/worlds.js";
import { parseConfig } from "../../lib/config/load.js";

const committed = JSON.parse(
  readFileSync(new URL("../../provider-ovh/schema.json", import.meta.url), "utf8"),
);
const [types] = Object.values(enlarged(committed).provider_schemas);

describe("a schema of the whole provider's size", () => {
  it("has as many types as the provider documents", () => {
    expect(Object.keys(types?.resource_schemas ?? {})).toHaveLength(WHOLE_PROVIDER.resources);
    expect(Object.keys(types?.data_source_schemas ?? {})).toHaveLength(WHOLE_PROVIDER.dataSources);
  });

  it("has the types that are known as they are, and the others in their form", () => {
    const [known] = Object.values(committed.provider_schemas) as [NonNullable<typeof types>];
    expect(types?.resource_schemas).toMatchObject(known.resource_schemas);
    for (const [name, schema] of Object.entries(types?.resource_schemas ?? {})) {
      expect(schema, name).toEqual(known.resource_schemas[name.replace(/_copy\d+$/, "")]);
    }
  });
});

describe("a configuration with other edges", () => {
  const input = JSON.parse(readFileSync(new URL("../../edge.config.example.json", import.meta.url), "utf8"));

  it.each([2, 4, 8])("is a good one with %d of them", (count) => {
    expect(parseConfig(withEdges(input, count)).edges.map(({ name }) => name)).toHaveLength(count);
  });

  it("advertises several times a second with the fast profile", () => {
    const { carp, edges } = parseConfig(withEdges(input, 3, "fast"));
    expect(carp.advertisementInterval).toBe(0);
    expect(edges.map(({ advskew }) => advskew)).toEqual([40, 60, 80]);
  });
});
