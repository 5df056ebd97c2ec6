import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { PROJECT } from "../ovh-api/simulated.js";
import { TestedType, TestedTypes } from "./tested-types.js";

let types: TestedTypes;
let client: TestedType;
let policy: TestedType;
beforeEach(async () => {
  types = await TestedTypes.start();
  client = new TestedType("ovh_me_api_oauth2_client", types.context);
  policy = new TestedType("ovh_iam_policy", types.context);
});
afterEach(() => types.stop());

const account = { name: "edges", description: "moves the IP", flow: "CLIENT_CREDENTIALS" };
const makePolicy = async (changes: object = {}) => {
  const { identity } = await client.create(account);
  return policy.create({
    name: "edges",
    identities: [identity as string],
    resources: [`urn:v1:eu:resource:publicCloudProject:${PROJECT}`],
    allow: ["publicCloudProject:apiovh:ip/failover/get"],
    conditions: [
      {
        operator: "OR",
        values: null,
        condition: [{ operator: "MATCH", values: { "request.IP": "192.0.2.1" }, condition: [] }],
      },
    ],
    ...changes,
  });
};

describe("ovh_me_api_oauth2_client", () => {
  it("keeps the secret of its creation, which no read tells", async () => {
    const made = await client.create(account);
    expect(made).toMatchObject({ ...account, id: made.client_id as string, callback_urls: null });
    expect(made.client_secret).toMatch(/^[0-9a-f]{32}$/);
    expect(made.identity).toBe(`urn:v1:eu:identity:credential:xx1111-ovh/oauth2-${made.client_id as string}`);
    expect(await client.read(made)).toEqual(made);
  });

  it("changes its name in place and keeps id and secret", async () => {
    const made = await client.create(account);
    const changed = await client.update(made, { name: "others" });
    expect(changed).toEqual({ ...made, name: "others" });
    expect(types.project.iam.getClient(made.client_id as string).name).toBe("others");
  });

  it("is gone after its destruction", async () => {
    const made = await client.create(account);
    await client.delete(made);
    expect(await client.read(made)).toBeNull();
  });
});

describe("ovh_iam_policy", () => {
  it("is asked for as Go writes it, and read as it was asked for", async () => {
    const made = await makePolicy();
    const sent = types.api.journal.matching("POST", "/iam/policy")[0]?.body ?? "";
    expect(JSON.parse(sent)).toMatchObject({
      permissions: {
        allow: [{ action: "publicCloudProject:apiovh:ip/failover/get" }],
        except: null,
        deny: null,
      },
      permissionsGroups: null,
      conditions: {
        operator: "OR",
        conditions: [{ operator: "MATCH", values: { "request.IP": "192.0.2.1" } }],
      },
    });
    expect(made).toMatchObject({
      name: "edges",
      except: null,
      deny: null,
      owner: "xx1111-ovh",
      read_only: false,
    });
    expect(await policy.read(made)).toEqual(made);
  });

  it("changes its conditions in place", async () => {
    const made = await makePolicy();
    const conditions = [{ operator: "MATCH", values: { "request.IP": "192.0.2.2" }, condition: [] }];
    const changed = await policy.update(made, { conditions });
    expect(changed).toMatchObject({ id: made.id as string, conditions });
    expect(types.project.iam.getPolicy(made.id as string)).toMatchObject({
      conditions: { operator: "MATCH", values: { "request.IP": "192.0.2.2" } },
    });
  });

  it("that is gone is an error, as in the real provider", async () => {
    const made = await makePolicy();
    await policy.delete(made);
    await expect(policy.read(made)).rejects.toThrow(`Policy ${made.id as string} does not exist`);
  });
});
