import { beforeEach, describe, expect, it } from "vitest";
import {
  type Answer,
  error,
  FAILOVER,
  type Json,
  MOVE,
  SimulatedApi,
  type SimulationOptions,
  V2,
} from "./simulated.js";

const IP = "146.59.143.231";
const ATTACH = `${FAILOVER}/fo-1/attach`;

let api: SimulatedApi;
let first: string;
let second: string;

/** A project with two instances that are ready; the FailOver IP is routed to nothing. */
async function begin(options: SimulationOptions = {}): Promise<void> {
  api = new SimulatedApi(options);
  first = (await api.makeInstance({ name: "edge-1" })).id;
  second = (await api.makeInstance({ name: "edge-2" })).id;
}
beforeEach(() => begin());

const attach = (instanceId: string): Promise<Answer> => api.post(ATTACH, { instanceId });
const look = async (): Promise<Json> => (await api.get(`${FAILOVER}/fo-1`)).body;

/** Attaches and waits until the move is over. */
async function move(instanceId: string): Promise<Json> {
  await attach(instanceId);
  api.clock.advance(MOVE);
  return look();
}

const pending = (routedTo: string, progress = 0) => ({ status: "operationPending", routedTo, progress });
const routed = (routedTo: string) => ({ status: "ok", routedTo, progress: 0 });
const refused = (errorClass: string, status: number, message: string) => ({
  status,
  body: error(errorClass, message),
});

describe("a FailOver IP", () => {
  it("is all that the API tells of one", async () => {
    const free = {
      id: "fo-1",
      ip: IP,
      block: `${IP}/32`,
      continentCode: "EU",
      geoLoc: "fr",
      progress: 0,
      routedTo: "",
      status: "ok",
      subType: "cloud",
    };
    const { status, body } = await api.get(`${FAILOVER}/fo-1`);
    expect(status).toBe(200);
    expect(body).toEqual(free);
    expect((await api.get(FAILOVER)).body).toEqual([free]);
  });

  it("can be one of several, each with its own route", async () => {
    const failoverIps = [
      { id: "fo-1", address: IP },
      { id: "fo-2", address: "146.59.143.232", routedTo: "elsewhere" },
    ];
    await begin({ seed: { failoverIps } });
    await move(first);
    expect((await api.get(FAILOVER)).body).toMatchObject([
      { id: "fo-1", ip: IP, routedTo: first },
      { id: "fo-2", ip: "146.59.143.232", routedTo: "elsewhere" },
    ]);
  });

  it("is not found under another id", async () => {
    const missing = refused("NotFound", 404, "This service does not exist: failover IP fo-9");
    expect(await api.get(`${FAILOVER}/fo-9`)).toMatchObject(missing);
    expect(await api.post(`${FAILOVER}/fo-9/attach`, { instanceId: first })).toMatchObject(missing);
  });
});

