import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { type Json, PROJECT } from "../ovh-api/simulated.js";
import { OVH_SCHEMA } from "./ovh-schema.js";
import { edgeConfig, edgeConfigWith, hasTerraform, Terraform } from "./terraform.js";

const KEY = "ovh_cloud_ssh_key";
const NETWORK = "ovh_cloud_network_private_vrack";
const SUBNET = "ovh_cloud_network_private_vrack_subnet";
const GROUP = "ovh_cloud_instance_group";
const INSTANCE = "ovh_cloud_instance";
const ATTACH = "ovh_cloud_project_failover_ip_attach";
const DELIVERY = "null_resource.delivery";
const REPLACE = "delete create";

const options = { timeout: 60_000 };
const title = (what: string) =>
  hasTerraform ? what : `${what} (skipped: there is no terraform on this machine's PATH)`;

let terraform: Terraform;
const start = async () => {
  terraform = await Terraform.start();
};
const stop = () => terraform.stop();

describe.skipIf(!hasTerraform)(title("Terraform, once it applied"), options, () => {
  beforeAll(start, options.timeout);
  beforeAll(() => terraform.apply(edgeConfig()), options.timeout);
  afterAll(stop, options.timeout);

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

describe.skipIf(!hasTerraform)(title("Terraform, as time goes by"), options, () => {
  beforeEach(start, options.timeout);
  beforeEach(() => terraform.apply(edgeConfig()), options.timeout);
  afterEach(stop, options.timeout);

  const idOf = async (address: string): Promise<string> => (await terraform.state(address)).id;

  it("can tell the public address and the MAC of the CARP interface by the state", async () => {
    const instance = `${INSTANCE}.edge`;
    const networks = `${instance}.current_state.networks`;
    const addresses = `flatten([for n in ${networks} : n.addresses])`;
    const ofCarp = `if n.id == ${NETWORK}.carp.id`;
    const output = {
      address: { value: `\${one([for a in ${addresses} : a.ip if a.type == "public" && a.version == 4])}` },
      mac: { value: `\${one(flatten([for n in ${networks} : [for a in n.addresses : a.mac] ${ofCarp}]))}` },
    };
    await terraform.apply({ ...edgeConfig(), output });
    const [{ id, currentState }] = terraform.project.instances.instances.list() as [Json];
    const carp = (await terraform.state(`${NETWORK}.carp`)).id;
    const { addresses: onCarp } = currentState.networks.find((network: Json) => network.id === carp);
    expect(await terraform.outputs()).toEqual({ address: "127.77.0.11", mac: onCarp[0].mac });
    expect(terraform.project.failoverIps.get("fo-1").routedTo).toBe(id);
  });

  it("renames an instance, and delivers to it again", async () => {
    const before = await terraform.state(`${INSTANCE}.edge`);
    const delivery = await idOf(DELIVERY);
    await terraform.apply(edgeConfigWith({ [`${INSTANCE}.edge.name`]: "edge-2" }));
    const after = await terraform.state(`${INSTANCE}.edge`);
    expect(after).toMatchObject({ id: before.id, name: "edge-2", current_state: { name: "edge-2" } });
    expect(await idOf(DELIVERY)).not.toBe(delivery);
    expect(terraform.project.failoverIps.attaches.at(-1)?.instanceId).toBe(before.id);
    const renamed = edgeConfigWith({ [`${INSTANCE}.edge.name`]: "edge-2" });
    expect((await terraform.plan(renamed)).status).toBe(0);
  });

  it("leaves the FailOver IP where a failover put it", async () => {
    const holder = await idOf(`${INSTANCE}.edge`);
    const attaches = terraform.project.failoverIps.attaches.length;
    terraform.project.failoverIps.add("fo-1", "146.59.143.231", "edge-2");
    expect(await terraform.plan(edgeConfig())).toMatchObject({ status: 0, actions: {} });
    await terraform.apply(edgeConfig());
    expect(terraform.project.failoverIps.attaches).toHaveLength(attaches);
    expect(await terraform.state(`${ATTACH}.edge`)).toMatchObject({ routed_to: "edge-2" });
    const unguarded = edgeConfigWith({ [`${ATTACH}.edge.lifecycle`]: undefined });
    expect((await terraform.plan(unguarded)).actions).toEqual({ [`${ATTACH}.edge`]: REPLACE });
    await terraform.apply(unguarded);
    expect(terraform.project.failoverIps.get("fo-1").routedTo).toBe(holder);
  });

  it("makes an instance anew that was deleted outside", async () => {
    const gone = await idOf(`${INSTANCE}.edge`);
    terraform.project.instances.instances.delete(gone);
    expect((await terraform.plan(edgeConfig())).actions).toEqual({
      [`${INSTANCE}.edge`]: "create",
      [DELIVERY]: REPLACE,
    });
    await terraform.apply(edgeConfig());
    expect(await idOf(`${INSTANCE}.edge`)).not.toBe(gone);
    expect((await terraform.plan(edgeConfig())).status).toBe(0);
  });

  it("makes a group anew that was deleted outside, and with it the instance", async () => {
    terraform.project.instances.groups.delete(await idOf(`${GROUP}.edges`));
    expect((await terraform.plan(edgeConfig())).actions).toEqual({
      [`${GROUP}.edges`]: "create",
      [`${INSTANCE}.edge`]: REPLACE,
      [DELIVERY]: REPLACE,
    });
  });

  it("fails for an SSH key that was deleted outside, until the state forgets it", async () => {
    terraform.project.deleteSshKey("ops");
    expect(await terraform.errors("plan", edgeConfig())).toEqual([
      expect.stringMatching(
        /^OVHcloud API error \(status code 404\): Client::NotFound: "SSH key ops does not exist" \(X-OVH-Query-Id: EU\..*\)$/,
      ),
    ]);
    await terraform.must("state", "rm", `${KEY}.ops`);
    expect((await terraform.plan(edgeConfig())).actions).toEqual({ [`${KEY}.ops`]: "create" });
  });

  it("undoes what was changed outside", async () => {
    const id = await idOf(`${INSTANCE}.edge`);
    const { checksum, targetSpec } = terraform.project.instances.instances.get(id);
    terraform.project.instances.instances.update(id, {
      checksum,
      targetSpec: { ...targetSpec, name: "moved" },
    });
    expect((await terraform.plan(edgeConfig())).actions).toEqual({
      [`${INSTANCE}.edge`]: "update",
      [DELIVERY]: REPLACE,
    });
    await terraform.apply(edgeConfig());
    expect(terraform.project.instances.instances.get(id).targetSpec.name).toBe("edge-1");
  });

  it("plans another image once it was published anew", async () => {
    terraform.project.republishImage("OpenBSD 7.8");
    expect((await terraform.plan(edgeConfig())).actions).toEqual({
      [`${INSTANCE}.edge`]: "update",
      [DELIVERY]: REPLACE,
    });
  });

  it("adopts what is there: networks, subnets, groups and instances, and then plans nothing", async () => {
    const addresses = [
      `${NETWORK}.carp`,
      `${NETWORK}.internal`,
      `${SUBNET}.carp`,
      `${SUBNET}.internal`,
      `${GROUP}.edges`,
      `${INSTANCE}.edge`,
    ];
    const ids = await Promise.all(
      addresses.map(async (to) => {
        const { id, network_id } = await terraform.state(to);
        return { to, id: [PROJECT, network_id, id].filter((part) => part !== undefined).join("/") };
      }),
    );
    // The group knows its members only from the second look on.
    await terraform.apply(edgeConfig());
    const before = await Promise.all(addresses.map((address) => terraform.state(address)));
    for (const address of addresses) await terraform.must("state", "rm", address);
    expect(await terraform.plan({ ...edgeConfig(), import: ids })).toMatchObject({
      actions: Object.fromEntries(addresses.map((address) => [address, "import"])),
      unknown: {},
    });
    await terraform.apply({ ...edgeConfig(), import: ids });
    expect(await Promise.all(addresses.map((address) => terraform.state(address)))).toEqual(before);
    expect(await terraform.plan(edgeConfig())).toEqual({ status: 0, actions: {}, unknown: {} });
  });

  it.each([
    [`${KEY}.ops`, "ops", `${KEY} cannot be imported`],
    [`${ATTACH}.edge`, "fo-1", `${ATTACH} cannot be imported`],
    [`${NETWORK}.carp`, "x", "Given ID is malformed: expected service_name/id, got x"],
    [`${SUBNET}.carp`, "x/y", "Given ID is malformed: expected service_name/network_id/id, got x/y"],
    [`${INSTANCE}.edge`, `${PROJECT}/x`, "Cannot import non-existent remote object"],
  ])("does not adopt %s by the id %s", async (address, id, message) => {
    await terraform.must("state", "rm", address);
    const { status, stderr } = await terraform.run("import", "-no-color", address, id);
    expect(status).toBe(1);
    // Terraform breaks long lines and draws a frame around them.
    expect(stderr.replace(/[\s│╷╵]+/g, " ")).toContain(message);
  });

  it("leaves nothing behind but the FailOver IP, as it is", async () => {
    const holder = await idOf(`${INSTANCE}.edge`);
    await terraform.must("destroy", "-auto-approve", "-no-color");
    expect(terraform.project.leftovers()).toEqual([]);
    expect(terraform.project.failoverIps.list()).toMatchObject([
      { id: "fo-1", status: "ok", routedTo: holder },
    ]);
    const deleted = terraform.api.journal.matching("DELETE", "").map(({ path }) => path);
    expect(deleted.filter((path) => path.includes("failover"))).toEqual([]);
  });
});

describe.skipIf(!hasTerraform)(title("Terraform, when something is wrong"), options, () => {
  beforeEach(start, options.timeout);
  afterEach(stop, options.timeout);

  const provider = (changes: object) => ({ ...edgeConfig(), provider: { ovh: changes } });
  const misconfigured = (reason: string) =>
    expect.stringMatching(new RegExp(`^OVH client seems to be misconfigured: "${reason}.*"$`));

  it.each([
    ["application key", { application_key: "x" }, "403.*This application key is invalid"],
    ["consumer key", { consumer_key: "x" }, "403.*This credential is not valid"],
    ["secret", { application_secret: "x" }, "400.*Invalid signature"],
  ])("stops before anything else when the %s is wrong", async (_, changes, reason) => {
    expect(await terraform.errors("apply", provider(changes))).toEqual([
      misconfigured(`OVHcloud API error \\(status code ${reason}`),
    ]);
    expect(terraform.project.leftovers()).toEqual([]);
  });

  it("stops before anything else when nobody answers at the endpoint", async () => {
    const config = provider({ endpoint: "http://127.0.0.1:1/1.0" });
    expect(await terraform.errors("apply", config)).toEqual([misconfigured("fetch failed")]);
    expect(terraform.project.leftovers()).toEqual([]);
  });

  it("shows the message of a task that failed", async () => {
    terraform.project.instances.instances.failNext("No valid host was found");
    expect(await terraform.errors("apply", edgeConfig())).toEqual([
      expect.stringMatching(/^instance \S+ entered ERROR state: No valid host was found$/),
    ]);
  });

  it("shows what the API refuses", async () => {
    const config = edgeConfigWith({ [`${SUBNET}.carp.cidr`]: "10.25.0.0" });
    expect(await terraform.errors("apply", config)).toEqual([
      expect.stringContaining('Client::BadRequest: "Invalid parameter cidr: 10.25.0.0 is not a network"'),
    ]);
  });

  it("says which types the simulation does not have", async () => {
    const other = { ovh_cloud_security_group: { x: { service_name: PROJECT, region: "SBG5", name: "x" } } };
    expect(await terraform.errors("plan", { resource: other })).toEqual([
      "The simulated provider has no ovh_cloud_security_group",
    ]);
    const data = { ovh_me: { x: {} } };
    expect(await terraform.errors("plan", { data })).toEqual([
      "The simulated provider has no data source ovh_me",
    ]);
  });

  it("fails to change the address of an attach, as that has no change", async () => {
    await terraform.apply(edgeConfig());
    const config = edgeConfigWith({ [`${ATTACH}.edge.ip`]: "146.59.143.232" });
    expect(await terraform.errors("apply", config)).toEqual([`${ATTACH} doesn't support update`]);
  });

  it.fails("keeps in the state what it began to make and what then failed", async () => {
    terraform.project.instances.instances.failNext("No valid host was found");
    await terraform.errors("apply", edgeConfig());
    expect(await terraform.state(`${INSTANCE}.edge`)).toBeDefined();
  });
});
