import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { parse } from "yaml";
import { isThere } from "../../lib/playground/prerequisites.js";
import { run } from "../e2e/process.js";
import { root, type Step, workflow } from "../e2e/workflow.js";

const NAMES = readdirSync(join(root, ".github", "workflows")).sort();
const steps = NAMES.flatMap((name) =>
  Object.entries(workflow(name).jobs).flatMap(([job, { steps }]) =>
    steps.map((step, index): [string, Step] => [`${name}, ${job}, ${step.name ?? step.uses ?? index}`, step]),
  ),
);
const shells = steps.filter(([, { run }]) => run !== undefined);
const folder = mkdtempSync(join(tmpdir(), "workflows-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe("every workflow", () => {
  it("is one that is tested", () => expect(NAMES).toEqual(["deploy.yml", "diff.yml", "publish.yml"]));

  it.each(
    NAMES,
  )("may do nothing but what a job asks for, and no job asks for more than it needs: %s", (name) => {
    const { permissions, jobs } = workflow(name);
    expect(permissions).toEqual({});
    const asked = Object.fromEntries(Object.entries(jobs).map(([job, of]) => [job, of.permissions]));
    const read = { contents: "read" };
    const wanted: Record<string, object> = {
      "deploy.yml": { plan: read, apply: read },
      "diff.yml": { plan: read, comment: { "pull-requests": "write" } },
      "publish.yml": { publish: { ...read, "id-token": "write" } },
    };
    expect(asked).toEqual(wanted[name]);
  });

  it.each(NAMES)("is no workflow that gives a fork secrets: %s", (name) => {
    const { on } = workflow(name);
    for (const event of ["pull_request_target", "workflow_run", "issue_comment"])
      expect(on).not.toHaveProperty(event);
  });

  it.each(NAMES)("stops at the first command of a pipe that fails: %s", (name) => {
    // GitHub's own default has no pipefail.
    expect(workflow(name).defaults.run.shell).toBe("bash");
  });

  it.each(NAMES)("uses actions by their commits, with the release beside: %s", (name) => {
    const text = readFileSync(join(root, ".github", "workflows", name), "utf8");
    const uses = text.split("\n").filter((line) => /^\s*(?:- )?uses:/.test(line));
    expect(uses.length).toBeGreaterThan(0);
    for (const line of uses)
      expect(line).toMatch(/uses: (?:actions|hashicorp)\/[a-z-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/);
  });

  it("uses one commit of each action", () => {
    const used = new Set(steps.flatMap(([, { uses }]) => (uses === undefined ? [] : [uses])));
    const actions = [...used].map((one) => one.split("@")[0]);
    expect(new Set(actions).size).toBe(actions.length);
  });

  it("leaves no credential of GitHub's in the checkout", () => {
    const checkouts = steps.filter(([, { uses }]) => uses?.startsWith("actions/checkout@"));
    expect(checkouts).toHaveLength(4);
    for (const [, step] of checkouts) expect(step.with?.["persist-credentials"]).toBe(false);
  });
});

describe("every step with a shell", () => {
  it.each(shells)("has no expression in its text, as that would be read as shell: %s", (_, { run }) => {
    expect(run).not.toContain("${{");
  });

  it.each(shells)("names no secret: %s", (_, { run }) =>
    expect(run).not.toMatch(/secrets|OVH_|TF_VAR_|AWS_/));

  it.each(shells)("parses: %s", async (_, step) => {
    const { status, stderr } = await run("bash", ["-n", "-c", step.run as string]);
    expect([status, stderr]).toEqual([0, ""]);
  });

  it.skipIf(!isThere({ command: "shellcheck", probe: ["--version"] }))(
    "passes shellcheck (apt-get install shellcheck)",
    async () => {
      const files = shells.map(([, step], index) => {
        const file = join(folder, `${index}.sh`);
        writeFileSync(file, `#!/bin/bash\n${step.run}`);
        return file;
      });
      const { stdout } = await run("shellcheck", [...files, join(root, "scripts", "ci-plan.sh")]);
      expect(stdout).toBe("");
    },
  );

  it("gives secrets to the step that plans or applies, and to no other but the one that lays out the key", () => {
    const holders = steps.filter(([, { env = {} }]) => JSON.stringify(env).includes("secrets."));
    expect(holders.map(([name]) => name)).toEqual([
      "deploy.yml, plan, Plan",
      "deploy.yml, apply, Lay out the SSH key",
      "deploy.yml, apply, Apply what was approved",
      "diff.yml, plan, Plan",
    ]);
  });
});

describe("the workflow on pull requests", () => {
  const { on, jobs, concurrency } = workflow("diff.yml");

  it("plans for branches of this repository alone", () => {
    expect(Object.keys(on)).toEqual(["pull_request"]);
    expect(jobs.plan?.if).toContain("github.event.pull_request.head.repo.full_name == github.repository");
  });

  it("gives up a plan that a newer commit has made old", () => {
    expect(concurrency).toEqual({
      group: "edge-diff-${{ github.event.pull_request.number }}",
      "cancel-in-progress": true,
    });
  });

  it("comments from a job that runs nothing of the pull request, also when the plan failed", () => {
    expect(jobs.comment?.steps.filter(({ uses }) => uses !== undefined)).toEqual([]);
    expect(jobs.comment?.if).toContain("!cancelled()");
    expect(jobs.comment?.needs).toBe("plan");
  });
});

describe("the workflow that deploys", () => {
  const { on, jobs, concurrency } = workflow("deploy.yml");

  it("runs on main and by hand", () => {
    expect(Object.keys(on)).toEqual(["push", "workflow_dispatch"]);
    expect(on.push).toEqual({ branches: ["main"] });
  });

  it("runs once at a time, and to its end", () => {
    expect(concurrency).toEqual({ group: "edge-deploy", "cancel-in-progress": false });
  });

  it("applies only what changes something, after the approval of an environment other than the plan's", () => {
    expect([jobs.plan?.environment, jobs.apply?.environment]).toEqual(["edge-plan", "edge"]);
    expect([jobs.apply?.needs, jobs.apply?.if]).toEqual(["plan", "needs.plan.outputs.exit-code == '2'"]);
  });

  it("hands no plan from one job to the other, but the digest of what it says", () => {
    expect(Object.keys(jobs.plan?.outputs ?? {})).toEqual(["exit-code", "digest"]);
    expect(steps.filter(([, { uses = "" }]) => /artifact|cache@/.test(uses))).toEqual([]);
  });

  it("takes the key away, whatever happens", () => {
    expect(jobs.apply?.steps.at(-1)).toMatchObject({ if: "always()", run: "rm -f ~/.ssh/id_ed25519" });
  });
});

describe("the workflow that publishes", () => {
  const { on, jobs } = workflow("publish.yml");
  const shells = (jobs.publish?.steps ?? []).flatMap(({ run }) => run ?? []);

  it("runs on a tag of a version alone", () => expect(on).toEqual({ push: { tags: ["v*"] } }));

  it("publishes what was checked and nothing else, with provenance", () => {
    expect(shells.map((text) => text.replace(/ .*--out (\S+) .*/, " … --out $1"))).toEqual([
      "npm ci",
      "npm … --out release",
      "npx --yes npm@11.19.1 publish ./release --provenance --access public",
    ]);
  });
});

describe("every step that runs a script of package.json", () => {
  const { scripts } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
  const named = shells.flatMap(([name, { run = "" }]) =>
    [...run.matchAll(/npm run(?: -s)? ([\w:-]+)/g)].map(([, script]): [string, string] => [
      name,
      script as string,
    ]),
  );

  it("is found", () => expect(named.length).toBeGreaterThan(0));

  it.each(named)("names one that exists: %s, %s", (_, script) => expect(scripts).toHaveProperty([script]));
});

describe("the GitLab jobs in the documentation", () => {
  const text = readFileSync(join(root, "docs", "pull-requests.md"), "utf8");
  const [, yaml = ""] = /```yaml\n([\s\S]*?)```/.exec(text) ?? [];
  const jobs: Record<string, { script?: string[]; before_script?: string[]; artifacts?: unknown }> =
    parse(yaml);
  const scripts = Object.entries(jobs).flatMap(([name, { script = [], before_script = [] }]) =>
    script.length + before_script.length === 0 ? [] : [[name, [...before_script, ...script].join("\n")]],
  );

  it.each(scripts)("parse as shell: %s", async (_, script) => {
    const { status, stderr } = await run("bash", ["-n", "-c", script as string]);
    expect([status, stderr]).toEqual([0, ""]);
  });

  it("keep nothing of a plan but the digest of what it says", () => {
    const kept = Object.values(jobs).flatMap(({ artifacts }) => (artifacts === undefined ? [] : [artifacts]));
    expect(kept).toEqual([{ reports: { dotenv: "edge.env" } }]);
  });

  it("run the Terraform that the workflows run", () => {
    const versions = steps.flatMap(([, step]) => step.with?.terraform_version ?? []);
    expect(new Set(versions)).toEqual(new Set([/terraform_([0-9.]+)_linux/.exec(yaml)?.[1]]));
  });
});
