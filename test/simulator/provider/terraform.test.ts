import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type Json, PROJECT } from "../ovh-api/simulated.js";
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
const start = async () => {
  terraform = await Terraform.start();
};
const stop = () => terraform.stop();

describe.skipIf(!hasTerraform)(withTerraform("Terraform, as time goes by"), PATIENCE, () => {
  beforeEach(start, PATIENCE.timeout);
  beforeEach(() => terraform.apply(edgeConfig()), PATIENCE.timeout);
  afterEach(stop, PATIENCE.timeout);

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

describe.skipIf(!hasTerraform)(withTerraform("Terraform, when something is wrong"), PATIENCE, () => {
  beforeEach(start, PATIENCE.timeout);
  afterEach(stop, PATIENCE.timeout);

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
    expect(await terraform.errors("apply", config)).toEqual([
      misconfigured("OVH's API at 127.0.0.1:1 cannot be reached: "),
    ]);
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

  it("removes by a destroy what it began to make and what then failed", async () => {
    terraform.project.instances.instances.failNext("No valid host was found");
    await terraform.errors("apply", edgeConfig());
    await terraform.errors("destroy", edgeConfig());
    expect(terraform.project.leftovers()).toEqual([]);
  });

  it("makes anew what failed, in place of what it began to make", async () => {
    terraform.project.instances.instances.failNext("No valid host was found");
    await terraform.errors("apply", edgeConfig());
    expect((await terraform.plan(edgeConfig())).actions).toMatchObject({ [`${INSTANCE}.edge`]: REPLACE });
  });
});
