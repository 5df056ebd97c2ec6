import type { Hono } from "hono";
import type { OvhProject } from "./api.js";

/** Reads the JSON body of a request. @throws ApiError 400 */
type ReadJson = (request: { text(): Promise<string> }) => Promise<unknown>;

/** Users, their S3 keys and policies, and the buckets: v1 paths below a project. */
// biome-ignore lint/suspicious/noExplicitAny: what hangs on a request is the caller's business
export function storageRoutes(app: Hono<any>, { users, buckets }: OvhProject, json: ReadJson): void {
  const project = "/cloud/project/:project";
  app.get(`${project}/role`, (c) => c.json({ roles: users.roles(), services: [] }));

  const user = `${project}/user`;
  app.get(user, (c) => c.json(users.list()));
  app.post(user, async (c) => c.json(users.create(await json(c.req))));
  app.get(`${user}/:user`, (c) => c.json(users.get(c.req.param("user"))));
  app.delete(`${user}/:user`, (c) => {
    users.delete(c.req.param("user"));
    return c.body(null, 200);
  });
  app.put(`${user}/:user/role`, async (c) => c.json(users.setRoles(c.req.param("user"), await json(c.req))));
  app.post(`${user}/:user/regeneratePassword`, (c) => c.json(users.regeneratePassword(c.req.param("user"))));
  app.get(`${user}/:user/openrc`, (c) => c.json(users.openrc(c.req.param("user"), c.req.query("region"))));
  app.get(`${user}/:user/policy`, (c) => c.json(users.getPolicy(c.req.param("user"))));
  app.post(`${user}/:user/policy`, async (c) => {
    users.setPolicy(c.req.param("user"), await json(c.req));
    return c.body(null, 200);
  });

  const key = `${user}/:user/s3Credentials`;
  app.get(key, (c) => c.json(users.listKeys(c.req.param("user"))));
  app.post(key, (c) => c.json(users.createKey(c.req.param("user"))));
  app.get(`${key}/:access`, (c) => c.json(users.getKey(c.req.param("user"), c.req.param("access"))));
  app.post(`${key}/:access/secret`, (c) =>
    c.json(users.keySecret(c.req.param("user"), c.req.param("access"))),
  );
  app.delete(`${key}/:access`, (c) => {
    users.deleteKey(c.req.param("user"), c.req.param("access"));
    return c.body(null, 200);
  });

  const bucket = `${project}/region/:region/storage`;
  app.get(bucket, (c) => c.json(buckets.list(c.req.param("region"))));
  app.post(bucket, async (c) => c.json(buckets.create(c.req.param("region"), await json(c.req))));
  app.get(`${bucket}/:name`, (c) => c.json(buckets.get(c.req.param("region"), c.req.param("name"))));
  app.put(`${bucket}/:name`, async (c) => {
    buckets.update(c.req.param("region"), c.req.param("name"), await json(c.req));
    return c.body(null, 200);
  });
  app.delete(`${bucket}/:name`, (c) => {
    buckets.delete(c.req.param("region"), c.req.param("name"));
    return c.body(null, 200);
  });
  app.get(`${bucket}/:name/object`, (c) =>
    c.json(
      buckets.objects(c.req.param("region"), c.req.param("name"), c.req.query("withVersions") === "true"),
    ),
  );
  app.post(`${bucket}/:name/bulkDeleteObjects`, async (c) => {
    buckets.bulkDelete(c.req.param("region"), c.req.param("name"), await json(c.req));
    return c.body(null, 200);
  });
}
