import { describe, expect, it } from "vitest";
import { parseConfig } from "../../../lib/config/load.js";
import { covers, uncovered } from "../../../lib/operations/credentials/access-rule.js";
import { checkKey, checkScreen, checkStatus } from "../../../lib/operations/credentials/check.js";
import { examineKey, judgeKey } from "../../../lib/operations/credentials/key.js";
import { deployerRights, edgeRights } from "../../../lib/operations/credentials/rights.js";
import { rightsScreen, stateRights } from "../../../lib/operations/credentials/statement.js";
import { tokenPage } from "../../../lib/operations/credentials/token-page.js";
import { OvhError } from "../../../lib/operations/ovh-client.js";
import { edgeAccess } from "../../../lib/simulator/ovh-api/seed.js";
import { example } from "../../config/example.js";

const config = parseConfig(example());
const IP = `/cloud/project/${config.project}/ip/failover/IP`;
const needed = edgeRights(config, "IP");
const get = (path: string) => ({ method: "GET", path });
const refusal = (status: number, reason: string) =>
  Promise.reject(new OvhError(status, "Client", reason, "Q-1"));
const NOT_GRANTED = "This call has not been granted";

/** An API that answers what a table says, and refuses all else. */
function api(answers: Record<string, unknown>) {
  const asked: string[] = [];
  const answer = (method: string) => (path: string) => {
    asked.push(`${method} ${path}`);
    const found = answers[`${method} ${path}`];
    if (found instanceof Error) return Promise.reject(found);
    return found === undefined ? refusal(403, NOT_GRANTED) : Promise.resolve(found);
  };
  return { asked, get: answer("GET") as never, post: answer("POST") as never };
}

describe("an access rule", () => {
  it.each([
    ["/me", "/me", true],
    ["/me", "/me/x", false],
    ["/*", "/v2/x/y", true],
    ["/a/*/b", "/a/x/y/b", true],
    ["/a/*", "/a/*/b", true],
    ["/a.b", "/axb", false],
  ])("%s covers %s: %s", (rule, path, covered) => {
    expect(covers(get(rule), get(path))).toBe(covered);
  });

  it("covers its own method alone", () => {
    expect(uncovered([{ method: "POST", path: "/me" }], [get("/*")])).toHaveLength(1);
  });
});

describe("the rights", () => {
  it("of an edge are the two that the simulated region gives to one", () => {
    expect(needed.map(({ method, path }) => ({ method, path }))).toEqual(edgeAccess(config.project, "IP"));
  });

  it.each([
    ["two networks that are made", {}, 20],
    [
      "networks that exist",
      {
        internalNetwork: { networkId: "n1", subnetId: "s1", cidr: "10.10.0.0/16" },
        carpNetwork: { networkId: "n2", subnetId: "s2", cidr: "10.25.0.0/16" },
      },
      15,
    ],
    ["a service account", { "credentials.serviceAccounts": ["a"] }, 28],
  ])("of the deployer with %s are so many, and none covers another", (_, changes, count) => {
    const rights = deployerRights(parseConfig(example(changes)), "IP");
    expect(rights).toHaveLength(count);
    for (const right of rights)
      expect(
        uncovered(
          [right],
          rights.filter((one) => one !== right),
        ),
      ).toEqual([right]);
  });
});

describe("OVH's page for a key", () => {
  it.each([
    ["ovh-eu", "https://eu.api.ovh.com/createToken/"],
    ["ovh-ca", "https://ca.api.ovh.com/createToken/"],
    ["ovh-us", "https://api.us.ovhcloud.com/createToken/"],
  ] as const)("of %s has the rules filled in", (endpoint, page) => {
    expect(tokenPage(endpoint, needed)).toBe(`${page}?GET=${IP}&POST=${IP}/attach`);
  });

  it("escapes what would be a rule of its own", () => {
    expect(tokenPage("ovh-eu", [get("/a b&POST=/*")])).toBe(
      "https://eu.api.ovh.com/createToken/?GET=/a%20b%26POST%3D/*",
    );
  });
});

describe("a key that may ask for its rules", () => {
  it.each([
    "/auth/currentCredential",
    "/auth/details",
  ])("is asked for them by %s, and for nothing else", async (path) => {
    const ovh = api({ [`GET ${path}`]: { rules: needed, allowedRoutes: needed, expiration: null } });
    expect(await examineKey(ovh, { needed, beyond: [], emptyAttach: true })).toEqual({ rules: needed });
    expect(ovh.asked.at(-1)).toBe(`GET ${path}`);
    expect(ovh.asked.every((call) => call.startsWith("GET /auth/"))).toBe(true);
  });

  it("has what it lacks and what it has too much told, but for what is tolerated", () => {
    const rules = [get(IP), get("/auth/currentCredential"), get("/me"), get("/x")];
    expect(judgeKey({ rules }, { needed, tolerated: [get("/x")] })).toEqual({
      missing: [needed[1]],
      excess: [get("/me")],
      unproven: [],
    });
  });
});

