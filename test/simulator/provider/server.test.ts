import { existsSync, mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as grpc from "@grpc/grpc-js";
import { decode, encode } from "@msgpack/msgpack";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { pluginProtocol } from "../../../lib/simulator/provider/protocol.js";
import type { ResourceType } from "../../../lib/simulator/provider/resource-type.js";
import {
  nullProvider,
  ovhProvider,
  type ProviderDefinition,
  reattach,
  type ServedProvider,
  serveProvider,
} from "../../../lib/simulator/provider/server.js";
import type { Json } from "../ovh-api/simulated.js";
import { OVH_SCHEMA } from "./ovh-schema.js";

let folder: string;
let server: ServedProvider | undefined;
let client: grpc.Client | undefined;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "provider-"));
});
afterEach(() => {
  client?.close();
  server?.close();
  rmSync(folder, { recursive: true });
});

/** Serves a provider and calls it as Terraform would. */
async function serve(
  definition: ProviderDefinition,
): Promise<(method: string, request: object) => Promise<Json>> {
  server = await serveProvider(definition, folder, "test");
  const { tfplugin6 } = grpc.loadPackageDefinition(pluginProtocol()) as Json;
  const options = { "grpc.max_receive_message_length": -1 };
  const made = new tfplugin6.Provider(`unix:${server.socket}`, grpc.credentials.createInsecure(), options);
  client = made;
  return (method, request) =>
    new Promise((resolve, reject) =>
      made[method](request, (error: Error | null, answer: Json) => (error ? reject(error) : resolve(answer))),
    );
}

const value = (content: unknown) => ({ msgpack: Buffer.from(encode(content)) });
const content = (given: Json) => decode(given.msgpack);
const errors = (answer: Json) => answer.diagnostics.map(({ severity, summary }: Json) => [severity, summary]);

/** A provider with one type, `thing`, of which `type` changes how it behaves. */
function thingProvider(
  type: Partial<ResourceType>,
  configure = async () => ({}) as never,
): ProviderDefinition {
  const attributes = {
    id: { type: "string", computed: true },
    name: { type: "string", required: true },
  } as const;
  return {
    schema: {
      provider: { version: 0, block: {} },
      resource_schemas: { thing: { version: 0, block: { attributes } }, other: { version: 0, block: {} } },
      data_source_schemas: { thing: { version: 0, block: { attributes } } },
    },
    resources: {
      thing: {
        replace: ["name"],
        create: async (_, planned) => ({ ...planned, id: "1" }),
        read: async (_, state) => state,
        delete: async () => {},
        ...type,
      },
    },
    dataSources: {},
    configure,
  };
}

