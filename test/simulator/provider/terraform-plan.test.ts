import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Json } from "../ovh-api/simulated.js";
import { OVH_SCHEMA } from "./ovh-schema.js";
import { edgeConfig, edgeConfigWith, hasTerraform, PATIENCE, Terraform, withTerraform } from "./terraform.js";

const KEY = "ovh_cloud_ssh_key";
const NETWORK = "ovh_cloud_network_private_vrack";
const SUBNET = "ovh_cloud_network_private_vrack_subnet";
const GROUP = "ovh_cloud_instance_group";
const INSTANCE = "ovh_cloud_instance";
const ATTACH = "ovh_cloud_project_failover_ip_attach";
const DELIVERY = "null_resource.delivery";
const REPLACE = "delete create";

let terraform: Terraform;

describe.skipIf(!hasTerraform)(withTerraform("Terraform, once it applied"), PATIENCE, () => {
  beforeAll(async () => {
    terraform = await Terraform.start();
    await terraform.apply(edgeConfig());
  }, PATIENCE.timeout);
  afterAll(() => terraform.stop(), PATIENCE.timeout);

  it("plans nothing", async () => {
    expect(await terraform.plan(edgeConfig())).toEqual({ status: 0, actions: {}, unknown: {} });
  });

  it.each<[what: string, changes: Record<string, unknown>, actions: Record<string, string>]>([
    [
      "renames an instance in place, and delivers to it again",
      { [`${INSTANCE}.edge.name`]: "edge-2" },
      { [`${INSTANCE}.edge`]: "update", [DELIVERY]: REPLACE },
    ],
    [
      "moves the FailOver IP back to a renamed instance unless that is ignored",
      { [`${INSTANCE}.edge.name`]: "edge-2", [`${ATTACH}.edge.lifecycle`]: undefined },
      { [`${INSTANCE}.edge`]: "update", [`${ATTACH}.edge`]: REPLACE, [DELIVERY]: REPLACE },
    ],
    [
      "replaces the subnet of a renamed network, and changes the instance in place",
      { [`${NETWORK}.carp.name`]: "renamed" },
      {
        [`${NETWORK}.carp`]: "update",
        [`${SUBNET}.carp`]: REPLACE,
        [`${INSTANCE}.edge`]: "update",
        [DELIVERY]: REPLACE,
      },
    ],
    [
      "renames a subnet in place and nothing else",
      { [`${SUBNET}.carp.name`]: "renamed" },
      { [`${SUBNET}.carp`]: "update" },
    ],
    [
      "changes the flavor of an instance in place",
      { [`${INSTANCE}.edge.flavor_id`]: "b3-16" },
      { [`${INSTANCE}.edge`]: "update", [DELIVERY]: REPLACE },
    ],
    [
      "replaces an SSH key whose text changed, and not the instance that names it",
      { [`${KEY}.ops.public_key`]: "ssh-ed25519 BBBB ops" },
      { [`${KEY}.ops`]: REPLACE },
    ],
    [
      "replaces the instance when its SSH key is renamed",
      { [`${KEY}.ops.name`]: "other" },
      { [`${KEY}.ops`]: REPLACE, [`${INSTANCE}.edge`]: REPLACE, [DELIVERY]: REPLACE },
    ],
    [
      "replaces the instance when it has no SSH key any more",
      { [`${INSTANCE}.edge.ssh_key_name`]: undefined },
      { [`${INSTANCE}.edge`]: REPLACE, [DELIVERY]: REPLACE },
    ],
    [
      "replaces the instance when its region changes",
      { [`${INSTANCE}.edge.region`]: "GRA11" },
      { [`${INSTANCE}.edge`]: REPLACE, [DELIVERY]: REPLACE },
    ],
    [
      "replaces the instance when it is given an availability zone",
      { [`${INSTANCE}.edge.availability_zone`]: "eu-west-par-a" },
      { [`${INSTANCE}.edge`]: REPLACE, [DELIVERY]: REPLACE },
    ],
    [
      "replaces the instance with its group",
      { [`${GROUP}.edges.name`]: "other" },
      { [`${GROUP}.edges`]: REPLACE, [`${INSTANCE}.edge`]: REPLACE, [DELIVERY]: REPLACE },
    ],
    [
      "replaces a network whose vlan changes, with its subnet",
      { [`${NETWORK}.carp.vlan_id`]: 26 },
      {
        [`${NETWORK}.carp`]: REPLACE,
        [`${SUBNET}.carp`]: REPLACE,
        [`${INSTANCE}.edge`]: "update",
        [DELIVERY]: REPLACE,
      },
    ],
    [
      "replaces a network that gets a description",
      { [`${NETWORK}.carp.description`]: "for carp" },
      {
        [`${NETWORK}.carp`]: REPLACE,
        [`${SUBNET}.carp`]: REPLACE,
        [`${INSTANCE}.edge`]: "update",
        [DELIVERY]: REPLACE,
      },
    ],
    [
      "replaces a subnet whose cidr changes",
      { [`${SUBNET}.carp.cidr`]: "10.26.0.0/16" },
      { [`${SUBNET}.carp`]: REPLACE, [`${INSTANCE}.edge`]: "update", [DELIVERY]: REPLACE },
    ],
    ["leaves a network alone that no longer names its vlan", { [`${NETWORK}.carp.vlan_id`]: undefined }, {}],
    [
      "leaves a subnet alone that no longer names its gateway",
      { [`${SUBNET}.internal.gateway_ip`]: undefined },
      {},
    ],
    [
      "removes what is no longer configured",
      { [`${ATTACH}.edge`]: undefined, [DELIVERY]: undefined },
      { [`${ATTACH}.edge`]: "delete", [DELIVERY]: "delete" },
    ],
  ])("%s", async (_, changes, actions) => {
    const plan = await terraform.plan(edgeConfigWith(changes));
    expect(plan.actions).toEqual(actions);
    expect(plan.status).toBe(Object.keys(actions).length === 0 ? 0 : 2);
  });

  const ALWAYS = ["checksum", "created_at", "current_state", "id", "resource_status", "updated_at"];

  it("does not know anything computed of a renamed instance, its id included", async () => {
    const { unknown } = await terraform.plan(edgeConfigWith({ [`${INSTANCE}.edge.name`]: "edge-2" }));
    // The zone is open as well, as there is none to keep.
    expect(unknown[`${INSTANCE}.edge`]).toEqual(["availability_zone", ...ALWAYS]);
  });

  it("does not know the vlan of a renamed network that names none", async () => {
    const changes = { [`${NETWORK}.carp.name`]: "renamed", [`${NETWORK}.internal.name`]: "renamed" };
    const { unknown } = await terraform.plan(edgeConfigWith(changes));
    expect(unknown[`${NETWORK}.carp`]).toEqual(ALWAYS);
    expect(unknown[`${NETWORK}.internal`]).toEqual([...ALWAYS, "vlan_id"]);
  });

  it("knows the id of a renamed subnet", async () => {
    const { unknown } = await terraform.plan(edgeConfigWith({ [`${SUBNET}.internal.name`]: "renamed" }));
    expect(unknown).toEqual({
      [`${SUBNET}.internal`]: ["checksum", "current_state", "current_tasks", "resource_status", "updated_at"],
    });
  });

  it("shows the schema of every type as the repository holds it, with its sensitive values", async () => {
    const { provider_schemas } = JSON.parse(await terraform.must("providers", "schema", "-json"));
    const shown = provider_schemas["registry.terraform.io/ovh/ovh"];
    const secrets = (type: string) =>
      Object.entries<Json>(shown.resource_schemas[type].block.attributes)
        .filter(([, { sensitive }]) => sensitive)
        .map(([name]) => name);
    expect(secrets("ovh_me_api_oauth2_client")).toEqual(["client_secret"]);
    expect(secrets("ovh_cloud_project_user")).toEqual(["password"]);
    expect(secrets("ovh_cloud_project_user_s3_credential")).toEqual(["secret_access_key"]);
    for (const kind of ["resource_schemas", "data_source_schemas"] as const) {
      expect(bare(shown[kind])).toEqual(bare(OVH_SCHEMA[kind]));
    }
    expect(bare(shown.provider)).toEqual(bare(OVH_SCHEMA.provider));
  });
});

/** A schema without the words about it. */
const bare = (schema: unknown): Json =>
  JSON.parse(
    JSON.stringify(schema, (key, value) => (/^(description.*|deprecated.*)$/.test(key) ? undefined : value)),
  );
