import { beforeEach, describe, expect, it } from "vitest";
import { DURATIONS, error, type Json, PROJECT, SimulatedApi, V1 } from "./simulated.js";

const ITEM = { planCode: "ip-failover-ripe", duration: "P1M", pricingMode: "default", quantity: 1 };

let api: SimulatedApi;
beforeEach(() => {
  api = new SimulatedApi();
});

const must = async (answer: Promise<{ status: number; body: Json }>): Promise<Json> => {
  const { status, body } = await answer;
  if (status !== 200) throw new Error(`${status} ${JSON.stringify(body)}`);
  return body;
};

/** A cart with one address in it. */
async function cart(country: string | undefined = "FR"): Promise<string> {
  const { cartId } = await must(api.post("/1.0/order/cart", { ovhSubsidiary: "FR" }));
  await api.post(`/1.0/order/cart/${cartId}/assign`, undefined);
  const { itemId } = await must(api.post(`/1.0/order/cart/${cartId}/ip`, ITEM));
  if (country !== undefined) {
    const path = `/1.0/order/cart/${cartId}/item/${itemId}/configuration`;
    await must(api.post(path, { label: "country", value: country }));
  }
  return cartId;
}

async function ordered(country?: string): Promise<number> {
  const checkout = `/1.0/order/cart/${await cart(country)}/checkout`;
  const { orderId } = await must(api.post(checkout, undefined));
  await api.post(`/1.0/me/order/${orderId}/pay`, { paymentMethod: { id: 400_001 } });
  return orderId;
}

/** An address that was delivered: its service and its block. */
async function delivered(country?: string): Promise<{ service: string; ip: string }> {
  const order = `/1.0/me/order/${await ordered(country)}`;
  api.clock.advance(2 * DURATIONS.create);
  expect(await must(api.get(`${order}/status`))).toBe("delivered");
  const [detail] = await must(api.get(`${order}/details`));
  const { domain: service } = await must(api.get(`${order}/details/${detail}`));
  const { ip } = await must(api.get(`/1.0/ip/service/${service}`));
  return { service, ip };
}

const at = (ip: string) => `/1.0/ip/${encodeURIComponent(ip)}`;

describe("an order of an address", () => {
  it("is delivered some time after it was paid, and not before", async () => {
    const order = `/1.0/me/order/${await ordered()}`;
    const status = async () => must(api.get(`${order}/status`));
    expect(await status()).toBe("checking");
    const [detail] = await must(api.get(`${order}/details`));
    expect(await must(api.get(`${order}/details/${detail}`))).toMatchObject({ domain: "*" });
    api.clock.advance(DURATIONS.create);
    expect(await status()).toBe("delivering");
    api.clock.advance(DURATIONS.create);
    expect(await status()).toBe("delivered");
    expect(await must(api.get(`${order}/details/${detail}`))).toMatchObject({ domain: "ip-198.51.100.101" });
    expect(await must(api.get(`${order}/details/${detail}/extension`))).toMatchObject({
      order: { plan: { code: "ip-failover-ripe" } },
    });
  });

  it("that nobody pays is never delivered", async () => {
    const { orderId } = await must(api.post(`/1.0/order/cart/${await cart()}/checkout`, undefined));
    api.clock.advance(3_600_000);
    expect(await must(api.get(`/1.0/me/order/${orderId}/status`))).toBe("notPaid");
    expect((await api.post(`/1.0/me/order/${orderId}/pay`, { paymentMethod: { id: 7 } })).body).toEqual(
      error("BadRequest", "Payment method 7 does not exist"),
    );
  });

  it.each([
    [{ planCode: "ip-none" }, "NotFound", "Plan ip-none does not exist in catalog ip"],
    [{ duration: "P1Y" }, "BadRequest", "Invalid parameter duration: ip-failover-ripe has no P1Y"],
    [
      { pricingMode: "degressive" },
      "BadRequest",
      "Invalid parameter pricingMode: ip-failover-ripe has no degressive",
    ],
  ])("refuses %j", async (changes, errorClass, message) => {
    const { cartId } = await must(api.post("/1.0/order/cart", { ovhSubsidiary: "FR" }));
    const { body } = await api.post(`/1.0/order/cart/${cartId}/ip`, { ...ITEM, ...changes });
    expect(body).toEqual(error(errorClass, message));
  });

  it("needs a cart that is somebody's, with an address and its country in it", async () => {
    const { cartId } = await must(api.post("/1.0/order/cart", { ovhSubsidiary: "FR" }));
    const checkout = async (id: string) =>
      (await api.post(`/1.0/order/cart/${id}/checkout`, undefined)).body.message;
    expect(await checkout(cartId)).toBe(`Cart ${cartId} is assigned to nobody`);
    await api.post(`/1.0/order/cart/${cartId}/assign`, undefined);
    expect(await checkout(cartId)).toBe(`Cart ${cartId} is empty`);
    expect(await checkout(await cart(""))).toBe("Invalid configuration country: ");
    expect((await api.post("/1.0/order/cart", { ovhSubsidiary: "DE" })).body.message).toBe(
      "Invalid parameter ovhSubsidiary: DE is not yours",
    );
  });
});

