import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import type { EdgeConfigInput } from "../../lib/config/schema.js";
import { Playground } from "../../lib/playground/playground.js";
import type { Progress } from "../../lib/playground/terraform.js";
import { until } from "../../lib/playground/until.js";
import type { Machine } from "../../lib/simulator/node/machine.js";
import { generateKeyPair } from "../../lib/simulator/node/ssh-server.js";

vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

const example: EdgeConfigInput = JSON.parse(
  readFileSync(fileURLToPath(new URL("../../edge.config.example.json", import.meta.url)), "utf8"),
);
const [PREFERRED, BACKUP] = ["bi-edge-sbg-1", "bi-edge-sbg-2"] as const;
let playground: Playground;

const machine = (name: string) => playground.region.machine(name) as Machine;
const roles = () => [PREFERRED, BACKUP].map((name) => machine(name).kernel.carpState("carp0"));
const attaches = () => playground.region.project.failoverIps.attaches.length;
const targetsOn = (name: string) =>
  /^probe=(.*)$/m.exec(machine(name).sandbox.read("/etc/edge.conf") ?? "")?.[1];
const log = () => readFileSync(`${playground.folder}/terraform.log`, "utf8");

/** A deploy. @returns the lines of each node that said anything */
async function apply(
  onProgress: (progress: Progress) => void = () => {},
): Promise<Record<string, readonly string[]>> {
  const said: Record<string, string[]> = {};
  await playground.terraform.apply((progress) => {
    onProgress(progress);
    const { what, text, fromNode } = progress;
    if (!fromNode) return;
    const name = [PREFERRED, BACKUP].find((one) => what.includes(one)) ?? what;
    said[name] = [...(said[name] ?? []), text];
  });
  return said;
}

async function probing(target: string): Promise<void> {
  const config = structuredClone(playground.readConfig());
  config.probe = { ...config.probe, targets: [target] };
  playground.writeConfig(config);
  await playground.synth();
}

/** What a service has that nothing happened to. */
const service = () => ({
  roles: roles(),
  holder: playground.region.holder(),
  answering: playground.region.answering()?.name,
  attaches: attaches(),
});

describe("deploys that go wrong, one after the other", () => {
  beforeAll(async () => {
    playground = await Playground.create({
      config: { ...example, probe: { ...example.probe, interval: 5 } },
    });
    await playground.synth();
    await playground.terraform.init();
  });
  afterAll(() => playground?.stop());

  it("a first one that is interrupted between two edges leaves them waiting, and the next one goes on", async () => {
    await expect(
      apply(({ what, text, fromNode }) => {
        if (what.includes(`${BACKUP} deliver`) && text === "done" && !fromNode)
          void playground.terraform.interrupt();
      }),
    ).rejects.toThrow("apply failed");
    expect(machine(BACKUP).sandbox.read("/var/db/edge/hold")).toBe('{"reason":"first installation"}\n');
    const held = "on hold: first installation; this edge does not fail over until edge-sync release";
    await until(() => machine(BACKUP).syslog.some(({ text }) => text.trimEnd() === held), `no line: ${held}`);
    expect([roles()[1], playground.region.answering(), attaches()]).toEqual([undefined, undefined, 0]);

    // An installer that had begun goes on by itself.
    await machine(PREFERRED).sandbox.run("while [ -L /var/db/edge/install.lock ]; do sleep 0.05; done");
    const said = await apply();
    // What was done is not done again; what was interrupted is.
    expect(said[BACKUP]).toBeUndefined();
    expect(said[PREFERRED]?.at(-1)).toBe("edge-install: done");
    await until(() => playground.region.answering()?.name === PREFERRED, "the FailOver IP is not answered");
    expect(service()).toEqual({
      roles: ["MASTER", "BACKUP"],
      holder: PREFERRED,
      answering: PREFERRED,
      attaches: 1,
    });
  });

  it("one that an edge refuses leaves it as it was; the one after it goes to that edge alone", async () => {
    const before = service();
    const conf = machine(PREFERRED).sandbox.read("/etc/pf.conf") as string;
    machine(PREFERRED).sandbox.write("/etc/pf.conf", `pas in on vio0\n${conf}`, 0o600);
    await probing("8.8.4.4");
    await expect(apply()).rejects.toThrow("exited with status 1");
    expect(log()).toContain(
      "edge-install: pf would not load /etc/pf.conf with the edge's rule, nothing was changed: " +
        "/var/db/edge/staging/pf.check:1: syntax error",
    );
    expect([PREFERRED, BACKUP].map(targetsOn)).toEqual([example.probe?.targets?.join(" "), "8.8.4.4"]);
    expect(service()).toEqual(before);

    machine(PREFERRED).sandbox.write("/etc/pf.conf", conf, 0o600);
    expect(await apply()).toEqual({
      [PREFERRED]: ["edge-install: /etc/edge.conf: written", "edge-install: done"],
    });
    expect([PREFERRED, BACKUP].map(targetsOn)).toEqual(["8.8.4.4", "8.8.4.4"]);
    expect(service()).toEqual(before);
  });

  it("one that begins while another one is under way is refused, and the other one ends well", async () => {
    const before = service();
    const { sandbox } = machine(BACKUP);
    // The installer waits as long as there is a file.
    await sandbox.run("mv /bin/sync /bin/sync.kept; touch /tmp/block");
    sandbox.write("/bin/sync", "#!/bin/sh\nwhile [ -e /tmp/block ]; do sleep 0.05; done\n", 0o755);
    await probing("1.1.1.1");
    const first = apply();
    await until(
      () => sandbox.read("/var/db/edge/journal") !== undefined,
      "the first deploy has not come to the edge",
    );
    await expect(apply()).rejects.toThrow("Error acquiring the state lock");
    await sandbox.run("rm /tmp/block; mv /bin/sync.kept /bin/sync");
    expect(Object.keys(await first).sort()).toEqual([PREFERRED, BACKUP]);
    expect([PREFERRED, BACKUP].map(targetsOn)).toEqual(["1.1.1.1", "1.1.1.1"]);
    expect(service()).toEqual(before);
  });

  it("one that meets another host key sends nothing and says so, and leaves the other edge alone", async () => {
    const before = service();
    const sessions = playground.region.sshSessions();
    const config = structuredClone(playground.readConfig());
    const kept = structuredClone(config);
    (config.edges[1] as { sshHostKey?: string }).sshHostKey = generateKeyPair().public;
    playground.writeConfig(config);
    await probing("9.9.9.9");
    // Terraform tries for ten minutes otherwise.
    const stack = `${playground.stackFolder}/cdk.tf.json`;
    const text = readFileSync(stack, "utf8");
    expect(text).toContain('"timeout": "10m"');
    writeFileSync(stack, text.replaceAll('"timeout": "10m"', '"timeout": "1s"'));
    await expect(apply()).rejects.toThrow("ssh: handshake failed: knownhosts: key mismatch");
    expect(playground.region.sshSessions()).toBe(sessions);
    expect(service()).toEqual(before);

    playground.writeConfig(kept);
    await probing("9.9.9.9");
    expect(Object.keys(await apply()).sort()).toEqual([PREFERRED, BACKUP]);
    expect(service()).toEqual(before);
  });
});
