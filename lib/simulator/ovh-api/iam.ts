import { z } from "zod";
import type { Clock } from "../clock.js";
import type { Random } from "../random.js";
import { accept } from "./check.js";
import { isoTime } from "./envelope.js";
import { badRequest, conflict, notFound } from "./errors.js";

const text = z.string().min(1);
const clientFields = {
  name: text,
  description: text,
  callbackUrls: z.array(z.string()).nullish(),
};
const clientCreated = z.object({
  ...clientFields,
  flow: z.enum(["AUTHORIZATION_CODE", "CLIENT_CREDENTIALS"]),
});
const clientChanged = z.object(clientFields);

/** A condition of a policy; MATCH ends a branch, and there are three levels at most. */
export interface Condition {
  readonly operator: "MATCH" | "AND" | "OR" | "NOT";
  readonly values?: Readonly<Record<string, string>> | null;
  readonly conditions?: readonly Condition[] | null;
}

const operator = z.enum(["MATCH", "AND", "OR", "NOT"]);
const values = z.record(z.string(), z.string()).nullish();
const third = z.object({ operator, values });
const second = z.object({ operator, values, conditions: z.array(third).nullish() });
const condition = z.object({ operator, values, conditions: z.array(second).nullish() });
const actions = z.array(z.object({ action: text })).nullish();
const policyBody = z.object({
  name: text,
  description: z.string().nullish(),
  identities: z.array(text),
  resources: z.array(z.object({ urn: text })).min(1),
  permissions: z.object({ allow: actions, except: actions, deny: actions }),
  permissionsGroups: z.array(z.object({ urn: text })).nullish(),
  conditions: condition.nullish(),
  expiredAt: z.string().nullish(),
});

type PolicyBody = z.output<typeof policyBody>;
type Policy = PolicyBody & { readonly id: string; readonly createdAt: number; updatedAt: number };
type Client = Omit<z.output<typeof clientCreated>, "callbackUrls"> & {
  readonly clientId: string;
  readonly clientSecret: string;
  readonly callbackUrls: readonly string[];
  readonly createdAt: number;
};

/** What a policy decides on. */
export interface Attempt {
  readonly identity: string;
  readonly action: string;
  readonly resource: string;
  /** Address that the request came from. */
  readonly ip: string;
}

/** Service accounts and policies of an account. `/me/api/oauth2/client`, `/v2/iam/policy` */
export class Iam {
  private readonly clients = new Map<string, Client>();
  private readonly policies = new Map<string, Policy>();

  constructor(
    readonly account: string,
    private readonly clock: Clock,
    private readonly random: Random,
  ) {}

  /** Ids of the service accounts. */
  listClients(): string[] {
    return [...this.clients.keys()];
  }

  /** Makes a service account; its secret is told here and nowhere else. @throws ApiError */
  createClient(body: unknown): { readonly clientId: string; readonly clientSecret: string } {
    const asked = accept(clientCreated, body);
    if (asked.flow === "AUTHORIZATION_CODE" && (asked.callbackUrls ?? []).length === 0)
      throw badRequest("Invalid parameter callbackUrls: required");
    const client: Client = {
      ...asked,
      callbackUrls: asked.callbackUrls ?? [],
      clientId: `EU.${this.hex(16)}`,
      clientSecret: this.hex(32),
      createdAt: this.clock.now(),
    };
    this.clients.set(client.clientId, client);
    return { clientId: client.clientId, clientSecret: client.clientSecret };
  }

  getClient(id: string) {
    const { clientSecret: _, createdAt, ...client } = this.client(id);
    return { ...client, createdAt: isoTime(createdAt), identity: this.identityOf(id) };
  }

  changeClient(id: string, body: unknown): void {
    const { callbackUrls, ...asked } = accept(clientChanged, body);
    this.clients.set(id, { ...this.client(id), ...asked, callbackUrls: callbackUrls ?? [] });
  }

  deleteClient(id: string): void {
    this.client(id);
    this.clients.delete(id);
  }

  /** Whether these are the credentials of a service account. */
  knows(id: string, secret: string): boolean {
    return this.clients.get(id)?.clientSecret === secret;
  }

  /** What policies call a service account. */
  identityOf(id: string): string {
    return `urn:v1:eu:identity:credential:${this.account}/oauth2-${id}`;
  }

  listPolicies() {
    return [...this.policies.values()].map((policy) => this.render(policy));
  }

  getPolicy(id: string) {
    return this.render(this.policy(id));
  }

  createPolicy(body: unknown) {
    const asked = this.checked(body);
    const now = this.clock.now();
    const policy = { ...asked, id: this.random.uuid(), createdAt: now, updatedAt: now };
    this.policies.set(policy.id, policy);
    return this.render(policy);
  }

