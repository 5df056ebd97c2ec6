import { z } from "zod";
import {
  type DnsSettings,
  dnsSchema,
  type OrderSettings,
  orderSchema,
  reverseSchema,
  securityGroupsSchema,
  vrackSchema,
} from "./account.js";
import { backendSchema } from "./backend.js";
import { edgeSchema } from "./edge.js";
import { show } from "./errors.js";
import { MOST_FAILOVER_IPS } from "./failover-ips.js";
import { flag, integer, ipv4, ipv4Block, ipv4Interface, ipv4Network, text } from "./fields.js";
import { edgeName, FREE_NAME, identifier, NAME } from "./names.js";
import { sshSchema } from "./ssh.js";

/** Names of the drills that have a limit. */
const DRILLS = [
  "carp-down",
  "power-off",
  "external-lost",
  "internal-lost",
  "drain",
  "return",
  "partition",
] as const;
/** What the edges can tell. */
const EVENTS = ["failover", "claim-failed", "partition", "hold", "drill"] as const;
const vlanId = integer(0, 4094, "pick one that no other network on this vRack uses");

const existingNetwork = z.strictObject({
  networkId: identifier("private network"),
  subnetId: identifier("subnet"),
  cidr: ipv4Network("give the subnet's own network"),
});

const createdNetwork = (what: string) =>
  z.strictObject({
    name: text(
      FREE_NAME,
      "1 to 63 letters, digits, blanks and any of . _ ( ) / + -",
      `name the ${what} network as OVH shall show it`,
    ),
    vlanId,
    cidr: ipv4Network("choose a private network that nothing else here uses"),
  });

/** A private network on the vRack: one that exists, by its ids, or one to create. */
const network = (what: string) => z.union([existingNetwork, createdNetwork(what)]);

const interfaceName = text(
  /^vio(0|[1-9]\d{0,2})$/,
  "the name of a virtio interface, such as vio0",
  "run ifconfig on an edge to see its interfaces",
);

const carp = z.strictObject({
  vhid: integer(1, 255, "pick one that nothing else uses on this vRack").describe(
    "Virtual host id, unique on the CARP network. carp(4)",
  ),
  address: ipv4Interface("use a free address of the CARP network").describe(
    "The shared address of the carp interface with its prefix; only the edges use it.",
  ),
  profile: z
    .enum(["normal", "fast"], {
      error: (i) => `must be normal or fast, got ${show(i.input)}; fast advertises several times a second`,
    })
    .default("normal")
    .describe(
      "normal: whole seconds between advertisements; fast: only the skews, in 256ths of a second, which finds a dead edge sooner and a bow-out no sooner. Default: normal.",
    ),
  advertisementInterval: integer(1, 60, "a backup takes over after three of them, so 1 is the usual value")
    .optional()
    .describe("advbase: whole seconds between two advertisements. Default: 1; 0 with the fast profile."),
  unicast: flag("leave it out for false")
    .default(false)
    .describe(
      "Whether the edges advertise to each other's address instead of a multicast group, where a network does not pass that; two edges only, each with its carpAddress. Default: false.",
    ),
  preempt: flag("leave it out for false")
    .default(false)
    .describe("Whether a preferred edge that comes back takes over again at once. Default: false."),
});

const named = {
  dns: dnsSchema.optional().describe("Name that stands for it in a DNS zone of yours at OVH. Default: none."),
  reverse: reverseSchema
    .optional()
    .describe(
      "Name that it is found under, such as edge.example.org; it must be found at the address, as dns makes it. Default: as it is.",
    ),
};

const failoverIp = z.strictObject({
  ...named,
  address: ipv4Block(
    "copy the FailOver IP from OVH; only IPv4 addresses can move between instances",
  ).describe(
    "A FailOver IP, or a block such as 198.51.100.8/29 that moves as one, that your project has already; it is adopted, never released.",
  ),
  vhid: integer(1, 255, "pick one that nothing else uses on this vRack")
    .optional()
    .describe(
      "Virtual host id; IPs of one vhid move together, those of another have an election of their own. Default: carp.vhid.",
    ),
  preferred: text(NAME, "the name of an edge", "use a name of edges")
    .optional()
    .describe(
      "Name of the edge that is preferred for this vhid. Default: each vhid prefers another edge, the first one the first edge.",
    ),
});

const probe = z.strictObject({
  targets: z
    .array(ipv4("a probe must not depend on DNS"), {
      error: "must be a list of 1 to 4 IPv4 addresses; name hosts outside your network",
    })
    .min(1, { error: "must have at least one address, got 0; name a host outside your network" })
    .max(4, {
      error: (i) =>
        `must have at most four addresses, got ${(i.input as unknown[]).length}; keep the best four`,
    })
    .default(["9.9.9.9", "1.1.1.1"])
    .describe("One to four numeric addresses that answer a ping; one answer is enough."),
  interval: integer(5, 300, "10 is the usual value")
    .default(10)
    .describe("Seconds between two probes, which is ifstated's poll. Default: 10."),
  attempts: integer(1, 10, "3 is the usual value")
    .default(3)
    .describe("Pings to each target in one probe, one second each; one answer is enough. Default: 3."),
});

