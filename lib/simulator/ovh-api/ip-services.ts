import { z } from "zod";
import type { Clock } from "../clock.js";
import type { Random } from "../random.js";
import { accept } from "./check.js";
import { isoTime } from "./envelope.js";
import { ApiError, badRequest, conflict, notFound } from "./errors.js";
import type { FailoverIps } from "./failover.js";

/** An Additional IP of an account as the API shows it. `/ip/{ip}`, `/ip/service/{name}` */
export interface IpService {
  /** The block in CIDR form: `203.0.113.40/32`. */
  readonly ip: string;
  readonly type: "failover";
  readonly country: string;
  readonly description: string | null;
  readonly organisationId: string | null;
  readonly canBeTerminated: boolean;
  /** The service that it is routed to; null while it is parked. */
  readonly routedTo: { readonly serviceName: string } | null;
}

/** A task of an address. */
export interface IpTask {
  readonly taskId: number;
  readonly function: "genericMoveFloatingIp";
  readonly status: "todo" | "doing" | "done" | "customerError";
  readonly startDate: string;
  readonly destination: { readonly serviceName: string } | null;
}

interface Item {
  readonly name: string;
  readonly block: string;
  readonly country: string;
  description: string | null;
  routedTo: string | null;
  move:
    | { readonly id: number; readonly to: string | null; readonly from: number; readonly until: number }
    | undefined;
  readonly tasks: Map<number, IpTask>;
  readonly reverses: Map<string, string>;
  terminationToken: string | undefined;
}

/** What Additional IPs need of the account around them. */
export interface IpSurroundings {
  readonly clock: Clock;
  readonly random: Random;
  /** Id of the one project that an address can go to. */
  readonly project: string;
  readonly failoverIps: FailoverIps;
  /** Countries whose addresses the project's regions take. */
  readonly countries: () => readonly string[];
  /** Milliseconds that a move from one service to another takes. */
  readonly moveDuration: number;
  /** The addresses that a name is found at. */
  readonly resolve: (name: string) => readonly string[];
  /** Writes to the account's owner. */
  readonly mail: (body: string) => void;
}

/** The Additional IPs of an account, of which FailOver IPs are those that a project has. */
export class IpServices {
  private readonly items = new Map<string, Item>();
  private nextTask = 9_000_001;

  constructor(private readonly around: IpSurroundings) {
    for (const { ip, block } of around.failoverIps.list()) this.add(ip, block, "fr", around.project);
  }

  /** Puts an address into the account, parked or routed to a service. @returns its service name */
  add(ip: string, block: string, country: string, routedTo: string | null = null): string {
    const name = block.endsWith("/32") ? `ip-${ip}` : `ip-${block}`;
    this.items.set(name, {
      name,
      block,
      country,
      description: null,
      routedTo,
      move: undefined,
      tasks: new Map(),
      reverses: new Map(),
      terminationToken: undefined,
    });
    return name;
  }

  /** Blocks of the account. */
  list(): string[] {
    return [...this.items.values()].map(({ block }) => block);
  }

  /** By its service name, such as `ip-203.0.113.40`. */
  service(name: string): IpService {
    return this.render(this.named(name));
  }

  /** By its block or address. */
  byAddress(ip: string): IpService {
    return this.render(this.item(ip));
  }

  describe(name: string, body: unknown): void {
    const { description } = accept(z.object({ description: z.string().nullish() }), body);
    if (description !== undefined) this.named(name).description = description;
  }

  /** Routes an address to another service, or to none. @throws ApiError */
  move(ip: string, body: unknown): IpTask {
    const item = this.item(ip);
    const { to } = accept(z.object({ to: z.string().min(1), nexthop: z.string().nullish() }), body);
    if (to !== this.around.project) throw badRequest(`${item.block} cannot be moved to ${to}`);
    if (!this.around.countries().includes(item.country)) {
      throw badRequest(
        `${item.block} cannot be moved to ${to}: its country ${item.country} is not accepted there`,
      );
    }
    return this.begin(item, to);
  }

  /** Routes an address to nothing. */
  park(ip: string): IpTask {
    return this.begin(this.item(ip), null);
  }

  task(ip: string, id: number): IpTask {
    const item = this.item(ip);
    const { move } = item;
    if (move?.id === id)
      return this.renderTask(move, this.around.clock.now() === move.from ? "todo" : "doing");
    const task = item.tasks.get(id);
    if (task === undefined) throw notFound(`The requested object (taskId = ${id}) does not exist`);
    return task;
  }