describe("a served provider", () => {
  it("listens on a socket that only its owner can use, and takes it away in the end", async () => {
    await serve(nullProvider());
    const { socket } = server as ServedProvider;
    expect(socket).toBe(join(folder, "test.sock"));
    expect(statSync(socket).mode & 0o777).toBe(0o600);
    server?.close();
    expect(existsSync(socket)).toBe(false);
  });

  it("cannot be served where there is no folder", async () => {
    grpc.setLogVerbosity(grpc.logVerbosity.NONE);
    await expect(serveProvider(nullProvider(), join(folder, "nothing"), "x")).rejects.toThrow(
      "No address added",
    );
  });

  it("tells its whole schema", async () => {
    const call = await serve(ovhProvider(OVH_SCHEMA, 0, {}));
    const answer = await call("GetProviderSchema", {});
    expect(Object.keys(answer.resource_schemas).sort()).toEqual(
      Object.keys(OVH_SCHEMA.resource_schemas ?? {}).sort(),
    );
    expect(Object.keys(answer.data_source_schemas)).toHaveLength(
      Object.keys(OVH_SCHEMA.data_source_schemas ?? {}).length,
    );
    expect(answer.server_capabilities).toMatchObject({
      plan_destroy: false,
      get_provider_schema_optional: true,
    });
    const secret = answer.resource_schemas.ovh_me_api_oauth2_client.block.attributes.find(
      ({ name }: Json) => name === "client_secret",
    );
    expect(secret).toMatchObject({ sensitive: true, computed: true, type: Buffer.from('"string"') });
  });

  it("refuses what it needs a configuration for before it has one", async () => {
    const call = await serve(thingProvider({}));
    const answer = await call("ReadResource", {
      type_name: "thing",
      current_state: value({ id: "1", name: "a" }),
    });
    expect(errors(answer)).toEqual([[1, "the provider is not configured"]]);
  });

  it("refuses a configuration with the reason, and what comes after it too", async () => {
    const call = await serve(
      thingProvider({}, async () => {
        throw new Error("no such endpoint");
      }),
    );
    expect(errors(await call("ConfigureProvider", { config: value({}) }))).toEqual([[1, "no such endpoint"]]);
    const answer = await call("ReadResource", {
      type_name: "thing",
      current_state: value({ id: "1", name: "a" }),
    });
    expect(errors(answer)).toEqual([[1, "no such endpoint"]]);
  });

  describe("that is configured", () => {
    /** A provider of things that is ready for requests. */
    async function ready(type: Partial<ResourceType> = {}) {
      const call = await serve(thingProvider(type));
      await call("ConfigureProvider", { config: value({}) });
      return call;
    }
    const thing = { id: "1", name: "a" };

    it("creates, with null for what is not known yet", async () => {
      const seen: unknown[] = [];
      const call = await ready({
        create: async (_, planned) => {
          seen.push(planned);
          return { ...planned, id: "1" };
        },
      });
      const config = value({ id: null, name: "a" });
      const plan = await call("PlanResourceChange", {
        type_name: "thing",
        prior_state: value(null),
        proposed_new_state: config,
        config,
      });
      const answer = await call("ApplyResourceChange", {
        type_name: "thing",
        prior_state: value(null),
        planned_state: plan.planned_state,
        config,
      });
      expect(content(answer.new_state)).toEqual(thing);
      expect(seen).toEqual([{ id: null, name: "a" }]);
    });

    it("names what a replacement is for", async () => {
      const call = await ready();
      const plan = await call("PlanResourceChange", {
        type_name: "thing",
        prior_state: value(thing),
        proposed_new_state: value({ id: "1", name: "b" }),
        config: value({ id: null, name: "b" }),
      });
      expect(plan.requires_replace).toMatchObject([{ steps: [{ attribute_name: "name" }] }]);
    });

    it("plans a removal as nothing, and removes", async () => {
      const removed: unknown[] = [];
      const call = await ready({
        delete: async (_, state) => {
          removed.push(state);
        },
      });
      const nothing = { type_name: "thing", prior_state: value(thing), config: value(null) };
      const plan = await call("PlanResourceChange", { ...nothing, proposed_new_state: value(null) });
      expect(content(plan.planned_state)).toBeNull();
      const answer = await call("ApplyResourceChange", { ...nothing, planned_state: value(null) });
      expect(content(answer.new_state)).toBeNull();
      expect(removed).toEqual([thing]);
    });

    it("refuses to change a type that has no change", async () => {
      const call = await ready();
      const answer = await call("ApplyResourceChange", {
        type_name: "thing",
        prior_state: value(thing),
        planned_state: value({ id: "1", name: "b" }),
        config: value({ id: null, name: "b" }),
      });
      expect(errors(answer)).toEqual([[1, "thing doesn't support update"]]);
    });

    it("reads, and answers nothing for what is gone", async () => {
      const call = await ready({ read: async (_, state) => (state.id === "1" ? state : null) });
      const read = async (id: string) =>
        call("ReadResource", {
          type_name: "thing",
          current_state: value({ id, name: "a" }),
          private: Buffer.from("p"),
        });
      expect(content((await read("1")).new_state)).toEqual(thing);
      expect((await read("1")).private.toString()).toBe("p");
      expect(content((await read("2")).new_state)).toBeNull();
    });

    it("reads a state that knows less than the schema", async () => {
      const call = await ready();
      const answer = await call("UpgradeResourceState", {
        type_name: "thing",
        version: 0,
        raw_state: { json: Buffer.from('{"name": "a", "old": 1}') },
      });
      expect(content(answer.upgraded_state)).toEqual({ id: null, name: "a" });
    });

    it("imports what its type can import", async () => {
      const call = await ready({ import: (id) => ({ id }) });
      const answer = await call("ImportResourceState", { type_name: "thing", id: "7" });
      expect(answer.imported_resources).toHaveLength(1);
      expect(answer.imported_resources[0].type_name).toBe("thing");
      expect(content(answer.imported_resources[0].state)).toEqual({ id: "7", name: null });
    });

    it("answers an error as a diagnostic, not as a broken call", async () => {
      const call = await ready({
        read: async () => {
          throw new Error("gone wrong");
        },
      });
      const answer = await call("ReadResource", { type_name: "thing", current_state: value(thing) });
      expect(errors(answer)).toEqual([[1, "gone wrong"]]);
    });

    it.each([
      ["ImportResourceState", "thing", "thing cannot be imported"],
      ["ImportResourceState", "other", "The simulated provider has no other"],
      ["ReadDataSource", "thing", "The simulated provider has no data source thing"],
      ["ReadResource", "other", "The simulated provider has no other"],
      ["PlanResourceChange", "other", "The simulated provider has no other"],
    ])("says by %s what it cannot do with %s", async (method, type_name, message) => {
      const call = await ready();
      const nothing = { current_state: value({}), proposed_new_state: value({}), config: value({}), id: "1" };
      expect(errors(await call(method, { type_name, ...nothing }))).toEqual([[1, message]]);
    });

    it("has nothing against any configuration, and stops when it is asked to", async () => {
      const call = await ready();
      const type_name = "thing";
      for (const method of [
        "ValidateProviderConfig",
        "ValidateResourceConfig",
        "ValidateDataResourceConfig",
      ]) {
        expect((await call(method, { type_name, config: value({}) })).diagnostics).toEqual([]);
      }
      expect(await call("StopProvider", {})).toEqual({ Error: "" });
    });
  });
});