const claim = z.strictObject({
  deadline: integer(30, 900, "OVH moves an address in less than a minute as a rule; 120 is the usual value")
    .default(120)
    .describe("Seconds an accepted claim may take at OVH before it is looked at anew. Default: 120."),
  checkInterval: integer(10, 600, "30 is the usual value; OVH allows 60 requests a minute")
    .default(30)
    .describe("Seconds between two looks at OVH in calm. Default: 30."),
  healthyFor: integer(0, 300, "10 is the usual value")
    .default(10)
    .describe("Seconds of health before a demotion is taken back. Default: 10."),
});

const accountName = text(
  /^[a-z0-9]([a-z0-9-]{0,14}[a-z0-9])?$/,
  "1 to 16 lower-case letters, digits and dashes",
  "name it after its time, such as 2026-11",
);

const credentials = z.strictObject({
  serviceAccounts: z
    .array(accountName, { error: "must be a list of names; leave it out to make the edges' key yourself" })
    .max(4, {
      error: (i) =>
        `must have at most four names, got ${(i.input as unknown[]).length}; two are enough to exchange one`,
    })
    .default([])
    .describe(
      "Names of service accounts that the deploy makes, each with a policy that lets it look at and move this project's FailOver IPs from the edges' addresses; the edges use the first one. Their secrets lie in the state. Default: none; the edges' key comes from TF_VAR_edge_application_key and its like.",
    ),
});

const limit = (name: string) =>
  integer(1, 3_600_000, "it is a number of milliseconds")
    .optional()
    .describe(
      `Milliseconds until OVH accepts the claim of drill ${name}, at most. Default: what CARP's timers allow.`,
    );

const drill = z.strictObject({
  limits: z.strictObject(Object.fromEntries(DRILLS.map((name) => [name, limit(name)]))).optional(),
});

const notify = z.strictObject({
  webhook: flag("leave it out for false")
    .default(false)
    .describe("Whether a webhook is told; its URL is the secret TF_VAR_edge_webhook_url. Default: false."),
  mail: text(
    /^[A-Za-z0-9._+-]{1,64}@[A-Za-z0-9.-]{1,190}$/,
    "one mail address",
    "use one such as ops@example.org, a list of yours for several people",
  )
    .optional()
    .describe("Address that the edges' own sendmail(8) writes to. Default: none."),
  events: z
    .array(
      z.enum(EVENTS, {
        error: (i) => `must be one of ${EVENTS.join(", ")}, got ${show(i.input)}; leave events out for all`,
      }),
      { error: `must be a list of ${EVENTS.join(", ")}; leave it out for all` },
    )
    .min(1, { error: "must have at least one event, got 0; leave it out for all" })
    .default([...EVENTS])
    .describe("What is told. Default: all."),
});

const metrics = z.strictObject({
  file: text(
    /^\/(?!var\/run\/edge-sync\/)(?!.*\/\.{0,2}\/)[A-Za-z0-9._/-]{1,200}\.prom$/,
    "an absolute path that ends in .prom and is not in /var/run/edge-sync, which only root can read",
    "use a file in the folder of node_exporter's textfile collector",
  ).describe("File that each pass writes its metrics to, for node_exporter's textfile collector."),
});

