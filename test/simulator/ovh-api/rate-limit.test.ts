import { beforeEach, describe, expect, it } from "vitest";
import { error, FAILOVER, KEY, SimulatedApi, signed } from "./simulated.js";

const URL = `http://ovh.example${FAILOVER}`;
const OTHER = { ...KEY, applicationKey: "ak-2", consumerKey: "ck-2" };

let api: SimulatedApi;
beforeEach(() => {
  api = new SimulatedApi({ seed: { keys: [KEY, OTHER] } });
});

const call = (key = KEY) =>
  api.send(URL, { headers: signed("GET", URL, "", Math.floor(api.clock.now() / 1000), key) });

const statuses = async (count: number, key = KEY): Promise<number[]> => {
  const seen = [];
  for (let n = 0; n < count; n++) seen.push((await call(key)).status);
  return seen;
};

describe("the number of requests", () => {
  it("has no limit at first", async () => {
    expect(new Set(await statuses(200))).toEqual(new Set([200]));
  });

  it("is limited to so many a minute, then refused with 429 and the seconds to wait", async () => {
    api.project.rateLimit.perMinute = 2;
    expect(await statuses(1)).toEqual([200]);
    api.clock.advance(20_500);
    expect(await statuses(1)).toEqual([200]);
    const { status, body, headers, queryId } = await call();
    expect([status, body]).toEqual([429, error("TooManyRequests", "Too many requests")]);
    expect(headers.get("retry-after")).toBe("40");
    expect(queryId).toMatch(/^EU\.ext-1\./);
  });

  it("is counted over the last minute, to the millisecond", async () => {
    api.project.rateLimit.perMinute = 2;
    await statuses(1);
    api.clock.advance(30_000);
    expect(await statuses(2)).toEqual([200, 429]);
    api.clock.advance(29_999);
    expect(await statuses(1)).toEqual([429]);
    api.clock.advance(1);
    expect(await statuses(2)).toEqual([200, 429]);
  });

  it("is enough again after the seconds that Retry-After names", async () => {
    api.project.rateLimit.perMinute = 1;
    await statuses(1);
    api.clock.advance(1);
    const { headers } = await call();
    api.clock.advance(Number(headers.get("retry-after")) * 1000);
    expect(await statuses(1)).toEqual([200]);
  });

  it("is counted for each key on its own", async () => {
    api.project.rateLimit.perMinute = 1;
    expect(await statuses(2)).toEqual([200, 429]);
    expect(await statuses(2, OTHER)).toEqual([200, 429]);
  });

  it("does not include requests that were refused", async () => {
    api.project.rateLimit.perMinute = 1;
    const wrong = await call({ ...KEY, applicationSecret: "other" });
    expect(wrong.status).toBe(400);
    expect(await statuses(3)).toEqual([200, 429, 429]);
    api.clock.advance(60_000);
    expect(await statuses(1)).toEqual([200]);
  });

  it("does not include requests for the time", async () => {
    api.project.rateLimit.perMinute = 1;
    for (let n = 0; n < 5; n++) {
      expect((await api.send("http://ovh.example/1.0/auth/time")).status).toBe(200);
    }
    expect(await statuses(1)).toEqual([200]);
  });

  it("has no limit again when that is taken away", async () => {
    api.project.rateLimit.perMinute = 1;
    await statuses(2);
    api.project.rateLimit.perMinute = undefined;
    expect(await statuses(3)).toEqual([200, 200, 200]);
  });
});
