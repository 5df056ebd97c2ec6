import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { parseConfig } from "../../lib/config/load.js";
import type { EdgeConfigInput } from "../../lib/config/schema.js";
import { ruleText, uncovered } from "../../lib/operations/credentials/access-rule.js";
import { deployerRights, edgeRights, type Right } from "../../lib/operations/credentials/rights.js";
import { Playground } from "../../lib/playground/playground.js";
import type { Progress } from "../../lib/playground/terraform.js";
import { until } from "../../lib/playground/until.js";
import type { Machine } from "../../lib/simulator/node/machine.js";
import type { ApiKey } from "../../lib/simulator/ovh-api/seed.js";
import { Region } from "../../lib/simulator/region.js";
import { run } from "./process.js";

const root = fileURLToPath(new URL("../../", import.meta.url));
const example: EdgeConfigInput = JSON.parse(readFileSync(`${root}edge.config.example.json`, "utf8"));
const NAMES = ["bi-edge-sbg-1", "bi-edge-sbg-2"] as const;
let playground: Playground;

const machine = (name: string) => playground.region.machine(name) as Machine;
const roles = () => NAMES.map((name) => machine(name).kernel.carpState("carp0"));
const moves = () => playground.region.project.failoverIps.attaches.length;
const config = () => parseConfig(playground.readConfig());
const ipId = () => playground.region.project.failoverIps.list()[0]?.id as string;

async function deploy(): Promise<string[]> {
  const told: Progress[] = [];
  await playground.synth();
  await playground.terraform.init();
  await playground.terraform.apply((progress) => told.push(progress));
  return told.filter(({ fromNode }) => fromNode).map(({ text }) => text.replace("edge-install: ", ""));
}

const written = (told: readonly string[]) => told.filter((line) => line.endsWith(": written"));

/** Makes the keys that the API knows. */
function setKeys(rights: readonly Right[], ...edges: readonly ApiKey[]): void {
  const rules = rights as ApiKey["rules"];
  Object.assign(playground.region.project.seed, { keys: [{ ...Region.DEPLOYER, rules }, ...edges] });
}

const edgeKey = (): ApiKey => ({
  ...playground.region.edgeKey,
  rules: edgeRights(config(), ipId()) as ApiKey["rules"],
});

/** Calls of Terraform so far that nothing but one of the rights covers. */
function neededFor(right: Right, rights: readonly Right[]): string[] {
  const paths = playground.region.api.journal.entries
    .filter(({ status }) => status >= 200 && status < 500)
    .map(({ method, path }) => ({ method, path: path.replace(/^\/(1\.0|v1)(?=\/)/, "") }));
  const rest = rights.filter((other) => other !== right);
  // The edges look too; that the deploy attaches is counted where it does.
  const [look] = edgeRights(config(), ipId()) as [Right];
  return uncovered(uncovered(paths, rest), [look])
    .filter((call) => uncovered([call], [right]).length === 0)
    .map(ruleText);
}

async function failOver(): Promise<void> {
  const before = roles();
  const master = NAMES[before.indexOf("MASTER")] as string;
  const other = NAMES.find((name) => name !== master) as string;
  await machine(master).sandbox.run("ifconfig carp0 down");
  await until(() => playground.region.holder() === other, `the FailOver IP does not move to ${other}`);
  await machine(master).sandbox.run("ifconfig carp0 up");
  await until(() => roles().includes("BACKUP"), `the roles are ${roles()}`);
}

const cli = (...args: string[]) =>
  run(process.execPath, ["--import", "tsx", join(root, "scripts/credentials.ts"), ...args], {
    cwd: root,
    env: { ...process.env, ...playground.environment() },
  });

const start = async (changes: Partial<EdgeConfigInput> = {}) => {
  playground = await Playground.create({
    config: { ...example, probe: { ...example.probe, interval: 5, attempts: 2 }, ...changes },
    region: { speed: 4 },
  });
};

