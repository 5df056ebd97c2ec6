import type { EdgeConfig } from "../config/schema.js";
import { type EdgeMacs, type IEdgeInstance, sshHostOf } from "./edge-instance.js";
import { portText, type SshTarget } from "./ssh-connection.js";

/** Props of `EdgeConnections`. */
export interface EdgeConnectionsProps {
  readonly config: EdgeConfig;
  /** The addresses that move, the first one first. */
  readonly failoverAddresses: readonly [string, ...string[]];
  /** The edges' instances by their names. */
  readonly instances: Readonly<Record<string, IEdgeInstance>>;
}

/**
 * How the rest of a stack reaches an edge and what moves between the edges: for DNS records, firewalls, outputs.
 * Whatever Terraform learns late is a token.
 */
export class EdgeConnections {
  /** FailOver IPs, which move between the edges. */
  readonly failoverAddresses: readonly string[];
  /** The first FailOver IP. */
  readonly failoverAddress: string;
  /** Names of the edges, the preferred one first. */
  readonly edgeNames: readonly string[];

  constructor(private readonly props: EdgeConnectionsProps) {
    this.failoverAddresses = props.failoverAddresses;
    this.failoverAddress = props.failoverAddresses[0];
    this.edgeNames = Object.keys(props.instances);
  }

  /** Id of an edge's instance at OVH. @throws Error when there is no edge of that name */
  instanceId(edge: string): string {
    return this.instance(edge).instanceId;
  }

  /** Public IPv4 address of an edge, which does not move. @throws Error when there is no edge of that name */
  publicAddress(edge: string): string {
    return this.instance(edge).publicAddress;
  }

  /** MAC addresses of an edge's interfaces. @throws Error when there is no edge of that name */
  macs(edge: string): EdgeMacs {
    return this.instance(edge).macs;
  }

  /** Where and how a deploy logs in to an edge. @throws Error when there is no edge of that name */
  sshTarget(edge: string): SshTarget {
    const { ssh, edges } = this.props.config;
    const hostKey = edges.find(({ name }) => name === edge)?.sshHostKey;
    return { ...ssh, host: sshHostOf(this.instance(edge)), hostKey };
  }

  /** Command for a shell that logs in to an edge. @throws Error when there is no edge of that name */
  sshCommand(edge: string): string {
    const { host, port, user, privateKeyPath, bastion } = this.sshTarget(edge);
    const key = privateKeyPath === undefined ? "" : ` -i ${privateKeyPath}`;
    const jump =
      bastion === undefined ? "" : ` -J ${bastion.user ?? user}@${bastion.host}:${portText(bastion.port)}`;
    return `ssh${key}${jump} -p ${portText(port)} ${user}@${host}`;
  }

  private instance(edge: string): IEdgeInstance {
    const { instances } = this.props;
    if (Object.hasOwn(instances, edge)) return instances[edge] as IEdgeInstance;
    throw new Error(`there is no edge ${edge}; the configuration has ${this.edgeNames.join(", ")}`);
  }
}
