import { DURATIONS, type Json, type SimulatedApi, V2 } from "./simulated.js";

/** A kind of v2 resource that has an envelope, ready to be made. */
export interface Kind {
  readonly name: string;
  readonly path: string;
  readonly spec: Json;
  /** What of it a PUT may change. */
  readonly change: Json;
  fail(message: string): void;
}

/** What a kind needs around it is made before the test's time begins. */
const backToTheStart = (api: SimulatedApi) => api.clock.advance(-DURATIONS.create);

/** All kinds by their names in messages. */
export const KINDS: Readonly<Record<string, (api: SimulatedApi) => Promise<Kind>>> = {
  network: async (api) => ({
    name: "network",
    path: `${V2}/network`,
    spec: { name: "carp", location: { region: "SBG5" }, vlanId: 25 },
    change: { name: "renamed" },
    fail: (message) => api.project.networks.networks.failNext(message),
  }),
  subnet: async (api) => {
    const { id } = await api.makeNetwork();
    backToTheStart(api);
    return {
      name: "subnet",
      path: `${V2}/network/${id}/subnet`,
      spec: {
        name: "carp",
        cidr: "10.25.0.0/16",
        location: { region: "SBG5" },
        dhcpEnabled: false,
        allocationPools: [{ start: "10.25.0.20", end: "10.25.0.99" }],
      },
      change: {
        name: "renamed",
        dhcpEnabled: false,
        allocationPools: [{ start: "10.25.0.20", end: "10.25.0.99" }],
      },
      fail: (message) => api.project.networks.subnets(id).failNext(message),
    };
  },
  instance: async (api) => {
    const group = { id: (await api.makeGroup()).id };
    backToTheStart(api);
    const securityGroups: never[] = [];
    const spec = await api.instanceSpec({
      networks: [{ autoAssignPublicIp: true }],
      powerState: "ACTIVE",
      group,
      securityGroups,
    });
    const { location: _, group: __, ...mutable } = spec;
    return {
      name: "instance",
      path: `${V2}/compute/instance`,
      spec,
      change: { ...mutable, name: "renamed" },
      fail: (message) => api.project.instances.instances.failNext(message),
    };
  },
  "instance group": async (api) => ({
    name: "instance group",
    path: `${V2}/compute/instanceGroup`,
    spec: { name: "edges", policy: "ANTI_AFFINITY", location: { region: "SBG5" } },
    change: undefined,
    fail: (message) => api.project.instances.groups.failNext(message),
  }),
  "security group": async (api) => ({
    name: "security group",
    path: `${V2}/securityGroup`,
    spec: { name: "edges", location: { region: "SBG5" }, rules: [SSH] },
    change: { name: "renamed", rules: [SSH] },
    fail: (message) => api.project.securityGroups.groups.failNext(message),
  }),
};

const SSH = {
  direction: "INGRESS",
  ethernetType: "IPV4",
  protocol: "TCP",
  portRangeMin: 22,
  portRangeMax: 22,
};
