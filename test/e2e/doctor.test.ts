import { createHash } from "node:crypto";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { EdgeConfigInput } from "../../lib/config/schema.js";
import type { Checked, Finding } from "../../lib/operations/doctor/check.js";
import { Playground } from "../../lib/playground/playground.js";
import { until } from "../../lib/playground/until.js";
import type { Machine } from "../../lib/simulator/node/machine.js";
import { generateKeyPair } from "../../lib/simulator/node/ssh-server.js";
import { FULL_ACCESS } from "../../lib/simulator/ovh-api/seed.js";
import { run } from "./process.js";

const root = fileURLToPath(new URL("../../", import.meta.url));
const example: EdgeConfigInput = JSON.parse(readFileSync(`${root}edge.config.example.json`, "utf8"));
const [first, second] = ["bi-edge-sbg-1", "bi-edge-sbg-2"] as const;
let playground: Playground;

const machine = (name: string) => playground.region.machine(name) as Machine;

function doctor(args: readonly string[] = [], environment: Record<string, string | undefined> = {}) {
  return run(process.execPath, ["--import", "tsx", join(root, "scripts/doctor.ts"), ...args], {
    cwd: root,
    env: { ...process.env, ...playground.environment(), ...environment },
  });
}

/** What is wrong, and the exit status. */
async function wrong(environment: Record<string, string | undefined> = {}, args: readonly string[] = []) {
  const { status, stdout, stderr } = await doctor(["--json", ...args], environment);
  if (stdout === "") throw new Error(stderr);
  const checks: Checked[] = JSON.parse(stdout).checks;
  const findings = checks.flatMap(({ outcome }) =>
    "findings" in outcome ? (outcome.findings as Finding[]) : [],
  );
  return {
    status,
    checks,
    what: findings.filter(({ severity }) => severity === "wrong").map(({ what }) => what),
    advice: findings.filter(({ severity }) => severity === "advice").map(({ what }) => what),
  };
}

/** The files of a node that outlive a boot, by their digests. */
function files(name: string): Record<string, string> {
  const found: Record<string, string> = {};
  for (const folder of ["/etc", "/usr/local", "/var/db", "/var/cron", "/root", "/home"]) {
    const below = machine(name).sandbox.path(folder);
    for (const entry of readdirSync(below, { recursive: true, withFileTypes: true })) {
      if (!entry.isFile()) continue;
      const path = join(entry.parentPath, entry.name);
      found[path] = createHash("sha256").update(readFileSync(path)).digest("hex");
    }
  }
  return found;
}

async function withConfig(
  mutate: (config: EdgeConfigInput) => void,
  work: () => Promise<void>,
): Promise<void> {
  const kept = playground.readConfig();
  const changed = structuredClone(kept);
  mutate(changed);
  playground.writeConfig(changed);
  try {
    await work();
  } finally {
    playground.writeConfig(kept);
  }
}

const setRules = (which: "deployer" | "edges", rules: unknown) => {
  const { seed } = playground.region.project;
  const [deployer, edges] = seed.keys;
  const keys = which === "deployer" ? [{ ...deployer, rules }, edges] : [deployer, { ...edges, rules }];
  Object.assign(seed, { keys });
};

beforeAll(async () => {
  playground = await Playground.create({ config: example, region: { speed: 4 } });
});
afterAll(() => playground?.stop());

