import type { Hono } from "hono";
import type { Iam } from "./iam.js";

/** Reads the JSON body of a request. @throws ApiError 400 */
type ReadJson = (request: { text(): Promise<string> }) => Promise<unknown>;

/** The service accounts of an account: v1 paths. */
// biome-ignore lint/suspicious/noExplicitAny: what hangs on a request is the caller's business
export function clientRoutes(app: Hono<any>, iam: Iam, json: ReadJson): void {
  const client = "/me/api/oauth2/client";
  app.get(client, (c) => c.json(iam.listClients()));
  app.post(client, async (c) => c.json(iam.createClient(await json(c.req))));
  app.get(`${client}/:id`, (c) => c.json(iam.getClient(c.req.param("id"))));
  app.put(`${client}/:id`, async (c) => {
    iam.changeClient(c.req.param("id"), await json(c.req));
    return c.body(null, 200);
  });
  app.delete(`${client}/:id`, (c) => {
    iam.deleteClient(c.req.param("id"));
    return c.body(null, 200);
  });
}

/** The policies of an account: v2 paths. */
// biome-ignore lint/suspicious/noExplicitAny: see above
export function policyRoutes(app: Hono<any>, iam: Iam, json: ReadJson): void {
  const policy = "/iam/policy";
  app.get(policy, (c) => c.json(iam.listPolicies()));
  app.post(policy, async (c) => c.json(iam.createPolicy(await json(c.req))));
  app.get(`${policy}/:id`, (c) => c.json(iam.getPolicy(c.req.param("id"))));
  app.put(`${policy}/:id`, async (c) => c.json(iam.changePolicy(c.req.param("id"), await json(c.req))));
  app.delete(`${policy}/:id`, (c) => {
    iam.deletePolicy(c.req.param("id"));
    return c.body(null, 200);
  });
}