  changePolicy(id: string, body: unknown) {
    const { createdAt } = this.policy(id);
    const policy = { ...this.checked(body, id), id, createdAt, updatedAt: this.clock.now() };
    this.policies.set(id, policy);
    return this.render(policy);
  }

  deletePolicy(id: string): void {
    this.policy(id);
    this.policies.delete(id);
  }

  /** Whether any policy allows it and none denies it. */
  allows(attempt: Attempt): boolean {
    const meant = [...this.policies.values()].filter(
      ({ identities, resources, conditions, expiredAt }) =>
        identities.includes(attempt.identity) &&
        resources.some(({ urn }) => globs(urn, attempt.resource)) &&
        (conditions === undefined || conditions === null || holds(conditions, attempt)) &&
        (!expiredAt || Date.parse(expiredAt) > this.clock.now()),
    );
    const names = (list: PolicyBody["permissions"]["allow"]) =>
      (list ?? []).some(({ action }) => globs(action, attempt.action));
    return (
      !meant.some(({ permissions }) => names(permissions.deny)) &&
      meant.some(({ permissions }) => names(permissions.allow) && !names(permissions.except))
    );
  }

  private checked(body: unknown, id?: string): PolicyBody {
    const asked = accept(policyBody, body);
    const same = [...this.policies.values()].find((other) => other.name === asked.name && other.id !== id);
    if (same !== undefined) throw conflict(`A policy named ${asked.name} already exists`);
    for (const identity of asked.identities) {
      if (![...this.clients.keys()].some((client) => this.identityOf(client) === identity))
        throw badRequest(`Invalid parameter identities: ${identity} does not exist`);
    }
    checkCondition(asked.conditions);
    return asked;
  }

  private render({ id, createdAt, updatedAt, permissions, ...policy }: Policy) {
    const { allow, except, deny } = permissions;
    return {
      id,
      ...Object.fromEntries(
        Object.entries(policy).filter(([, value]) => value !== null && value !== undefined),
      ),
      permissions: { allow: allow ?? [], except: except ?? [], deny: deny ?? [] },
      owner: this.account,
      readOnly: false,
      createdAt: isoTime(createdAt),
      updatedAt: isoTime(updatedAt),
    };
  }

  private client(id: string): Client {
    const client = this.clients.get(id);
    if (client === undefined) throw notFound(`OAuth2 client ${id} does not exist`);
    return client;
  }

  private policy(id: string): Policy {
    const policy = this.policies.get(id);
    if (policy === undefined) throw notFound(`Policy ${id} does not exist`);
    return policy;
  }

  private hex(digits: number): string {
    return Array.from({ length: digits }, () => this.random.int(16).toString(16)).join("");
  }
}

function checkCondition(one: Condition | null | undefined): void {
  if (one === null || one === undefined) return;
  const below = one.conditions ?? [];
  if (one.operator === "MATCH" && (below.length > 0 || Object.keys(one.values ?? {}).length === 0))
    throw badRequest("Invalid parameter conditions: MATCH needs values and has no conditions of its own");
  if (one.operator !== "MATCH" && below.length === 0)
    throw badRequest(`Invalid parameter conditions: ${one.operator} needs conditions`);
  for (const inner of below) checkCondition(inner);
}

function holds({ operator: how, values: wanted, conditions }: Condition, attempt: Attempt): boolean {
  const below = conditions ?? [];
  switch (how) {
    case "MATCH":
      // Of what a condition may ask, only the address is simulated; all else does not match.
      return Object.entries(wanted ?? {}).every(
        ([key, value]) => key === "request.IP" && value === attempt.ip,
      );
    case "AND":
      return below.every((one) => holds(one, attempt));
    case "OR":
      return below.some((one) => holds(one, attempt));
    case "NOT":
      return !below.some((one) => holds(one, attempt));
  }
}

function globs(pattern: string, value: string): boolean {
  const parts = pattern.split("*").map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"));
  return new RegExp(`^${parts.join(".*")}$`).test(value);
}

/** The action that a call needs of a policy, and the resource that it is on; undefined for what is not simulated. */
export function actionOf(
  method: string,
  path: string,
): { readonly action: string; readonly resource: string } | undefined {
  const found = /^\/cloud\/project\/([^/]+)\/ip\/failover(?:\/[^/]+(\/attach)?)?$/.exec(path);
  if (found === null) return undefined;
  const verb =
    method === "GET" && found[2] === undefined ? "get" : method === "POST" && found[2] ? "attach" : "";
  if (verb === "") return undefined;
  return {
    action: `publicCloudProject:apiovh:ip/failover/${verb}`,
    resource: `urn:v1:eu:resource:publicCloudProject:${found[1]}`,
  };
}
