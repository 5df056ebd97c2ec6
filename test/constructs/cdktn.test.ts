import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { OvhProvider } from "@cdktf/provider-ovh/lib/provider";
import * as cdktf from "cdktf";
import * as cdktn from "cdktn";
import { beforeAll, describe, expect, it } from "vitest";
import { example, exampleWithEdges } from "../config/example.js";
import { run } from "../e2e/process.js";
import { type Json, Synthesized, temporaryFolder } from "./synthesized.js";

const root = fileURLToPath(new URL("../../", import.meta.url));

/** The example's edge, the configuration of each example, and one with what none of them has. */
const CONFIGS = {
  edge: example(),
  ...Object.fromEntries(
    readdirSync(join(root, "examples"), { withFileTypes: true })
      .map(({ name }) => [name, join(root, "examples", name, "edge.config.json")] as const)
      .filter(([, file]) => existsSync(file))
      .map(([name, file]) => [name, JSON.parse(readFileSync(file, "utf8"))]),
  ),
  remote: exampleWithEdges(3, {
    backend: { type: "s3", bucket: "edge-state", region: "gra" },
    "credentials.serviceAccounts": ["edge-1", "edge-2", "edge-3"],
    "notify.webhook": true,
  }),
};

const names = Object.keys(CONFIGS).sort();

const APP = `import { App } from "cdktf";
import { parseConfig } from "./lib/config/load.js";
import { EdgeStack } from "./lib/constructs/edge-stack.js";
import { StateBucketStack } from "./lib/constructs/state-bucket-stack.js";
const app = new App({ outdir: process.argv[2] });
for (const [name, config] of Object.entries(${JSON.stringify(CONFIGS)}))
  new EdgeStack(app, name, { config: parseConfig(config) });
new StateBucketStack(app, "state", {
  project: "0123456789abcdef0123456789abcdef", ovhEndpoint: "ovh-eu", bucket: "edge-state", region: "gra",
  stateFile: "/var/lib/edge/terraform.tfstate",
});
app.synth();
`;

/** A project of the very sources whose `cdktf` is this package, as npm lays out `"cdktf": "npm:PACKAGE"`. */
function projectWith(name: "cdktf" | "cdktn", lib: string): string {
  const project = temporaryFolder();
  const modules = join(project, "node_modules");
  const { dependencies } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
  mkdirSync(join(modules, "@cdktf"), { recursive: true });
  for (const one of ["constructs", ...Object.keys(dependencies)]) {
    // Copies, as the bindings have to find the project's cdktf beside them; all else is what it is.
    if (one.startsWith("@cdktf/"))
      cpSync(join(root, "node_modules", one), join(modules, one), { recursive: true, dereference: true });
    else {
      mkdirSync(dirname(join(modules, one)), { recursive: true });
      symlinkSync(join(root, "node_modules", one), join(modules, one));
    }
  }
  symlinkSync(join(root, "node_modules", name), join(modules, "cdktf"));
  cpSync(lib, join(project, "lib"), { recursive: true });
  cpSync(join(root, "package.json"), join(project, "package.json"));
  writeFileSync(join(project, "app.ts"), APP);
  return project;
}

async function synthesized(project: string): Promise<ReadonlyMap<string, string>> {
  const { status, stderr } = await run(
    process.execPath,
    ["--import", import.meta.resolve("tsx"), "app.ts", "out"],
    { cwd: project },
  );
  expect([status, stderr]).toEqual([0, ""]);
  return new Synthesized(join(project, "out"), "edge").files();
}

/** Where two values differ: the keys on the way, `*` for an element of a list. */
function differences(left: Json, right: Json, path: string): string[] {
  if (Object.is(left, right)) return [];
  const both = [left, right];
  if (!both.every((one) => typeof one === "object" && one !== null)) return [path];
  if (Array.isArray(left) !== Array.isArray(right)) return [path];
  const keys = new Set(both.flatMap((one) => Object.keys(one)));
  return [...keys].flatMap((key) =>
    differences(left[key], right[key], `${path} ${Array.isArray(left) ? "*" : key}`),
  );
}

let files: Record<"cdktf" | "cdktn", ReadonlyMap<string, string>>;

describe("the same sources with cdktn under cdktf's name", () => {
  beforeAll(async () => {
    const first = projectWith("cdktf", join(root, "lib"));
    const second = projectWith("cdktn", join(first, "lib"));
    files = { cdktf: await synthesized(first), cdktn: await synthesized(second) };
  });

  it("write the same files", () => {
    expect([...files.cdktn.keys()].sort()).toEqual([...files.cdktf.keys()].sort());
    expect([...files.cdktf.keys()].filter((name) => name.endsWith("cdk.tf.json"))).toHaveLength(
      names.length + 1,
    );
  });

  it("give the edges the same bytes", () => {
    const assets = [...files.cdktf.keys()].filter((name) => name.includes("/assets/"));
    expect(assets.length).toBeGreaterThan(8);
    for (const name of assets) expect(files.cdktn.get(name), name).toBe(files.cdktf.get(name));
  });

  it("make the same plan: nothing differs but cdktf's version and where its warnings came from", () => {
    const json = [...files.cdktf.keys()].filter((name) => name.endsWith(".json"));
    const parsed = (of: "cdktf" | "cdktn", name: string) => JSON.parse(files[of].get(name) as string);
    const found = json.flatMap((name) => differences(parsed("cdktf", name), parsed("cdktn", name), name));
    expect([...new Set(found)].sort()).toEqual([
      ...names
        .filter((name) => parsed("cdktf", "manifest.json").stacks[name].annotations.length > 0)
        .map((name) => `manifest.json stacks ${name} annotations * stacktrace *`),
      "manifest.json version",
      ...[...names, "state"].sort().map((name) => `stacks/${name}/cdk.tf.json // metadata version`),
    ]);
  });
});

describe("cdktn beside cdktf in one tree", () => {
  // What docs/decisions/010 says of an alias that the bindings do not see.
  it("knows a stack of the other one, which is of another class all the same", () => {
    const stack = new cdktf.TerraformStack(new cdktf.App({ outdir: temporaryFolder() }), "stack");
    expect(cdktn.TerraformStack.isStack(stack)).toBe(true);
    expect(stack).not.toBeInstanceOf(cdktn.TerraformStack);
  });

  it("cannot synthesize what the other one made", () => {
    const app = new cdktn.App({ outdir: temporaryFolder() });
    const stack = new cdktn.TerraformStack(app as never, "stack");
    new OvhProvider(stack as never, "ovh", {});
    expect(() => app.synth()).toThrow("_resetResolveDiscoveredProviderFeatureUsage is not a function");
  });
});
