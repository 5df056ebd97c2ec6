import { setTimeout as sleep } from "node:timers/promises";
import { vhidsOf } from "../../config/failover-ips.js";
import type { EdgeConfig } from "../../config/schema.js";
import { API_HOSTS } from "../api-host.js";
import { routesOf } from "../failover-route.js";
import { type ClientOptions, OvhClient } from "../ovh-client.js";
import { type EdgeAddress, RemoteEdge } from "../remote-edge.js";
import { announceDrill } from "./announce.js";
import type { DrillCluster, DrillFaults, Mend } from "./cluster.js";
import { type Door, knock } from "./knock.js";
import { background, breakForAWhile, breakOnAll } from "./lasting-fault.js";

/** What a drill on deployed nodes needs to know of them. */
export interface LiveClusterOptions {
  readonly config: EdgeConfig;
  readonly edges: readonly EdgeAddress[];
  /** Credentials that may read the FailOver IPs of the project. */
  readonly api: ClientOptions;
  /** Seconds after which a fault ends by itself, should nobody be able to mend it earlier. @default - 60 */
  readonly cut?: number;
  /** The FailOver IP that is watched. @default - the first one */
  readonly ip?: string;
  /** What is asked whether the FailOver IP answers. @default - its port 443 */
  readonly door?: Partial<Door>;
}

/** Milliseconds that an edge may take to boot. */
const BOOT = 300_000;
/** Seconds that a fault waits which cuts off the connection that asks for it. */
const LEAD = 0.5;
/** Seconds that a takeover needs on its side, generously. */
const TAKEOVER = 5;
const HTTPS = 443;

/**
 * Deployed edges: everything is done by commands on them, and what is broken there ends by itself.
 *
 * @throws Error when a fault would end before an edge has found it, or there is no such FailOver IP
 */
export function liveCluster({ config, edges, api, cut = 60, ip, door }: LiveClusterOptions): DrillCluster {
  const found = config.probe.interval + TAKEOVER;
  if (cut < found) {
    throw new Error(
      `a fault must last ${found} s or more, got ${cut}; a lost link is found within probe.interval, ${config.probe.interval} s, and taken over some seconds later`,
    );
  }
  const client = new OvhClient(api);
  const { address, carp, preferred } = chosenIp(config, ip);
  const inOrder = [...edges].sort((a, b) => Number(b.name === preferred) - Number(a.name === preferred));
  const remote = inOrder.map((edge) => new RemoteEdge(edge));
  const names = new Map(edges.map(({ instanceId, name }) => [instanceId, name]));
  const [host] = address.split("/") as [string];
  return {
    edges: remote,
    failoverIp: address,
    ...(config.failoverIps.length === 1 ? {} : { carp }),
    probeInterval: 200,
    holder: async () => {
      const failoverIps: EdgeConfig["failoverIps"] = [{ address, vhid: 0 }];
      const [route] = await routesOf({ project: config.project, failoverIps }, client);
      return names.get(route?.routedTo ?? "");
    },
    probe: () => knock({ host, port: HTTPS, ...door }),
    faults: faults(config, remote, cut),
    ...(config.notify === undefined ? {} : { announce: (drill: string) => announceDrill(drill, remote) }),
    // An edge without tokens would not serve its next failover, which need not be a drill.
    prepare: async () => {
      await Promise.all(remote.map((edge) => edge.run(FORGET)));
    },
  };
}

/** The FailOver IP that a drill is about, with the election that decides where it is. */
export function chosenIp(config: EdgeConfig, ip: string = config.failoverIps[0].address) {
  const vhid = vhidsOf(config).find(({ failoverIps }) => failoverIps.some(({ address }) => address === ip));
  if (vhid === undefined) {
    const all = config.failoverIps.map(({ address }) => address).join(", ");
    throw new Error(`there is no FailOver IP ${ip} in the configuration; there is ${all}`);
  }
  return { address: ip, carp: vhid.interface, preferred: vhid.preferred };
}