  /** Asks for the end of a service; the token that confirms it comes by mail. */
  terminate(name: string): string {
    const item = this.named(name);
    if (item.routedTo !== null) throw badRequest(`${name} is in use: it is routed to ${item.routedTo}`);
    const token = this.around.random.uuid().replaceAll("-", "");
    item.terminationToken = token;
    this.around.mail(
      `You asked for the termination of ${name}. To confirm it: https://www.ovh.com/manager/#/billing/confirmTerminate?id=${this.around.random.int(100_000)}&token=${token}`,
    );
    return "Termination requested";
  }

  /** @throws ApiError 403 for a token that was not mailed */
  confirmTermination(name: string, body: unknown): string {
    const item = this.named(name);
    const { token } = accept(z.object({ token: z.string() }), body);
    if (item.terminationToken === undefined || item.terminationToken !== token) {
      throw new ApiError(403, "Client::Forbidden", "Invalid token");
    }
    this.items.delete(name);
    return "Termination confirmed";
  }

  /** Sets the name that an address is found under. @throws ApiError 400 while the name is not found at the address */
  setReverse(ip: string, body: unknown): { ipReverse: string; reverse: string } {
    const item = this.item(ip);
    const { ipReverse, reverse } = accept(
      z.object({ ipReverse: z.string().min(1), reverse: z.string().min(1) }),
      body,
    );
    if (ipReverse !== item.block.split("/")[0] && item.block.endsWith("/32")) {
      throw badRequest(`Invalid parameter ipReverse: ${ipReverse} is not in ${item.block}`);
    }
    const name = `${reverse.replace(/\.$/, "")}.`;
    if (!this.around.resolve(name).includes(ipReverse)) {
      throw badRequest(`Cannot check if ${name} resolves to ${ipReverse}`);
    }
    item.reverses.set(ipReverse, name);
    return { ipReverse, reverse: name };
  }

  reverse(ip: string, ipReverse: string): { ipReverse: string; reverse: string } {
    const reverse = this.item(ip).reverses.get(ipReverse);
    if (reverse === undefined)
      throw notFound(`The requested object (ipReverse = ${ipReverse}) does not exist`);
    return { ipReverse, reverse };
  }

  deleteReverse(ip: string, ipReverse: string): void {
    this.reverse(ip, ipReverse);
    this.item(ip).reverses.delete(ipReverse);
  }

  /** Ends the moves whose time has come. */
  settle(): void {
    for (const item of this.items.values()) this.end(item);
  }

  private begin(item: Item, to: string | null): IpTask {
    if (item.move !== undefined) throw conflict(`A task is pending on ${item.block}`);
    const now = this.around.clock.now();
    item.move = { id: this.nextTask++, to, from: now, until: now + this.around.moveDuration };
    return this.renderTask(item.move, "todo");
  }

  private renderTask(move: NonNullable<Item["move"]>, status: IpTask["status"]): IpTask {
    return {
      taskId: move.id,
      function: "genericMoveFloatingIp",
      status,
      startDate: isoTime(move.from),
      destination: move.to === null ? null : { serviceName: move.to },
    };
  }

  private render(item: Item): IpService {
    return {
      ip: item.block,
      type: "failover",
      country: item.country,
      description: item.description,
      organisationId: null,
      canBeTerminated: true,
      routedTo: item.routedTo === null ? null : { serviceName: item.routedTo },
    };
  }

  private item(ip: string): Item {
    this.settle();
    const block = ip.includes("/") ? ip : `${ip}/32`;
    const item = [...this.items.values()].find((one) => one.block === block);
    if (item === undefined) throw notFound(`This service does not exist: IP ${ip}`);
    return item;
  }

  private named(name: string): Item {
    this.settle();
    const item = this.items.get(name);
    if (item === undefined) throw notFound(`This service does not exist: ${name}`);
    return item;
  }

  /** A project sees an address once the move is done, and no longer once it is parked. */
  private end(item: Item): void {
    const { move } = item;
    const { clock, failoverIps, random, project } = this.around;
    if (move === undefined || move.until > clock.now()) return;
    item.move = undefined;
    item.tasks.set(move.id, this.renderTask(move, "done"));
    const address = item.block.replace(/\/32$/, "");
    if (move.to === project && item.routedTo !== project) failoverIps.add(random.uuid(), address);
    if (move.to === null) failoverIps.remove(address);
    item.routedTo = move.to;
  }
}
