import { existsSync, mkdirSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { CreatedEdge } from "../../lib/config/edge.js";
import type { EdgeConfigInput } from "../../lib/config/schema.js";
import { Playground } from "../../lib/playground/playground.js";
import { example } from "../config/example.js";
import type { Ended } from "./process.js";
import { run } from "./process.js";
import { type Job, Runner, root, type Step, workflow } from "./workflow.js";

const diff = workflow("diff.yml").jobs as { readonly plan: Job; readonly comment: Job };
const deploy = workflow("deploy.yml").jobs as { readonly plan: Job; readonly apply: Job };
const step = (job: Job, name: string) => job.steps.find((one) => one.name === name) as Step;

let playground: Playground;
let runner: Runner;
let secrets: Record<string, string>;
let deployed: EdgeConfigInput;

beforeAll(async () => {
  playground = await Playground.create({ config: example() as EdgeConfigInput, region: { speed: 2 } });
  const config = playground.readConfig();
  deployed = { ...config, ssh: { ...config.ssh, privateKeyPath: "~/.ssh/id_ed25519" } };
  playground.writeConfig(deployed);
  const folder = join(playground.folder, "runner");
  mkdirSync(folder);
  const environment = playground.environment();
  secrets = {
    CARP_PASSWORD: playground.carpPassword,
    EDGE_APPLICATION_KEY: environment.TF_VAR_edge_application_key as string,
    EDGE_APPLICATION_SECRET: environment.TF_VAR_edge_application_secret as string,
    EDGE_CONSUMER_KEY: environment.TF_VAR_edge_consumer_key as string,
    // A secret that is not set is an empty text.
    EDGE_WEBHOOK_URL: "",
    OVH_APPLICATION_KEY: environment.OVH_APPLICATION_KEY as string,
    OVH_APPLICATION_SECRET: environment.OVH_APPLICATION_SECRET as string,
    OVH_CONSUMER_KEY: environment.OVH_CONSUMER_KEY as string,
    STATE_ACCESS_KEY: "",
    STATE_SECRET_KEY: "",
    EDGE_SSH_PRIVATE_KEY: playground.region.deployKey.private,
  };
  const { TF_REATTACH_PROVIDERS, TF_VAR_ovh_endpoint, CHECKPOINT_DISABLE } = environment;
  // What the workflows do not set themselves: where the simulated region is.
  runner = new Runner(folder, {
    TF_REATTACH_PROVIDERS,
    TF_VAR_ovh_endpoint,
    CHECKPOINT_DISABLE,
    TMPDIR: join(folder, "temporary"),
  });
});
afterAll(() => playground?.stop());

/** Runs a step with the values that GitHub has for its expressions. */
async function runs(job: Job, name: string, more: Readonly<Record<string, string>> = {}): Promise<Ended> {
  return runner.step(step(job, name), {
    ...Object.fromEntries(Object.entries(secrets).map(([key, value]) => [`secrets.${key}`, value])),
    "vars.EDGE_CONFIG": playground.configFile,
    "vars.EDGE_SSH_PUBLIC_KEY": playground.region.deployKey.public,
    "github.event.pull_request.head.sha": "0123456789abcdef",
    "github.sha": "0123456789abcdef",
    "join(github.event.pull_request.labels.*.name, ',')": "",
    "inputs.allow": "",
    ...more,
  });
}

const wish = (mutate: (config: EdgeConfigInput) => EdgeConfigInput) =>
  playground.writeConfig(mutate(deployed));
const sizes = (config: EdgeConfigInput) => ({
  ...config,
  edges: (config.edges as CreatedEdge[]).map((edge) => ({ ...edge, flavor: "b3-16" })),
});

describe("the jobs of the workflows, on a simulated region", () => {
  let approved: Record<string, string>;

  it("plan without the private key, and say what a first deploy makes", async () => {
    expect((await runs(diff.plan, "Lay out the SSH key")).status).toBe(0);
    const { status, stdout, stderr } = await runs(diff.plan, "Plan");
    expect([status, stderr]).toEqual([0, ""]);
    const { comment } = runner.outputs;
    expect(comment).toContain("- **`bi-edge-sbg-1`**, **`bi-edge-sbg-2`** get all files, over SSH.\n");
    expect(stdout).toContain(comment);
    expect(stdout).toContain("the plan keeps to all 11 rules\n");
    expect(readFileSync(join(runner.home, ".ssh/id_ed25519"), "utf8")).toBe("");
  });

  it("write one comment, and the same one anew", async () => {
    const log = join(runner.temporary, "gh.log");
    const gh = (ids: string) =>
      runner.command(
        "gh",
        `#!/bin/bash\ncase " $* " in *" --paginate "*) printf '${ids}' ;; *) echo "$*" >>'${log}' ;; esac\n`,
      );
    const comment = runner.outputs.comment as string;
    const values = {
      "github.token": "token",
      "github.repository": "o/r",
      "github.event.pull_request.number": "7",
      "needs.plan.outputs.comment": comment,
    };
    const file = join(runner.temporary, "comment.md");
    for (const ids of ["", "12\\n13\\n"]) {
      gh(ids);
      const { status, stderr } = await runner.step(diff.comment.steps[0] as Step, values);
      expect([status, stderr]).toEqual([0, ""]);
      expect(readFileSync(file, "utf8")).toBe(comment);
    }
    expect(readFileSync(log, "utf8").split("\n")).toEqual([
      `api --silent --method POST repos/o/r/issues/7/comments -F body=@${file}`,
      `api --silent --method PATCH repos/o/r/issues/comments/12 -F body=@${file}`,
      "",
    ]);
  });

  it("summarize the plan that is to be approved", async () => {
    const { status, stderr } = await runs(deploy.plan, "Plan");
    expect([status, stderr]).toEqual([0, ""]);
    approved = runner.outputs;
    expect(approved).toEqual({ "exit-code": "2", digest: expect.stringMatching(/^[0-9a-f]{64}$/) });
    expect(runner.summary).toContain("### Edge `edge`: a deploy would change it");
  });

  it("apply nothing that was not approved", async () => {
    expect((await runs(deploy.apply, "Lay out the SSH key")).status).toBe(0);
    const other = await runs(deploy.apply, "Apply what was approved", {
      "needs.plan.outputs.digest": "0".repeat(64),
    });
    expect(other.status).toBe(3);
    expect(other.stderr).toBe(
      "this is not the plan that was approved: something changed since; start again and approve the new one\n",
    );
    expect(playground.region.machines.size).toBe(0);
  });

  it("apply what was approved", async () => {
    const { status, stdout, stderr } = await runs(deploy.apply, "Apply what was approved", {
      "needs.plan.outputs.digest": approved.digest as string,
    });
    expect([status, stderr]).toEqual([0, ""]);
    expect(stdout).toContain("Apply complete! Resources: 15 added, 0 changed, 0 destroyed.");
    expect(playground.region.holder()).toBe("bi-edge-sbg-1");
    expect((await runs(deploy.apply, "Take the key away")).status).toBe(0);
    expect(existsSync(join(runner.home, ".ssh/id_ed25519"))).toBe(false);
    await runs(diff.plan, "Lay out the SSH key");
  });

  it("say that there is nothing to do, and then apply nothing", async () => {
    const { status } = await runs(diff.plan, "Plan");
    expect([status, runner.outputs.comment]).toEqual([
      0,
      expect.stringContaining("### Edge `edge`: no changes\n"),
    ]);
    await runs(deploy.plan, "Plan");
    expect(runner.outputs["exit-code"]).toBe("0");
  });

  it("say which files are new on which edge", async () => {
    wish((config) => ({
      ...config,
      edges: config.edges.map((edge, index) => (index === 1 ? { ...edge, advskew: 60 } : edge)),
    }));
    const { status } = await runs(diff.plan, "Plan");
    expect(status).toBe(0);
    expect(runner.outputs.comment).toContain(
      "- **`bi-edge-sbg-2`** gets new `/etc/hostname.carp0`.\n\nResources: 1 replaced.\n",
    );
  });

  it("fail by the policy and comment nevertheless, unless a label allows it", async () => {
    wish(sizes);
    const broken = await runs(diff.plan, "Plan");
    expect(broken.status).toBe(1);
    expect(broken.stdout).toContain("the plan breaks the policy in 2 places; --allow RULE lets one pass\n");
    expect(runner.outputs.comment).toContain("> - Policy **`one-edge-at-a-time`**: ");
    const allowed = await runs(diff.plan, "Plan", {
      "join(github.event.pull_request.labels.*.name, ',')":
        "bug,edge-allow:one-edge-at-a-time,edge-allow:holder-stays,needs review",
    });
    expect(allowed.status).toBe(0);
    expect(runner.outputs.comment).toContain("> - Allowed **`one-edge-at-a-time`**: ");
  });

  it("apply nothing that breaks the policy, though somebody approved it", async () => {
    expect((await runs(deploy.plan, "Plan")).status).toBe(1);
    const { digest } = runner.outputs;
    const { status, stdout } = await runs(deploy.apply, "Apply what was approved", {
      "needs.plan.outputs.digest": digest as string,
    });
    expect(status).toBe(1);
    expect(stdout).not.toContain("Apply complete");
  });

  it.each<[string, (config: EdgeConfigInput) => EdgeConfigInput, string]>([
    [
      "OVH's",
      (config) => ({ ...config, failoverIp: { address: "146.59.143.9" } }),
      "failover IP 146.59.143.9 cannot be found in cloud project 5a1b7c0d9e8f4a3b2c1d0e9f8a7b6c5d",
    ],
    [
      "the configuration's",
      (config) => ({ ...config, carp: { ...config.carp, vhid: 0 } }),
      "carp.vhid must be an integer from 1 to 255, got 0",
    ],
  ])("fail with the error that is %s, and comment it", async (_, mutate, message) => {
    wish(mutate);
    const { status, stdout } = await runs(diff.plan, "Plan");
    expect(status).toBe(1);
    expect(runner.outputs.comment).toContain("### Edge `edge`: the plan failed\n");
    expect(runner.outputs.comment).toContain(message);
    expect(stdout).toContain("the plan failed, so the policy was not checked\n");
  });

  it("leave no plan behind, and no secret in any file", async () => {
    expect(readdirSync(runner.temporary).filter((name) => name.startsWith("tmp."))).toEqual([]);
    for (const [name, secret] of Object.entries(secrets)) {
      if (secret === "") continue;
      const [line] = secret.trim().split("\n").slice(-2) as [string];
      // The key of the simulated edges is a short word, which is part of others.
      if (line.length < 12) continue;
      const { stdout } = await run("grep", ["-rlF", "--", line, runner.work, runner.home, runner.temporary], {
        cwd: root,
      });
      expect(stdout, name).toBe("");
    }
  });
});