describe("the configuration of provider ovh/ovh", () => {
  /** The endpoint and keys that it uses, as they show in the request for the time. */
  async function asked(config: object, environment: Record<string, string>) {
    const requests: { url: string; application: string | null }[] = [];
    const { fetch } = globalThis;
    globalThis.fetch = (async (url: string, { headers }: RequestInit) => {
      requests.push({ url, application: new Headers(headers).get("x-ovh-application") });
      return new Response("0");
    }) as typeof fetch;
    try {
      const nothing = { endpoint: null, application_key: null, application_secret: null, consumer_key: null };
      await ovhProvider(OVH_SCHEMA, 7, environment).configure({ ...nothing, ...config });
    } finally {
      globalThis.fetch = fetch;
    }
    return requests;
  }

  it("asks for the time and for who one is, at the endpoint ovh-eu if none is named", async () => {
    expect(await asked({ application_key: "ak" }, {})).toEqual([
      { url: "https://eu.api.ovh.com/1.0/auth/time", application: "ak" },
      { url: "https://eu.api.ovh.com/1.0/auth/details", application: "ak" },
    ]);
  });

  it("is taken from the environment where the block says nothing, and only there", async () => {
    const environment = { OVH_ENDPOINT: "ovh-ca", OVH_APPLICATION_KEY: "from-environment" };
    expect((await asked({}, environment))[0]).toEqual({
      url: "https://ca.api.ovh.com/1.0/auth/time",
      application: "from-environment",
    });
    expect(
      (await asked({ endpoint: "http://127.0.0.1:9/1.0", application_key: "ak" }, environment))[0],
    ).toEqual({
      url: "http://127.0.0.1:9/1.0/auth/time",
      application: "ak",
    });
  });
});

describe("TF_REATTACH_PROVIDERS", () => {
  it("names each provider as Terraform's and as OpenTofu's registry do, and who dies for them", () => {
    const provider = { socket: "/tmp/x.sock", close: () => {} };
    const entry = {
      Protocol: "grpc",
      ProtocolVersion: 6,
      Pid: 4711,
      Test: true,
      Addr: { Network: "unix", String: "/tmp/x.sock" },
    };
    expect(JSON.parse(reattach({ "ovh/ovh": provider }, 4711))).toEqual({
      "registry.terraform.io/ovh/ovh": entry,
      "registry.opentofu.org/ovh/ovh": entry,
    });
  });
});