describe("npm run doctor before a first deploy", () => {
  it("does what it can, says what was not possible and why, and exits 0", async () => {
    const { status, what, checks } = await wrong();
    expect(what).toEqual([]);
    const impossible = checks.filter(({ outcome }) => "impossible" in outcome);
    expect(new Set(impossible.map(({ group }) => group))).toEqual(new Set(["edges", "cluster"]));
    expect(new Set(impossible.map(({ outcome }) => JSON.stringify(outcome)))).toEqual(
      new Set(['{"impossible":"nothing is deployed yet: there is no stack folder","expected":true}']),
    );
    expect(status).toBe(0);
  });

  it("finds a flavor and an image that are not there, a VLAN id that is taken, a region that does not take the IP, and a quota", async () => {
    const { project } = playground.region;
    const { id } = project.networks.networks.create({
      targetSpec: { name: "shop", vlanId: 25, location: { region: "SBG5" } },
    });
    project.quota.maxCores = 3;
    project.place.ipCountries = ["ca"];
    await withConfig(
      ({ edges }) => Object.assign(edges[1] as object, { flavor: "b3-9", image: "OpenBSD 9.9" }),
      async () => {
        const { status, what } = await wrong();
        expect(what).toEqual([
          "region SBG5 has no flavor b3-9; it has b3-16, b3-8, c3-4, c3-8, d2-2, d2-4",
          "region SBG5 has no image OpenBSD 9.9; it has Debian 12, OpenBSD 7.8",
          "FailOver IP 146.59.143.231 is of fr (EU), and region SBG5 (EU) takes those of ca",
          `carpNetwork.vlanId 25 is that of network shop (${id}) already`,
        ]);
        expect(status).toBe(1);
      },
    );
    expect((await wrong()).what).toContain(
      "region SBG5 grants 3 cores, of which 0 are used; 4 more are needed",
    );
    project.quota.maxCores = 40;
    project.place.ipCountries = ["fr"];
    project.networks.networks.delete(id);
    await until(() => !project.networks.networks.has(id), "the network does not go");
  });

  it("finds each error of the configuration, and nothing else is possible", async () => {
    const kept = playground.readConfig();
    writeFileSync(playground.configFile, JSON.stringify({ ...kept, carp: { ...kept.carp, vhid: 300 } }));
    const { status, what } = await wrong();
    playground.writeConfig(kept);
    expect(what).toEqual([
      "carp.vhid must be an integer from 1 to 255, got 300; pick one that nothing else uses on this vRack",
    ]);
    expect(status).toBe(1);
  });
});

