import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { EdgeConfigInput } from "../../lib/config/schema.js";
import { Playground } from "../../lib/playground/playground.js";
import type { Machine } from "../../lib/simulator/node/machine.js";

const root = fileURLToPath(new URL("../../", import.meta.url));
const example: EdgeConfigInput = JSON.parse(readFileSync(`${root}edge.config.example.json`, "utf8"));
const [first] = example.edges.map(({ name }) => name) as [string];
const TOKEN = "the-token-of-the-webhook";
const VARIABLE = "TF_VAR_edge_webhook_url";
let playground: Playground;
const text = (path: string) => readFileSync(path, "utf8");

beforeAll(async () => {
  playground = await Playground.create({
    config: { ...example, notify: { webhook: true, mail: "ops@example.org" } },
  });
  await playground.synth();
  await playground.terraform.init();
});
afterAll(async () => {
  delete process.env[VARIABLE];
  await playground?.stop();
});

describe("a deploy with a webhook", { timeout: 120_000 }, () => {
  it("refuses a URL that is none, without showing it", async () => {
    process.env[VARIABLE] = `http://hooks.example/${TOKEN}`;
    await expect(playground.terraform.apply(() => {})).rejects.toThrow(
      /the webhook's URL must be an https URL with a path/,
    );
  });

  it("puts the URL where only root reads it, and in no trigger, synthesis or log", async () => {
    process.env[VARIABLE] = `https://hooks.example/services/${TOKEN}`;
    await playground.terraform.apply(() => {});
    const { sandbox, syslog } = playground.region.machine(first) as Machine;
    const { stdout } = await sandbox.run("ls -l /etc/edge.conf; ls -l /usr/local/sbin/edge-notify");
    expect(stdout).toMatch(/^-rw------- .*\n-r-xr-xr-x /);
    expect(sandbox.read("/etc/edge.conf")).toContain(
      `notify_events=failover claim-failed partition hold drill\nnotify_mail=ops@example.org\nnotify_webhook=https://hooks.example/services/${TOKEN}\n`,
    );
    expect(text(join(playground.folder, "terraform.log"))).not.toContain(TOKEN);
    expect(text(join(playground.stackFolder, "cdk.tf.json"))).not.toContain(TOKEN);
    const state = JSON.parse(text(join(playground.stackFolder, "terraform.edge.tfstate")));
    const triggers = state.resources.flatMap(
      ({ instances }: { instances: { attributes: { triggers?: unknown } }[] }) =>
        instances.map(({ attributes }) => attributes.triggers ?? {}),
    );
    expect(JSON.stringify([triggers, state.outputs])).not.toContain(TOKEN);
    for (const line of syslog) expect(line.text).not.toContain(TOKEN);
  });
});
