import { randomInt } from "node:crypto";
import { chmodSync, rmSync } from "node:fs";
import { join } from "node:path";
import * as grpc from "@grpc/grpc-js";
import { API_HOSTS } from "../../operations/api-host.js";
import { OvhClient } from "../../operations/ovh-client.js";
import { ovhDataSources, ovhResourceTypes } from "./ovh-types.js";
import { plan } from "./plan.js";
import { pluginProtocol } from "./protocol.js";
import type { Context, DataSource, ResourceType } from "./resource-type.js";
import { type ProviderSchema, type ResourceSchema, toProtocol } from "./schema.js";
import { decodeValue, encodeNull, encodeResource, known, type Resource } from "./values.js";
import { PartialCreateError } from "./wait.js";

/** A provider as the plugin server serves it. */
export interface ProviderDefinition {
  readonly schema: ProviderSchema;
  readonly resources: Readonly<Record<string, ResourceType>>;
  readonly dataSources: Readonly<Record<string, DataSource>>;
  /** Makes ready for requests; what it throws stops the run. */
  configure(config: Resource): Promise<Context>;
}

/** A running plugin server. */
export interface ServedProvider {
  readonly socket: string;
  close(): void;
}

/** Environment that credentials are taken from where the provider block names none. */
export type ProviderEnvironment = Readonly<Record<string, string | undefined>>;

/**
 * Provider ovh/ovh, speaking to the API that its configuration names.
 *
 * @param standIn URL that is asked in place of OVH's own endpoints
 */
export function ovhProvider(
  schema: ProviderSchema,
  pollInterval: number,
  environment: ProviderEnvironment,
  standIn?: string,
): ProviderDefinition {
  return {
    schema,
    resources: ovhResourceTypes(schema),
    dataSources: ovhDataSources(schema),
    configure: async (config) => {
      const setting = (name: string) =>
        (config[name] as string | null) ?? environment[`OVH_${name.toUpperCase()}`] ?? "";
      const named = setting("endpoint") || "ovh-eu";
      const client = new OvhClient({
        endpoint: named in API_HOSTS ? (standIn ?? named) : named,
        applicationKey: setting("application_key"),
        applicationSecret: setting("application_secret"),
        consumerKey: setting("consumer_key"),
      });
      try {
        await client.get("/auth/details");
      } catch (error) {
        throw new Error(`OVH client seems to be misconfigured: ${JSON.stringify((error as Error).message)}`);
      }
      return { client, pollInterval };
    },
  };
}

const nullResource: ResourceType = {
  replace: ["triggers"],
  create: async (_, planned) => ({ ...planned, id: String(randomInt(2 ** 47)) }),
  read: async (_, state) => state,
  delete: async () => {},
  import: (id) => ({ id }),
};

/** Provider hashicorp/null. */
export function nullProvider(): ProviderDefinition {
  const attributes = {
    id: { type: "string", computed: true },
    triggers: { type: ["map", "string"], optional: true },
  } as const;
  return {
    schema: {
      provider: { version: 0, block: {} },
      resource_schemas: { null_resource: { version: 0, block: { attributes } } },
    },
    resources: { null_resource: nullResource },
    dataSources: {},
    configure: async () => ({ client: undefined as never, pollInterval: 0 }),
  };
}

/** Serves a provider over a Unix socket in `folder`, by plugin protocol 6. */
export async function serveProvider(
  definition: ProviderDefinition,
  folder: string,
  name: string,
): Promise<ServedProvider> {
  const descriptor = grpc.loadPackageDefinition(pluginProtocol()) as unknown as {
    tfplugin6: { Provider: { service: grpc.ServiceDefinition } };
  };
  const server = new grpc.Server({
    "grpc.max_receive_message_length": -1,
    "grpc.max_send_message_length": -1,
  });
  const handlers = Object.entries(calls(definition)).map(([method, call]) => [method, unary(call)]);
  server.addService(descriptor.tfplugin6.Provider.service, Object.fromEntries(handlers));
  const socket = join(folder, `${name}.sock`);
  await new Promise<void>((resolve, reject) =>
    server.bindAsync(`unix:${socket}`, grpc.ServerCredentials.createInsecure(), (error) =>
      error === null ? resolve() : reject(error),
    ),
  );
  chmodSync(socket, 0o600);
  return {
    socket,
    close: () => {
      server.forceShutdown();
      rmSync(socket, { force: true });
    },
  };
}

/**
 * The value of `TF_REATTACH_PROVIDERS`, under Terraform's and OpenTofu's names for the registry.
 * Terraform kills `owner` when a socket answers no more.
 */
export function reattach(providers: Readonly<Record<string, ServedProvider>>, owner: number): string {
  const entries = Object.entries(providers).flatMap(([source, { socket }]) =>
    ["registry.terraform.io", "registry.opentofu.org"].map((registry) => [
      `${registry}/${source}`,
      {
        Protocol: "grpc",
        ProtocolVersion: 6,
        Pid: owner,
        Test: true,
        Addr: { Network: "unix", String: socket },
      },
    ]),
  );
  return JSON.stringify(Object.fromEntries(entries));
}

