import { createHash } from "node:crypto";
import type { Clock } from "../clock.js";
import type { Random } from "../random.js";
import { badRequest, conflict, notFound } from "./errors.js";

/** What stands around every v2 resource but the SSH key. */
export interface Envelope<Spec, State> {
  readonly id: string;
  readonly checksum: string;
  readonly createdAt: string;
  readonly updatedAt: string;
  readonly resourceStatus: ResourceStatus;
  readonly currentTasks: readonly Task[];
  readonly targetSpec: Spec;
  readonly currentState: State | null;
}

export type ResourceStatus = "CREATING" | "READY" | "UPDATING" | "OUT_OF_SYNC" | "ERROR" | "DELETING";

export interface Task {
  readonly id: string;
  readonly type: string;
  readonly status: "RUNNING" | "ERROR";
  readonly link: string;
  readonly errors: readonly { readonly message: string }[];
}

/** How one kind of resource behaves; everything else is the same for all of them. */
export interface Kind<Spec, State> {
  /** Name in messages, such as `network`. */
  readonly name: string;
  /** Path below the project, for the links of tasks. */
  readonly path: string;
  /** Checks and completes what a create or update asks for. @throws ApiError */
  accept(spec: unknown, previous: Spec | undefined): Spec;
  /** What the thing is like once it is there. Called when a task ends. */
  realise(id: string, spec: Spec, previous: State | null): State;
  /** Refuses the deletion of what is still used. @throws ApiError */
  release?(id: string): void;
  /** Told when the thing is gone. */
  gone?(id: string, state: State | null, spec: Spec): void;
}

/** Milliseconds that tasks take. */
export interface Durations {
  readonly create: number;
  readonly update: number;
  readonly delete: number;
}

interface Item<Spec, State> {
  readonly id: string;
  readonly createdAt: number;
  updatedAt: number;
  spec: Spec;
  state: State | null;
  task: { id: string; type: "CREATE" | "UPDATE" | "DELETE"; endsAt: number; error?: string } | undefined;
  failure: string | undefined;
}

/** All resources of one kind: a store whose tasks end as its clock goes on. */
export class Collection<Spec, State> {
  private readonly items = new Map<string, Item<Spec, State>>();
  private nextError: string | undefined;

  constructor(
    private readonly kind: Kind<Spec, State>,
    private readonly durations: Durations,
    private readonly clock: Clock,
    private readonly random: Random,
  ) {}

  /** The next create ends in ERROR with this message. */
  failNext(message: string): void {
    this.nextError = message;
  }

  /** Ends the tasks whose time has come. */
  settle(): void {
    const now = this.clock.now();
    for (const item of [...this.items.values()]) {
      const { task } = item;
      if (task === undefined || task.endsAt > now) continue;
      item.task = undefined;
      if (task.type === "DELETE") {
        this.items.delete(item.id);
        this.kind.gone?.(item.id, item.state, item.spec);
      } else if (task.error !== undefined) item.failure = task.error;
      else {
        item.state = this.kind.realise(item.id, item.spec, item.state);
        item.updatedAt = task.endsAt;
      }
    }
  }

  list(): Envelope<Spec, State>[] {
    this.settle();
    return [...this.items.values()].map((item) => this.render(item));
  }

  has(id: string): boolean {
    this.settle();
    return this.items.has(id);
  }

  get(id: string): Envelope<Spec, State> {
    return this.render(this.item(id));
  }

  create(body: unknown): Envelope<Spec, State> {
    this.settle();
    const spec = this.kind.accept(targetSpec(body), undefined);
    const now = this.clock.now();
    const item: Item<Spec, State> = {
      id: this.random.uuid(),
      createdAt: now,
      updatedAt: now,
      spec,
      state: null,
      task: {
        id: this.random.uuid(),
        type: "CREATE",
        endsAt: now + this.durations.create,
        error: this.nextError,
      },
      failure: undefined,
    };
    this.nextError = undefined;
    this.items.set(item.id, item);
    return this.render(item);
  }

  update(id: string, body: unknown): Envelope<Spec, State> {
    const item = this.item(id);
    const { checksum } = (body ?? {}) as { checksum?: unknown };
    if (typeof checksum !== "string") throw badRequest("Missing checksum");
    if (checksum !== this.checksum(item)) {
      throw conflict(`The ${this.kind.name} has changed since it was read: checksum mismatch`);
    }
    if (item.task !== undefined) throw conflict(`The ${this.kind.name} has a task that is not done`);
    if (item.failure !== undefined)
      throw conflict(`The ${this.kind.name} is in error; it can only be deleted`);
    item.spec = this.kind.accept(targetSpec(body), item.spec);
    this.begin(item, "UPDATE", this.durations.update);
    return this.render(item);
  }

  delete(id: string): void {
    const item = this.item(id);
    if (item.task?.type === "DELETE") return;
    this.kind.release?.(id);
    this.begin(item, "DELETE", this.durations.delete);
  }

  private begin(item: Item<Spec, State>, type: "UPDATE" | "DELETE", duration: number): void {
    const now = this.clock.now();
    item.updatedAt = now;
    item.task = { id: this.random.uuid(), type, endsAt: now + duration };
  }

  private item(id: string): Item<Spec, State> {
    this.settle();
    const item = this.items.get(id);
    if (item === undefined) throw notFound(`The ${this.kind.name} ${id} does not exist`);
    return item;
  }

  private checksum(item: Item<Spec, State>): string {
    return createHash("md5")
      .update(JSON.stringify([item.id, item.spec]))
      .digest("hex");
  }

  private render(item: Item<Spec, State>): Envelope<Spec, State> {
    const { task, failure } = item;
    const link = `${this.kind.path}/${item.id}`;
    const tasks: Task[] = [];
    if (task !== undefined) {
      tasks.push({ id: task.id, type: task.type, status: "RUNNING", link, errors: [] });
    } else if (failure !== undefined) {
      tasks.push({ id: item.id, type: "CREATE", status: "ERROR", link, errors: [{ message: failure }] });
    }
    return {
      id: item.id,
      checksum: this.checksum(item),
      createdAt: isoTime(item.createdAt),
      updatedAt: isoTime(item.updatedAt),
      resourceStatus: status(item),
      currentTasks: tasks,
      targetSpec: item.spec,
      currentState: item.state,
    };
  }
}

function status(item: Item<unknown, unknown>): ResourceStatus {
  if (item.task?.type === "DELETE") return "DELETING";
  if (item.task?.type === "UPDATE") return "UPDATING";
  if (item.task?.type === "CREATE") return "CREATING";
  return item.failure === undefined ? "READY" : "ERROR";
}

/** Time as the API writes it, to the second. */
export function isoTime(ms: number): string {
  return new Date(ms).toISOString().replace(/\.\d+Z$/, "Z");
}

function targetSpec(body: unknown): unknown {
  const spec = (body as { targetSpec?: unknown } | null)?.targetSpec;
  if (typeof spec !== "object" || spec === null) throw badRequest("Missing targetSpec");
  return spec;
}
