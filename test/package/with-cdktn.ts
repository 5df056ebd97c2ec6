import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { run } from "../e2e/process.js";

const root = fileURLToPath(new URL("../../", import.meta.url));
const NPM = ["install", "--ignore-scripts", "--prefer-offline", "--no-audit", "--no-fund"];

const APP = `import { App } from "cdktf";
import { EdgeStack, loadConfig } from "cdktf-ovh-edge";
const app = new App();
new EdgeStack(app, "edge", { config: loadConfig(process.argv[2], {}) });
app.synth();
`;

/** What came of the package in a project whose `cdktf` is cdktn. */
export interface WithCdktn {
  /** What npm says without `overrides`. */
  readonly refused: string;
  /** Each cdktf that is installed, as its own manifest has it. */
  readonly installed: readonly string[];
  /** Version that the synthesized stack notes down. */
  readonly synthesizedBy: string;
}

/** Makes a project of the lines that docs/ways-out.md gives, with a tarball in place of the version, and synthesizes. */
export async function withCdktn(tarball: string, folder: string): Promise<WithCdktn> {
  const page = readFileSync(join(root, "docs", "ways-out.md"), "utf8");
  const block = /^```json\n([\s\S]*?)^```$/m.exec(page)?.[1];
  const { dependencies, overrides } = JSON.parse(`{${block}}`);
  dependencies["cdktf-ovh-edge"] = `file:${tarball}`;
  const npm = (manifest: object) => {
    writeFileSync(join(folder, "package.json"), JSON.stringify({ type: "module", ...manifest }));
    return run("npm", NPM, { cwd: folder });
  };
  mkdirSync(folder);
  const { stderr: refused } = await npm({ dependencies });
  const { status, stderr } = await npm({ dependencies, overrides });
  if (status !== 0) throw new Error(`npm install with the overrides of docs/ways-out.md failed:\n${stderr}`);
  writeFileSync(join(folder, "app.js"), APP);
  const synth = await run(process.execPath, ["app.js", join(root, "edge.config.example.json")], {
    cwd: folder,
  });
  if (synth.status !== 0) throw new Error(`the stack was not synthesized:\n${synth.stderr}`);
  const stack = JSON.parse(readFileSync(join(folder, "cdktf.out/stacks/edge/cdk.tf.json"), "utf8"));
  const manifests = readdirSync(join(folder, "node_modules"), { recursive: true, encoding: "utf8" })
    .filter((path) => /(^|node_modules\/)cdktf\/package\.json$/.test(path))
    .map((path) => JSON.parse(readFileSync(join(folder, "node_modules", path), "utf8")));
  return {
    refused,
    installed: manifests.map(({ name, version }) => `${name} ${version}`),
    synthesizedBy: stack["//"].metadata.version,
  };
}