// biome-ignore lint/suspicious/noExplicitAny: requests and answers are typed by the protocol's description
type Message = any;
type Call = (request: Message) => Promise<Message> | Message;

function unary(call: Call): grpc.handleUnaryCall<Message, Message> {
  return async ({ request }, reply) => {
    try {
      reply(null, await call(request));
    } catch (error) {
      reply(null, { diagnostics: [{ severity: 1, summary: (error as Error).message, detail: "" }] });
    }
  };
}

function calls({ schema, resources, dataSources, configure }: ProviderDefinition): Record<string, Call> {
  let context: Promise<Context> | undefined;
  const ready = () => context ?? Promise.reject(new Error("the provider is not configured"));
  const resourceSchema = (name: string) => schema.resource_schemas?.[name] as ResourceSchema;
  const typeOf = (name: string): ResourceType => {
    const type = resources[name];
    if (type === undefined) throw new Error(`The simulated provider has no ${name}`);
    return type;
  };
  const map = (schemas: Readonly<Record<string, ResourceSchema>> = {}) =>
    Object.fromEntries(Object.entries(schemas).map(([name, one]) => [name, toProtocol(one)]));

  return {
    GetProviderSchema: () => ({
      provider: toProtocol(schema.provider),
      resource_schemas: map(schema.resource_schemas),
      data_source_schemas: map(schema.data_source_schemas),
      server_capabilities: { plan_destroy: false, get_provider_schema_optional: true },
    }),
    ValidateProviderConfig: () => ({}),
    ValidateResourceConfig: () => ({}),
    ValidateDataResourceConfig: () => ({}),
    ConfigureProvider: async ({ config }) => {
      context = configure(decodeValue(config) ?? {});
      await context;
      return {};
    },
    UpgradeResourceState: ({ type_name, raw_state }) => ({
      upgraded_state: encodeResource(resourceSchema(type_name), JSON.parse(raw_state.json.toString())),
    }),
    ReadResource: async ({ type_name, current_state, private: kept }) => {
      const state = await typeOf(type_name).read(await ready(), decodeValue(current_state) as Resource);
      return { new_state: encodeResource(resourceSchema(type_name), state), private: kept };
    },
    PlanResourceChange: ({ type_name, prior_state, proposed_new_state, config, prior_private }) => {
      const proposed = decodeValue(proposed_new_state);
      if (proposed === null) return { planned_state: encodeNull() };
      const { state, requiresReplace } = plan(
        typeOf(type_name),
        resourceSchema(type_name),
        decodeValue(prior_state),
        proposed,
        decodeValue(config) as Resource,
      );
      return {
        planned_state: encodeResource(resourceSchema(type_name), state),
        requires_replace: requiresReplace.map((name) => ({ steps: [{ attribute_name: name }] })),
        planned_private: prior_private,
      };
    },
    ApplyResourceChange: async ({ type_name, prior_state, planned_state, planned_private }) => {
      const type = typeOf(type_name);
      const prior = decodeValue(prior_state);
      const planned = decodeValue(planned_state);
      let result: Resource | null;
      try {
        result = await apply(type, await ready(), prior, planned, type_name);
      } catch (error) {
        if (!(error instanceof PartialCreateError)) throw error;
        return {
          new_state: encodeResource(resourceSchema(type_name), error.state),
          private: planned_private,
          diagnostics: [{ severity: 1, summary: error.message, detail: "" }],
        };
      }
      return { new_state: encodeResource(resourceSchema(type_name), result), private: planned_private };
    },
    ImportResourceState: ({ type_name, id }) => {
      const type = typeOf(type_name);
      if (type.import === undefined) throw new Error(`${type_name} cannot be imported`);
      return {
        imported_resources: [
          { type_name, state: encodeResource(resourceSchema(type_name), type.import(id)) },
        ],
      };
    },
    ReadDataSource: async ({ type_name, config }) => {
      const source = dataSources[type_name];
      if (source === undefined) throw new Error(`The simulated provider has no data source ${type_name}`);
      const state = await source(await ready(), decodeValue(config) as Resource);
      return { state: encodeResource(schema.data_source_schemas?.[type_name] as ResourceSchema, state) };
    },
    StopProvider: () => ({}),
  };
}

async function apply(
  type: ResourceType,
  context: Context,
  prior: Resource | null,
  planned: Resource | null,
  name: string,
): Promise<Resource | null> {
  if (planned === null) {
    await type.delete(context, prior as Resource);
    return null;
  }
  if (prior === null) return type.create(context, known(planned));
  if (type.update === undefined) throw new Error(`${name} doesn't support update`);
  return type.update(context, prior, known(planned));
}
