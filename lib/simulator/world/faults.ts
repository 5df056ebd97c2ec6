import type { CarpFile, WorldEdge } from "./edge.js";
import type { Method, RequestFault } from "./line.js";
import type { World } from "./world.js";

const LINKS = { external: "vio0", internal: "vio1", carp: "vio2" } as const;

/** A link of an edge, by what it is for. */
export type LinkName = keyof typeof LINKS;

/** What can be done to the edges of a world. An edge is named, or `all`. */
export class WorldFaults {
  private readonly coming: { readonly method: Method; readonly fault: RequestFault }[] = [];
  private refusal: number | undefined;

  constructor(private readonly world: World) {}

  cut(name: string, link: LinkName): void {
    this.setCable(name, link, false);
  }

  mend(name: string, link: LinkName): void {
    this.setCable(name, link, true);
  }

  powerOff(name: string): void {
    for (const edge of this.edges(name)) edge.powerOff();
  }

  powerOn(name: string): void {
    for (const edge of this.edges(name)) {
      this.world.note(edge, "power on");
      edge.boot();
    }
  }

  /** An orderly restart: carp0 goes down first, so that the others hear of it. */
  reboot(name: string, offMs = 20_000): void {
    for (const edge of this.edges(name)) {
      for (const { ip } of edge.vhids) edge.kernel.setUp(ip.carp, false);
      edge.powerOff();
      this.world.at(this.world.now + offMs, () => this.powerOn(edge.name));
    }
  }

  /** pf.conf does not load from the next boot on, or does again. */
  breakRules(name: string, broken = true): void {
    for (const edge of this.edges(name)) edge.rulesLoad = !broken;
  }

  killDaemon(name: string): void {
    for (const edge of this.edges(name)) edge.stopDaemon();
  }

  startDaemon(name: string): void {
    for (const edge of this.edges(name)) edge.startDaemon();
  }

  reloadDaemon(name: string): void {
    for (const edge of this.edges(name)) edge.reloadDaemon();
  }

  /** The claims that are under way are killed. */
  killClaim(name: string): void {
    for (const { claim } of this.edges(name).flatMap(({ vhids }) => vhids)) claim?.kill();
  }

  /** The claims that are under way stop, and do not end. */
  hangClaim(name: string): void {
    for (const { claim } of this.edges(name).flatMap(({ vhids }) => vhids)) claim?.hang();
  }

  /** Sets the wall clock forward or back by some seconds; the monotonic clock is not touched. */
  stepClock(name: string, seconds: number): void {
    for (const edge of this.edges(name)) edge.clockOffset += seconds;
  }

  /** Changes what hostname.carp0 says, now and for every boot. */
  setCarp(name: string, changes: Partial<CarpFile>): void {
    for (const edge of this.edges(name)) {
      Object.assign(edge.carpFile, changes);
      if (!edge.running) continue;
      const { advskew, ...identity } = changes;
      if (advskew !== undefined) edge.kernel.setInterval("carp0", { advskew });
      edge.kernel.setCarp("carp0", identity);
    }
  }

  /** Lets the next requests of an edge to OVH go wrong, one after the other. */
  fail(name: string, method: Method, ...faults: readonly RequestFault[]): void {
    for (const edge of this.edges(name)) edge.line.fail(method, ...faults);
  }

  /** Lets the next requests of a kind go wrong, whichever edge sends them. */
  failNext(method: Method, ...faults: readonly RequestFault[]): void {
    this.coming.push(...faults.map((fault) => ({ method, fault })));
  }

  /** Lets OVH refuse every attach with an HTTP status, or none any more. */
  refuse(status: number | undefined): void {
    this.refusal = status;
  }

  /** What goes wrong with a request, whichever edge sends it. */
  take(method: Method): RequestFault {
    const index = this.coming.findIndex((armed) => armed.method === method);
    const [found] = index < 0 ? [] : this.coming.splice(index, 1);
    if (found !== undefined) return found.fault;
    const armed = this.world.project.faults.take(method, this.path(method));
    if (armed !== undefined) return { status: armed.status, late: armed.delay };
    return method === "POST" && this.refusal !== undefined ? { status: this.refusal } : {};
  }

  /** Something that is no edge advertises on the CARP network. @returns how to stop it */
  intrude(file: CarpFile): () => void {
    let here = true;
    const { world } = this;
    const interval = 1000 + (1000 * file.advskew) / 256;
    const advertise = () => {
      if (!here) return;
      world.carry(undefined, { ...file, advbase: 1, demotion: 0 });
      world.at(world.now + interval, advertise);
    };
    advertise();
    return () => {
      here = false;
    };
  }

  /** What a request asks for, as ip-move(8) does. */
  private path(method: Method): string {
    const { failoverId } = this.world;
    return `/cloud/project/p/ip/failover/${failoverId}${method === "POST" ? "/attach" : ""}`;
  }

  private setCable(name: string, link: LinkName, cable: boolean): void {
    for (const edge of this.edges(name)) {
      this.world.note(edge, `${link} link ${cable ? "back" : "lost"}`);
      edge.kernel.setCable(LINKS[link], cable);
    }
  }

  private edges(name: string): readonly WorldEdge[] {
    return name === "all" ? this.world.edges : [this.world.edge(name)];
  }
}
