import { Annotations, DataResource, Fn, type ITerraformDependable, TerraformLocal } from "cdktf";
import { Construct } from "constructs";
import { vhidsOf } from "../config/failover-ips.js";
import type { EdgeConfig, EdgeSettings, NetworkSettings } from "../config/schema.js";
import { CARP_PASSWORD, CREDENTIAL, WEBHOOK_URL } from "../config/secrets.js";
import { renderEdge } from "../edge/render.js";
import { staticFiles } from "../edge/static-files.js";
import { CarpNetwork } from "./carp-network.js";
import { EdgeConnections } from "./edge-connections.js";
import { type ApplicationKey, type EdgeCredentials, EdgeServiceAccounts } from "./edge-credentials.js";
import { type IEdgeInstance, sshHostOf } from "./edge-instance.js";
import { edgeInstances } from "./edge-instances.js";
import { EdgeProvisioning } from "./edge-provisioning.js";
import { EdgeRelease } from "./edge-release.js";
import { RetiredEdge } from "./edge-removal.js";
import { type FailoverIp, reference } from "./failover-ip.js";
import { FailoverIps } from "./failover-ips.js";
import type { IInstanceGroup } from "./instance-group.js";
import { type IPrivateNetwork, PrivateNetwork } from "./private-network.js";
import type { ISshKey } from "./ssh-key.js";
import { vrackOf } from "./surroundings.js";

/** Props of `FailoverEdge`. */
export interface FailoverEdgeProps {
  /** What is wanted; `loadConfig` reads it from a file. */
  readonly config: EdgeConfig;
  /** CARP password, 1 to 19 letters, digits, underscores and dashes; pass a sensitive variable. */
  readonly carpPassword: string;
  /**
   * The edges' application key; pass sensitive variables.
   * @default - none, which needs `credentials.serviceAccounts` in the configuration
   */
  readonly credentials?: ApplicationKey;
  /**
   * URL that the edges POST to; pass a sensitive variable.
   * @default - none; it is needed when `notify.webhook` is true
   */
  readonly webhookUrl?: string;
  /**
   * The network behind the edges, in place of one that is made. The configuration's `internalNetwork` tells of it by
   * `name`, `vlanId` and `cidr`.
   * @default - the one of the configuration, made or adopted
   */
  readonly internalNetwork?: IPrivateNetwork;
  /**
   * SSH key that edges are created with; its private half is the one that logs in. Another one replaces the edges.
   * @default - one is made of `ssh.publicKeyPath`
   */
  readonly sshKey?: ISshKey;
  /**
   * Group that keeps created edges on different hosts. Another one replaces the edges.
   * @default - one is made
   */
  readonly instanceGroup?: IInstanceGroup;
}

/** One edge as the stack sees it. */
export interface DeployedEdge {
  readonly name: string;
  readonly instance: IEdgeInstance;
  readonly provisioning: EdgeProvisioning;
}

/** A FailOver IP with the edges that hold it in turn, their networks, and everything on them. */
export class FailoverEdge extends Construct {
  /** The edges, the preferred one first. */
  readonly edges: readonly DeployedEdge[];
  /** What moves between them; each FailOver IP of the configuration, in its order. */
  readonly failoverIps: readonly [FailoverIp, ...FailoverIp[]];
  /** The first FailOver IP. */
  readonly failoverIp: FailoverIp;
  /** The network behind the edges, for instances that are reached through them. */
  readonly internalNetwork: IPrivateNetwork;
  /** Addresses, MAC addresses and SSH of the edges by their names, for the rest of a stack. */
  readonly connections: EdgeConnections;
  /** What private networks need: the project in its vRack. */
  private readonly vrack: ITerraformDependable[] | undefined;

