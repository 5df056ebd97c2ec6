import { describe, expect, it } from "vitest";
import { example } from "../config/example.js";
import { synthesize } from "./synthesized.js";

const PROJECT = "5a1b7c0d9e8f4a3b2c1d0e9f8a7b6c5d";
const stack = synthesize(example({ "credentials.serviceAccounts": ["new", "old"] }));
const resources = (type: string) =>
  Object.values(stack.json.resource[type] ?? {}).map((one) => ({ ...(one as object), "//": undefined }));

describe("service accounts", () => {
  it("are made one by each name, with a policy for the edges' addresses alone", () => {
    expect(resources("ovh_me_api_oauth2_client")).toMatchObject([
      { name: "edge-146-59-143-231-new", flow: "CLIENT_CREDENTIALS" },
      { name: "edge-146-59-143-231-old", flow: "CLIENT_CREDENTIALS" },
    ]);
    const [policy, ...others] = resources("ovh_iam_policy");
    expect(others).toHaveLength(1);
    expect(policy).toMatchObject({
      name: "edge-146-59-143-231-new",
      allow: ["publicCloudProject:apiovh:ip/failover/get", "publicCloudProject:apiovh:ip/failover/attach"],
      resources: [`urn:v1:eu:resource:publicCloudProject:${PROJECT}`],
      conditions: {
        operator: "OR",
        condition: [1, 2].map(() => ({
          operator: "MATCH",
          values: { "request.IP": expect.stringMatching(/^\$\{local\.edge_bi-edge-sbg-\d_public-address/) },
        })),
      },
    });
  });

  it("are there, policies too, before an edge gets their secret", () => {
    const deliveries = resources("null_resource").filter(
      (one) => "bundle" in (one as unknown as { triggers: object }).triggers,
    );
    expect(deliveries).toHaveLength(2);
    for (const delivery of deliveries) {
      const { depends_on } = delivery as unknown as { depends_on: string[] };
      expect(depends_on.filter((one) => one.startsWith("ovh_iam_policy."))).toHaveLength(2);
    }
  });

  it("take the place of the variables for the edges' key, and warn that the state holds their secrets", () => {
    expect(Object.keys(stack.json.variable).sort()).toEqual(["carp_password", "ovh_endpoint"]);
    expect(stack.annotations.map(({ message }) => message)).toContain(
      "The secrets of the edges' service accounts lie in Terraform's state in clear: who can read it can move the " +
        "FailOver IP, from an edge. Keep the state where few can read it.",
    );
  });

  it("are none, and no warning, unless they are asked for", () => {
    const usual = synthesize(example());
    expect(usual.types()).not.toHaveProperty("ovh_iam_policy");
    expect(usual.text).not.toContain("oauth2");
  });
});
