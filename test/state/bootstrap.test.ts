import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Playground } from "../../lib/playground/playground.js";
import { example } from "../config/example.js";
import { temporaryFolder } from "../constructs/synthesized.js";
import { terraformRuns } from "../constructs/terraform.js";
import { run } from "../e2e/process.js";

const root = fileURLToPath(new URL("../../", import.meta.url));
const BACKEND = { type: "s3", bucket: "edge-state", region: "sbg" };

describe.skipIf(!terraformRuns)("state:bootstrap on the simulated region", () => {
  let playground: Playground;
  let folder: string;

  beforeAll(async () => {
    playground = await Playground.create({ config: example({ backend: BACKEND }) as never });
    folder = temporaryFolder();
  });
  afterAll(() => playground?.stop());

  const bootstrap = (...args: string[]) =>
    run(
      process.execPath,
      ["--import", import.meta.resolve("tsx"), join(root, "scripts", "state-bootstrap.ts"), ...args],
      { cwd: folder, env: { ...process.env, ...playground.environment() } },
    );
  const project = () => playground.region.project;
  const asked = (method: string) =>
    playground.region.api.journal.entries.filter((entry) => entry.method === method);
  const state = () => JSON.parse(readFileSync(join(folder, ".state-bootstrap", "terraform.tfstate"), "utf8"));
  const secret = (): string =>
    state().resources.find(({ type }: { type: string }) => type === "ovh_cloud_project_user_s3_credential")
      .instances[0].attributes.secret_access_key;

  it("tells how it is used", async () => {
    const { status, stdout } = await bootstrap("--help");
    expect(status).toBe(0);
    for (const option of ["--config", "--folder", "--yes", "--show-secret"]) expect(stdout).toContain(option);
    expect(stdout.replace(/\s+/g, " ")).toContain("the key's secret lies in it in clear");
  });

  it("refuses a configuration that keeps its state elsewhere, before it asks anything of OVH", async () => {
    const config = playground.readConfig();
    playground.writeConfig({ ...config, backend: undefined });
    const { status, stderr } = await bootstrap("--yes");
    playground.writeConfig(config);
    expect(stderr).toBe(
      `${playground.configFile}: 1 error\n  backend.type must be s3 to make a bucket for the state, ` +
        'got "local"; give backend its type s3, a bucket and a region\n',
    );
    expect(status).toBe(1);
    expect(playground.region.api.journal.entries).toEqual([]);
  });

  it("shows a plan and makes nothing while nobody agrees", async () => {
    const { status, stdout, stderr } = await bootstrap();
    expect(stdout).toContain("Plan: 4 to add, 0 to change, 0 to destroy.");
    expect(stderr).toBe(
      "Make bucket edge-state in sbg and a key for it? Nobody can answer here; say --yes\n",
    );
    expect(status).toBe(1);
    expect([project().users.list(), project().buckets.names()]).toEqual([[], []]);
    expect(asked("POST")).toEqual([]);
  });

  it("makes a bucket with versions and encryption, and a user that owns it, held to it by a policy", async () => {
    const { status, stdout, stderr } = await bootstrap("--yes");
    expect([status, stderr]).toEqual([0, ""]);
    expect(stdout).toContain("Apply complete! Resources: 4 added, 0 changed, 0 destroyed.");
    const [user] = project().users.list();
    expect(user?.roles.map(({ name }) => name)).toEqual(["objectstore_operator"]);
    expect(project().buckets.get("SBG", "edge-state")).toMatchObject({
      ownerId: user?.id,
      versioning: { status: "enabled" },
      encryption: { sseAlgorithm: "AES256" },
    });
    const { Statement } = JSON.parse(project().users.getPolicy(String(user?.id)).policy);
    expect(Statement).toEqual([
      {
        Sid: "TerraformState",
        Effect: "Allow",
        Action: expect.arrayContaining(["s3:ListBucket", "s3:GetObject", "s3:PutObject", "s3:DeleteObject"]),
        Resource: ["arn:aws:s3:::edge-state", "arn:aws:s3:::edge-state/*"],
      },
    ]);
    expect(project().users.listKeys(String(user?.id))).toHaveLength(1);
  });

  it("prints no secret, but commands that read it", async () => {
    const { stdout, stderr } = await bootstrap("--yes");
    expect(secret()).toMatch(/^[0-9a-f]{32}$/);
    expect(stdout + stderr).not.toContain(secret());
    const exports = stdout.split("\n").filter((line) => line.startsWith("export "));
    const { stdout: read } = await run("bash", [
      "-c",
      `${exports.join("\n")}\nprintf '%s %s' "$AWS_ACCESS_KEY_ID" "$AWS_SECRET_ACCESS_KEY"`,
    ]);
    const [user] = project().users.list();
    const [key] = project().users.listKeys(String(user?.id));
    expect(read).toBe(`${key?.access} ${secret()}`);
  });

  it("prints the key itself when it is asked for", async () => {
    const { stdout } = await bootstrap("--yes", "--show-secret");
    expect(stdout).toContain(`\nexport AWS_SECRET_ACCESS_KEY=${secret()}\n`);
  });

  it("changes nothing when it is done again, also after the bucket has got a state", async () => {
    project().buckets.store("SBG", "edge-state", "edge/terraform.tfstate", 60_000);
    const before = asked("POST").filter(({ path }) => !path.endsWith("/secret")).length;
    const { status, stdout } = await bootstrap();
    expect(stdout).toContain("No changes. Your infrastructure matches the configuration.");
    expect(status).toBe(0);
    expect(asked("POST").filter(({ path }) => !path.endsWith("/secret"))).toHaveLength(before);
  });

  it("has the secret in its own state alone, which nobody else can read", () => {
    const files = readdirSync(join(folder, ".state-bootstrap"), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name));
    const holding = files.filter((file) => readFileSync(file, "latin1").includes(secret()));
    expect(holding).toEqual([join(folder, ".state-bootstrap", "terraform.tfstate")]);
    expect(holding.map((file) => statSync(file).mode & 0o077)).toEqual([0]);
    expect(files.filter((file) => file.endsWith("/plan"))).toEqual([]);
  });

  it("never lets Terraform destroy the bucket, with all states in it", async () => {
    const stack = join(folder, ".state-bootstrap", "cdktf.out", "stacks", "state");
    const { status, stderr } = await run("terraform", ["destroy", "-auto-approve", "-no-color"], {
      cwd: stack,
      env: { ...process.env, ...playground.environment() },
    });
    expect(status).toBe(1);
    expect(stderr).toContain("Instance cannot be destroyed");
    expect(project().buckets.get("SBG", "edge-state").objectsCount).toBe(1);
  });

  const terraform = (where: string, command: string) =>
    run("bash", ["-euc", command], {
      cwd: join(folder, where, "cdktf.out", "stacks", "state"),
      env: { ...process.env, ...playground.environment() },
    });

  it("gives a new key for the old one, and leaves the bucket as it is", async () => {
    const before = secret();
    const { status, stdout } = await terraform(
      ".state-bootstrap",
      'terraform apply -no-color -auto-approve -replace="$(terraform state list | grep s3_credential)"',
    );
    expect(status).toBe(0);
    expect(stdout).toContain("Resources: 1 added, 0 changed, 1 destroyed.");
    expect(secret()).not.toBe(before);
    const [user] = project().users.list();
    expect(project().users.listKeys(String(user?.id))).toHaveLength(1);
  });

  it("takes over a bucket and its user by import, when its own state is lost", async () => {
    await bootstrap("--folder", "found");
    const [user] = project().users.list();
    const { project: id } = playground.readConfig();
    const imported = await terraform(
      "found",
      `terraform import -no-color ovh_cloud_project_storage.storage ${id}/SBG/edge-state
       terraform import -no-color ovh_cloud_project_user.user ${id}/${user?.id}`,
    );
    expect([imported.status, imported.stderr]).toEqual([0, ""]);
    const { status, stdout } = await bootstrap("--yes", "--folder", "found");
    expect(status).toBe(0);
    expect(stdout).toContain("2 added,");
    expect(stdout).toContain(" 0 destroyed.");
    expect(project().users.list()).toHaveLength(1);
    expect(project().buckets.get("SBG", "edge-state").objectsCount).toBe(1);
  });

  it("says what to do when the bucket is somebody else's", async () => {
    const { status, stderr } = await bootstrap("--yes", "--folder", "another");
    expect(status).toBe(1);
    expect(stderr).toContain("Bucket edge-state already exists");
    expect(stderr).toContain("choose another backend.bucket, or import it; see docs/state.md");
  });
});
