import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { schemaDigest } from "../../lib/bindings/bindings.js";
import { jsonSchema } from "../../lib/config/json-schema.js";
import { parseConfig } from "../../lib/config/load.js";
import { configurationReference } from "../../lib/config/reference.js";
import { sceneOf } from "../../lib/operations/diagram/scene.js";
import { sceneSvg } from "../../lib/operations/diagram/svg.js";

const root = fileURLToPath(new URL("../../", import.meta.url));
const read = (name: string) => readFileSync(`${root}${name}`, "utf8");

describe("what is made from the code", () => {
  it("has a JSON Schema that is the configuration's (else npm run docs)", () => {
    expect(read("edge.config.schema.json")).toBe(jsonSchema());
  });

  it("has a configuration reference that is the configuration's (else npm run docs)", () => {
    expect(read("docs/configuration.md")).toBe(configurationReference());
  });

  it("has a picture of the example's edge (else npm run docs)", () => {
    const example = parseConfig(JSON.parse(read("edge.config.example.json")));
    expect(read("docs/architecture.svg")).toBe(sceneSvg(sceneOf(example)));
  });

  it("has bindings of the committed schema (else npm run bindings)", () => {
    expect(read("provider-ovh/lib/schema.sha256").trim()).toBe(
      schemaDigest(read("provider-ovh/schema.json")),
    );
  });

  it("has bindings for every type of the schema and for no other", () => {
    const schema = JSON.parse(read("provider-ovh/schema.json")).provider_schemas[
      "registry.terraform.io/ovh/ovh"
    ];
    const folders = [
      ...Object.keys(schema.resource_schemas).map((name) => name.replace(/^ovh_/, "")),
      ...Object.keys(schema.data_source_schemas).map((name) => `data_${name}`),
      "provider",
    ].map((name) => name.replaceAll("_", "-"));
    const found = readdirSync(`${root}provider-ovh/lib`, { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map((entry) => entry.name);
    expect(found.sort()).toEqual(folders.sort());
  });
});

describe("the lock file", () => {
  it("names no address", () => {
    expect(read("package-lock.json")).not.toMatch(/"resolved": "http/);
  });
});
