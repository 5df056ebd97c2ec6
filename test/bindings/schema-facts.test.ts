import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { lackingBindings, PROVIDER } from "../../lib/bindings/bindings.js";
import { type SchemaFile, schemaDifferences, schemaFacts } from "../../lib/bindings/schema-facts.js";

const text = readFileSync(fileURLToPath(new URL("../../provider-ovh/schema.json", import.meta.url)), "utf8");
const committed: SchemaFile = JSON.parse(text);
const facts = committed.provider_schemas[PROVIDER]!;

/** What Terraform prints of it: with descriptions everywhere, false flags, and types that nobody asked for. */
function printed(provider = PROVIDER): SchemaFile {
  const wordy = (value: unknown): unknown => {
    if (Array.isArray(value) || typeof value !== "object" || value === null) return value;
    const all = Object.fromEntries(Object.entries(value).map(([key, one]) => [key, wordy(one)]));
    const isAttribute = typeof all.type === "string" || Array.isArray(all.type);
    return isAttribute
      ? { ...all, description: "What it is.", description_kind: "plain", write_only: false }
      : all;
  };
  const more = {
    ovh_vrack: {
      version: 0,
      block: { description_kind: "markdown", attributes: { id: { type: "string" } } },
    },
  };
  const { resource_schemas, ...others } = wordy(facts) as typeof facts;
  const reversed = Object.fromEntries(Object.entries(resource_schemas).reverse());
  const whole = { ...others, resource_schemas: { ...more, ...reversed }, functions: {} };
  return { format_version: "1.0", provider_schemas: { [provider]: whole } } as SchemaFile;
}

const replaced = (change: (attributes: Record<string, unknown>) => void): SchemaFile => {
  const file = structuredClone(printed());
  const block = file.provider_schemas[PROVIDER]?.resource_schemas.ovh_cloud_ssh_key?.block as {
    attributes: Record<string, unknown>;
  };
  change(block.attributes);
  return file;
};

describe("the facts of a provider's schema", () => {
  it.each([
    PROVIDER,
    "registry.opentofu.org/ovh/ovh",
  ])("are what is committed, to the byte, whatever %s tells beside them", (name) => {
    expect(`${JSON.stringify(schemaFacts(printed(name), committed), null, 1)}\n`).toBe(text);
  });

  it("take further types when asked for them", () => {
    const more = schemaFacts(printed(), committed, ["ovh_vrack"]);
    expect(more.provider_schemas[PROVIDER]?.resource_schemas.ovh_vrack).toEqual({
      version: 0,
      block: { attributes: { id: { type: "string" } } },
    });
    expect(schemaDifferences(committed, more)).toEqual(["ovh_vrack: added"]);
  });

  it.each<[what: string, make: () => SchemaFile, message: string]>([
    [
      "nothing of the provider",
      () => ({ format_version: "1.0", provider_schemas: {} }),
      "Terraform must print the schema of registry.terraform.io/ovh/ovh, got none; install that provider",
    ],
    [
      "another provider",
      () => printed("registry.terraform.io/hashicorp/null"),
      "Terraform must print the schema of registry.terraform.io/ovh/ovh, got registry.terraform.io/hashicorp/null; install that provider",
    ],
  ])("are refused of %s", (_, make, message) => {
    expect(() => schemaFacts(make(), committed)).toThrow(new Error(message));
  });

  it("are refused where the provider lacks a type, by its name", () => {
    expect(() => schemaFacts(printed(), committed, ["ovh_none", "ovh_nothing"])).toThrow(
      new Error(
        "the provider must have the types ovh_none, ovh_nothing, it does not; take another version of it, or do without them in lib/constructs and provider-ovh/schema.json",
      ),
    );
  });
});

describe("the differences between two schemas", () => {
  it("are none where nothing changed", () => expect(schemaDifferences(committed, committed)).toEqual([]));

  it("name each attribute that came, went, or changed its facts", () => {
    const changed = replaced((attributes) => {
      attributes.colour = { type: "string", optional: true };
      attributes.name = { type: "string", optional: true };
      delete attributes.public_key;
    });
    expect(schemaDifferences(committed, schemaFacts(changed, committed))).toEqual([
      "ovh_cloud_ssh_key: +colour, -public_key, ~name",
    ]);
  });
});

describe("bindings", () => {
  const whole = (path: string) => (path === "schema.sha256" ? "d1\n" : "x");

  it("lack nothing when every type has its code and its types", () => {
    expect(lackingBindings(committed, "d1", whole)).toEqual([]);
  });

  it("lack what is not there, or empty", () => {
    const holes = new Map([
      ["provider/index.js", undefined],
      ["index.d.ts", ""],
    ]);
    const read = (path: string) => (holes.has(path) ? holes.get(path) : whole(path));
    expect(lackingBindings(committed, "d1", read)).toEqual(["index.d.ts", "provider/index.js"]);
  });
});
