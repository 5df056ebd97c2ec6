import { exists } from "../../config/edge.js";
import { ORDERED_ADDRESS } from "../../config/failover-ips.js";
import type { EdgeConfig } from "../../config/schema.js";
import { nearest } from "../../config/suggest.js";
import type { Asked } from "../asked.js";
import { answered, type Check, type Finding, found, type Outcome, wrong } from "./check.js";

/** A region. `GET /cloud/project/{p}/region/{r}` */
export interface RegionAnswer {
  readonly name: string;
  readonly status: string;
  readonly continentCode: string;
  /** Countries of the FailOver IPs that it takes. */
  readonly ipCountries: readonly string[];
}

/** A flavor. `GET /v2/publicCloud/project/{p}/reference/instance/flavor` */
export interface FlavorAnswer {
  readonly name: string;
  readonly vcpus: number;
  /** MiB */
  readonly ram: number;
}

/** A FailOver IP. `GET /cloud/project/{p}/ip/failover` */
export interface FailoverIpAnswer {
  readonly id: string;
  readonly ip: string;
  readonly continentCode: string;
  readonly geoLoc: string;
}

/** What is granted and used. `GET /cloud/project/{p}/region/{r}/quota` */
export interface QuotaAnswer {
  readonly instance: Readonly<
    Record<"maxInstances" | "usedInstances" | "maxCores" | "usedCores" | "maxRam" | "usedRAM", number>
  >;
}

/** A private network. `GET /v2/publicCloud/project/{p}/network` */
export interface NetworkAnswer {
  readonly id: string;
  readonly targetSpec: { readonly name: string; readonly vlanId?: number | null };
}

/** What was gathered of the project and its region. */
export interface RegionFacts {
  readonly config: EdgeConfig;
  readonly region: Asked<RegionAnswer>;
  readonly flavors: Asked<readonly FlavorAnswer[]>;
  readonly images: Asked<readonly { readonly name: string }[]>;
  readonly ips: Asked<readonly FailoverIpAnswer[]>;
  readonly quota: Asked<QuotaAnswer>;
  readonly networks: Asked<readonly NetworkAnswer[]>;
  /** Names of the edges that are deployed. */
  readonly deployed: readonly string[];
  /** Networks that the deployed edges are attached to. */
  readonly attached: Asked<readonly string[]>;
}

/** Checks of the project and its region. */
export const REGION_CHECKS: readonly Check<RegionFacts>[] = [
  { name: "region", judge: ({ region }) => answered(region, regionOutcome) },
  {
    name: "flavors",
    judge: ({ config, flavors }) =>
      answered(flavors, (list) =>
        namesOutcome(
          config,
          "flavor",
          list.map(({ name }) => name),
        ),
      ),
  },
  {
    name: "images",
    judge: ({ config, images }) =>
      answered(images, (list) =>
        namesOutcome(
          config,
          "image",
          list.map(({ name }) => name),
        ),
      ),
  },
  { name: "FailOver IP", judge: (facts) => answered(facts.ips, (list) => ipsOutcome(facts, list)) },
  { name: "quota", judge: (facts) => answered(facts.quota, (quota) => quotaOutcome(facts, quota)) },
  { name: "VLAN ids", judge: (facts) => answered(facts.networks, (list) => networkOutcome(facts, list)) },
];

function regionOutcome({ name, status }: RegionAnswer): Outcome {
  const down = wrong(
    `OVH says that region ${name} is ${status}`,
    "instances there may neither be created nor reached",
    "look at OVH's status page, and deploy when it is over",
  );
  return found(status === "UP" ? [] : [down], name);
}

function namesOutcome(config: EdgeConfig, what: "flavor" | "image", names: readonly string[]): Outcome {
  const wanted = [...new Set(config.edges.flatMap((edge) => edge[what] ?? []))];
  const known = [...new Set(names)].sort();
  const findings = wanted
    .filter((name) => !known.includes(name))
    .map((name) => {
      const meant = nearest(name, known);
      const list = known.length === 0 ? "none" : known.join(", ");
      return wrong(
        `region ${config.region} has no ${what} ${name}; it has ${list}`,
        "a plan stops there, and an edge that is lost cannot be replaced",
        what === "flavor"
          ? `set edges[].flavor to ${meant ?? "one that the region has"}`
          : `make an image of that name in ${config.region}, or set edges[].image${meant === undefined ? "" : ` to ${meant}`}`,
      );
    });
  return found(findings, wanted.length === 0 ? "every edge exists already" : wanted.join(", "));
}

/** What OVH says of one FailOver IP; it knows a block by its first address. */
export function ipAnswer(list: readonly FailoverIpAnswer[], address: string): FailoverIpAnswer | undefined {
  return list.find(({ ip }) => ip === address.split("/")[0]);
}

function ipsOutcome(facts: RegionFacts, list: readonly FailoverIpAnswer[]): Outcome {
  const { failoverIps } = facts.config;
  const setting = (index: number) =>
    failoverIps.length === 1 ? "failoverIp.address" : `failoverIps[${index}].address`;
  const outcomes = failoverIps.map(({ address }, index) => ipOutcome(facts, list, address, setting(index)));
  const findings = outcomes.flatMap((outcome) => ("findings" in outcome ? outcome.findings : []));
  return found(findings, outcomes.flatMap((outcome) => ("ok" in outcome ? outcome.ok : [])).join("; "));
}

