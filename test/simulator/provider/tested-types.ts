import { OvhClient } from "../../../lib/operations/ovh-client.js";
import { ManualClock } from "../../../lib/simulator/clock.js";
import type { OvhProject } from "../../../lib/simulator/ovh-api/api.js";
import { type ServedApi, serveApi } from "../../../lib/simulator/ovh-api/http.js";
import { ovhResourceTypes } from "../../../lib/simulator/provider/ovh-types.js";
import type { Context, ResourceType } from "../../../lib/simulator/provider/resource-type.js";
import type { Resource, Value } from "../../../lib/simulator/provider/values.js";
import { seededRandom } from "../../../lib/simulator/random.js";
import { type Json, PROJECT, type SimulationOptions, simulatedProject } from "../ovh-api/simulated.js";
import { OVH_SCHEMA, schemaOf } from "./ovh-schema.js";

const types = ovhResourceTypes(OVH_SCHEMA);

/** What a configuration says; what it leaves out is null. */
type Config = Readonly<Record<string, Value | undefined>>;

/** A type of the provider, which is given what Terraform would give it. */
export class TestedType {
  readonly type: ResourceType;

  constructor(
    private readonly name: string,
    private readonly context: Context,
  ) {
    this.type = types[name] as ResourceType;
  }

  /** A configuration as Terraform plans it: every attribute, null where nothing is said. */
  planned(config: Config): Resource {
    const known: Config = { service_name: PROJECT, ...config };
    const { attributes: all = {}, block_types = {} } = schemaOf(this.name).block;
    const blocks = Object.keys(block_types).filter((name) => name in config);
    const attributes = [...Object.keys(all), ...blocks];
    return Object.fromEntries(attributes.map((attribute) => [attribute, known[attribute] ?? null]));
  }

  create = (config: Config) => this.type.create(this.context, this.planned(config));
  read = (state: Resource) => this.type.read(this.context, state);
  delete = (state: Resource) => this.type.delete(this.context, state);

  /** @throws Error when the type has no update */
  async update(prior: Resource, changes: Config): Promise<Resource> {
    if (this.type.update === undefined) throw new Error(`${this.name} has no update`);
    return this.type.update(this.context, prior, { ...prior, ...changes } as Resource);
  }
}

/** The provider's types on a simulated project, without Terraform. */
export class TestedTypes {
  readonly key: TestedType;
  readonly network: TestedType;
  readonly subnet: TestedType;
  readonly group: TestedType;
  readonly instance: TestedType;
  readonly attach: TestedType;

  private constructor(
    readonly project: OvhProject,
    readonly api: ServedApi,
    readonly context: Context,
  ) {
    this.key = new TestedType("ovh_cloud_ssh_key", context);
    this.network = new TestedType("ovh_cloud_network_private_vrack", context);
    this.subnet = new TestedType("ovh_cloud_network_private_vrack_subnet", context);
    this.group = new TestedType("ovh_cloud_instance_group", context);
    this.instance = new TestedType("ovh_cloud_instance", context);
    this.attach = new TestedType("ovh_cloud_project_failover_ip_attach", context);
  }

  static async start({ seed }: Pick<SimulationOptions, "seed"> = {}): Promise<TestedTypes> {
    const clock = new ManualClock();
    // Tasks that take no time are over at the next look, so the clock need not move.
    const durations = { create: 0, update: 0, delete: 0 };
    const project = simulatedProject({ clock, durations, failover: { moveDuration: 0 }, seed });
    const api = await serveApi({ project, clock, random: seededRandom(2) });
    const credentials = { applicationKey: "ak", applicationSecret: "as", consumerKey: "ck" };
    const client = new OvhClient({ endpoint: api.endpoint, ...credentials });
    return new TestedTypes(project, api, { client, pollInterval: 0 });
  }

  stop = () => this.api.close();

  /** The bodies of the requests of one method to one path, in turn. */
  bodies(method: string, path: string): Json[] {
    return this.api.journal.entries
      .filter((entry) => entry.method === method && entry.path === path)
      .map(({ body }) => (body === "" ? undefined : JSON.parse(body)));
  }

  makeNetwork = (config: Config = {}) => this.network.create({ name: "carp", region: "SBG5", ...config });

  makeSubnet = (network_id: Value | undefined, config: Config = {}) =>
    this.subnet.create({
      network_id,
      name: "carp",
      region: "SBG5",
      cidr: "10.25.0.0/16",
      ...config,
    });

  makeInstance(config: Config = {}): Promise<Resource> {
    type Named = readonly { readonly id: string; readonly name: string }[];
    const id = (found: Named, name: string) => found.find((one) => one.name === name)?.id ?? null;
    return this.instance.create({
      name: "edge-1",
      region: "SBG5",
      flavor_id: id(this.project.listFlavors("SBG5"), "b3-8"),
      image_id: id(this.project.listImages("SBG5"), "OpenBSD 7.8"),
      ...config,
    });
  }
}
