import { NullProvider } from "@cdktf/provider-null/lib/provider/index.js";
import { OvhProvider } from "@cdktf/provider-ovh/lib/provider";
import { TerraformOutput, TerraformStack, TerraformVariable } from "cdktf";
import type { Construct } from "constructs";
import type { EdgeConfig } from "../config/schema.js";
import type { ApplicationKey } from "./edge-credentials.js";
import { FailoverEdge } from "./failover-edge.js";
import { stateBackend } from "./state-backend.js";

/** Props of `EdgeStack`. */
export interface EdgeStackProps {
  /** What is wanted; `loadConfig` reads it from a file. */
  readonly config: EdgeConfig;
}

/**
 * A stack that is one redundant edge and nothing else: providers, variables for the secrets,
 * the edge, outputs.
 */
export class EdgeStack extends TerraformStack {
  readonly edge: FailoverEdge;

  constructor(scope: Construct, id: string, { config }: EdgeStackProps) {
    super(scope, id);
    this.addOverride("terraform.required_version", ">= 1.9");
    stateBackend(this, config.backend);
    new OvhProvider(this, "ovh", {
      endpoint: this.variable("ovh_endpoint", "Endpoint of OVH's API", config.ovh.endpoint),
    });
    new NullProvider(this, "null");
    this.edge = new FailoverEdge(this, "edge", {
      config,
      carpPassword: this.secret("carp_password", "Password of CARP"),
      ...(config.credentials.serviceAccounts.length > 0 ? {} : { credentials: this.applicationKey() }),
      ...(config.notify?.webhook
        ? { webhookUrl: this.secret("edge_webhook_url", "URL of the webhook that the edges tell") }
        : {}),
    });
    this.outputs();
  }

  private applicationKey(): ApplicationKey {
    return {
      applicationKey: this.secret("edge_application_key", "Application key of the edges"),
      applicationSecret: this.secret("edge_application_secret", "Application secret of the edges"),
      consumerKey: this.secret("edge_consumer_key", "Consumer key of the edges"),
    };
  }

  private variable(name: string, description: string, value?: string): string {
    return new TerraformVariable(this, name, { type: "string", description, default: value }).stringValue;
  }

  private secret(name: string, description: string): string {
    return new TerraformVariable(this, name, {
      type: "string",
      description,
      sensitive: true,
      nullable: false,
    }).stringValue;
  }

  private outputs(): void {
    const { edgeNames } = this.edge.connections;
    new TerraformOutput(this, "failover_ip", {
      value: this.edge.failoverIp.address,
      description: "The address that moves",
    });
    const { failoverAddresses } = this.edge.connections;
    if (failoverAddresses.length > 1) {
      new TerraformOutput(this, "failover_ips", {
        value: [...failoverAddresses],
        description: "All addresses that move",
      });
    }
    new TerraformOutput(this, "edges", {
      description: "Addresses and MAC addresses of the edges",
      value: Object.fromEntries(
        this.edge.edges.map(({ name, instance }) => [
          name,
          { instance: instance.instanceId, address: instance.publicAddress, macs: { ...instance.macs } },
        ]),
      ),
    });
    new TerraformOutput(this, "ssh", {
      description: "How to log in to the edges",
      value: Object.fromEntries(edgeNames.map((name) => [name, this.edge.connections.sshCommand(name)])),
    });
    new TerraformOutput(this, "bundles", {
      description: "Salted digests of what the edges were given",
      value: Object.fromEntries(this.edge.edges.map(({ name, provisioning }) => [name, provisioning.digest])),
    });
  }
}