const shape = {
  $schema: text(/^[ -~]*$/, "the address of a JSON Schema", "leave it out")
    .optional()
    .describe("Where editors find the JSON Schema."),
  project: text(
    /^[0-9a-f]{32}$/,
    "the id of a Public Cloud project, 32 hexadecimal digits",
    "copy it from the project's page at OVH",
  ).describe("Id of the Public Cloud project, 32 hexadecimal digits."),
  region: text(/^[A-Z][A-Z0-9-]{1,30}$/, "a region such as SBG5", "see the regions of your project").describe(
    "Region of the edges, such as SBG5.",
  ),
  availabilityZone: text(
    /^[a-z0-9][a-z0-9-]{1,40}$/,
    "an availability zone such as eu-west-par-a",
    "leave it out in regions with one zone",
  )
    .optional()
    .describe("Availability zone, in regions that have several. Default: none."),
  ovh: z
    .strictObject({
      endpoint: z
        .enum(["ovh-eu", "ovh-ca", "ovh-us"], {
          error: failingEndpoint,
        })
        .default("ovh-eu")
        .describe("API endpoint. Default: ovh-eu."),
    })
    .prefault({}),
  failoverIp: z
    .strictObject({
      address: ipv4Block("copy the FailOver IP from OVH; only IPv4 addresses can move between instances")
        .describe(
          "A FailOver IP, or a block such as 198.51.100.8/29, that your project has already; it is adopted, never released.",
        )
        .optional(),
      order: orderSchema
        .optional()
        .describe("An order of a FailOver IP, which costs money; in place of address."),
      ...named,
    })
    .optional()
    .describe("The address that moves, where there is one."),
  failoverIps: z
    .array(failoverIp, { error: `must be a list of 1 to ${MOST_FAILOVER_IPS} FailOver IPs` })
    .min(1, { error: "must have at least one FailOver IP, got 0; name one" })
    .max(MOST_FAILOVER_IPS, {
      error: (i) =>
        `must have at most ${MOST_FAILOVER_IPS} FailOver IPs, got ${(i.input as unknown[]).length}; OVH allows 60 requests a minute, so make another edge for the rest`,
    })
    .optional()
    .describe(
      "The addresses that move, where there are several; in place of failoverIp. Keep the first one first: its attachment is known by its place, that of the others by their address.",
    ),
  vrack: vrackSchema
    .optional()
    .describe(
      "vRack that the project is put into, such as pn-12345. Default: the project is in its vRack already.",
    ),
  internalNetwork: network("internal").describe("The network between the edges and your services."),
  carpNetwork: network("CARP").describe("The network that carries CARP and nothing else."),
  interfaces: z
    .strictObject({
      external: interfaceName.default("vio0").describe("Public interface. Default: vio0."),
      internal: interfaceName.default("vio1").describe("Interface on the internal network. Default: vio1."),
      carp: interfaceName.default("vio2").describe("Interface on the CARP network. Default: vio2."),
    })
    .prefault({})
    .describe("The interfaces' names on the edges, in the order in which they are attached."),
  securityGroups: securityGroupsSchema
    .optional()
    .describe(
      "Security groups of the edges that are created, on each of their interfaces; [] for none. Default: the region's default group.",
    ),
  edges: z
    .array(edgeSchema, { error: "must be a list of 2 to 8 edges; the first one is preferred" })
    .min(2, {
      error: (i) =>
        `must have 2 to 8 edges, got ${(i.input as unknown[]).length}; one edge alone is not redundant`,
    })
    .max(8, {
      error: (i) =>
        `must have 2 to 8 edges, got ${(i.input as unknown[]).length}; advskew has room for eight`,
    })
    .describe("Two to eight edges; the first one is preferred."),
  retired: z
    .array(edgeName, { error: "must be a list of names of edges that are gone; leave it out for none" })
    .max(64, {
      error: (i) =>
        `must have at most 64 names, got ${(i.input as unknown[]).length}; remove those that are long gone`,
    })
    .default([])
    .describe(
      "Names of edges that were taken out of edges: what was installed on them is removed at the next deploy. Needed for an edge that exists outside of the stack, which would go on otherwise. Default: none.",
    ),
  carp,
  probe: probe.prefault({}),
  claim: claim.prefault({}),
  ssh: sshSchema.prefault({}),
  drill: drill.optional(),
  notify: notify.optional().describe("Whom the edges tell what becomes of them. Default: nobody."),
  metrics: metrics.optional().describe("Metrics for Prometheus. Default: none are written."),
  credentials: credentials.prefault({}),
  backend: backendSchema,
};

function failingEndpoint(issue: { input?: unknown }): string {
  return `must be ovh-eu, ovh-ca or ovh-us, got ${show(issue.input)}; use the one where your account is`;
}

/** The shape of edge.config.json; relations between settings are in checks.ts. */
export const configSchema = z.strictObject(shape);

/** edge.config.json as written. */
export type EdgeConfigInput = z.input<typeof configSchema>;

/** edge.config.json with its defaults filled in, before skews are. */
export type ParsedConfig = z.output<typeof configSchema>;

/** One edge of a loaded configuration. */
export type EdgeSettings = ParsedConfig["edges"][number] & {
  /** Priority in the election; the lowest is master. */
  readonly advskew: number;
};

/** One FailOver IP of a loaded configuration, or a block of them. */
export interface FailoverIpSettings {
  /** `198.51.100.7`, or `198.51.100.8/29` for a block. */
  readonly address: string;
  /** Those with the same one move together. */
  readonly vhid: number;
  /** Name of the edge that the configuration prefers for it; `vhidsOf` says which edge that comes to. */
  readonly preferred?: string;
  /** The order that it comes from, where it is no address that the project has. */
  readonly order?: OrderSettings;
  readonly dns?: DnsSettings;
  readonly reverse?: string;
}

/** A configuration with its defaults while its relations are checked; its form is still known. */
export type CheckedConfig = Omit<ParsedConfig, "edges" | "carp" | "failoverIps" | "$schema"> & {
  readonly edges: readonly EdgeSettings[];
  readonly carp: ParsedConfig["carp"] & { readonly advertisementInterval: number };
  readonly failoverIps: readonly FailoverIpSettings[];
};

/** A loaded configuration: checked, with every default filled in. */
export type EdgeConfig = Omit<CheckedConfig, "failoverIp" | "failoverIps"> & {
  /** Every FailOver IP, also the one of the short form `failoverIp`. */
  readonly failoverIps: readonly [FailoverIpSettings, ...FailoverIpSettings[]];
};

/** A private network of the configuration. */
export type NetworkSettings = EdgeConfig["carpNetwork"];
