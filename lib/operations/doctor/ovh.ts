import type { EdgeConfig } from "../../config/schema.js";
import { type Asked, asked } from "../asked.js";
import { beyondAnEdge, examineKey } from "../credentials/key.js";
import { deployerRights, doctorRights, edgeRights, UNKNOWN_IP } from "../credentials/rights.js";
import type { DeployedOutput } from "../deployment.js";
import { apiUrl, type OvhClient } from "../ovh-client.js";
import type { EdgeAddress, RemoteEdge } from "../remote-edge.js";
import type { ApiFacts, KeyFacts } from "./api.js";
import type { ReportedMacs } from "./node.js";
import type {
  FailoverIpAnswer,
  FlavorAnswer,
  NetworkAnswer,
  QuotaAnswer,
  RegionAnswer,
  RegionFacts,
} from "./region.js";
import { ipAnswer } from "./region.js";

/** What OVH is asked with. */
export interface OvhSources {
  readonly config: EdgeConfig;
  readonly endpoint: string;
  /** A client without a key, for OVH's clock alone. */
  readonly anybody: Pick<OvhClient, "time">;
  /** With the deployer's key, or why there is none. */
  readonly deployer: Pick<OvhClient, "get" | "post"> | string;
  /** With the edges' key, or why there is none. */
  readonly edges: Pick<OvhClient, "get" | "post"> | string;
  /** What the stack tells of its edges, by name. */
  readonly outputs: Readonly<Record<string, DeployedOutput>>;
}

/** Asks OVH, by GET alone. */
export class OvhQuestions {
  constructor(private readonly sources: OvhSources) {}

  /** What the stack tells of an edge. */
  output(name: string): DeployedOutput | undefined {
    return this.sources.outputs[name];
  }

  /** OVH's clock, and what the keys may do. */
  async api(): Promise<ApiFacts> {
    const { config, endpoint, anybody, deployer, edges } = this.sources;
    const time = await asked(anybody.time());
    const now = Math.floor(Date.now() / 1000);
    const ipIds = await this.ipIds();
    const rights = [...deployerRights(config, ...(ipIds ?? [UNKNOWN_IP])), ...doctorRights(config)];
    return {
      endpoint: apiUrl(endpoint),
      time,
      now,
      deployer: await key(deployer, rights, []),
      edges:
        ipIds === undefined
          ? { failed: typeof edges === "string" ? edges : "the FailOver IP's id is not known" }
          : await key(edges, edgeRights(config, ...ipIds), beyondAnEdge(config.project)),
    };
  }

  /** A GET with the deployer's key. */
  get<T>(path: string): Promise<Asked<T>> {
    const { deployer } = this.sources;
    return typeof deployer === "string"
      ? Promise.resolve({ failed: deployer })
      : asked(deployer.get<T>(path));
  }

  /** Ids of all FailOver IPs, undefined where one is not known. */
  private async ipIds(): Promise<readonly string[] | undefined> {
    const { config } = this.sources;
    const list = await this.get<FailoverIpAnswer[]>(`/cloud/project/${config.project}/ip/failover`);
    if (!("value" in list)) return undefined;
    const ids = config.failoverIps.flatMap(({ address }) => ipAnswer(list.value, address)?.id ?? []);
    return ids.length === config.failoverIps.length ? ids : undefined;
  }
}

async function key(
  client: Pick<OvhClient, "get" | "post"> | string,
  needed: KeyFacts["needed"],
  beyond: Parameters<typeof examineKey>[1]["beyond"],
): Promise<Asked<KeyFacts>> {
  if (typeof client === "string") return { failed: client };
  return { value: { exam: await examineKey(client, { needed, beyond }), needed } };
}

interface InstanceAnswer {
  readonly currentState?: {
    readonly networks?: readonly {
      readonly id?: string | null;
      readonly addresses?: readonly {
        readonly mac: string;
        readonly type: string;
        readonly version: number;
      }[];
    }[];
  } | null;
}

/** What was gathered of a region, and of the instances in it. */
export interface GatheredRegion {
  readonly facts: RegionFacts;
  /** MAC addresses of an edge's interfaces; by the last deploy where OVH does not tell. */
  readonly macs: (edge: EdgeAddress) => Asked<ReportedMacs>;
}

/** Asks OVH about the project and its region. */
export async function gatherRegion(
  ovh: OvhQuestions,
  config: EdgeConfig,
  edges: readonly RemoteEdge[],
): Promise<GatheredRegion> {
  const { project, region } = config;
  const v1 = `/cloud/project/${project}`;
  const v2 = `/v2/publicCloud/project/${project}`;
  const query = `?region=${encodeURIComponent(region)}`;
  const instances = new Map<string, Asked<InstanceAnswer>>();
  for (const { address } of edges) {
    instances.set(address.name, await ovh.get(`${v2}/compute/instance/${address.instanceId}`));
  }
  const networks = await ovh.get<NetworkAnswer[]>(`${v2}/network`);
  const failed = [...instances.values()].flatMap((one) => ("failed" in one ? [one.failed] : []))[0];
  const attached = [...instances.values()].flatMap((one) =>
    "value" in one ? (one.value.currentState?.networks ?? []).flatMap(({ id }) => id ?? []) : [],
  );
  const facts: RegionFacts = {
    config,
    region: await ovh.get<RegionAnswer>(`${v1}/region/${region}`),
    flavors: await ovh.get<FlavorAnswer[]>(`${v2}/reference/instance/flavor${query}`),
    images: await ovh.get<{ name: string }[]>(`${v2}/reference/instance/image${query}`),
    ips: await ovh.get<FailoverIpAnswer[]>(`${v1}/ip/failover`),
    quota: await ovh.get<QuotaAnswer>(`${v1}/region/${region}/quota`),
    networks,
    deployed: edges.map(({ name }) => name),
    attached: failed === undefined ? { value: attached } : { failed },
  };
  return {
    facts,
    macs: ({ name }) => {
      const told = macsOf(config, instances.get(name), networks);
      const output = ovh.output(name)?.macs;
      return "failed" in told && output !== undefined ? { value: output } : told;
    },
  };
}

/** Tells interfaces apart as the stack does: OVH lists them by network id, not in their order. */
function macsOf(
  config: EdgeConfig,
  instance: Asked<InstanceAnswer> | undefined,
  networks: Asked<readonly NetworkAnswer[]>,
): Asked<ReportedMacs> {
  if (instance === undefined || "failed" in instance) return instance ?? { failed: "it is not deployed" };
  if ("failed" in networks) return networks;
  const list = (instance.value.currentState?.networks ?? []).flatMap(({ id, addresses }) =>
    (addresses ?? [])
      .filter(({ version }) => version === 4)
      .map(({ mac, type }) => ({ id: id ?? "", mac, type })),
  );
  const idOf = (setting: "internalNetwork" | "carpNetwork") => {
    const network = config[setting];
    if ("networkId" in network) return network.networkId;
    const ids = list.map(({ id }) => id);
    return networks.value.find(
      ({ id, targetSpec }) => targetSpec.vlanId === network.vlanId && ids.includes(id),
    )?.id;
  };
  const on = (id: string | undefined) => list.find((one) => one.id === id && one.type !== "public")?.mac;
  const external = list.find(({ type, id }) => type === "public" || (type === "FIXED" && id === ""))?.mac;
  const [internal, carp] = [on(idOf("internalNetwork")), on(idOf("carpNetwork"))];
  if (external === undefined || internal === undefined || carp === undefined) {
    return { failed: "OVH's answer about the instance does not name all three interfaces" };
  }
  return { value: { external, internal, carp } };
}