describe("a key with exactly the deployer's rights", () => {
  let rights: Right[];
  beforeAll(async () => {
    await start();
    rights = deployerRights(config(), ipId());
    setKeys(rights, edgeKey());
  });
  afterAll(() => playground?.stop());

  it("deploys, and plans no changes", async () => {
    await deploy();
    expect(moves()).toBe(1);
    expect(await playground.terraform.plan()).toBe("no changes");
    await until(() => playground.region.answering() !== undefined, "no edge answers for the FailOver IP");
  });

  it("is found to be one, and the edges' key to have two rights, by npm run credentials -- check", async () => {
    const before = moves();
    const { status, stdout, stderr } = await cli("--ip-id", ipId(), "check", "--only", "edges");
    expect(stderr).toBe("");
    expect(stdout).toContain("It may do nothing beyond that, as far as was looked.");
    expect(stdout.match(/ yes$/gm)).toHaveLength(2);
    expect(status).toBe(0);
    const deployer = await cli("--json", "check", "--only", "deployer");
    const [check] = JSON.parse(deployer.stdout).checks;
    expect(check).toMatchObject({ holder: "deployer", missing: [], excess: [], unproven: [] });
    expect(deployer.status).toBe(0);
    expect(moves()).toBe(before);
  });

  it("says what is missing from a key, and exits 1", async () => {
    const [first] = edgeRights(config(), ipId()) as [Right];
    setKeys(rights, { ...edgeKey(), rules: [first] as ApiKey["rules"] });
    const { status, stdout } = await cli("check", "--only", "edges");
    expect(stdout).toMatch(/^POST .*\/attach +NO$/m);
    expect(status).toBe(1);
    setKeys(rights, edgeKey());
  });

  it("gives the edges another key: only ovh.conf changes, no role and no route", async () => {
    const [before, held] = [moves(), roles()];
    const old = edgeKey();
    Object.assign(playground.region.edgeKey, {
      applicationKey: "edge-key-2",
      applicationSecret: "edge-secret-2",
      consumerKey: "edge-consumer-2",
    });
    setKeys(rights, old, edgeKey());
    expect(written(await deploy())).toEqual(NAMES.map(() => "/etc/ovh.conf: written"));
    expect(roles()).toEqual(held);
    expect(moves()).toBe(before);
    for (const name of NAMES) expect(machine(name).sandbox.read("/etc/ovh.conf")).toContain("edge-secret-2");
  });

  it("then the old key is revoked, and a failover still works", async () => {
    setKeys(rights, edgeKey());
    await failOver();
    expect(await playground.terraform.plan()).toBe("no changes");
  });

  it("changes a flavor and a subnet's name, and destroys everything", async () => {
    const wish = structuredClone(playground.readConfig());
    Object.assign(wish.internalNetwork, { name: "inside" });
    for (const edge of wish.edges) Object.assign(edge, { flavor: "b3-16" });
    playground.writeConfig(wish);
    await deploy();
    await playground.terraform.destroy(() => {});
    expect(playground.region.project.leftovers()).toEqual([]);
  });

  it("needs every one of them: each covers a call that no other one does", () => {
    const idle = rights.filter((right) => neededFor(right, rights).length === 0);
    expect(idle.map(ruleText)).toEqual([]);
  });

  it.each([
    "/auth/details",
    "/reference/instance/image",
    "/sshKey",
  ])("fails to deploy without the right to %s", async (path) => {
    const one = rights.find((right) => right.path.endsWith(path)) as Right;
    setKeys(
      rights.filter((right) => right !== one),
      edgeKey(),
    );
    await expect(deploy()).rejects.toThrow("This call has not been granted");
  });
});

describe("service accounts", () => {
  beforeAll(async () => {
    await start({ credentials: { serviceAccounts: ["a"] } });
    setKeys(deployerRights(config(), ipId()));
  });
  afterAll(() => playground?.stop());

  const change = (names: string[]) =>
    playground.writeConfig({ ...playground.readConfig(), credentials: { serviceAccounts: names } });
  const accounts = () => playground.region.project.iam.listClients().length;

  it("are made by the deploy, and the edges fail over with theirs", async () => {
    await deploy();
    for (const name of NAMES) {
      expect(machine(name).sandbox.read("/etc/ovh.conf")).toMatch(
        /^\[default\]\nendpoint=ovh-eu\n\n\[ovh-eu\]\nclient_id=EU\.\w+\nclient_secret=\w{32}\n$/,
      );
    }
    expect(await playground.terraform.plan()).toBe("no changes");
    await failOver();
  });

  it("are good for nothing from anywhere but the edges", async () => {
    const [, id, secret] =
      /client_id=(.*)\nclient_secret=(.*)\n/.exec(machine(NAMES[0]).sandbox.read("/etc/ovh.conf") ?? "") ??
      [];
    const { endpoint } = playground.region.api;
    const answer = await fetch(endpoint.replace("/1.0", "/auth/oauth2/token"), {
      method: "POST",
      body: new URLSearchParams({
        grant_type: "client_credentials",
        client_id: id as string,
        client_secret: secret as string,
      }),
    });
    const { access_token } = (await answer.json()) as { access_token: string };
    const path = `/cloud/project/${config().project}/ip/failover/${ipId()}`;
    const headers = { Authorization: `Bearer ${access_token}` };
    expect((await fetch(endpoint + path, { headers })).status).toBe(403);
  });

  it("are exchanged: the new one is in use before the old one goes, and nothing moves", async () => {
    const before = moves();
    change(["b", "a"]);
    expect(written(await deploy())).toEqual(NAMES.map(() => "/etc/ovh.conf: written"));
    expect(accounts()).toBe(2);
    change(["b"]);
    expect(written(await deploy())).toEqual([]);
    expect(accounts()).toBe(1);
    expect(moves()).toBe(before);
    await failOver();
  });

  it("go with everything else", async () => {
    await playground.terraform.destroy(() => {});
    expect(playground.region.project.leftovers()).toEqual([]);
  });
});
