import type { Hono } from "hono";
import type { OvhProject } from "./api.js";

/** Reads the JSON body of a request. @throws ApiError 400 */
type ReadJson = (request: { text(): Promise<string> }) => Promise<unknown>;

/** What belongs to an account and to no project: orders, addresses, DNS zones, vRacks; v1 paths. */
// biome-ignore lint/suspicious/noExplicitAny: what hangs on a request is the caller's business
export function accountRoutes(app: Hono<any>, project: OvhProject, json: ReadJson): void {
  orderRoutes(app, project, json);
  ipRoutes(app, project, json);
  zoneRoutes(app, project, json);
  vrackRoutes(app, project, json);
}

// biome-ignore lint/suspicious/noExplicitAny: see above
function orderRoutes(app: Hono<any>, { orders }: OvhProject, json: ReadJson): void {
  const cart = "/order/cart";
  app.post(cart, async (c) => c.json(orders.createCart(await json(c.req))));
  app.post(`${cart}/:cart/assign`, (c) => {
    orders.assign(c.req.param("cart"));
    return c.body(null, 200);
  });
  app.post(`${cart}/:cart/ip`, async (c) => c.json(orders.addIp(c.req.param("cart"), await json(c.req))));
  app.post(`${cart}/:cart/item/:item/configuration`, async (c) =>
    c.json(orders.configure(c.req.param("cart"), Number(c.req.param("item")), await json(c.req))),
  );
  app.get(`${cart}/:cart/checkout`, (c) => c.json(orders.summary(c.req.param("cart"))));
  app.post(`${cart}/:cart/checkout`, (c) => c.json(orders.checkout(c.req.param("cart"))));

  app.get("/me", (c) =>
    c.json({ nichandle: "xx1111-ovh", ovhSubsidiary: orders.subsidiary, country: orders.subsidiary }),
  );
  app.get("/me/payment/method", (c) =>
    c.json(c.req.query("default") === "true" ? orders.paymentMethods.slice(0, 1) : orders.paymentMethods),
  );
  const order = "/me/order/:order";
  const id = (c: { req: { param(name: string): string | undefined } }, name: string) =>
    Number(c.req.param(name));
  app.post(`${order}/pay`, async (c) => {
    orders.pay(id(c, "order"), await json(c.req));
    return c.body(null, 200);
  });
  app.get(`${order}/status`, (c) => c.json(orders.status(id(c, "order"))));
  app.get(order, (c) => c.json(orders.get(id(c, "order"))));
  app.get(`${order}/details`, (c) => c.json(orders.details(id(c, "order"))));
  app.get(`${order}/details/:detail`, (c) => c.json(orders.detail(id(c, "order"), id(c, "detail"))));
  app.get(`${order}/details/:detail/extension`, (c) =>
    c.json(orders.extension(id(c, "order"), id(c, "detail"))),
  );
  app.get("/me/notification/email/history", (c) => c.json(orders.mailIds()));
  app.get("/me/notification/email/history/:mail", (c) => c.json(orders.getMail(id(c, "mail"))));
}

// biome-ignore lint/suspicious/noExplicitAny: see above
function ipRoutes(app: Hono<any>, { ips }: OvhProject, json: ReadJson): void {
  app.get("/ip", (c) => c.json(ips.list()));
  const service = "/ip/service/:name";
  app.get(service, (c) => c.json(ips.service(c.req.param("name"))));
  app.put(service, async (c) => {
    ips.describe(c.req.param("name"), await json(c.req));
    return c.body(null, 200);
  });
  app.post(`${service}/terminate`, (c) => c.json(ips.terminate(c.req.param("name"))));
  app.post(`${service}/confirmTermination`, async (c) =>
    c.json(ips.confirmTermination(c.req.param("name"), await json(c.req))),
  );
  const ip = "/ip/:ip";
  app.get(ip, (c) => c.json(ips.byAddress(c.req.param("ip"))));
  app.post(`${ip}/move`, async (c) => c.json(ips.move(c.req.param("ip"), await json(c.req))));
  app.post(`${ip}/park`, (c) => c.json(ips.park(c.req.param("ip"))));
  app.get(`${ip}/task/:task`, (c) => c.json(ips.task(c.req.param("ip"), Number(c.req.param("task")))));
  app.post(`${ip}/reverse`, async (c) => c.json(ips.setReverse(c.req.param("ip"), await json(c.req))));
  app.get(`${ip}/reverse/:reverse`, (c) => c.json(ips.reverse(c.req.param("ip"), c.req.param("reverse"))));
  app.delete(`${ip}/reverse/:reverse`, (c) => {
    ips.deleteReverse(c.req.param("ip"), c.req.param("reverse"));
    return c.body(null, 200);
  });
}

// biome-ignore lint/suspicious/noExplicitAny: see above
function zoneRoutes(app: Hono<any>, { zones }: OvhProject, json: ReadJson): void {
  const zone = "/domain/zone/:zone";
  app.post(`${zone}/refresh`, (c) => {
    zones.refresh(c.req.param("zone"));
    return c.body(null, 200);
  });
  const record = `${zone}/record`;
  app.get(record, (c) => c.json(zones.list(c.req.param("zone"), c.req.query())));
  app.post(record, async (c) => c.json(zones.create(c.req.param("zone"), await json(c.req))));
  const one = `${record}/:id`;
  app.get(one, (c) => c.json(zones.get(c.req.param("zone"), Number(c.req.param("id")))));
  app.put(one, async (c) => {
    zones.change(c.req.param("zone"), Number(c.req.param("id")), await json(c.req));
    return c.body(null, 200);
  });
  app.delete(one, (c) => {
    zones.delete(c.req.param("zone"), Number(c.req.param("id")));
    return c.body(null, 200);
  });
}

// biome-ignore lint/suspicious/noExplicitAny: see above
function vrackRoutes(app: Hono<any>, { vracks }: OvhProject, json: ReadJson): void {
  app.get("/vrack", (c) => c.json(vracks.list()));
  const vrack = "/vrack/:vrack";
  app.get(`${vrack}/task/:task`, (c) =>
    c.json(vracks.task(c.req.param("vrack"), Number(c.req.param("task")))),
  );
  const member = `${vrack}/cloudProject`;
  app.get(member, (c) => c.json(vracks.projects(c.req.param("vrack"))));
  app.post(member, async (c) => c.json(vracks.attach(c.req.param("vrack"), await json(c.req))));
  app.get(`${member}/:project`, (c) => c.json(vracks.get(c.req.param("vrack"), c.req.param("project"))));
  app.delete(`${member}/:project`, (c) =>
    c.json(vracks.detach(c.req.param("vrack"), c.req.param("project"))),
  );
}
