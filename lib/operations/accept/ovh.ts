import { exists } from "../../config/edge.js";
import type { EdgeConfig } from "../../config/schema.js";
import { type FailoverIpAnswer, fits, type QuotaAnswer, type RegionAnswer } from "../doctor/region.js";
import { routeOf } from "../failover-route.js";
import { OvhError } from "../ovh-client.js";
import { type Asking, type Assumption, bySight, type Judged } from "./assumption.js";
import { OVH_TRIALS } from "./ovh-trials.js";

const topic = "OVH";
export const list = ({ project }: EdgeConfig) => `/cloud/project/${project}/ip/failover`;
export const json = (value: unknown) => {
  const text = JSON.stringify(value) ?? "nothing";
  return text.length > 300 ? `${text.slice(0, 300)} …` : text;
};

/** An answer that is no success, or that there was a success. */
export interface Refusal {
  readonly status: number;
  readonly class: string;
  readonly message: string;
  readonly queryId: string;
}

/** The refusal of a request, or what it brought. */
export async function refusal(request: Promise<unknown>): Promise<Refusal | { readonly accepted: unknown }> {
  try {
    return { accepted: await request };
  } catch (error) {
    if (!(error instanceof OvhError)) throw error;
    const { status, errorClass, reason, queryId } = error;
    return { status, class: errorClass, message: reason, queryId };
  }
}

const QUOTAS = ["maxInstances", "usedInstances", "maxCores", "usedCores", "maxRam", "usedRAM"] as const;

/** A region and the configured address, as OVH tells where they are. */
export interface Places {
  readonly region: Pick<RegionAnswer, "continentCode" | "ipCountries">;
  readonly ip: Pick<FailoverIpAnswer, "continentCode" | "geoLoc"> | undefined;
}

/** The address that OVH knows the first FailOver IP by: a block by its first one. */
function firstAddress({ failoverIps }: Asking["config"]): string {
  return failoverIps[0].address.split("/")[0] as string;
}

async function places({ config, ovh }: Asking): Promise<Places> {
  const { continentCode, ipCountries } = await ovh.get<RegionAnswer>(
    `/cloud/project/${config.project}/region/${config.region}`,
  );
  const ips = await ovh.get<FailoverIpAnswer[]>(list(config));
  const ip = ips.find((one) => one.ip === firstAddress(config));
  return {
    region: { continentCode, ipCountries },
    ip: ip && { continentCode: ip.continentCode, geoLoc: ip.geoLoc },
  };
}

const isFailoverIp = (value: unknown): boolean => {
  const { id, ip, routedTo, status } = value as Record<string, unknown>;
  return (
    typeof id === "string" &&
    typeof ip === "string" &&
    (typeof routedTo === "string" || routedTo === null) &&
    (status === "ok" || status === "operationPending")
  );
};

/** One address of an instance, as OVH tells it. */
export interface InstanceAddress {
  readonly ip: string;
  readonly mac: string;
  readonly type: string;
  readonly version: number;
}

/** An edge's addresses at OVH, its host, and the hardware addresses of its vio(4) in their order. */
export interface Interfaces {
  readonly edge: string;
  readonly host: string;
  readonly addresses: readonly InstanceAddress[];
  readonly macs: readonly string[];
}

async function interfaces({ config, ovh, edges }: Asking): Promise<Interfaces[]> {
  return Promise.all(
    edges.map(async ({ address: { name, instanceId, host } }, index) => {
      const { currentState } = await ovh.get<{
        currentState: { networks: readonly { addresses: readonly InstanceAddress[] }[] };
      }>(`/v2/publicCloud/project/${config.project}/compute/instance/${instanceId}`);
      const { stdout } = await (edges[index] as (typeof edges)[number]).run("ifconfig -a");
      const macs = [...stdout.matchAll(/^vio\d+: (?:.*\n\t)+?lladdr (\S+)/gm)].map(
        ([, mac]) => mac as string,
      );
      return {
        edge: name,
        host,
        addresses: currentState.networks.flatMap(({ addresses }) => addresses),
        macs,
      };
    }),
  );
}

const each =
  <T extends { readonly edge: string }>(wrong: (one: T) => string | undefined) =>
  (all: readonly T[]): Judged => {
    const found = all.flatMap((one) => {
      const text = wrong(one);
      return text === undefined ? [] : [`${one.edge}: ${text}`];
    });
    return found.length === 0 ? undefined : found.join("; ");
  };