describe("moving a FailOver IP", () => {
  it("answers the same object, pending, with its old route", async () => {
    const { status, body } = await attach(first);
    expect(status).toBe(200);
    expect(body).toEqual(await look());
    expect(body).toMatchObject({ id: "fo-1", ip: IP, ...pending("") });
  });

  it("is called off where the address is placed, at once and with what was to become of later moves", async () => {
    const { failoverIps } = api.project;
    await attach(first);
    failoverIps.nextMoves("fails");
    failoverIps.place("fo-1", second);
    expect(await look()).toMatchObject(routed(second));
    expect(await move(first)).toMatchObject(routed(first));
    failoverIps.place("fo-1");
    expect(await look()).toMatchObject(routed(""));
  });

  it("is pending with growing progress until its last millisecond, then done", async () => {
    await attach(first);
    api.clock.advance(MOVE / 3);
    expect(await look()).toMatchObject(pending("", 33));
    api.clock.advance((MOVE * 2) / 3 - 1);
    expect(await look()).toMatchObject(pending("", 99));
    api.clock.advance(1);
    expect(await look()).toMatchObject(routed(first));
  });

  it("keeps the route to the old instance while it is pending", async () => {
    await move(first);
    await attach(second);
    expect(await look()).toMatchObject(pending(first));
    api.clock.advance(MOVE);
    expect(await look()).toMatchObject(routed(second));
  });

  it("is seen alike in the list", async () => {
    await attach(first);
    expect((await api.get(FAILOVER)).body).toMatchObject([pending("")]);
    api.clock.advance(MOVE);
    expect((await api.get(FAILOVER)).body).toMatchObject([routed(first)]);
  });

  it("is done at once where moves take no time", async () => {
    await begin({ failover: { moveDuration: 0 } });
    expect((await attach(first)).body).toMatchObject(routed(first));
  });

  it("can be ended from outside", async () => {
    await attach(first);
    api.project.failoverIps.finishMoves();
    expect(await look()).toMatchObject(routed(first));
  });

  it("is a matter of its own: the last of two moves wins", async () => {
    await move(first);
    await move(second);
    expect(await move(first)).toMatchObject(routed(first));
  });

  it("leaves the route as it was when it fails", async () => {
    await move(first);
    api.project.failoverIps.nextMoves("fails");
    expect((await attach(second)).body).toMatchObject(pending(first));
    api.clock.advance(MOVE - 1);
    expect(await look()).toMatchObject(pending(first, 99));
    api.clock.advance(1);
    expect(await look()).toMatchObject(routed(first));
  });

  it("stays pending for ever when it never ends", async () => {
    api.project.failoverIps.nextMoves("never ends");
    await attach(first);
    api.clock.advance(24 * 60 * 60_000);
    expect(await look()).toMatchObject(pending("", 99));
  });

  it("can be ended from outside even if it never ends", async () => {
    api.project.failoverIps.nextMoves("never ends");
    await attach(first);
    api.project.failoverIps.finishMoves();
    expect(await look()).toMatchObject(routed(first));
  });

  it("meets the outcomes in the order they were foretold, then is done", async () => {
    api.project.failoverIps.nextMoves("fails", "done");
    api.project.failoverIps.nextMoves("fails");
    const routes = [];
    for (const target of [first, first, second, second]) routes.push((await move(target)).routedTo);
    expect(routes).toEqual(["", first, first, second]);
  });

  it("has no negative progress when the clock is set back", async () => {
    await attach(first);
    api.clock.advance(-60_000);
    expect(await look()).toMatchObject(pending("", 0));
  });
});

describe("an attach while a move is pending", () => {
  it("is refused with 409 where OVH refuses, and changes nothing", async () => {
    await attach(first);
    api.clock.advance(MOVE / 2);
    expect(await attach(second)).toMatchObject(refused("Conflict", 409, `An operation is pending on ${IP}`));
    expect(await attach(first)).toMatchObject(refused("Conflict", 409, `An operation is pending on ${IP}`));
    api.clock.advance(MOVE / 2);
    expect(await look()).toMatchObject(routed(first));
  });

  it("is accepted again as soon as the move is over", async () => {
    await attach(first);
    api.clock.advance(MOVE);
    expect(await attach(second)).toMatchObject({ status: 200, body: pending(first) });
  });

  it("does not hinder the other addresses of the project", async () => {
    api.project.failoverIps.add("fo-2", "146.59.143.232");
    await attach(first);
    expect(await api.post(`${FAILOVER}/fo-2/attach`, { instanceId: second })).toMatchObject({ status: 200 });
  });

  describe("where the last one wins", () => {
    beforeEach(() => begin({ failover: { whilePending: "overwrite" } }));

    it("begins the move anew", async () => {
      await attach(first);
      api.clock.advance(MOVE - 1);
      expect((await attach(second)).body).toMatchObject(pending("", 0));
      api.clock.advance(MOVE - 1);
      expect(await look()).toMatchObject(pending("", 99));
      api.clock.advance(1);
      expect(await look()).toMatchObject(routed(second));
    });

    it("ends a move that would never end", async () => {
      api.project.failoverIps.nextMoves("never ends");
      await attach(first);
      expect(await move(second)).toMatchObject(routed(second));
    });

    it("can bring the address back to its holder", async () => {
      await move(first);
      await attach(second);
      expect((await attach(first)).body).toMatchObject(pending(first));
      api.clock.advance(MOVE);
      expect(await look()).toMatchObject(routed(first));
    });
  });
});

