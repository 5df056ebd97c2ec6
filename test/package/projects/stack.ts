import { type App, TerraformOutput, TerraformStack, TerraformVariable } from "cdktf";
import { CarpNetwork, type EdgeConfig, FailoverEdge } from "cdktf-ovh-edge";
import { provider as nullProvider } from "cdktf-ovh-edge/provider-null";
import {
  cloudInstance,
  dataOvhCloudInstanceFlavors,
  dataOvhCloudInstanceImages,
  domainZoneRecord,
  provider as ovhProvider,
} from "cdktf-ovh-edge/provider-ovh";

/** Somebody's own stack: an edge, a DNS record on its FailOver IP, a web server behind it, and a network of its own. */
export class ForeignStack extends TerraformStack {
  readonly edge: FailoverEdge;

  constructor(app: App, id: string, config: EdgeConfig) {
    super(app, id);
    const [first, second] = config.edges;
    if (first === undefined || second === undefined) throw new Error("two edges are needed");
    const { project: serviceName, region } = config;
    new ovhProvider.OvhProvider(this, "ovh", { endpoint: "ovh-eu" });
    new nullProvider.NullProvider(this, "null");
    this.edge = new FailoverEdge(this, "edge", {
      config,
      carpPassword: this.secret("carp_password"),
      credentials: {
        applicationKey: this.secret("edge_application_key"),
        applicationSecret: this.secret("edge_application_secret"),
        consumerKey: this.secret("edge_consumer_key"),
      },
    });
    const { connections, internalNetwork } = this.edge;
    new domainZoneRecord.DomainZoneRecord(this, "www", {
      zone: "example.com",
      subdomain: "www",
      fieldtype: "A",
      target: connections.failoverAddress,
      ttl: 300,
    });
    const flavors = new dataOvhCloudInstanceFlavors.DataOvhCloudInstanceFlavors(this, "flavors", {
      serviceName,
      region,
    });
    const images = new dataOvhCloudInstanceImages.DataOvhCloudInstanceImages(this, "images", {
      serviceName,
      region,
    });
    new cloudInstance.CloudInstance(this, "web", {
      serviceName,
      region,
      name: "web",
      flavorId: `\${one([for f in ${flavors.fqn}.flavors : f.id if f.name == "${first.flavor}"])}`,
      imageId: `\${one([for i in ${images.fqn}.images : i.id if i.name == "${first.image}"])}`,
      networks: [{ networkId: internalNetwork.networkId, subnetId: internalNetwork.subnetId }],
    });
    const other = new CarpNetwork(this, "other", {
      serviceName,
      region,
      name: "other",
      vlanId: 77,
      cidr: "10.77.0.0/24",
    });
    new TerraformOutput(this, "told", {
      value: {
        address: connections.failoverAddress,
        first: connections.publicAddress(first.name),
        mac: connections.macs(second.name).carp,
        ssh: connections.sshCommand(first.name),
        network: other.networkId,
      },
    });
  }

  private secret(name: string): string {
    return new TerraformVariable(this, name, { type: "string", sensitive: true }).stringValue;
  }
}