/** What OVH's API is taken to answer. */
export const OVH_ASSUMPTIONS: readonly Assumption[] = [
  {
    id: "ovh-time",
    topic,
    statement: "`GET /auth/time` answers seconds since 1970 without a signature",
    matters: "ip-move's offset; every command's own clock",
    otherwise: "a wrong clock stays wrong; ntpd must mend it",
    source: "OVH's API, /auth",
    how: {
      kind: "ovh",
      expected: "a whole number",
      ask: ({ ovh }) => ovh.time(),
      judge: (time: unknown) => (Number.isInteger(time) ? undefined : json(time)),
    },
  },
  {
    id: "clock-refused",
    topic,
    statement: "OVH refuses a request whose clock is off, with 400, 401 or 403 and a message about time",
    matters: "ip-move asks for the offset upon that",
    otherwise: "401/403 or 400 without a second try at that poll",
    source: "seen in OVH's own clients",
    how: {
      kind: "ovh",
      expected: "400, 401 or 403, and a message with `out of time`, `QUERY_TIME_OUT` or `timestamp`",
      ask: ({ config, ovh }) => refusal(ovh.late(3600).get(list(config))),
      judge: (answer: Refusal | { accepted: unknown }) =>
        "accepted" in answer
          ? "a request of an hour ago was accepted"
          : /^40[013]$/.test(String(answer.status)) &&
              /out of time|QUERY_TIME_OUT|timestamp/i.test(`${answer.class} ${answer.message}`)
            ? undefined
            : json(answer),
    },
  },
  {
    id: "failover-list",
    topic,
    statement:
      "`GET /cloud/project/{p}/ip/failover` lists `{id, ip, routedTo, status}`, status `ok` or `operationPending`",
    matters: "the plan, `status`, the drills",
    otherwise: "these stop with a message; the edges ask for one address by its id",
    source: "OVH's API, /cloud",
    how: {
      kind: "ovh",
      expected: "a list with the configured address, each with these fields",
      ask: ({ config, ovh }) => ovh.get(list(config)),
      judge: (answer: unknown, config) =>
        Array.isArray(answer) &&
        answer.every(isFailoverIp) &&
        answer.some(({ ip }) => ip === firstAddress(config))
          ? undefined
          : json(answer),
    },
  },
  {
    id: "failover-one",
    topic,
    statement: "`GET …/ip/failover/{id}` answers one of them",
    matters: "every check of edge-sync",
    otherwise: "checks count as not answered; a master is blind after three",
    source: "OVH's API, /cloud",
    how: {
      kind: "ovh",
      expected: "the configured address with these fields",
      ask: async ({ config, ovh }) => ovh.get(`${list(config)}/${(await routeOf(config, ovh)).id}`),
      judge: (answer: unknown, config) =>
        typeof answer === "object" &&
        answer !== null &&
        isFailoverIp(answer) &&
        (answer as { ip: string }).ip === firstAddress(config)
          ? undefined
          : json(answer),
    },
  },
  {
    id: "ovh-error",
    topic,
    statement: "An error is `{class, message}` with an HTTP status, and bears a query id in X-Ovh-QueryID",
    matters: "every message about a refusal",
    otherwise: "the message tells the status alone",
    source: "OVH's API",
    how: {
      kind: "ovh",
      expected: "404 for an address that there is none of, with class, message and query id",
      ask: ({ config, ovh }) => refusal(ovh.get(`${list(config)}/00000000-0000-0000-0000-000000000000`)),
      judge: (answer: Refusal | { accepted: unknown }) =>
        "status" in answer &&
        answer.status === 404 &&
        [answer.class, answer.message, answer.queryId].every((text) => text !== "")
          ? undefined
          : json(answer),
    },
  },
  {
    id: "address-types",
    topic,
    statement:
      "`type` of an address is `public` or `private`; an instance has one public IPv4 address, which is the one it is reached at",
    matters: "the edges' addresses in the plan",
    otherwise: "the plan fails with a null address",
    source: "OVH's API, /v2/publicCloud",
    how: {
      kind: "ovh",
      expected: "for each edge one public IPv4 address, the edge's host; all others private",
      ask: interfaces,
      judge: (all: readonly Interfaces[], { edges }: EdgeConfig) =>
        each<Interfaces>(({ edge, host, addresses }) => {
          const settings = edges.find(({ name }) => name === edge);
          const open = addresses.filter(({ type, version }) => type === "public" && version === 4);
          const known = addresses.every(({ type }) => type === "public" || type === "private");
          // One that exists may be reached at another address than it is known by.
          const wanted = settings && exists(settings) ? (settings.existing.publicAddress ?? host) : host;
          return known && open.length === 1 && open[0]?.ip === wanted ? undefined : json(addresses);
        })(all),
    },
  },
  {
    id: "interface-order",
    topic,
    statement: "vio(4) are numbered in the order in which the interfaces were attached",
    matters: "`interfaces` in the configuration",
    otherwise: "the installer stops with both lists of MAC addresses",
    source: "vio(4)",
    how: {
      kind: "ovh",
      expected:
        "for each edge the public address's MAC on its external interface, and all of OVH's on some vio",
      ask: interfaces,
      judge: (all: readonly Interfaces[], config: EdgeConfig) =>
        each<Interfaces>(({ addresses, macs }) => {
          const open = addresses.find(({ type, version }) => type === "public" && version === 4);
          const external = macs[Number(config.interfaces.external.slice("vio".length))];
          return open !== undefined &&
            open.mac === external &&
            addresses.every(({ mac }) => macs.includes(mac))
            ? undefined
            : `OVH tells ${json(addresses.map(({ ip, mac }) => `${ip} ${mac}`))}, the edge has ${json(macs)}`;
        })(all),
    },
  },
  {
    id: "region-countries",
    topic,
    statement:
      "`ipCountries` and `continentCode` of a region, `geoLoc` and `continentCode` of an address decide whether it can be routed there",
    matters: "`npm run doctor` before a first deploy",
    otherwise: "it warns of an address that fits, or not of one that does not: then the deploy is refused",
    source: "OVH's API, /cloud",
    how: {
      kind: "ovh",
      expected: "the address that is deployed fits its region by these fields",
      ask: places,
      judge: ({ region, ip }: Places) => {
        const texts = [region.continentCode, ip?.continentCode, ip?.geoLoc];
        const told = texts.every((one) => typeof one === "string") && Array.isArray(region.ipCountries);
        return told && ip !== undefined && fits(ip, region) ? undefined : json({ region, ip });
      },
    },
  },
  {
    id: "quota-fields",
    topic,
    statement:
      "A region's quota is whole numbers `maxInstances`, `maxCores`, `maxRam` and what is used of them, memory in MiB; below zero is any number",
    matters: "`npm run doctor` before a first deploy",
    otherwise: "it warns of a quota that is enough, or a deploy ends half-way",
    source: "OVH's API, /cloud",
    how: {
      kind: "ovh",
      expected:
        "the six numbers; as many instances and MiB used as the deployed edges have at least, no more than granted",
      ask: ({ config, ovh }) => ovh.get(`/cloud/project/${config.project}/region/${config.region}/quota`),
      judge: (answer: unknown, { edges }) => {
        const quota = (answer as Partial<QuotaAnswer> | null)?.instance;
        if (!QUOTAS.every((name) => Number.isInteger(quota?.[name]))) return json(answer);
        const { maxInstances, usedInstances, maxRam, usedRAM } = quota as QuotaAnswer["instance"];
        const within = (max: number, used: number) => max < 0 || used <= max;
        // The smallest flavor has 2 GB: fewer would be another unit.
        return usedInstances >= edges.length &&
          usedRAM >= 1000 * edges.length &&
          within(maxInstances, usedInstances) &&
          within(maxRam, usedRAM)
          ? undefined
          : json(answer);
      },
    },
  },
  ...OVH_TRIALS,
  {
    id: "rate-limit",
    topic,
    statement: "OVH answers 429 with Retry-After to more than some sixty requests a minute of one key",
    matters: "ip-move waits that long",
    otherwise: "it waits a poll, then a minute",
    source: "OVH's documentation",
    how: bySight("`grep 429 /var/log/daemon` on the edges, after an hour in which OVH was slow."),
  },
  {
    id: "move-time",
    topic,
    statement: "OVH moves an address in less than a minute",
    matters: "`claim.deadline`",
    otherwise: "a claim ends as unknown; the next check finds the address here all the same",
    source: "OVH's documentation; users tell of minutes",
    how: bySight("`npm run drill -- --live carp-down` shows the milliseconds until the route was confirmed."),
  },
  {
    id: "service-account",
    topic,
    statement: "A service account gets its token from /auth/oauth2/token of the account's own site",
    matters: "ip-move with `client_id` and `client_secret`",
    otherwise: "exit status 3 at each check",
    source: "OVH's documentation",
    how: bySight("`ip-move check` on an edge whose /etc/ovh.conf has a service account."),
  },
];