describe("an attach to the present holder", () => {
  it("does nothing where OVH takes it for a no-op", async () => {
    await move(first);
    expect(await attach(first)).toMatchObject({ status: 200, body: routed(first) });
    expect(await attach(second)).toMatchObject({ status: 200 });
  });

  it("does not use up a foretold outcome where it is a no-op", async () => {
    await move(first);
    api.project.failoverIps.nextMoves("fails");
    await attach(first);
    expect(await move(second)).toMatchObject(routed(first));
  });

  it("is pending like any other where OVH takes it for a move", async () => {
    await begin({ failover: { toHolder: "pending" } });
    await move(first);
    expect(await attach(first)).toMatchObject({ status: 200, body: pending(first) });
    api.clock.advance(MOVE);
    expect(await look()).toMatchObject(routed(first));
  });
});

describe("the target of an attach", () => {
  it("is refused with 400 as long as its own address is not there", async () => {
    const { id } = (await api.post(`${V2}/compute/instance`, { targetSpec: await api.instanceSpec() })).body;
    const notReady = refused("BadRequest", 400, `Instance ${id} does not exist or has no address yet`);
    expect(await attach(id)).toMatchObject(notReady);
    expect(await look()).toMatchObject(routed(""));
    api.clock.advance(3000);
    expect(await attach(id)).toMatchObject({ status: 200 });
  });

  it("is refused with 400 when it never came to be", async () => {
    api.project.instances.instances.failNext("No valid host was found");
    const { id } = await api.makeInstance();
    expect(await attach(id)).toMatchObject(
      refused("BadRequest", 400, `Instance ${id} does not exist or has no address yet`),
    );
  });

  it("is refused with 400 when there is no such instance", async () => {
    expect(await attach("nothing")).toMatchObject(
      refused("BadRequest", 400, "Instance nothing does not exist or has no address yet"),
    );
  });

  it.each([
    ["none", {}, "instanceId: Invalid input: expected string, received undefined"],
    ["null", { instanceId: null }, "instanceId: Invalid input: expected string, received null"],
    ["empty", { instanceId: "" }, "instanceId: Too small: expected string to have >=1 characters"],
    ["a number", { instanceId: 1 }, "instanceId: Invalid input: expected string, received number"],
  ])("is refused with 400 when it is %s", async (_, body, message) => {
    expect(await api.post(ATTACH, body)).toMatchObject(
      refused("BadRequest", 400, `Invalid parameter ${message}`),
    );
  });

  it("is looked at before it is asked whether a move is pending", async () => {
    await attach(first);
    expect(await attach("nothing")).toMatchObject({ status: 400 });
  });
});

describe("a FailOver IP and dead instances", () => {
  it("stays routed to an instance that is gone", async () => {
    await move(first);
    await api.remove(`${V2}/compute/instance/${first}`);
    expect(await look()).toMatchObject(routed(first));
  });

  it("can be moved away from an instance that is gone", async () => {
    await move(first);
    await api.remove(`${V2}/compute/instance/${first}`);
    expect(await move(second)).toMatchObject(routed(second));
  });

  it("can be routed from the start to an instance that never was", async () => {
    await begin({ seed: { failoverIps: [{ id: "fo-1", address: IP, routedTo: "gone" }] } });
    expect(await look()).toMatchObject(routed("gone"));
    expect(await move(first)).toMatchObject(routed(first));
  });

  it("comes to an instance that went while the move was pending", async () => {
    await attach(first);
    await api.remove(`${V2}/compute/instance/${first}`);
    api.clock.advance(MOVE);
    expect(await look()).toMatchObject(routed(first));
  });
});

describe("the record of attaches", () => {
  it("holds what was accepted, with its time, and nothing that was refused", async () => {
    const start = api.clock.now();
    await attach(first);
    await attach(second);
    await attach("nothing");
    api.clock.advance(MOVE);
    await attach(second);
    expect(api.project.failoverIps.attaches).toEqual([
      { at: start, ip: IP, instanceId: first },
      { at: start + MOVE, ip: IP, instanceId: second },
    ]);
  });

  it("holds what was accepted and did nothing", async () => {
    await move(first);
    await attach(first);
    expect(api.project.failoverIps.attaches.map(({ instanceId }) => instanceId)).toEqual([first, first]);
  });
});
