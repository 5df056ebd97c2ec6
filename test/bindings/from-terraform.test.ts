import { chmodSync, copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { PROVIDER } from "../../lib/bindings/bindings.js";
import { refreshSchema } from "../../lib/bindings/from-terraform.js";
import { findTerraform } from "../../lib/operations/terraform-binary.js";
import { ovhProvider, reattach, serveProvider } from "../../lib/simulator/provider/server.js";
import { readProviderSchema } from "../../lib/simulator/region.js";

const source = fileURLToPath(new URL("../../provider-ovh/", import.meta.url));
const committed = readFileSync(join(source, "schema.json"), "utf8");
let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "bindings-"));
  for (const name of ["schema.json", "package.json"]) copyFileSync(join(source, name), join(folder, name));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const written = (name: string) => readFileSync(join(folder, name), "utf8");

/** A terraform that has installed a version of the provider, and prints a schema. */
function terraform(version: string, schema = committed): string {
  const file = join(folder, "terraform");
  writeFileSync(join(folder, "printed"), schema);
  writeFileSync(
    file,
    `#!/bin/sh
case "$1" in
init) grep -q '"= [0-9.]*"' main.tf.json || exit 1; cp main.tf.json '${folder}/asked' ;;
version) echo '{"terraform_version": "1.11.4", "provider_selections": {"${PROVIDER}": "${version}"}}' ;;
providers) cat '${folder}/printed' ;;
esac
`,
  );
  chmodSync(file, 0o755);
  return file;
}

const refresh = (command: string, more: { version?: string; added?: string[] } = {}) =>
  refreshSchema({ folder, terraform: command, environment: process.env, ...more });

describe("the schema from an installed provider", () => {
  it("is the committed one when it is taken from the embedded provider by the real terraform", async () => {
    const schema = readProviderSchema(join(source, "schema.json"));
    const served = await serveProvider(ovhProvider(schema, 100, {}), folder, "ovh");
    // This process answers Terraform, so it may not wait for it.
    const { run } = await import("../e2e/process.js");
    const code = `import { refreshSchema } from ${JSON.stringify(new URL("../../lib/bindings/from-terraform.ts", import.meta.url).href)};
      console.log(JSON.stringify(refreshSchema({ folder: process.argv[1], terraform: process.argv[2], environment: process.env })));`;
    const { status, stdout, stderr } = await run(
      process.execPath,
      ["--import", "tsx", "--input-type=module", "-e", code, folder, findTerraform(process.env)],
      { env: { ...process.env, TF_REATTACH_PROVIDERS: reattach({ "ovh/ovh": served }, process.pid) } },
    );
    served.close();
    expect([status, stderr]).toEqual([0, ""]);
    expect(JSON.parse(stdout)).toEqual({ differences: [] });
    expect(written("schema.json")).toBe(committed);
  });

  it("asks for the pinned version, and writes what changed", () => {
    const [before, after] = ["ovh_cloud_ssh_key", "optional"];
    const schema = JSON.parse(committed);
    const { attributes } = schema.provider_schemas[PROVIDER].resource_schemas[before].block;
    attributes.colour = { type: "string", [after]: true, description: "Its colour." };
    expect(refresh(terraform("2.19.0", JSON.stringify(schema)))).toEqual({
      version: "2.19.0",
      differences: ["ovh_cloud_ssh_key: +colour"],
    });
    expect(JSON.parse(written("asked")).terraform.required_providers.ovh.version).toBe("= 2.19.0");
    const now = JSON.parse(written("schema.json")).provider_schemas[PROVIDER].resource_schemas[before];
    expect(now.block.attributes.colour).toEqual({ type: "string", optional: true });
    expect(written("package.json")).toBe(readFileSync(join(source, "package.json"), "utf8"));
  });

  it("is refused of another version, and nothing is written", () => {
    expect(() => refresh(terraform("2.20.1", "{}"))).toThrow(
      new Error(
        "the provider must have version 2.19.0, Terraform chose 2.20.1; install that one, or ask for the other by --provider-version 2.20.1",
      ),
    );
    expect(written("schema.json")).toBe(committed);
  });

  it("is taken of another version when that is asked for, which is then the pinned one", () => {
    expect(refresh(terraform("2.20.1"), { version: "2.20.1" }).version).toBe("2.20.1");
    expect(JSON.parse(written("package.json")).version).toBe("2.20.1");
  });

  it("is refused with what terraform printed when that fails", () => {
    const command = terraform("2.19.0");
    writeFileSync(command, "#!/bin/sh\necho 'Error: no provider ovh/ovh' >&2\nexit 1\n");
    expect(() => refresh(command)).toThrow(
      new Error(`${command} init -backend=false -input=false -no-color failed:\nError: no provider ovh/ovh`),
    );
    expect(written("schema.json")).toBe(committed);
  });
});
