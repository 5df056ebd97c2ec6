import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ConfigError } from "../../lib/config/errors.js";
import { parseConfig } from "../../lib/config/load.js";
import { DRILLS, example, FAST } from "./example.js";

/** Every setting there is, in one sound configuration. */
const complete = () =>
  example({
    availabilityZone: "eu-west-par-a",
    ovh: { endpoint: "ovh-eu" },
    "edges[0].advskew": 1,
    "edges[1].advskew": 50,
    "edges[0].sshHostKey": "ssh-ed25519 AAAA0",
    "edges[1].sshHostKey": "ssh-ed25519 AAAA1",
    claim: { deadline: 120, checkInterval: 30, healthyFor: 10 },
    "ssh.publicKeyPath": "~/.ssh/id_ed25519.pub",
    "carp.profile": "normal",
    drill: { limits: Object.fromEntries(DRILLS.map((name) => [name, 5000])) },
    backend: {
      type: "http",
      address: "https://state.example.net/edge",
      lockAddress: "https://state.example.net/edge/lock",
      unlockAddress: "https://state.example.net/edge/lock",
      updateMethod: "PUT",
      lockMethod: "POST",
      unlockMethod: "DELETE",
    },
  });

/** The same with a fast election. */
const fast = () => example({ ...complete(), ...FAST, "edges[0].advskew": 40, "edges[1].advskew": 60 });

const existing = {
  internalNetwork: { networkId: "pn-1", subnetId: "sn-1", cidr: "10.10.0.0/16" },
  carpNetwork: { networkId: "pn-2", subnetId: "sn-2", cidr: "10.25.0.0/16" },
};

/** The paths of a value and of all that lies in it. */
function pathsOf(value: unknown, path = ""): string[] {
  if (typeof value !== "object" || value === null) return [path];
  const inner = Object.entries(value).flatMap(([key, part]) => {
    if (Array.isArray(value)) return pathsOf(part, `${path}[${key}]`);
    return pathsOf(part, path === "" ? key : `${path}.${key}`);
  });
  return path === "" ? inner : [path, ...inner];
}

const PATHS = [...new Set([...pathsOf(complete()), ...pathsOf(existing)])];

/** Values that are likelier than most to pass one rule and break another. */
const likely = fc.oneof(
  fc.integer({ min: -1, max: 5000 }),
  fc.ipV4(),
  fc.tuple(fc.ipV4(), fc.integer({ min: 0, max: 33 })).map(([address, prefix]) => `${address}/${prefix}`),
  fc.constantFrom(
    "vio0",
    "vio1",
    "edge-a",
    "ovh-ca",
    "pn-1",
    "normal",
    "fast",
    "ssh-rsa AAAA",
    "10.25.0.10/16",
    "10.10.0.0/16",
  ),
);

const anything = fc.oneof({ weight: 3, arbitrary: fc.jsonValue() }, { weight: 1, arbitrary: likely });

/** Whether an error can name a setting of `input`, instead of the whole. */
const looksLikeOne = (input: unknown) => typeof input === "object" && input !== null && "edges" in input;

/** Fails unless `input` is accepted, or refused in the way that people can act on. */
function answers(input: unknown): void {
  try {
    parseConfig(input);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    expect(error.issues.length).toBeGreaterThan(0);
    for (const { path, message } of error.issues) {
      if (looksLikeOne(input)) expect(path).not.toBe("");
      expect(message).toMatch(/got|is not a setting|must/);
      expect(message).not.toMatch(/\n|undefined|\[object/);
    }
  }
}

/** Any one of the settings of `group` changed to anything, in networks to create, in existing ones and in a fast election. */
const changesTo = (group: string) =>
  fc.property(
    fc.constantFrom(...PATHS.filter((path) => path.split(/[.[]/)[0] === group)),
    fc.constantFrom(complete, () => ({ ...complete(), ...existing }), fast),
    anything,
    (path, base, value) => answers(example({ ...base(), [path]: value })),
  );

describe("whatever is changed, the configuration is accepted or refused with a ConfigError", () => {
  const groups = Object.keys(complete()).filter((group) => group !== "probe");

  it("starts from sound configurations that have every setting", () => {
    parseConfig(complete());
    parseConfig({ ...complete(), ...existing });
    parseConfig(fast());
    expect(PATHS).toContain("edges[1].sshHostKey");
    expect(PATHS).toContain("carpNetwork.vlanId");
    expect(PATHS).toContain("carpNetwork.subnetId");
    expect(PATHS).toContain("carp.profile");
    expect(PATHS).toContain("drill.limits.carp-down");
  });

  it.each(groups)("in %s", (group) => {
    fc.assert(changesTo(group), { numRuns: 150 });
  });

  it("in a setting of the probe", () => {
    const paths = PATHS.filter((path) => path.startsWith("probe."));
    fc.assert(
      fc.property(fc.constantFrom(...paths), anything, (path, value) =>
        answers(example({ ...complete(), [path]: value })),
      ),
      { numRuns: 150 },
    );
  });

  it("in the probe", () => {
    fc.assert(changesTo("probe"), { numRuns: 300 });
  });

  it("in the whole of it", () => {
    fc.assert(fc.property(anything, answers), { numRuns: 300 });
  });
});
