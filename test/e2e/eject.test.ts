import { cpSync, existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { EdgeConfigInput } from "../../lib/config/schema.js";
import { findTerraform } from "../../lib/operations/terraform-binary.js";
import { Playground } from "../../lib/playground/playground.js";
import { example } from "../config/example.js";
import { type Ended, run } from "./process.js";

const root = fileURLToPath(new URL("../../", import.meta.url));
let playground: Playground;
let ejected: string;
let moved: string;

const eject = (...args: string[]): Promise<Ended> =>
  run(process.execPath, ["--import", import.meta.resolve("tsx"), join(root, "scripts/eject.ts"), ...args], {
    cwd: playground.folder,
    env: { ...process.env, ...playground.environment() },
  });

/** Runs Terraform with nothing but itself on PATH. */
const terraform = (...args: string[]): Promise<Ended> => {
  const { TF_REATTACH_PROVIDERS, EDGE_CONFIG, EDGE_PLAYGROUND, ...environment } = playground.environment();
  return run(join(playground.folder, "bin", "terraform"), args, {
    cwd: moved,
    env: {
      ...environment,
      TF_REATTACH_PROVIDERS,
      PATH: join(playground.folder, "bin"),
      HOME: playground.folder,
    },
  });
};

beforeAll(async () => {
  playground = await Playground.create({ config: example() as EdgeConfigInput, region: { speed: 2 } });
  ejected = join(playground.folder, "ejected");
  moved = join(playground.folder, "elsewhere", "moved");
  await playground.synth();
  await playground.terraform.init();
  await playground.terraform.apply(() => {});
  mkdirSync(join(playground.folder, "bin"));
  const found = await run("sh", ["-c", `command -v ${findTerraform(process.env)}`]);
  symlinkSync(found.stdout.trim(), join(playground.folder, "bin", "terraform"));
});
afterAll(() => playground?.stop());

describe("npm run eject", () => {
  it("writes a folder and says what is in it", async () => {
    const { status, stdout, stderr } = await eject("--out", ejected, "--json");
    expect([status, stderr]).toEqual([0, ""]);
    const told = JSON.parse(stdout);
    expect(told).toMatchObject({ backend: "local", stateFile: "terraform.edge.tfstate" });
    expect(told.variables).toContain("carp_password");
    expect(told.files).toEqual(expect.arrayContaining([".gitignore", "README.md", "main.tf.json"]));
    for (const file of told.files) expect(existsSync(join(ejected, file)), file).toBe(true);
  });

  it("names no path of the checkout, no secret, and nothing of cdktf's", async () => {
    const { stdout } = await run("grep", ["-rlF", "-e", root, "-e", playground.carpPassword, ejected]);
    expect(stdout).toBe("");
    expect(readFileSync(join(ejected, "main.tf.json"), "utf8")).not.toContain('"//"');
  });

  it("is planned without changes by plain Terraform with the state, from wherever it lies", async () => {
    cpSync(ejected, moved, { recursive: true });
    const readme = readFileSync(join(moved, "README.md"), "utf8");
    expect(readme).toContain("cp OLD/cdktf.out/stacks/edge/terraform.edge.tfstate .");
    cpSync(join(playground.stackFolder, "terraform.edge.tfstate"), join(moved, "terraform.edge.tfstate"));
    const init = await terraform("init", "-input=false", "-no-color");
    expect([init.status, init.stderr]).toEqual([0, ""]);
    const { status, stdout } = await terraform("plan", "-input=false", "-no-color", "-detailed-exitcode");
    expect(stdout).toContain("No changes. Your infrastructure matches the configuration.");
    expect(status).toBe(0);
  });

  it("is planned with changes without the state, as its README says", async () => {
    cpSync(join(moved, "terraform.edge.tfstate"), join(playground.folder, "kept.tfstate"));
    writeFileSync(join(moved, "terraform.edge.tfstate"), "");
    const { status, stdout } = await terraform(
      "plan",
      "-input=false",
      "-no-color",
      "-detailed-exitcode",
      "-refresh=false",
    );
    expect([status, stdout]).toEqual([2, expect.stringContaining("15 to add, 0 to change, 0 to destroy")]);
  });

  it("writes over nothing", async () => {
    const { status, stdout, stderr } = await eject("--out", ejected);
    expect([status, stdout]).toEqual([1, ""]);
    expect(stderr).toBe(
      `--out must be a new or an empty folder, got ${ejected}; choose another one, or remove it first\n`,
    );
  });

  it("refuses a stack that reads files of the checkout, and leaves nothing", async () => {
    const config = playground.readConfig();
    playground.writeConfig({ ...config, ssh: { ...config.ssh, privateKeyPath: join(root, "id") } });
    const out = join(playground.folder, "other");
    const { status, stderr } = await eject("--out", out);
    expect([status, existsSync(out)]).toEqual([1, false]);
    expect(stderr).toContain("the stack must name no path of this checkout");
    playground.writeConfig(config);
  });

  it("leaves the state where it is with a backend that is elsewhere", async () => {
    const config = playground.readConfig();
    playground.writeConfig({
      ...config,
      backend: { type: "http", address: "https://state.example.org/edge" },
    });
    const out = join(playground.folder, "remote");
    const { status, stdout } = await eject("--out", out);
    expect([status, stdout.endsWith(`${out}/README.md says how to go on\n`)]).toEqual([0, true]);
    expect(readFileSync(join(out, "README.md"), "utf8")).toContain(
      "The state stays where it is: the backend `http` is in `main.tf.json`",
    );
    playground.writeConfig(config);
  });
});
