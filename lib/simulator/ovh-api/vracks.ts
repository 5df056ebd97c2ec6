import { z } from "zod";
import type { Clock } from "../clock.js";
import { accept } from "./check.js";
import { isoTime } from "./envelope.js";
import { conflict, notFound } from "./errors.js";

/** A task of a vRack; one that is done answers 404. */
export interface VrackTask {
  readonly id: number;
  readonly serviceName: string;
  readonly function: "addCloudProjectToVrack" | "removeCloudProjectFromVrack";
  readonly status: "init" | "doing";
  readonly targetDomain: string;
  readonly todoDate: string;
  readonly lastUpdate: string;
}

interface Running {
  readonly task: VrackTask;
  readonly from: number;
  readonly endsAt: number;
}

/** The vRacks of an account and the projects in them. A project is in one vRack at most. `/vrack/{v}` */
export class Vracks {
  private readonly members = new Map<string, Set<string>>();
  private running: Running[] = [];
  private nextTask = 7_000_001;

  constructor(
    vracks: Readonly<Record<string, readonly string[]>>,
    private readonly clock: Clock,
    /** Milliseconds that a task takes. */
    private readonly duration: number,
    /** Refuses to let a project go that still needs its vRack. @throws ApiError */
    private readonly release: (project: string) => void = () => {},
  ) {
    for (const [name, projects] of Object.entries(vracks)) this.members.set(name, new Set(projects));
  }

  list(): string[] {
    return [...this.members.keys()];
  }

  projects(vrack: string): string[] {
    this.settle();
    return [...this.vrack(vrack)];
  }

  /** The vRack that a project is in, or undefined. */
  of(project: string): string | undefined {
    this.settle();
    return [...this.members].find(([, projects]) => projects.has(project))?.[0];
  }

  get(vrack: string, project: string): { vrack: string; project: string } {
    if (!this.projects(vrack).includes(project)) {
      throw notFound(`The requested object (project = ${project}) does not exist`);
    }
    return { vrack, project };
  }

  /** Puts a project into a vRack. @throws ApiError 409 where it is in one already */
  attach(vrack: string, body: unknown): VrackTask {
    this.vrack(vrack);
    const { project } = accept(z.object({ project: z.string().min(1) }), body);
    const other = this.of(project);
    if (other !== undefined) throw conflict(`Project ${project} is already in vrack ${other}`);
    return this.begin(vrack, project, "addCloudProjectToVrack");
  }

  /** Takes a project out of its vRack. */
  detach(vrack: string, project: string): VrackTask {
    this.get(vrack, project);
    this.release(project);
    return this.begin(vrack, project, "removeCloudProjectFromVrack");
  }

  task(vrack: string, id: number): VrackTask {
    this.settle();
    this.vrack(vrack);
    const found = this.running.find(({ task }) => task.id === id && task.serviceName === vrack);
    if (found === undefined) throw notFound(`The requested object (id = ${id}) does not exist`);
    return { ...found.task, status: found.from === this.clock.now() ? "init" : "doing" };
  }

  private begin(vrack: string, project: string, what: VrackTask["function"]): VrackTask {
    if (this.running.some(({ task }) => task.targetDomain === project)) {
      throw conflict(`Project ${project} has a task that is not done`);
    }
    const now = this.clock.now();
    const task: VrackTask = {
      id: this.nextTask++,
      serviceName: vrack,
      function: what,
      status: "init",
      targetDomain: project,
      todoDate: isoTime(now),
      lastUpdate: isoTime(now),
    };
    this.running.push({ task, from: now, endsAt: now + this.duration });
    return task;
  }

  private settle(): void {
    const now = this.clock.now();
    for (const { task, endsAt } of this.running) {
      if (endsAt > now) continue;
      const members = this.vrack(task.serviceName);
      if (task.function === "addCloudProjectToVrack") members.add(task.targetDomain);
      else members.delete(task.targetDomain);
    }
    this.running = this.running.filter(({ endsAt }) => endsAt > now);
  }

  private vrack(name: string): Set<string> {
    const found = this.members.get(name);
    if (found === undefined) throw notFound(`This service does not exist: vrack ${name}`);
    return found;
  }
}
