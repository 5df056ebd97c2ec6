import { exists } from "../config/edge.js";
import { isIpv4, rangeOf } from "../config/fields.js";
import type { EdgeConfig, EdgeConfigInput } from "../config/schema.js";
import type { Machine } from "../simulator/node/machine.js";
import type { Region } from "../simulator/region.js";
import { until } from "./until.js";

type Network = EdgeConfigInput["internalNetwork"];

/**
 * Makes what a configuration says exists already: networks, and instances on them, as somebody did
 * long before. Their ids, addresses and MAC addresses in the configuration are replaced by the region's.
 *
 * @param written the configuration as it is written, without its defaults
 */
export async function adopt(
  region: Region,
  config: EdgeConfig,
  written: EdgeConfigInput,
): Promise<Pick<EdgeConfigInput, "internalNetwork" | "carpNetwork" | "edges">> {
  const [internalNetwork, carpNetwork] = await Promise.all([
    networkOf(region, "internal", config),
    networkOf(region, "carp", config),
  ]);
  if (config.edges.some(exists)) {
    region.project.createSshKey({ name: "adopted", publicKey: `${region.deployKey.public} adopted` });
  }
  const edges = await Promise.all(
    written.edges.map(async (edge): Promise<EdgeConfigInput["edges"][number]> => {
      if (!("existing" in edge)) return edge;
      const id = create(region, config, edge.name, [internalNetwork, carpNetwork]);
      await until(() => region.access.serves(id), `${edge.name} does not serve SSH`);
      const machine = region.machine(edge.name) as Machine;
      const port = (name: string) => machine.kernel.find(name);
      const mac = (name: string) => port(name)?.lladdr as string;
      // One whose address is private is reached by it here as well.
      const { host } = edge.existing;
      const inside = isIpv4(host) && rangeOf(host) === "private";
      const address = port(inside ? "vio1" : "vio0")?.addresses[0]?.address as string;
      const macs = { external: mac("vio0"), internal: mac("vio1"), carp: mac("vio2") };
      return { ...edge, existing: { ...edge.existing, instanceId: id, host: address, macs } };
    }),
  );
  region.project.keepWhatIsThere();
  return { internalNetwork, carpNetwork, edges };
}

async function networkOf(region: Region, name: "internal" | "carp", config: EdgeConfig): Promise<Network> {
  const settings = config[`${name}Network`];
  if (!("networkId" in settings)) return settings;
  const { networks } = region.project;
  const location = { region: config.region };
  const { id } = networks.networks.create({ targetSpec: { name, location } });
  await until(() => networks.networks.get(id).resourceStatus === "READY", `network ${name} is not ready`);
  const subnets = networks.subnets(id);
  const subnet = subnets.create({
    targetSpec: { name, cidr: settings.cidr, location, dhcpEnabled: name === "internal" },
  });
  await until(() => subnets.get(subnet.id).resourceStatus === "READY", `subnet ${name} is not ready`);
  return { networkId: id, subnetId: subnet.id, cidr: settings.cidr };
}

function create(region: Region, config: EdgeConfig, name: string, networks: readonly Network[]): string {
  const { project } = region;
  const attached = networks.map((network) =>
    "networkId" in network ? { id: network.networkId, subnetId: network.subnetId } : {},
  );
  const targetSpec = {
    name,
    flavor: { id: project.listFlavors(config.region)[0]?.id },
    image: { id: project.listImages(config.region)[0]?.id },
    location: { region: config.region },
    networks: [{ autoAssignPublicIp: true }, ...attached],
    sshKeyName: "adopted",
  };
  const { id } = project.instances.instances.create({ targetSpec });
  return id;
}