describe("npm run doctor on deployed edges", () => {
  beforeAll(async () => {
    await playground.synth();
    await playground.terraform.init();
    await playground.terraform.apply(() => {});
    await until(() => playground.region.answering() !== undefined, "no edge answers for the FailOver IP");
  });

  it("finds nothing to be mended, shows all of it on one screen, and changes nothing", async () => {
    const { entries } = playground.region.api.journal;
    const before = [files(first), files(second)];
    const asked = entries.length;
    const { status, stdout, stderr } = await doctor();
    expect(stderr).toBe("");
    expect(stdout).toMatch(/36 checks: nothing to be mended, 1 better otherwise\.\n$/);
    expect(status).toBe(0);
    expect([files(first), files(second)]).toEqual(before);
    expect(new Set(entries.slice(asked).map(({ method }) => method))).toEqual(new Set(["GET"]));
    for (const name of [first, second]) {
      for (const mark of ["hold", "drain"])
        expect(machine(name).sandbox.read(`/var/db/edge/${mark}`)).toBeUndefined();
    }
  });

  it("exits 1 for advice when it is strict", async () => {
    const { status, advice } = await wrong({}, ["--strict"]);
    expect(advice).toEqual([
      "the deployer's key may do more than it needs: GET /*, POST /*, PUT /*, DELETE /*",
    ]);
    expect(status).toBe(1);
  });

  it("finds another host key than the configured one, and sends that edge nothing", async () => {
    const before = playground.region.sshSessions();
    await withConfig(
      ({ edges }) => {
        for (const edge of edges) Object.assign(edge, { sshHostKey: generateKeyPair().public });
      },
      async () => {
        const { status, what, checks } = await wrong();
        expect(what.map((text) => text.replaceAll(/SHA256:[\w+/]+/g, "KEY"))).toEqual(
          [first, second].map(
            (name) =>
              `who answers at ${machine(name).kernel.find("vio0")?.addresses[0]?.address} offers ssh-ed25519 KEY, and edges[].sshHostKey of ${name} is KEY`,
          ),
        );
        expect(checks.find(({ name }) => name === "reached")?.outcome).toEqual({
          impossible: "its host key is another one",
        });
        expect(status).toBe(1);
      },
    );
    expect(playground.region.sshSessions()).toBe(before);
  });

  it("finds a key with too few rights, one with too many, and one that is refused", async () => {
    const { keys } = playground.region.project.seed;
    const [, edges] = keys;
    setRules("edges", edges?.rules.slice(1));
    expect((await wrong()).what).toEqual([
      expect.stringMatching(
        /^the edges' key may not GET .*\/ip\/failover\/\S+ \(where the FailOver IP is\)$/,
      ),
    ]);
    setRules("edges", FULL_ACCESS);
    expect((await wrong()).what).toEqual([
      "the edges' key may do more than it needs: GET /*, POST /*, PUT /*, DELETE /*",
    ]);
    setRules("edges", edges?.rules);
    expect((await wrong({ TF_VAR_edge_consumer_key: "x" })).what).toEqual([
      'the edges\' key is refused: OVHcloud API error (status code 403): Client::Forbidden: "This credential is not valid"',
    ]);
  });

  it("finds a clock that is off", async () => {
    const body = String(Math.floor(Date.now() / 1000) - 600);
    const end = playground.region.project.faults.fail("GET", "/auth/time", { status: 200, body, times: 1 });
    const { what } = await wrong();
    end();
    expect(what[0]).toMatch(/^this machine's clock is 60\d s ahead of OVH's$/);
  });

  it("finds that OVH does not answer, and looks at the edges all the same", async () => {
    const { status, what, checks } = await wrong({ TF_VAR_ovh_endpoint: "http://127.0.0.1:9/1.0" });
    expect(what).toEqual([expect.stringMatching(/^OVH's API at 127\.0\.0\.1:9 cannot be reached: /)]);
    expect(checks.filter(({ edge }) => edge === first).every(({ outcome }) => "ok" in outcome)).toBe(true);
    expect(status).toBe(1);
  });

  it("finds interfaces that are not the ones that OVH reports, and pf.conf without our lines", async () => {
    const { kernel, sandbox } = machine(second);
    const [inside, carp] = ["vio1", "vio2"].map((name) => kernel.find(name)) as unknown as [
      { lladdr: string },
      { lladdr: string },
    ];
    const swap = () => ([inside.lladdr, carp.lladdr] = [carp.lladdr, inside.lladdr]);
    swap();
    const pf = sandbox.read("/etc/pf.conf") ?? "";
    sandbox.write("/etc/pf.conf", pf.replace(/^.*cdktf-ovh-edge.*\n|^include.*\n/gm, ""), 0o600);
    const { what } = await wrong();
    expect(what).toEqual([
      `vio1 of ${second} has ${inside.lladdr}, and OVH says that its internal interface has ${carp.lladdr}, which is vio2`,
      `vio2 of ${second} has ${carp.lladdr}, and OVH says that its carp interface has ${inside.lladdr}, which is vio1`,
      `/etc/pf.conf of ${second} does not include /etc/pf.edge.conf`,
    ]);
    swap();
  });

  it("names a command that puts the lines back, and moves nothing", async () => {
    const before = playground.region.project.failoverIps.attaches.length;
    const { checks } = await wrong();
    const [finding] = checks.flatMap(({ outcome }) =>
      "findings" in outcome ? outcome.findings.filter(({ what }) => what.includes("pf.conf")) : [],
    );
    const command = finding?.mend.replace(" in the stack's folder", " -auto-approve -input=false") as string;
    const { status, stderr } = await run("sh", ["-c", command], {
      cwd: playground.stackFolder,
      env: { ...process.env, ...playground.environment() },
    });
    expect([status, stderr]).toEqual([0, ""]);
    expect((await wrong()).what).toEqual([]);
    expect(playground.region.project.failoverIps.attaches).toHaveLength(before);
  });

  it("finds an edge that is off, and a carp with another password", async () => {
    machine(second).powerOff();
    const off = await wrong();
    expect(off.what).toEqual([
      expect.stringMatching(new RegExp(`^${second} could not be asked: ${second} cannot be reached at `)),
    ]);
    expect(off.status).toBe(1);
    await machine(second).boot();
    await until(() => machine(second).kernel.carpState("carp0") === "BACKUP", "the edge does not come back");
    await machine(second).sandbox.run("ifconfig carp0 pass another");
    await until(() => machine(second).kernel.carpState("carp0") === "MASTER", "it still hears the other");
    const { what } = await wrong();
    expect(what[0]).toBe(`2 edges are carp's master: ${first} MASTER, ${second} MASTER`);
    expect(what.slice(1).map((text) => text.replace(/\d+ adv/, "N adv"))).toEqual(
      [first, second].map((name) => `${name} discarded N advertisements within 4 s for bad authentication`),
    );
  });
});