describe("a key that may not", () => {
  const bad = new OvhError(400, "Client::BadRequest", "Invalid parameter instanceId", "");
  const questions = { needed, beyond: [get("/me")], emptyAttach: true };

  it("is tried: granted where the answer is about the request", async () => {
    const exam = await examineKey(api({ [`GET ${IP}`]: {}, [`POST ${IP}/attach`]: bad }), questions);
    expect(judgeKey(exam, { needed })).toEqual({ missing: [], excess: [], unproven: [] });
  });

  it("may do too much where what it must not is answered, be it with an error", async () => {
    const gone = new OvhError(404, "Client::NotFound", "no", "");
    const exam = await examineKey(
      api({ [`GET ${IP}`]: {}, [`POST ${IP}/attach`]: bad, "GET /me": gone }),
      questions,
    );
    expect(judgeKey(exam, { needed }).excess).toEqual([get("/me")]);
  });

  it("may do too little where a call is refused", async () => {
    expect(judgeKey(await examineKey(api({ [`GET ${IP}`]: {} }), questions), { needed }).missing).toEqual([
      needed[1],
    ]);
  });

  it("is not proven where an answer tells nothing, and no POST is sent where none is wanted", async () => {
    const busy = new OvhError(503, "Server", "busy", "");
    const ovh = api({ [`GET ${IP}`]: busy });
    const exam = await examineKey(ovh, { ...questions, emptyAttach: false });
    expect(judgeKey(exam, { needed }).unproven).toEqual(needed);
    expect(ovh.asked.filter((call) => call.startsWith("POST"))).toEqual([]);
  });

  it("stops at once should OVH accept an attach without a target", async () => {
    expect(await examineKey(api({ [`GET ${IP}`]: {}, [`POST ${IP}/attach`]: {} }), questions)).toEqual({
      refused: "OVH accepted an attach without a target: look where the FailOver IP is now",
    });
  });

  it.each([
    [403, "This credential is not valid"],
    [401, "You must login first"],
    [400, "Invalid signature"],
  ])("is refused as a key with %i %s", async (status, reason) => {
    const error = new OvhError(status, "Client", reason, "Q-1");
    expect(await examineKey(api({ "GET /auth/currentCredential": error }), questions)).toEqual({
      refused: `OVHcloud API error (status code ${status}): Client: "${reason}"`,
    });
  });
});

describe("the check of a key", () => {
  it("ends with 2 without a key or an id, with 1 for one that is refused", async () => {
    const none = await checkKey("edges", "X is not set", config, "IP");
    const noId = await checkKey("edges", api({}), config, undefined);
    const error = new OvhError(403, "Client", "This credential is not valid", "");
    const refused = await checkKey("edges", api({ "GET /auth/currentCredential": error }), config, "IP");
    expect([checkStatus([none]), checkStatus([noId]), checkStatus([refused])]).toEqual([2, 2, 1]);
    expect(checkScreen([none, noId])).toBe(
      "The edges' key: X is not set.\n\nThe edges' key: the FailOver IP's id is not known; give it with --ip-id.\n",
    );
  });

  it("ends with 1 for an edges' key that may do more, with 0 for such a deployer's", async () => {
    const all = ["GET", "POST", "PUT", "DELETE"].map((method) => ({ method, path: "/*" }));
    const ovh = api({ "GET /auth/currentCredential": { rules: all, expiration: "2100-01-01T00:00:00Z" } });
    const [edges, deployer] = [
      await checkKey("edges", ovh, config, "IP"),
      await checkKey("deployer", ovh, config, "IP"),
    ];
    expect([checkStatus([edges]), checkStatus([deployer])]).toEqual([1, 0]);
    expect(checkScreen([edges])).toContain(
      "It may do more than it needs: GET /*, POST /*, PUT /*, DELETE /*.\nIt ends at 2100-01-01T00:00:00Z.",
    );
  });
});

describe("the statement", () => {
  it("has pages where the id is known, and none with a star where it is not", () => {
    expect(stateRights(config, { id: "IP" }).edges?.page).toBe(tokenPage("ovh-eu", needed));
    const unknown = stateRights(config, { unknown: "OVH is not asked" });
    expect([unknown.edges?.page, unknown.deployer.page]).toEqual([undefined, undefined]);
    const screen = rightsScreen(unknown);
    expect(screen).not.toContain("createToken");
    expect(screen).toContain("IP_ID stands for the FailOver IP's id, which is not known: OVH is not asked");
  });

  it("asks for no edges' key where the deploy makes service accounts", () => {
    const statement = stateRights(parseConfig(example({ "credentials.serviceAccounts": ["a"] })), {
      id: "IP",
    });
    expect(statement.edges).toBeUndefined();
    expect(rightsScreen(statement)).toContain("The edges need no key");
  });
});
