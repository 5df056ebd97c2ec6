import type { ClusterView, EdgeView } from "../../simulator/explore/invariants.js";
import type { Machine } from "../../simulator/node/machine.js";
import type { Region } from "../../simulator/region.js";
import { claimsOn } from "./programs.js";

const BOOT_DEMOTION = 128;

/** What the region itself does not show of what goes on in it. */
export interface Beside {
  /** Whether OVH refuses to attach. @default - no */
  readonly refusing?: boolean;
  /** Whether some edge is alone on its side of the vRack. @default - no */
  readonly partitioned?: boolean;
  /** Attaches that have left an edge and are not answered. @default - 0 */
  readonly postsInFlight?: number;
}

/** A region's edges, their network and OVH as they are now. */
export function viewOf(region: Region, beside: Beside = {}): ClusterView {
  const { refusing = false, partitioned = false, postsInFlight = 0 } = beside;
  const [ip] = region.project.failoverIps.list();
  return {
    edges: [...region.machines.values()].map((machine) => edgeOf(machine, region, refusing)),
    partitioned,
    routedTo: region.holder() ?? null,
    pending: ip?.status !== "ok",
    postsInFlight,
  };
}

function edgeOf(machine: Machine, region: Region, refusing: boolean): EdgeView {
  const { kernel, running, sandbox } = machine;
  const cable = (port: string) => kernel.find(port)?.cable === true;
  const marked = (mark: string) => running && sandbox.read(`/var/db/edge/${mark}`) !== undefined;
  return {
    name: machine.name,
    running: running && (kernel.groups.get("carp") ?? 0) < BOOT_DEMOTION,
    linked: cable("vio0") && cable("vio1"),
    wayOut: region.answersProbe(machine) || region.reachesApi(machine),
    reachesApi: region.reachesApi(machine) && !refusing,
    onCarp: cable("vio2"),
    drained: marked("drain"),
    held: marked("hold"),
    role: kernel.carpState("carp0") ?? "NONE",
    alias: machine.hasAddress(region.failoverAddress),
    edgefault: kernel.groups.get("edgefault") ?? 0,
    edgedrain: kernel.groups.get("edgedrain") ?? 0,
    kernelShare: kernel.find("carp0")?.carp?.demotion ?? 0,
    claims: claimsOn(machine).length,
  };
}
