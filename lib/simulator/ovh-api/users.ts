import { z } from "zod";
import type { Clock } from "../clock.js";
import type { Random } from "../random.js";
import { accept } from "./check.js";
import { type Durations, isoTime } from "./envelope.js";
import { badRequest, conflict, notFound } from "./errors.js";

/** A role that a user of a project may have. `/cloud/project/{p}/role` */
export interface Role {
  readonly id: string;
  readonly name: string;
  readonly description: string;
  readonly permissions: readonly string[];
}

/** A user of a project as the API shows it. `/cloud/project/{p}/user` */
export interface User {
  readonly id: number;
  readonly username: string;
  readonly description: string;
  readonly creationDate: string;
  readonly status: "creating" | "ok" | "deleting";
  readonly roles: readonly Role[];
}

/** An S3 key without its secret. `/cloud/project/{p}/user/{u}/s3Credentials` */
export interface S3Key {
  readonly access: string;
  readonly tenantId: string;
  readonly userId: string;
}

interface Item {
  readonly id: number;
  readonly username: string;
  readonly description: string;
  readonly createdAt: number;
  roles: readonly Role[];
  task: { readonly type: "create" | "delete"; readonly endsAt: number } | undefined;
  policy: string;
  readonly keys: Map<string, { readonly secret: string; readonly userId: string }>;
}

const ROLES: readonly Role[] = [
  "administrator",
  "backup_operator",
  "compute_operator",
  "image_operator",
  "infrastructure_supervisor",
  "network_operator",
  "network_security_operator",
  "objectstore_operator",
  "volume_operator",
].map((name, index) => ({
  id: `${index + 1}`.padStart(32, "0"),
  name,
  description: name.replaceAll("_", " "),
  permissions: [],
}));

const created = z.object({
  description: z.string().optional(),
  role: z.string().nullish(),
  roles: z.array(z.string()).nullish(),
});

/** The OpenStack users of a project, their S3 keys and policies. */
export class Users {
  private readonly items = new Map<number, Item>();

  constructor(
    private readonly project: string,
    private readonly durations: Durations,
    private readonly clock: Clock,
    private readonly random: Random,
  ) {}

  /** Every role that there is. */
  roles(): readonly Role[] {
    return ROLES;
  }

  list(): User[] {
    this.settle();
    return [...this.items.values()].map((item) => this.render(item));
  }

  get(id: string): User {
    return this.render(this.item(id));
  }

  /** Makes a user; the password is in this answer and in no other. @throws ApiError */
  create(body: unknown): User & { readonly password: string } {
    const { description = "", role, roles } = accept(created, body);
    const now = this.clock.now();
    const item: Item = {
      id: 100_000 + this.random.int(900_000),
      username: `user-${this.hex(12)}`,
      description,
      createdAt: now,
      roles: [...new Set([...(roles ?? []), ...(role ? [role] : [])])].map((name) => this.roleNamed(name)),
      task: { type: "create", endsAt: now + this.durations.create },
      policy: JSON.stringify({ Statement: [] }),
      keys: new Map(),
    };
    this.items.set(item.id, item);
    return { ...this.render(item), password: this.hex(32) };
  }

  delete(id: string): void {
    const item = this.item(id);
    if (item.task?.type === "delete") return;
    item.task = { type: "delete", endsAt: this.clock.now() + this.durations.delete };
  }

  /** Gives a user other roles, by their ids. @throws ApiError */
  setRoles(id: string, body: unknown): User {
    const { rolesIds } = accept(z.object({ rolesIds: z.array(z.string()) }), body);
    const item = this.ready(id);
    item.roles = rolesIds.map((wanted) => {
      const found = ROLES.find((role) => role.id === wanted);
      if (found === undefined) throw badRequest(`Invalid parameter rolesIds: ${wanted} is no role`);
      return found;
    });
    return this.render(item);
  }

  regeneratePassword(id: string): User & { readonly password: string } {
    return { ...this.render(this.ready(id)), password: this.hex(32) };
  }

  /** A shell file with which OpenStack's own client finds the project. */
  openrc(id: string, region: string | undefined): { readonly content: string } {
    if (region === undefined) throw badRequest("Missing parameter region");
    const { username } = this.item(id);
    return {
      content: [
        "#!/bin/bash",
        "export OS_AUTH_URL=https://auth.cloud.ovh.net/v3",
        "export OS_IDENTITY_API_VERSION=3",
        `export OS_TENANT_ID=${this.project}`,
        `export OS_TENANT_NAME="${this.project.slice(0, 16)}"`,
        `export OS_USERNAME="${username}"`,
        `export OS_REGION_NAME="${region}"`,
        "",
      ].join("\n"),
    };
  }

  /** Makes an S3 key. @throws ApiError */
  createKey(id: string): S3Key & { readonly secret: string } {
    const item = this.ready(id);
    const [access, secret, userId] = [this.hex(32), this.hex(32), this.hex(32)];
    item.keys.set(access, { secret, userId });
    return { access, secret, tenantId: this.project, userId };
  }

  listKeys(id: string): S3Key[] {
    return [...this.item(id).keys].map(([access, { userId }]) => ({
      access,
      tenantId: this.project,
      userId,
    }));
  }

  getKey(id: string, access: string): S3Key {
    return { access, tenantId: this.project, userId: this.key(id, access).userId };
  }

  keySecret(id: string, access: string): { readonly secret: string } {
    return { secret: this.key(id, access).secret };
  }

  deleteKey(id: string, access: string): void {
    this.key(id, access);
    this.item(id).keys.delete(access);
  }

  getPolicy(id: string): { readonly policy: string } {
    return { policy: this.item(id).policy };
  }

  /** Replaces the whole policy. @throws ApiError */
  setPolicy(id: string, body: unknown): void {
    const { policy } = accept(z.object({ policy: z.string() }), body);
    let statements: unknown;
    try {
      statements = (JSON.parse(policy) as { Statement?: unknown } | null)?.Statement;
    } catch {
      throw badRequest("Invalid parameter policy: not JSON");
    }
    if (!Array.isArray(statements)) throw badRequest("Invalid parameter policy: no Statement");
    this.ready(id).policy = policy;
  }

  private key(id: string, access: string) {
    const key = this.item(id).keys.get(access);
    if (key === undefined) throw notFound(`S3 credential ${access} does not exist`);
    return key;
  }

  private ready(id: string): Item {
    const item = this.item(id);
    if (item.task !== undefined) throw conflict(`User ${id} is not ready`);
    return item;
  }

  private item(id: string): Item {
    this.settle();
    const item = this.items.get(Number(id));
    if (item === undefined) throw notFound(`User ${id} does not exist`);
    return item;
  }

  private settle(): void {
    for (const item of [...this.items.values()]) {
      if (item.task === undefined || item.task.endsAt > this.clock.now()) continue;
      if (item.task.type === "delete") this.items.delete(item.id);
      item.task = undefined;
    }
  }

  private render({ id, username, description, createdAt, roles, task }: Item): User {
    const status = task === undefined ? "ok" : task.type === "create" ? "creating" : "deleting";
    return { id, username, description, creationDate: isoTime(createdAt), status, roles };
  }

  private roleNamed(name: string): Role {
    const role = ROLES.find((one) => one.name === name);
    if (role === undefined) throw badRequest(`Invalid parameter roles: ${name} is no role`);
    return role;
  }

  private hex(digits: number): string {
    return Array.from({ length: digits }, () => this.random.int(16).toString(16)).join("");
  }
}
