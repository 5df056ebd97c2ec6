import { connect } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import type { EdgeConfig } from "../../config/schema.js";
import { type ClientOptions, OvhClient } from "../ovh-client.js";
import { type EdgeAddress, RemoteEdge } from "../remote-edge.js";
import type { DrillCluster, DrillFaults, Mend } from "./cluster.js";

/** What a drill on deployed nodes needs to know of them. */
export interface LiveClusterOptions {
  readonly config: EdgeConfig;
  readonly edges: readonly EdgeAddress[];
  /** Credentials that may read the FailOver IPs of the project. */
  readonly api: ClientOptions;
  /** Seconds after which a fault ends by itself, should nobody be able to mend it earlier. @default - 60 */
  readonly cut?: number;
}

interface FailoverIpAnswer {
  readonly ip: string;
  readonly routedTo?: string;
}

/** Milliseconds that an edge may take to boot. */
const BOOT = 300_000;

/** Deployed edges: everything is done by commands on them, and what cuts an edge off ends by itself. */
export function liveCluster({ config, edges, api, cut = 60 }: LiveClusterOptions): DrillCluster {
  const client = new OvhClient(api);
  const remote = edges.map((address) => new RemoteEdge(address));
  const names = new Map(edges.map(({ instanceId, name }) => [instanceId, name]));
  const { address } = config.failoverIp;
  return {
    edges: remote,
    failoverIp: address,
    probeInterval: 200,
    holder: async () => {
      const list = await client.get<FailoverIpAnswer[]>(`/cloud/project/${config.project}/ip/failover`);
      return names.get(list.find(({ ip }) => ip === address)?.routedTo ?? "");
    },
    probe: () => answers(address, config.ssh.port),
    faults: faults(config, remote, cut),
  };
}

async function isThere(edge: RemoteEdge): Promise<boolean> {
  return edge.run("true").then(
    ({ status }) => status === 0,
    () => false,
  );
}

/** Whether anything at an address answers: a connection, or its refusal. */
function answers(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host, port, timeout: 1000 });
    const end = (answered: boolean) => {
      socket.destroy();
      resolve(answered);
    };
    socket.once("connect", () => end(true));
    socket.once("timeout", () => end(false));
    socket.once("error", (error: NodeJS.ErrnoException) => end(error.code === "ECONNREFUSED"));
  });
}

function faults(
  { interfaces, probe, ovh }: EdgeConfig,
  edges: readonly RemoteEdge[],
  cut: number,
): DrillFaults {
  /** Runs a command now and its opposite after a while, even if nobody can reach the edge meanwhile. */
  const forAWhile = async (edge: RemoteEdge, now: string, after: string): Promise<Mend> => {
    const began = Date.now();
    const { stdout } = await edge.run(
      `(${now}; sleep ${cut}; ${after}) >/dev/null 2>&1 </dev/null & echo $!`,
    );
    return async () => {
      try {
        await edge.run(`kill ${stdout.trim()}; ${after}`);
      } catch {
        await sleep(Math.max(0, cut * 1000 - (Date.now() - began)));
        await edge.close();
      }
    };
  };
  const routes = (verb: "add" | "delete", hosts: readonly string[]) =>
    hosts
      .map((host) => `route -qn ${verb} -host ${host} 127.0.0.1${verb === "add" ? " -reject" : ""}`)
      .join("; ");
  return {
    powerOff: async (edge) => {
      await edge.run("(sleep 1; reboot -nq) >/dev/null 2>&1 </dev/null &");
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
    cutLink: (edge, which) =>
      forAWhile(edge, `ifconfig ${interfaces[which]} down`, `ifconfig ${interfaces[which]} up`),
    silenceProbes: (edge) => forAWhile(edge, routes("add", probe.targets), routes("delete", probe.targets)),
    silenceApi: async () => {
      const host = {
        "ovh-eu": "eu.api.ovh.com",
        "ovh-ca": "ca.api.ovh.com",
        "ovh-us": "api.us.ovhcloud.com",
      }[ovh.endpoint];
      const mends = await Promise.all(
        edges.map(async (edge) => {
          const { stdout } = await edge.run(`host -t A ${host} | sed -n 's/.* has address //p'`);
          const addresses = stdout.split("\n").filter((line) => /^[\d.]+$/.test(line));
          return forAWhile(edge, routes("add", addresses), routes("delete", addresses));
        }),
      );
      return async () => {
        await Promise.all(mends.map((mend) => mend()));
      };
    },
    partition: (edge) =>
      forAWhile(edge, `ifconfig ${interfaces.carp} down`, `ifconfig ${interfaces.carp} up`),
  };
}