  constructor(scope: Construct, id: string, props: FailoverEdgeProps) {
    super(scope, id);
    const { config } = props;
    if (config.notify?.webhook && props.webhookUrl === undefined) {
      throw new Error("webhookUrl must be given when notify.webhook is true; pass a sensitive variable");
    }
    const salt = this.salt(props);
    const moving = new FailoverIps(this, config);
    this.failoverIps = moving.all;
    this.failoverIp = moving.all[0];
    this.vrack = vrackOf(this, config);
    this.internalNetwork = this.internal(props);
    const instances = this.instances(props);
    this.warnOfUnknownHosts(config);
    const { credentials, policies } = this.credentials(props, instances);
    const deliver = (edge: EdgeSettings, after: EdgeProvisioning[] = []) =>
      this.provision(props, edge, {
        credentials,
        instance: instances.get(edge.name) as IEdgeInstance,
        failoverIpIds: moving.ids,
        salt,
        after,
        dependsOn: policies,
      });
    const [preferred, ...backups] = config.edges as [EdgeSettings, ...EdgeSettings[]];
    // The backups together, the preferred master last, and only if they succeeded.
    const delivered = backups.map((edge) => deliver(edge));
    const last = deliver(
      preferred,
      delivered.map(({ provisioning }) => provisioning),
    );
    this.edges = [last, ...delivered];
    this.connections = new EdgeConnections({
      config,
      failoverAddresses: [this.failoverIp.address, ...moving.all.slice(1).map(({ address }) => address)],
      instances: Object.fromEntries(this.edges.map(({ name, instance }) => [name, instance])),
    });
    const installed = this.edges.map(({ provisioning }) => provisioning);
    const attachments = moving.attachOnce(instances, installed);
    this.release(props, salt, moving.holders, [...installed, ...attachments]);
    for (const name of config.retired) new RetiredEdge(this, `files-${name}`, config.ssh);
    moving.warnOfLost(this.edges.map(({ instance }) => instance));
  }

  /** The key that was given, or a service account that is made here. */
  private credentials(
    { config, credentials }: FailoverEdgeProps,
    instances: ReadonlyMap<string, IEdgeInstance>,
  ): { credentials: EdgeCredentials; policies: readonly ITerraformDependable[] } {
    const names = config.credentials.serviceAccounts;
    if (credentials !== undefined && names.length > 0) {
      throw new Error(
        "credentials must be left out with credentials.serviceAccounts in the configuration, got both; remove one",
      );
    }
    if (credentials !== undefined) return { credentials, policies: [] };
    if (names.length === 0) {
      throw new Error(
        "credentials must be an application key without credentials.serviceAccounts in the configuration, got nothing; give one of them",
      );
    }
    const accounts = new EdgeServiceAccounts(this, "service-accounts", {
      names,
      prefix: nameOf(config),
      serviceName: config.project,
      endpoint: config.ovh.endpoint,
      addresses: [...instances.values()].map(({ publicAddress }) => publicAddress),
    });
    return { credentials: accounts.current, policies: accounts.policies };
  }

  /** Random text that stays; nothing goes on before the secrets are sound. */
  private salt(props: FailoverEdgeProps): string {
    const salt = new DataResource(this, "salt", {
      lifecycle: { ignoreChanges: ["input"], precondition: this.secretRules(props) },
    });
    salt.addOverride("input", "${uuid()}");
    return new TerraformLocal(this, "salt-text", `\${${reference(salt, "output")}}`).asString;
  }

  /**
   * Rules for the secrets as preconditions: a variable's own validation prints the value that
   * it refuses, be it sensitive or not.
   */
  private secretRules({ carpPassword, credentials, webhookUrl }: FailoverEdgeProps) {
    const rule = (id: string, value: string, pattern: string, errorMessage: string) => {
      const local = new TerraformLocal(this, id, value);
      const condition = `\${nonsensitive(can(regex(${JSON.stringify(pattern)}, local.${local.friendlyUniqueId})))}`;
      return { condition, errorMessage };
    };
    const printable = (id: string, value: string) =>
      rule(
        id,
        value,
        CREDENTIAL,
        `the edges' ${id.replaceAll("-", " ")} must be 1 to 128 printable characters without blanks and @; correct it where it is set`,
      );
    return [
      rule(
        "carp-password",
        carpPassword,
        CARP_PASSWORD,
        "the CARP password must be 1 to 19 letters, digits, underscores and dashes, as netstart evaluates it and carp cuts it; choose another one",
      ),
      // What OVH makes itself needs no rule of ours.
      ...(credentials === undefined
        ? []
        : [
            printable("application-key", credentials.applicationKey),
            printable("application-secret", credentials.applicationSecret),
            printable("consumer-key", credentials.consumerKey),
          ]),
      ...(webhookUrl === undefined
        ? []
        : [
            rule(
              "webhook-url",
              webhookUrl,
              WEBHOOK_URL,
              "the webhook's URL must be an https URL with a path, of printable characters without blanks and @; correct it where it is set",
            ),
          ]),
    ];
  }

  private network(
    id: string,
    what: "internal" | "carp",
    settings: NetworkSettings,
    config: EdgeConfig,
  ): IPrivateNetwork {
    if ("networkId" in settings) return PrivateNetwork.fromAttributes(settings);
    const { project: serviceName, region } = config;
    const { name, vlanId, cidr } = settings;
    const props = { serviceName, region, name, vlanId, cidr, dependsOn: this.vrack };
    return what === "carp"
      ? new CarpNetwork(this, id, props)
      : new PrivateNetwork(this, id, { ...props, dhcp: true });
  }

