import { describe, expect, it } from "vitest";
import { ovhResourceTypes } from "../../../lib/simulator/provider/ovh-types.js";
import { plan } from "../../../lib/simulator/provider/plan.js";
import type { ResourceType } from "../../../lib/simulator/provider/resource-type.js";
import type { ResourceSchema } from "../../../lib/simulator/provider/schema.js";
import { nullProvider } from "../../../lib/simulator/provider/server.js";
import { type Resource, UNKNOWN, type Value } from "../../../lib/simulator/provider/values.js";
import { OVH_SCHEMA, schemaOf } from "./ovh-schema.js";

/** What a configuration says; what it leaves out is null. */
type Config = Readonly<Record<string, Value>>;

interface Tested {
  readonly type: ResourceType;
  readonly schema: ResourceSchema;
  readonly config: Config;
}

const types = ovhResourceTypes(OVH_SCHEMA);
const ovh = (name: string, config: Config): Tested => ({
  type: types[name] as ResourceType,
  schema: schemaOf(name),
  config: { service_name: "p", ...config },
});
const nullSchema = nullProvider().schema.resource_schemas?.null_resource as ResourceSchema;

const TYPES: Record<string, Tested> = {
  key: ovh("ovh_cloud_ssh_key", { name: "ops", public_key: "ssh-ed25519 AAAA" }),
  network: ovh("ovh_cloud_network_private_vrack", { name: "carp", region: "SBG5" }),
  subnet: ovh("ovh_cloud_network_private_vrack_subnet", {
    network_id: "n-1",
    name: "carp",
    region: "SBG5",
    cidr: "10.25.0.0/16",
  }),
  group: ovh("ovh_cloud_instance_group", { name: "edges", region: "SBG5", policy: "ANTI_AFFINITY" }),
  instance: ovh("ovh_cloud_instance", {
    name: "edge-1",
    region: "SBG5",
    flavor_id: "f-1",
    networks: [{ network_id: "n-1", subnet_id: null, ip: null, auto_assign_public_ip: null }],
  }),
  attach: ovh("ovh_cloud_project_failover_ip_attach", { ip: "146.59.143.231", routed_to: "i-1" }),
  null: {
    type: nullProvider().resources.null_resource as ResourceType,
    schema: nullSchema,
    config: { triggers: { digest: "a" } },
  },
};
const ALL = Object.entries(TYPES);

const namesOf = ({ schema }: Tested) => Object.keys(schema.block.attributes ?? {});
const isComputed = ({ schema }: Tested, name: string) => schema.block.attributes?.[name]?.computed === true;
const known = (name: string): Value => `known ${name}`;

/** A configuration as Terraform hands it over: every attribute, null where nothing is said. */
const complete = (tested: Tested, config: Config): Resource =>
  Object.fromEntries(namesOf(tested).map((name) => [name, config[name] ?? null]));

/** What Terraform proposes: what is configured, and of what is not, the computed values from before. */
const propose = (tested: Tested, config: Resource, prior: Resource | null): Resource =>
  Object.fromEntries(
    namesOf(tested).map((name) => {
      const before = isComputed(tested, name) ? (prior?.[name] ?? null) : null;
      return [name, config[name] ?? before];
    }),
  );

/** The state after an apply of the configuration: everything computed has a value. */
const stateOf = (tested: Tested, config: Config = tested.config): Resource =>
  Object.fromEntries(
    namesOf(tested).map((name) => [name, config[name] ?? (isComputed(tested, name) ? known(name) : null)]),
  );

/** Plans a configuration that differs by `change`, from a state that differs by `state`. */
function change(tested: Tested, change: Config, state: Config = {}) {
  const prior = { ...stateOf(tested), ...state };
  const config = complete(tested, { ...tested.config, ...change });
  const proposed = propose(tested, config, prior);
  const planned = plan(tested.type, tested.schema, prior, proposed, config);
  const unknown = namesOf(tested).filter((name) => planned.state[name] === UNKNOWN);
  return { ...planned, unknown, prior };
}