/** Lets an edge forget what its claims have cost, and find out anew where the address is. */
const FORGET = "rm -f /var/run/edge-sync/memory.json; /usr/local/sbin/edge-sync pass";

async function isThere(edge: RemoteEdge): Promise<boolean> {
  return edge.run("true").then(
    ({ status }) => status === 0,
    () => false,
  );
}

function faults(
  { interfaces, probe, claim, ovh }: EdgeConfig,
  edges: readonly RemoteEdge[],
  cut: number,
): DrillFaults {
  // Nobody is cut off by most faults; those end by themselves for a drill that has died.
  const lasting = Math.max(2 * cut, 4 * probe.interval, 2 * claim.checkInterval);
  const toggled = (edge: RemoteEdge, name: string, lead?: number) =>
    breakForAWhile(edge, {
      now: `ifconfig ${name} down`,
      after: `ifconfig ${name} up`,
      cut,
      ...(lead === undefined ? {} : { lead }),
    });
  return {
    lead: LEAD * 1000,
    command: (edge, now, after) => breakForAWhile(edge, { now, after, cut: lasting }),
    powerOff: async (edge) => {
      await edge.run(background(`sleep ${LEAD}; reboot -nq`));
      return async () => {
        const end = Date.now() + BOOT;
        do {
          await edge.close();
          await sleep(2000);
        } while (!(await isThere(edge)) && Date.now() < end);
      };
    },
    // A link that ifconfig takes down need not be a link change to the driver: the next poll finds it.
    cutDelay: probe.interval * 1000,
    cutLink: (edge, which) => toggled(edge, interfaces[which], LEAD),
    silenceProbes: (edge) => reject(edge, probe.targets, lasting, silentProbes(probe.targets)),
    silenceApi: () => {
      const host = API_HOSTS[ovh.endpoint];
      const silent = { what: host, answers: `nc -c -w 5 ${host} ${HTTPS} </dev/null` };
      return breakOnAll(
        edges.map(async (edge) => reject(edge, await addressesOf(edge, host), lasting, silent)),
      );
    },
    partition: (edge) => toggled(edge, interfaces.carp),
  };
}

/** What must not answer any more, and a command that succeeds where it does. */
interface Silent {
  readonly what: string;
  readonly answers: string;
}

function silentProbes(targets: readonly string[]): Silent {
  return {
    what: targets.join(", "),
    answers: targets.map((target) => `ping -n -q -c 1 -w 1 ${target}`).join(" || "),
  };
}

/** All addresses of a host, of both families, as the programs on an edge find them. */
async function addressesOf(edge: RemoteEdge, host: string): Promise<string[]> {
  const { stdout } = await edge.run(`getent hosts ${host}`);
  const addresses = stdout.split("\n").flatMap((line) => /^([\da-f.:]+)\s/.exec(line)?.[1] ?? []);
  if (addresses.length === 0) throw new Error(`${edge.name} finds no address of ${host}`);
  return addresses;
}

/** Turns away what an edge sends to some addresses, and looks whether it does. */
async function reject(
  edge: RemoteEdge,
  addresses: readonly string[],
  cut: number,
  { what, answers }: Silent,
): Promise<Mend> {
  const route = (verb: "add" | "delete", address: string) => {
    const [family, gateway] = address.includes(":") ? ["-inet6", "::1"] : ["-inet", "127.0.0.1"];
    return `route -qn ${verb} ${family} -host ${address} ${gateway}${verb === "add" ? " -reject" : ""}`;
  };
  const mend = await breakForAWhile(edge, {
    now: addresses.map((address) => route("add", address)).join(" && "),
    after: `${addresses.map((address) => route("delete", address)).join("; ")}; true`,
    cut,
  });
  const { status } = await edge.run(`(${answers}) >/dev/null 2>&1`);
  if (status !== 0) return mend;
  await mend();
  throw new Error(`${what} still answers ${edge.name}; its reject routes have no effect`);
}
