import type { Hono } from "hono";
import type { OvhProject } from "./api.js";
import { notFound } from "./errors.js";

/** How many instances, cores and MiB of memory a region grants; negative for any number. */
export interface InstanceQuota {
  maxInstances: number;
  maxCores: number;
  maxRam: number;
}

/** What a project starts with. */
export const DEFAULT_QUOTA: InstanceQuota = { maxInstances: 20, maxCores: 40, maxRam: 163_840 };

/** The regions of a project and what is left of their quotas: v1 paths below a project. */
// biome-ignore lint/suspicious/noExplicitAny: what hangs on a request is the caller's business
export function regionRoutes(app: Hono<any>, project: OvhProject): void {
  const base = "/cloud/project/:project";
  app.get(`${base}/region`, (c) => c.json(project.seed.regions));
  app.get(`${base}/region/:region`, (c) => c.json(region(project, c.req.param("region"))));
  app.get(`${base}/region/:region/quota`, (c) => c.json(quota(project, c.req.param("region"))));
  app.get(`${base}/quota`, (c) => c.json(project.seed.regions.map((name) => quota(project, name))));
}

function checkRegion({ seed }: OvhProject, name: string): void {
  if (!seed.regions.includes(name)) throw notFound(`This service does not exist: region ${name}`);
}

function region(project: OvhProject, name: string) {
  checkRegion(project, name);
  return {
    name,
    type: "region",
    status: "UP",
    continentCode: project.place.continentCode,
    countryCode: project.place.ipCountries[0] ?? "",
    datacenterLocation: name.replace(/\d+$/, ""),
    ipCountries: project.place.ipCountries,
    availabilityZones: [],
    services: ["instance", "network", "image"].map((service) => ({
      name: service,
      status: "UP",
      endpoint: "",
    })),
  };
}

function quota(project: OvhProject, name: string) {
  checkRegion(project, name);
  const flavors = project.instances.instances
    .list()
    .filter(({ targetSpec }) => targetSpec.location?.region === name)
    .map(({ targetSpec }) => project.flavors.find(({ id }) => id === targetSpec.flavor.id));
  const used = (field: "vcpus" | "ram") => flavors.reduce((sum, flavor) => sum + (flavor?.[field] ?? 0), 0);
  const networks = project.networks.networks.list().length;
  return {
    region: name,
    instance: {
      ...project.quota,
      usedInstances: flavors.length,
      usedCores: used("vcpus"),
      usedRAM: used("ram"),
    },
    keypair: { maxCount: 100 },
    network: { maxNetworks: 20, usedNetworks: networks, maxSubnets: 20, usedSubnets: networks },
    volume: { maxGigabytes: 20_000, usedGigabytes: 0, maxVolumeCount: 40, volumeCount: 0 },
  };
}
