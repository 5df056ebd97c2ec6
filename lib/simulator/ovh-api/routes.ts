import { Hono } from "hono";
import type { Clock } from "../clock.js";
import { accountRoutes } from "./account-routes.js";
import type { OvhProject } from "./api.js";
import { authorize, type Caller } from "./auth.js";
import { type Collection, isoTime } from "./envelope.js";
import { ApiError, badRequest, notFound } from "./errors.js";
import { actionOf } from "./iam.js";
import { clientRoutes, policyRoutes } from "./iam-routes.js";
import type { Journal } from "./journal.js";
import { regionRoutes } from "./region-routes.js";
import { storageRoutes } from "./storage-routes.js";

/** What the routes need beside the store. */
export interface RouteOptions {
  readonly project: OvhProject;
  readonly clock: Clock;
  readonly journal: Journal;
}

type Variables = { caller: Caller };
type App = Hono<{ Variables: Variables }>;

/** The API as HTTP: v1 paths below `/1.0` and `/v1` and at the root, v2 paths below `/v2`. */
export function ovhRoutes({ project, clock, journal }: RouteOptions): App {
  const app: App = new Hono();
  app.onError((error, c) => {
    if (error instanceof ApiError) {
      for (const [name, value] of Object.entries(error.headers)) c.header(name, value);
      return c.json(error.toJSON(), error.status as 400);
    }
    return c.json({ class: "Server::InternalServerError", message: String(error) }, 500);
  });
  app.notFound((c) => c.json({ class: "Client::NotFound", message: "Got an invalid (or empty) URL" }, 404));

  app.use(async (c, next) => {
    c.header("X-Ovh-QueryID", journal.queryId());
    const url = new URL(c.req.url);
    const path = url.pathname.replace(/^\/(1\.0|v1)(?=\/)/, "");
    if (path !== "/auth/time" && path !== "/auth/oauth2/token") {
      const caller = await identify(c.req, path, sender(c.env), project, clock);
      project.rateLimit.count(caller.name);
      c.set("caller", caller);
    }
    await next();
  });

  const v1: App = new Hono();
  authRoutes(v1, project, clock);
  projectRoutes(v1, project);
  failoverRoutes(v1, project);
  for (const below of ["role", "user", "user/*", "region", "region/*", "quota"]) {
    v1.use(`/cloud/project/:project/${below}`, async (c, next) => {
      checkProject(project.seed.project, c.req.param("project") ?? "");
      await next();
    });
  }
  storageRoutes(v1, project, json);
  regionRoutes(v1, project);
  clientRoutes(v1, project.iam, json);
  accountRoutes(v1, project, json);
  app.route("/v2", v2Routes(project));
  for (const prefix of ["/1.0", "/v1", "/"]) app.route(prefix, v1);
  return app;
}

interface Asked {
  readonly method: string;
  readonly url: string;
  text(): Promise<string>;
  header(name: string): string | undefined;
}

/** The address that a request came from; empty where it came over no network. */
function sender(env: unknown): string {
  const { incoming } = (env ?? {}) as { incoming?: { socket?: { remoteAddress?: string } } };
  return incoming?.socket?.remoteAddress ?? "";
}

async function identify(
  request: Asked,
  path: string,
  ip: string,
  project: OvhProject,
  clock: Clock,
): Promise<Caller> {
  const { method, url } = request;
  const bearer = /^Bearer (\S+)$/.exec(request.header("authorization") ?? "")?.[1];
  if (bearer !== undefined) {
    return project.oauth2.authorize(bearer, method, path, (clientId) => {
      const asked = actionOf(method, path);
      const identity = project.iam.identityOf(clientId);
      return asked !== undefined && project.iam.allows({ ...asked, identity, ip });
    });
  }
  const signed = {
    method,
    url,
    path,
    body: await request.text(),
    header: (name: string) => request.header(name),
  };
  const { applicationKey, rules, expiration } = authorize(signed, project.seed.keys, clock);
  return { name: applicationKey, rules, ...(expiration === undefined ? {} : { expiration }) };
}

function authRoutes(app: App, { oauth2, iam }: OvhProject, clock: Clock): void {
  app.post("/auth/oauth2/token", async (c) => c.json(oauth2.issue(new URLSearchParams(await c.req.text()))));
  app.get("/auth/time", (c) => c.json(Math.floor(clock.now() / 1000)));
  app.get("/auth/details", (c) =>
    c.json({
      account: iam.account,
      allowedRoutes: c.get("caller").rules,
      description: "simulated account",
      identities: [],
      method: "account",
      roles: [],
      user: null,
    }),
  );
  app.get("/auth/currentCredential", (c) => {
    const { rules, expiration = null } = c.get("caller");
    const at = isoTime(clock.now());
    return c.json({
      applicationId: 1001,
      credentialId: 2002,
      allowedIPs: null,
      creation: at,
      lastUse: at,
      expiration,
      ovhSupport: false,
      rules,
      status: "validated",
    });
  });
}

function projectRoutes(app: App, { seed }: OvhProject): void {
  app.get("/cloud/project", (c) => c.json([seed.project]));
  app.get("/cloud/project/:project", (c) => {
    checkProject(seed.project, c.req.param("project"));
    return c.json({ project_id: seed.project, description: seed.description, status: "ok" });
  });
}