describe.each(ALL)("the plan of a new %s", (_, tested) => {
  it("knows what is configured and nothing of what is computed", () => {
    const config = complete(tested, tested.config);
    const { state, requiresReplace } = plan(
      tested.type,
      tested.schema,
      null,
      propose(tested, config, null),
      config,
    );
    const expected = namesOf(tested).map((name) => {
      if (config[name] !== null) return [name, config[name]];
      return [name, isComputed(tested, name) ? UNKNOWN : null];
    });
    expect(state).toEqual(Object.fromEntries(expected));
    expect(requiresReplace).toEqual([]);
  });

  it("passes on what is configured and not known yet", () => {
    const [name = ""] = Object.keys(tested.config);
    const config: Resource = { ...complete(tested, tested.config), [name]: UNKNOWN };
    const { state } = plan(tested.type, tested.schema, null, propose(tested, config, null), config);
    expect(state[name]).toBe(UNKNOWN);
  });
});

describe.each(ALL)("the plan of an unchanged %s", (_, tested) => {
  it("is the state itself, with nothing unknown", () => {
    const { state, requiresReplace, prior } = change(tested, {});
    expect(state).toEqual(prior);
    expect(requiresReplace).toEqual([]);
  });

  it("is the state itself where a computed value is null", () => {
    const computed = namesOf(tested).filter((name) => isComputed(tested, name) && !(name in tested.config));
    for (const name of computed) {
      const { state, prior } = change(tested, {}, { [name]: null });
      expect(state).toEqual(prior);
    }
  });
});

const ALWAYS = ["checksum", "created_at", "current_state", "id", "resource_status", "updated_at"];

describe("the plan of a change in place", () => {
  it.each([
    ["network", "the name", { name: "renamed" }, [...ALWAYS, "vlan_id"]],
    ["network with a vlan", "the name", { name: "renamed", vlan_id: 25 }, ALWAYS],
    [
      "subnet",
      "the name",
      { name: "renamed" },
      ["checksum", "current_state", "current_tasks", "resource_status", "updated_at"],
    ],
    ["instance", "the name", { name: "renamed" }, ALWAYS],
    ["instance", "the flavor", { flavor_id: "f-2" }, ALWAYS],
    ["instance", "the networks", { networks: [] }, ALWAYS],
    ["instance", "the volumes", { volume_ids: ["v-1"] }, ALWAYS],
    ["instance", "the image", { image_id: "i-2" }, ALWAYS],
    ["instance", "the power state", { power_state: "SHUTOFF" }, ALWAYS],
    ["instance", "the security groups", { security_group_ids: [] }, ALWAYS],
  ])("of the %s, by %s, leaves open all that is computed but for what is kept", (name, _, changes, expected) => {
    const tested = TYPES[name.split(" ")[0] ?? ""] as Tested;
    const state: Config = "vlan_id" in changes ? { vlan_id: 25 } : {};
    const { unknown, requiresReplace } = change(tested, changes, state);
    expect(unknown.toSorted()).toEqual(expected);
    expect(requiresReplace).toEqual([]);
  });

  it.each([
    ["subnet", "created_at"],
    ["subnet", "id"],
    ["subnet", "allocation_pools"],
    ["subnet", "dhcp_enabled"],
    ["subnet", "gateway_ip"],
    ["instance", "image_id"],
    ["instance", "power_state"],
    ["instance", "security_group_ids"],
    ["instance", "availability_zone"],
  ])("keeps, of the %s, %s", (name, attribute) => {
    const { state } = change(TYPES[name] as Tested, { name: "renamed" });
    expect(state[attribute]).toBe(known(attribute));
  });

  it.each([
    ["subnet", "gateway_ip"],
    ["instance", "availability_zone"],
    ["instance", "image_id"],
  ])("leaves open, of the %s, %s where it has none: there is nothing to keep", (name, attribute) => {
    const { unknown } = change(TYPES[name] as Tested, { name: "renamed" }, { [attribute]: null });
    expect(unknown).toContain(attribute);
  });

  it("leaves the id of an instance open, so that what hangs on it is delivered anew", () => {
    expect(change(TYPES.instance as Tested, { name: "renamed" }).state.id).toBe(UNKNOWN);
  });

  it("has what is configured", () => {
    const { state } = change(TYPES.instance as Tested, { name: "renamed", power_state: "SHUTOFF" });
    expect(state).toMatchObject({ name: "renamed", power_state: "SHUTOFF" });
  });

  it("is one even if the new value is not known yet", () => {
    const { state, unknown } = change(TYPES.instance as Tested, { image_id: UNKNOWN });
    expect(unknown.toSorted()).toEqual([...ALWAYS, "image_id"].toSorted());
    expect(state.name).toBe("edge-1");
  });

  it("is one when the state drifted from the configuration", () => {
    const { state, unknown } = change(TYPES.instance as Tested, {}, { name: "moved" });
    expect(state.name).toBe("edge-1");
    expect(unknown.toSorted()).toEqual(ALWAYS);
  });

  it("is one when something in a list changed", () => {
    const networks = [{ network_id: "n-1", subnet_id: null, ip: "10.0.0.1", auto_assign_public_ip: null }];
    expect(change(TYPES.instance as Tested, { networks }).unknown).toContain("id");
  });

  it("is none when only a computed value drifted", () => {
    const { state, prior } = change(
      TYPES.instance as Tested,
      {},
      { current_state: "other", resource_status: "ERROR" },
    );
    expect(state).toEqual(prior);
  });
});

