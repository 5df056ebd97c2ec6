import { isoTime } from "./envelope.js";

/** A flavor as the API lists it. */
export interface Flavor {
  readonly id: string;
  readonly name: string;
  readonly vcpus: number;
  readonly ram: number;
  readonly disk: number;
  readonly swap: number;
  readonly ephemeral: number;
  readonly isPublic: boolean;
  readonly description: string;
  readonly location: { readonly region: string };
}

/** An image as the API lists it. */
export interface Image {
  readonly id: string;
  readonly name: string;
  readonly status: string;
  readonly visibility: string;
  readonly minDisk: number;
  readonly minRam: number;
  readonly size: number;
  readonly createdAt: string;
  readonly updatedAt: string;
  readonly location: { readonly region: string };
}

/** A key of OVH's API with what it may do. */
export interface ApiKey {
  readonly applicationKey: string;
  readonly applicationSecret: string;
  readonly consumerKey: string;
  /** Calls it is granted; a `*` in a path stands for any text. */
  readonly rules: readonly AccessRule[];
  /** When it ends, as the API writes times. @default - never */
  readonly expiration?: string;
}

/** An OAuth2 service account with what it may do. */
export interface OAuthClient {
  readonly clientId: string;
  readonly clientSecret: string;
  readonly rules: readonly AccessRule[];
}

/** One granted call. */
export interface AccessRule {
  readonly method: "GET" | "POST" | "PUT" | "DELETE";
  readonly path: string;
}

/** Every call. */
export const FULL_ACCESS: readonly AccessRule[] = (["GET", "POST", "PUT", "DELETE"] as const).map(
  (method) => ({ method, path: "/*" }),
);

/** What an edge's key needs and nothing else. */
export function edgeAccess(project: string, ...failoverIpIds: readonly string[]): readonly AccessRule[] {
  const list = `/cloud/project/${project}/ip/failover`;
  return [
    // Of several it asks for all at once.
    ...(failoverIpIds.length > 1 ? [{ method: "GET" as const, path: list }] : []),
    ...failoverIpIds.flatMap((id) => [
      { method: "GET" as const, path: `${list}/${id}` },
      { method: "POST" as const, path: `${list}/${id}/attach` },
    ]),
  ];
}

/** An account of OVH around a project. */
export interface Account {
  /** Where it is billed. */
  readonly subsidiary: string;
  /** Ids of its payment methods, the default one first; without one nothing can be ordered. */
  readonly paymentMethods: readonly number[];
  /** Its DNS zones. */
  readonly zones: readonly string[];
  /** Its vRack. */
  readonly vrack: string;
  /** Whether the project is in the vRack from the start; without it there are no private networks. */
  readonly inVrack: boolean;
}

/** An account that pays, without a zone, whose project is in its vRack. */
export const DEFAULT_ACCOUNT: Account = {
  subsidiary: "FR",
  paymentMethods: [400_001],
  zones: [],
  vrack: "pn-1000001",
  inVrack: true,
};

/** What a simulated project has from the start. */
export interface Seed {
  readonly project: string;
  readonly description: string;
  readonly regions: readonly string[];
  readonly failoverIps: readonly {
    readonly id: string;
    readonly address: string;
    readonly routedTo?: string;
  }[];
  readonly imageNames: readonly string[];
  readonly keys: readonly ApiKey[];
  /** @default - none */
  readonly clients?: readonly OAuthClient[];
  /** First three numbers of the addresses that instances get. */
  readonly publicPrefix: string;
  /** What the account has beside the project. @default - DEFAULT_ACCOUNT */
  readonly account?: Partial<Account>;
}

const FLAVORS: readonly (readonly [name: string, vcpus: number, ramGiB: number, disk: number])[] = [
  ["d2-2", 1, 2, 25],
  ["d2-4", 2, 4, 50],
  ["b3-8", 2, 8, 50],
  ["b3-16", 4, 16, 100],
  ["c3-4", 2, 4, 50],
  ["c3-8", 4, 8, 100],
];

/** The flavors of a region. */
export function flavorsOf(region: string): Flavor[] {
  return FLAVORS.map(([name, vcpus, ram, disk]) => ({
    id: stableId(`flavor ${region} ${name}`),
    name,
    vcpus,
    ram: ram * 1024,
    disk,
    swap: 0,
    ephemeral: 0,
    isPublic: true,
    description: `${vcpus} vCPU, ${ram} GiB`,
    location: { region },
  }));
}

/** An image of a region. `edition` tells a republished image from the one before. */
export function imageOf(region: string, name: string, edition = 1): Image {
  const at = isoTime(Date.UTC(2026, 0, edition));
  return {
    id: stableId(`image ${region} ${name} ${edition}`),
    name,
    status: "ACTIVE",
    visibility: name.startsWith("OpenBSD") ? "PRIVATE" : "PUBLIC",
    minDisk: 10,
    minRam: 0,
    size: 734003200,
    createdAt: at,
    updatedAt: at,
    location: { region },
  };
}

/** A UUID that depends on `text` alone (FNV-1a, four times). */
function stableId(text: string): string {
  let hex = "";
  for (let round = 0; hex.length < 32; round++) {
    let hash = 0x811c9dc5 ^ round;
    for (const char of text) hash = Math.imul(hash ^ char.charCodeAt(0), 0x01000193) >>> 0;
    hex += (hash >>> 0).toString(16).padStart(8, "0");
  }
  return hex.replace(/^(.{8})(.{4}).(.{3}).(.{3})(.{12})$/, "$1-$2-4$3-8$4-$5");
}