  /** The network that was given, or the configuration's. */
  private internal({ config, internalNetwork }: FailoverEdgeProps): IPrivateNetwork {
    const settings = config.internalNetwork;
    if (internalNetwork === undefined) return this.network("internal-network", "internal", settings, config);
    if ("networkId" in settings) {
      throw new Error(
        "internalNetwork must be left out with internalNetwork.networkId in the configuration, got both; remove it, or tell of the network by name, vlanId and cidr there",
      );
    }
    return internalNetwork;
  }

  private instances({
    config,
    sshKey,
    instanceGroup,
  }: FailoverEdgeProps): ReadonlyMap<string, IEdgeInstance> {
    const { internalNetwork } = this;
    const carpNetwork = this.network("carp-network", "carp", config.carpNetwork, config);
    if (carpNetwork.networkId === internalNetwork.networkId) {
      throw new Error(
        `internalNetwork.networkId must differ from carpNetwork.networkId in the configuration, got ${carpNetwork.networkId} twice; CARP must not share a network with anything`,
      );
    }
    const made = { internalNetwork, carpNetwork, sshKey, instanceGroup };
    return edgeInstances(this, { config, name: nameOf(config), ...made });
  }

  private provision(
    { config, carpPassword, webhookUrl = "" }: FailoverEdgeProps,
    edge: EdgeSettings,
    { credentials, instance, failoverIpIds, salt, after, dependsOn }: Delivery,
  ): DeployedEdge {
    const provisioning = new EdgeProvisioning(this, `files-${edge.name}`, {
      edge: renderEdge(config, edge.name, staticFiles()),
      values: {
        carpPassword,
        ...credentials,
        webhookUrl,
        instanceId: instance.instanceId,
        failoverIp: this.failoverIp.address,
        failoverIpId:
          failoverIpIds.length === 1 ? (failoverIpIds[0] as string) : Fn.join(" ", [...failoverIpIds]),
        macExternal: instance.macs.external,
        macInternal: instance.macs.internal,
        macCarp: instance.macs.carp,
      },
      target: { ...config.ssh, host: sshHostOf(instance), hostKey: edge.sshHostKey },
      salt,
      after,
      dependsOn,
    });
    return { name: edge.name, instance, provisioning };
  }

  private release(
    { config, carpPassword }: FailoverEdgeProps,
    salt: string,
    holders: FailoverIps["holders"],
    dependsOn: EdgeReleaseDependencies,
  ): void {
    const { address, vhid } = config.carp;
    const others = vhidsOf(config)
      .slice(1)
      .map((other) => `${other.address} ${other.vhid}`);
    const peers = config.edges.flatMap(({ carpAddress }) => carpAddress ?? []);
    const identity = Fn.nonsensitive(
      Fn.sha256(Fn.join(" ", [salt, address, String(vhid), carpPassword, ...peers, ...others])),
    );
    new EdgeRelease(this, "release", {
      edges: this.edges.map(({ name, instance }) => ({
        instanceId: instance.instanceId,
        host: sshHostOf(instance),
        hostKey: config.edges.find((edge) => edge.name === name)?.sshHostKey,
      })),
      ssh: config.ssh,
      identity,
      holders,
      dependsOn,
    });
  }

  private warnOfUnknownHosts({ edges }: EdgeConfig): void {
    const unknown = edges.filter(({ sshHostKey }) => sshHostKey === undefined).map(({ name }) => name);
    if (unknown.length === 0) return;
    const whose = unknown.length === edges.length ? "the edges" : unknown.join(", ");
    Annotations.of(this).addWarning(
      `The SSH host keys of ${whose} are not verified: whoever answers at their addresses gets the credentials. ` +
        "After the deploy copy them into edges[].sshHostKey.",
    );
  }
}

/** What a delivery needs beside the configuration. */
interface Delivery {
  readonly credentials: EdgeCredentials;
  readonly instance: IEdgeInstance;
  readonly failoverIpIds: readonly string[];
  readonly salt: string;
  readonly after: readonly EdgeProvisioning[];
  readonly dependsOn: readonly ITerraformDependable[];
}

/** What belongs to this edge is called so at OVH. */
function nameOf({ failoverIps, region, carp }: EdgeConfig): string {
  const [{ address, order }] = failoverIps;
  // Nobody knows yet what an order will bring.
  if (order !== undefined) return `edge-${region.toLowerCase()}-${carp.vhid}`;
  return `edge-${address.replace(/[./]/g, "-")}`;
}

type EdgeReleaseDependencies = ConstructorParameters<typeof EdgeRelease>[2]["dependsOn"];