function failoverRoutes(app: App, project: OvhProject): void {
  const base = "/cloud/project/:project/ip/failover";
  app.use(`${base}/*`, async (c, next) => {
    checkProject(project.seed.project, c.req.param("project") ?? "");
    await next();
  });
  app.get(base, (c) => c.json(project.failoverIps.list()));
  app.get(`${base}/:id`, (c) => c.json(project.failoverIps.get(c.req.param("id"))));
  app.post(`${base}/:id/attach`, async (c) =>
    c.json(project.failoverIps.attach(c.req.param("id"), await json(c.req))),
  );
  const instance = "/cloud/project/:project/instance";
  app.get(instance, (c) => {
    checkProject(project.seed.project, c.req.param("project"));
    return c.json(project.instances.instances.list().map(legacyInstance));
  });
  app.get(`${instance}/:id`, (c) => {
    checkProject(project.seed.project, c.req.param("project"));
    return c.json(legacyInstance(project.instances.instances.get(c.req.param("id"))));
  });
}

function legacyInstance(instance: ReturnType<OvhProject["instances"]["instances"]["get"]>) {
  return {
    id: instance.id,
    name: instance.targetSpec.name,
    status: instance.resourceStatus === "READY" ? "ACTIVE" : "BUILD",
    region: instance.targetSpec.location?.region ?? "",
    created: instance.createdAt,
    ipAddresses: (instance.currentState?.networks ?? []).flatMap(({ id, addresses }) =>
      addresses.map(({ ip, type, version }) => ({ ip, type, version, networkId: id ?? "" })),
    ),
  };
}

function v2Routes(project: OvhProject): App {
  const app: App = new Hono();
  const base = "/publicCloud/project/:project";
  app.use(`${base}/*`, async (c, next) => {
    checkProject(project.seed.project, c.req.param("project") ?? "");
    await next();
  });
  sshKeyRoutes(app, `${base}/sshKey`, project);
  app.get(`${base}/reference/instance/flavor`, (c) => c.json(project.listFlavors(c.req.query("region"))));
  app.get(`${base}/reference/instance/image`, (c) => c.json(project.listImages(c.req.query("region"))));
  app.get(`${base}/publicIp/additional`, (c) => c.json(project.failoverIps.list().map(additionalIp)));
  app.get(`${base}/publicIp/additional/:ip`, (c) => {
    const found = project.failoverIps.list().find(({ ip }) => ip === c.req.param("ip"));
    if (found === undefined) throw notFound(`Additional IP ${c.req.param("ip")} does not exist`);
    return c.json(additionalIp(found));
  });
  collectionRoutes(app, `${base}/network/:network/subnet`, (param) =>
    project.networks.subnets(param("network")),
  );
  collectionRoutes(app, `${base}/network`, () => project.networks.networks);
  collectionRoutes(app, `${base}/compute/instance`, () => project.instances.instances);
  const group = `${base}/compute/instanceGroup`;
  app.get(`${group}/:id`, (c) => c.json(project.instances.group(c.req.param("id"))));
  collectionRoutes(app, group, () => project.instances.groups);
  collectionRoutes(app, `${base}/securityGroup`, () => project.securityGroups.groups);
  policyRoutes(app, project.iam, json);
  return app;
}

function additionalIp(failover: ReturnType<OvhProject["failoverIps"]["get"]>) {
  return {
    id: failover.ip,
    checksum: "",
    resourceStatus: failover.status === "ok" ? "READY" : "UPDATING",
    currentTasks: [],
    currentState: {
      id: failover.ip,
      ip: failover.ip,
      ipBlock: failover.block,
      associatedResource: failover.routedTo === "" ? null : { id: failover.routedTo, type: "INSTANCE" },
    },
  };
}

function sshKeyRoutes(app: App, base: string, project: OvhProject): void {
  app.get(base, (c) => c.json(project.listSshKeys()));
  app.post(base, async (c) => c.json(project.createSshKey(await json(c.req)), 201));
  app.get(`${base}/:name`, (c) => c.json(project.getSshKey(c.req.param("name"))));
  app.delete(`${base}/:name`, (c) => {
    project.deleteSshKey(c.req.param("name"));
    return c.body(null, 204);
  });
}

type Param = (name: string) => string;

function collectionRoutes<Spec, State>(
  app: App,
  base: string,
  of: (param: Param) => Collection<Spec, State>,
): void {
  const collection = (c: { req: { param(): Record<string, string> } }) =>
    of((name) => c.req.param()[name] ?? "");
  app.get(base, (c) => c.json(collection(c).list()));
  app.post(base, async (c) => c.json(collection(c).create(await json(c.req)), 202));
  app.get(`${base}/:id`, (c) => c.json(collection(c).get(c.req.param("id") as string)));
  app.put(`${base}/:id`, async (c) =>
    c.json(collection(c).update(c.req.param("id") as string, await json(c.req)), 202),
  );
  app.delete(`${base}/:id`, (c) => {
    collection(c).delete(c.req.param("id") as string);
    return c.body(null, 202);
  });
}

function checkProject(known: string, asked: string): void {
  if (asked !== known) throw notFound(`This service does not exist: project ${asked}`);
}

async function json(request: { text(): Promise<string> }): Promise<unknown> {
  try {
    return JSON.parse(await request.text());
  } catch {
    throw badRequest("Invalid JSON received");
  }
}