describe("an address that was delivered", () => {
  it("is parked: no project has it until it is moved there, which takes a while", async () => {
    const { ip, service } = await delivered();
    const inProject = async () => (await must(api.get(`${V1}/ip/failover`))).map((one: Json) => one.ip);
    expect(await must(api.get(at(ip)))).toMatchObject({ ip: "198.51.100.101/32", routedTo: null });
    expect(await inProject()).toEqual(["146.59.143.231"]);
    const { taskId, status } = await must(api.post(`${at(ip)}/move`, { to: PROJECT }));
    expect(status).toBe("todo");
    expect((await api.post(`${at(ip)}/park`, undefined)).status).toBe(409);
    expect(await inProject()).toEqual(["146.59.143.231"]);
    api.clock.advance(DURATIONS.create);
    expect(await must(api.get(`${at(ip)}/task/${taskId}`))).toMatchObject({ status: "done" });
    expect(await inProject()).toEqual(["146.59.143.231", "198.51.100.101"]);
    expect(await must(api.get(`/1.0/ip/service/${service}`))).toMatchObject({
      routedTo: { serviceName: PROJECT },
    });
  });

  it("goes to no other project, and to none that does not take its country", async () => {
    const { ip } = await delivered("PL");
    expect((await api.post(`${at(ip)}/move`, { to: "other" })).body.message).toBe(
      `${ip} cannot be moved to other`,
    );
    expect((await api.post(`${at(ip)}/move`, { to: PROJECT })).body.message).toBe(
      `${ip} cannot be moved to ${PROJECT}: its country pl is not accepted there`,
    );
  });

  it("is terminated with a token that comes by mail, once it is routed to nothing", async () => {
    const { ip, service } = await delivered();
    await api.post(`${at(ip)}/move`, { to: PROJECT });
    api.clock.advance(DURATIONS.create);
    expect(api.project.leftovers()).toEqual(["address 198.51.100.101/32"]);
    const terminate = () => api.post(`/1.0/ip/service/${service}/terminate`, undefined);
    expect((await terminate()).body.message).toBe(`${service} is in use: it is routed to ${PROJECT}`);
    await api.post(`${at(ip)}/park`, undefined);
    api.clock.advance(DURATIONS.create);
    expect((await must(api.get(`${V1}/ip/failover`))).length).toBe(1);
    const history = "/1.0/me/notification/email/history";
    const before = await must(api.get(history));
    expect((await terminate()).status).toBe(200);
    expect(await must(api.get(history))).toEqual(before);
    api.clock.advance(DURATIONS.update);
    const [mail] = (await must(api.get(history))).filter((id: number) => !before.includes(id));
    const { body } = await must(api.get(`${history}/${mail}`));
    expect(body).toContain(service);
    const token = /token=(\w+)/.exec(body)?.[1];
    const confirm = (value: unknown) =>
      api.post(`/1.0/ip/service/${service}/confirmTermination`, { token: value });
    expect((await confirm("wrong")).status).toBe(403);
    expect((await confirm(token)).status).toBe(200);
    expect((await api.get(`/1.0/ip/service/${service}`)).status).toBe(404);
    expect(api.project.leftovers()).toEqual([]);
  });
});

describe("the reverse of an address", () => {
  it("is refused until its name is found at the address, which takes the zone's refresh", async () => {
    api = new SimulatedApi({ seed: { account: { zones: ["example.org"] } } });
    const ip = at("146.59.143.231/32");
    const asked = { ipReverse: "146.59.143.231", reverse: "edge.example.org" };
    const refused = error("BadRequest", "Cannot check if edge.example.org. resolves to 146.59.143.231");
    const ask = async () => (await api.post(`${ip}/reverse`, asked)).body;
    const zone = "/1.0/domain/zone/example.org";
    const record = { fieldType: "A", subDomain: "edge", target: "146.59.143.231", ttl: 60 };
    await must(api.post(`${zone}/record`, record));
    api.clock.advance(3_600_000);
    expect(await ask()).toEqual(refused);
    await api.post(`${zone}/refresh`, undefined);
    expect(await ask()).toEqual(refused);
    api.clock.advance(DURATIONS.update);
    expect(await ask()).toEqual({ ipReverse: "146.59.143.231", reverse: "edge.example.org." });
    await api.delete(`${ip}/reverse/146.59.143.231`);
    expect((await api.get(`${ip}/reverse/146.59.143.231`)).status).toBe(404);
  });
});