describe("the plan of a replacement", () => {
  it.each([
    ["key", "name", "other"],
    ["key", "public_key", "ssh-rsa BBBB"],
    ["key", "service_name", "other"],
    ["network", "service_name", "other"],
    ["network", "region", "GRA11"],
    ["network", "description", "other"],
    ["network", "vlan_id", 26],
    ["subnet", "service_name", "other"],
    ["subnet", "network_id", "n-2"],
    ["subnet", "cidr", "10.26.0.0/16"],
    ["subnet", "region", "GRA11"],
    ["group", "service_name", "other"],
    ["group", "name", "other"],
    ["group", "policy", "AFFINITY"],
    ["group", "region", "GRA11"],
    ["instance", "service_name", "other"],
    ["instance", "region", "GRA11"],
    ["instance", "ssh_key_name", "other"],
    ["instance", "group_id", "g-2"],
    ["instance", "availability_zone", "eu-west-par-b"],
    ["attach", "service_name", "other"],
    ["attach", "routed_to", "i-2"],
    ["null", "triggers", { digest: "b" }],
  ])("of a %s is asked for by a change of %s, also by one that is not known yet", (name, attribute, value) => {
    const tested = TYPES[name] as Tested;
    expect(change(tested, { [attribute]: value }).requiresReplace).toEqual([attribute]);
    expect(change(tested, { [attribute]: UNKNOWN }).requiresReplace).toEqual([attribute]);
  });

  it.each([
    ["network", "description"],
    ["instance", "ssh_key_name"],
    ["instance", "group_id"],
  ])("of a %s is asked for when %s is no longer configured", (name, attribute) => {
    const { requiresReplace } = change(TYPES[name] as Tested, {}, { [attribute]: "before" });
    expect(requiresReplace).toEqual([attribute]);
  });

  it.each([
    ["network", "vlan_id", 25],
    ["instance", "availability_zone", "eu-west-par-a"],
  ])("of a %s is not asked for when %s is no longer configured", (name, attribute, value) => {
    const { requiresReplace, state, prior } = change(TYPES[name] as Tested, {}, { [attribute]: value });
    expect(requiresReplace).toEqual([]);
    expect(state).toEqual(prior);
  });

  it("of a network is not asked for by a rename that leaves its vlan open", () => {
    const { requiresReplace, unknown } = change(TYPES.network as Tested, { name: "renamed" }, { vlan_id: 2 });
    expect(unknown).toContain("vlan_id");
    expect(requiresReplace).toEqual([]);
  });

  it("of a network is not asked for by a rename that repeats its vlan", () => {
    const { requiresReplace } = change(
      TYPES.network as Tested,
      { name: "renamed", vlan_id: 25 },
      { vlan_id: 25 },
    );
    expect(requiresReplace).toEqual([]);
  });

  it("names every attribute that asks for it, and no other", () => {
    const changes = { name: "renamed", region: "GRA11", group_id: "g-2" };
    expect(change(TYPES.instance as Tested, changes).requiresReplace.toSorted()).toEqual([
      "group_id",
      "region",
    ]);
  });

  it("of an attach is not asked for by another address: that is a change it does not have", () => {
    const { state, requiresReplace, unknown } = change(TYPES.attach as Tested, { ip: "146.59.143.232" });
    expect(requiresReplace).toEqual([]);
    expect(unknown).toEqual([]);
    expect(state.ip).toBe("146.59.143.232");
  });
});