function ipOutcome(
  { config: { project }, region }: RegionFacts,
  list: readonly FailoverIpAnswer[],
  address: string,
  setting: string,
): Outcome {
  if (address === ORDERED_ADDRESS) return { ok: "a deploy orders it" };
  const ip = ipAnswer(list, address);
  if (ip === undefined) {
    const others = list.map((one) => one.ip).join(", ");
    const finding = wrong(
      `project ${project} has no FailOver IP ${address}; it has ${others === "" ? "none" : others}`,
      "it is what moves between the edges, and nothing here orders one",
      `move the IP to this project at OVH, or set ${setting}`,
    );
    return { findings: [finding] };
  }
  if (!("value" in region))
    return { ok: `${ip.ip} is in the project; whether it fits the region is not known` };
  const { name, continentCode, ipCountries } = region.value;
  const finding = wrong(
    `FailOver IP ${ip.ip} is of ${ip.geoLoc} (${ip.continentCode}), and region ${name} (${continentCode}) takes those of ${ipCountries.join(", ")}`,
    "OVH would refuse to route it to an instance there",
    "use a FailOver IP of one of those countries, or edges in a region that takes this one",
  );
  return found(fits(ip, region.value) ? [] : [finding], `${ip.ip}, of ${ip.geoLoc}`);
}

/** Whether OVH routes a FailOver IP to instances of a region. */
export function fits(
  { continentCode, geoLoc }: Pick<FailoverIpAnswer, "continentCode" | "geoLoc">,
  region: Pick<RegionAnswer, "continentCode" | "ipCountries">,
): boolean {
  return (
    continentCode.toUpperCase() === region.continentCode.toUpperCase() &&
    (region.ipCountries.length === 0 ||
      region.ipCountries.some((country) => country.toLowerCase() === geoLoc.toLowerCase()))
  );
}

function quotaOutcome(facts: RegionFacts, { instance }: QuotaAnswer): Outcome {
  const { config, deployed, flavors } = facts;
  const missing = config.edges.filter((edge) => !exists(edge) && !deployed.includes(edge.name));
  const sizes = missing.map(({ flavor }) =>
    "value" in flavors ? flavors.value.find(({ name }) => name === flavor) : undefined,
  );
  const sum = (field: "vcpus" | "ram") => sizes.reduce((all, size) => all + (size?.[field] ?? 0), 0);
  const rows: readonly (readonly [what: string, needed: number, max: number, used: number])[] = [
    ["instances", missing.length, instance.maxInstances, instance.usedInstances],
    ["cores", sum("vcpus"), instance.maxCores, instance.usedCores],
    ["MiB of memory", sum("ram"), instance.maxRam, instance.usedRAM],
  ];
  const findings: Finding[] = rows
    // Below zero stands for any number.
    .filter(([, needed, max, used]) => max >= 0 && needed > max - used)
    .map(([what, needed, max, used]) =>
      wrong(
        `region ${config.region} grants ${max} ${what}, of which ${used} are used; ${needed} more are needed`,
        "OVH refuses the instance in the middle of a deploy",
        "ask OVH for a higher quota on the project's page",
      ),
    );
  return found(findings, missing.length === 0 ? "every edge is there" : `enough for ${missing.length} edges`);
}

function networkOutcome(facts: RegionFacts, list: readonly NetworkAnswer[]): Outcome {
  const { config, attached } = facts;
  // Without an answer about the edges, their own networks look like another's.
  if ("failed" in attached) return { impossible: attached.failed };
  const findings = (["internalNetwork", "carpNetwork"] as const).flatMap((setting): Finding[] => {
    const network = config[setting];
    if ("networkId" in network) {
      if (list.some(({ id }) => id === network.networkId)) return [];
      return [
        wrong(
          `${setting}.networkId ${network.networkId} is no private network of the project`,
          "edges cannot be attached to it",
          `set ${setting}.networkId to one of ${list.map(({ id }) => id).join(", ") || "those that you make"}`,
        ),
      ];
    }
    const ours = attached.value;
    return list
      .filter(({ id, targetSpec }) => targetSpec.vlanId === network.vlanId && !ours.includes(id))
      .map(({ id, targetSpec }) =>
        wrong(
          `${setting}.vlanId ${network.vlanId} is that of network ${targetSpec.name} (${id}) already`,
          setting === "carpNetwork"
            ? "what is on that network could stop failovers, and OVH refuses a second one"
            : "OVH refuses a second network with it",
          `set ${setting}.vlanId to a free one; taken are ${taken(list)}`,
        ),
      );
  });
  const ids = [config.internalNetwork, config.carpNetwork].flatMap((network) =>
    "vlanId" in network ? [String(network.vlanId)] : [],
  );
  return found(findings, ids.length === 0 ? "networks that exist" : `${ids.join(", ")} within this project`);
}

function taken(list: readonly NetworkAnswer[]): string {
  const ids = list.flatMap(({ targetSpec: { vlanId } }) => (typeof vlanId === "number" ? [vlanId] : []));
  return [...new Set(ids)].sort((a, b) => a - b).join(", ");
}
