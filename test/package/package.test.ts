import { existsSync, readdirSync, readFileSync, realpathSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { apiFiles, packageReport } from "../../lib/release/api-report.js";
import { expectationsOf, releaseFindings, tarballAt, writePublishable } from "../../lib/release/release.js";
import { readTarball } from "../../lib/release/tarball.js";
import { run } from "../e2e/process.js";
import { Installed, type NodeLine, root } from "./installed.js";
import { type Published, Registry } from "./registry.js";
import { withCdktn } from "./with-cdktn.js";

const { version: VERSION } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
const EXAMPLE = join(root, "edge.config.example.json");
const OLD = "--ignoreDeprecations 6.0";
// Node 20 says so where code outside of node_modules requires ESM; cdktf calls what Node 22 says is old.
const EXPERIMENTAL = /\(node:\d+\) ExperimentalWarning: .*\n\(Use `.*\n/g;
const DEPRECATED = /\(node:\d+\) \[DEP0044\] .*\n\(Use `.*\n/;
const NODES: readonly NodeLine[] = ["20", "22", "24"];
let installed: Installed;
// Compilers take long on a busy machine.
vi.setConfig({ testTimeout: 300_000, hookTimeout: 300_000 });

beforeAll(async () => {
  installed = await Installed.make();
});
afterAll(() => installed?.remove());

describe("the tarball", () => {
  it("may be published", () => {
    expect(releaseFindings(tarballAt(installed.tarball), expectationsOf(root))).toEqual([]);
  });

  it("has the public API that was reviewed (else npm run api, and look at what it changed)", () => {
    const { text, digest, undocumented } = packageReport(realpathSync(installed.package));
    expect(text).toBe(readFileSync(join(root, apiFiles.report), "utf8"));
    expect(readFileSync(join(root, apiFiles.documentation), "utf8")).toContain(`declarations: ${digest}`);
    expect(undocumented).toEqual([]);
  });
});

describe("publishing", () => {
  const registry = new Registry();
  const publish = async (...args: string[]) =>
    run("npm", ["publish", ...args, ...(await flags), "--no-update-notifier"], { cwd: installed.folder });
  const flags = registry.open();
  afterAll(() => registry.close());

  it("is refused of what nobody has checked, such as a tarball with an empty bundle", async () => {
    const { status, stderr } = await publish("--ignore-scripts", installed.tarball);
    expect(status).toBe(1);
    expect(stderr).toContain("EPRIVATE");
    expect(registry.published).toEqual([]);
  });

  it("takes the folder that release:check writes, whole", async () => {
    const folder = join(installed.folder, "release");
    const packed = tarballAt(installed.tarball);
    writePublishable(packed, folder, "git+https://git.example/edge.git");
    const { status, stderr } = await publish(folder);
    expect([status, status === 0 ? "" : stderr]).toEqual([0, ""]);
    const [{ versions, _attachments }] = registry.published as [Published];
    expect(versions[VERSION]).toMatchObject({
      bundleDependencies: ["@cdktf/provider-ovh"],
      repository: { type: "git", url: "git+https://git.example/edge.git" },
    });
    for (const key of ["private", "scripts", "devDependencies"])
      expect(versions[VERSION]).not.toHaveProperty(key);
    const [{ data }] = Object.values(_attachments) as [{ data: string }];
    const sent = readTarball(Buffer.from(data, "base64"));
    expect([...sent.files.keys()].sort()).toEqual([...packed.files.keys()].sort());
  });
});

describe("an installation in an empty project", () => {
  it("brings the peers, the bindings, and no development dependency", () => {
    const there = (name: string) => existsSync(join(installed.folder, "node_modules", name));
    expect(["cdktf", "constructs", "zod", "@cdktf/provider-null"].filter((name) => !there(name))).toEqual([]);
    const { devDependencies } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
    const peers = ["cdktf", "constructs"];
    // Types come with what needs them.
    const brought = Object.keys(devDependencies).filter((name) => !name.startsWith("@types/") && there(name));
    expect(brought.filter((name) => !peers.includes(name))).toEqual([]);
    expect(readdirSync(join(installed.package, "node_modules"))).toEqual(["@cdktf"]);
  });

  it("has one cdktf, or constructs of two would not know each other", () => {
    const all = readdirSync(join(installed.folder, "node_modules"), { recursive: true, encoding: "utf8" });
    expect(
      all.filter((path) => /(^|node_modules\/)(cdktf|constructs)\/package\.json$/.test(path)).sort(),
    ).toEqual(["cdktf/package.json", "constructs/package.json"]);
  });

  it("has the commands, whose messages name them as they are started there", async () => {
    const bin = join(installed.folder, "node_modules", ".bin", "cdktf-ovh-edge");
    const [checked, rendered, refused, none] = await Promise.all([
      run(bin, ["config:check", "--config", EXAMPLE]),
      run(bin, ["render", "--config", EXAMPLE, "--edge", "nobody"]),
      run(bin, ["accept", "--list", "--only", "nothing"]),
      run(bin, ["deploy"]),
    ]);
    expect([checked.status, checked.stderr]).toEqual([0, ""]);
    expect(checked.stdout).toContain("edge.config.example.json is in order");
    expect([rendered.status, rendered.stderr]).toEqual([
      1,
      "there is no edge nobody; the configuration has bi-edge-sbg-1, bi-edge-sbg-2\n",
    ]);
    expect([refused.status, refused.stderr]).toEqual([
      2,
      "there is no assumption nothing; npx cdktf-ovh-edge accept --list shows all\n",
    ]);
    expect([none.status, none.stderr]).toEqual([
      2,
      "the first argument must be a command, got deploy; it is one of accept, config:check, credentials, demo, diagram, diff-comment, doctor, drill, eject, estimate, fault, policy, render, simulator, ssh, state:bootstrap, status, and takes --help\n",
    ]);
  });
});

describe("TypeScript that uses the package", () => {
  const REQUIRED = "error TS1479: The current file is a CommonJS module";

  it("compiles as CommonJS with nodenext, for which require may give ESM", async () => {
    const options = "--module nodenext --skipLibCheck --types node --outDir out";
    expect(await installed.compile("commonjs", options, "app.ts")).toEqual([]);
  });

  it("compiles as ESM, its tests and what is documented as well, and all declarations are sound", async () => {
    const options = "--module nodenext --skipLibCheck false --types node --outDir out";
    const blocks = readFileSync(join(root, "docs", "library.md"), "utf8").matchAll(
      /^```ts\n([\s\S]*?)^```$/gm,
    );
    const documented = [...blocks].map(([, text], index) => {
      writeFileSync(join(installed.project("module"), `documented-${index}.ts`), text as string);
      return `documented-${index}.ts`;
    });
    expect(documented).toHaveLength(2);
    expect(await installed.compile("module", options, "app.ts", "deploy.ts", ...documented)).toEqual([]);
  });

  it.each([
    ["as a bundler resolves", "--module commonjs --moduleResolution bundler"],
    [
      "as Node 10 did, which cdktf's own template asks for",
      `--module commonjs --moduleResolution node10 ${OLD}`,
    ],
  ])("compiles as CommonJS when modules are resolved %s", async (_, options) => {
    expect(await installed.compile("commonjs", `${options} --skipLibCheck --noEmit`, "small.ts")).toEqual([]);
  });

  it("is told that it cannot require ESM as CommonJS with node16", async () => {
    const told = await installed.compile("commonjs", "--module node16 --skipLibCheck --noEmit", "small.ts");
    expect(told.filter((line) => line.includes(REQUIRED))).toHaveLength(4);
  });
});

describe("the package on other Nodes", () => {
  beforeAll(() => installed.installNodes());

  it.each(
    NODES.flatMap((node) => [`use.cjs on ${node}`, `use.mjs on ${node}`]),
  )("renders an edge without Terraform and refuses a broken configuration: %s", async (what) => {
    const [file = "", , node] = what.split(" ");
    const project = installed.project(file.endsWith(".cjs") ? "commonjs" : "module");
    const { status, stdout, stderr } = await run(installed.node(node as NodeLine), [file], { cwd: project });
    expect([status, stderr.replaceAll(EXPERIMENTAL, "")]).toEqual([0, ""]);
    const { version, refused, files, made } = JSON.parse(stdout);
    expect([version, refused, made]).toEqual([VERSION, ["region"], ["function", "function"]]);
    expect(files).toContain("/usr/local/sbin/edge-sync");
    expect(files).toContain("/etc/ifstated.conf");
  });

  it("gives one and the same stack on all of them, CommonJS or ESM", async () => {
    const synthesized = await Promise.all(
      NODES.flatMap((line) =>
        (["commonjs", "module"] as const).map(async (type) => {
          const out = join(installed.folder, `cdktf.out-${type}-${line}`);
          const env = { ...process.env, EDGE_CONFIG: EXAMPLE, CDKTF_OUTDIR: out };
          const ended = await run(installed.node(line), ["out/app.js"], {
            cwd: installed.project(type),
            env,
          });
          expect([ended.status, ended.stderr.replace(DEPRECATED, "")]).toEqual([0, ""]);
          const stack = join(out, "stacks", "foreign");
          // The state lies in the folder of the project.
          return readFileSync(join(stack, "cdk.tf.json"), "utf8").replaceAll(installed.project(type), "");
        }),
      ),
    );
    expect(new Set(synthesized).size).toBe(1);
    const { resource } = JSON.parse(synthesized[0] as string);
    const [record] = Object.values<{ target: string }>(resource.ovh_domain_zone_record);
    expect(record?.target).toBe("146.59.143.231");
  });
});

describe("the package with cdktn under cdktf's name", () => {
  it("is refused by npm without the overrides of docs/ways-out.md, and synthesizes by the one cdktf there is with them", async () => {
    const { refused, ...found } = await withCdktn(installed.tarball, join(installed.folder, "cdktn"));
    expect(refused).toContain('peer cdktf@"^0.21.0" from cdktf-ovh-edge');
    expect(found).toEqual({ installed: ["cdktn 0.24.0"], synthesizedBy: "0.24.0" });
  });
});

describe("the installed package", () => {
  it("deploys somebody's own stack, which Terraform finds valid, on a region of its own", async () => {
    const { status, stdout, stderr } = await run(process.execPath, ["out/deploy.js", EXAMPLE], {
      cwd: installed.project("module"),
    });
    expect([status, stderr]).toEqual([0, ""]);
    const { told, ...found } = JSON.parse(stdout);
    expect(found).toEqual({
      failoverIp: "146.59.143.231",
      answering: "bi-edge-sbg-1",
      name: ["146.59.143.231"],
      machines: ["bi-edge-sbg-1", "bi-edge-sbg-2", "web"],
      valid: true,
      plan: "no changes",
      left: [],
    });
    expect(told).toMatchObject({
      address: "146.59.143.231",
      mac: expect.stringMatching(/^([0-9a-f]{2}:){5}/),
    });
    expect(told.ssh).toContain(`root@${told.first}`);
  });
});
