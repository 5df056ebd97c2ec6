import { beforeEach, describe, expect, it } from "vitest";
import { error, KEY, SimulatedApi, V1 } from "./simulated.js";

let api: SimulatedApi;
beforeEach(() => {
  api = new SimulatedApi();
});

describe("a region", () => {
  it("tells where it is and which countries' FailOver IPs it takes", async () => {
    expect((await api.get(`${V1}/region`)).body).toEqual(["SBG5", "GRA11"]);
    expect((await api.get(`${V1}/region/SBG5`)).body).toMatchObject({
      name: "SBG5",
      status: "UP",
      continentCode: "EU",
      ipCountries: ["fr", "de", "be", "it"],
    });
  });

  it("that the project does not have is not found", async () => {
    expect(await api.get(`${V1}/region/BHS5`)).toMatchObject({
      status: 404,
      body: error("NotFound", "This service does not exist: region BHS5"),
    });
    expect((await api.get(`${V1}/region/BHS5/quota`)).status).toBe(404);
  });

  it("counts what its instances use of its quota", async () => {
    const before = (await api.get(`${V1}/region/SBG5/quota`)).body;
    expect(before.instance).toEqual({
      maxInstances: 20,
      maxCores: 40,
      maxRam: 163_840,
      usedInstances: 0,
      usedCores: 0,
      usedRAM: 0,
    });
    await api.makeInstance();
    const after = (await api.get(`${V1}/region/SBG5/quota`)).body;
    expect(after.instance).toMatchObject({ usedInstances: 1, usedCores: 2, usedRAM: 8192 });
    expect((await api.get(`${V1}/quota`)).body).toEqual([
      after,
      expect.objectContaining({ region: "GRA11", instance: before.instance }),
    ]);
  });
});

describe("the present credential", () => {
  const path = "/1.0/auth/currentCredential";

  it("tells its rules, its status and its end", async () => {
    const expiration = "2100-01-01T00:00:00Z";
    Object.assign(api.project.seed, { keys: [{ ...KEY, expiration }] });
    expect((await api.get(path)).body).toMatchObject({ rules: KEY.rules, status: "validated", expiration });
  });

  it("is refused to a key that may not ask for it", async () => {
    Object.assign(api.project.seed, { keys: [{ ...KEY, rules: [{ method: "GET", path: "/me" }] }] });
    expect(await api.get(path)).toMatchObject({
      status: 403,
      body: error("Forbidden", "This call has not been granted"),
    });
  });

  it("is not valid any more after its end", async () => {
    Object.assign(api.project.seed, { keys: [{ ...KEY, expiration: "1999-01-01T00:00:00Z" }] });
    expect(await api.get(path)).toMatchObject({
      status: 403,
      body: error("Forbidden", "This credential is not valid"),
    });
  });
});
