import { describe, expect, it } from "vitest";
import { Faults } from "../../../lib/simulator/ovh-api/faults.js";

const ATTACH = "/1.0/cloud/project/p/ip/failover/fo-1/attach";

describe("an armed fault", () => {
  it("hits every request that it is meant for, until it is disarmed", () => {
    const faults = new Faults();
    faults.fail("POST", "/attach", { status: 503 });
    for (let n = 0; n < 100; n++) expect(faults.take("POST", ATTACH)).toMatchObject({ status: 503 });
    faults.clear();
    expect(faults.take("POST", ATTACH)).toBeUndefined();
  });

  it("hits as many requests as it is told to", () => {
    const faults = new Faults();
    faults.fail("POST", "/attach", { status: 503, times: 2 });
    const hits = [1, 2, 3].map(() => faults.take("POST", ATTACH)?.status);
    expect(hits).toEqual([503, 503, undefined]);
  });

  it("hits nothing when it is told to hit nothing", () => {
    const faults = new Faults();
    faults.fail("POST", "/attach", { status: 503, times: 0 });
    expect(faults.take("POST", ATTACH)).toBeUndefined();
  });

  it.each([
    ["of another method", "GET", ATTACH],
    ["of another path", "POST", "/1.0/cloud/project/p/ip/failover/fo-1"],
  ])("neither hits nor counts a request %s", (_, method, path) => {
    const faults = new Faults();
    faults.fail("POST", "/attach", { status: 503, times: 1 });
    expect(faults.take(method, path)).toBeUndefined();
    expect(faults.take("POST", ATTACH)).toMatchObject({ status: 503 });
  });

  it("hits every method when it is of *", () => {
    const faults = new Faults();
    faults.fail("*", "/failover", { status: 500 });
    for (const method of ["GET", "POST", "PUT", "DELETE"]) {
      expect(faults.take(method, ATTACH)).toMatchObject({ status: 500 });
    }
  });

  it("comes after those that were armed before it", () => {
    const faults = new Faults();
    faults.fail("POST", "/attach", { status: 503, times: 1 });
    faults.fail("*", "/", { status: 500, times: 2 });
    const hits = [1, 2, 3, 4].map(() => faults.take("POST", ATTACH)?.status);
    expect(hits).toEqual([503, 500, 500, undefined]);
  });

  it("comes before one that hits every request, if it hits only some", () => {
    const faults = new Faults();
    faults.fail("*", "", { delay: 5 });
    faults.fail("POST", "/attach", { dropReply: true, times: 1 });
    const hits = [1, 2].map(() => faults.take("POST", ATTACH));
    expect(hits).toMatchObject([{ dropReply: true }, { delay: 5 }]);
  });

  it("is disarmed alone by whoever armed it", () => {
    const faults = new Faults();
    const disarm = faults.fail("POST", "/attach", { status: 409 });
    faults.fail("POST", "/attach", { status: 503 });
    disarm();
    disarm();
    expect(faults.take("POST", ATTACH)).toMatchObject({ status: 503 });
  });

  it("keeps all it was told of the answer", () => {
    const faults = new Faults();
    const fault = { status: 429, body: "slow", headers: { "retry-after": "7" }, delay: 5 };
    faults.fail("GET", "/failover", fault);
    expect(faults.take("GET", ATTACH)).toMatchObject(fault);
  });
});
