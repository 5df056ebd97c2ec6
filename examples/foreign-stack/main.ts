import { App, TerraformOutput, TerraformStack, TerraformVariable } from "cdktf";
import { configFile, FailoverEdge, loadConfig } from "cdktf-ovh-edge";
import { provider as nullProvider } from "cdktf-ovh-edge/provider-null";
import {
  cloudInstance,
  dataOvhCloudInstanceFlavors,
  dataOvhCloudInstanceImages,
  domainZoneRecord,
  provider as ovhProvider,
} from "cdktf-ovh-edge/provider-ovh";
import type { Construct } from "constructs";

/** A shop: its edges, its name in DNS, and the instance behind the edges that serves it. */
class Shop extends TerraformStack {
  constructor(scope: Construct, id: string) {
    super(scope, id);
    const config = loadConfig(configFile(process.env), process.env);
    const { project: serviceName, region } = config;
    new ovhProvider.OvhProvider(this, "ovh", { endpoint: "ovh-eu" });
    new nullProvider.NullProvider(this, "null");

    const edge = new FailoverEdge(this, "edge", {
      config,
      carpPassword: this.secret("carp_password"),
      credentials: {
        applicationKey: this.secret("edge_application_key"),
        applicationSecret: this.secret("edge_application_secret"),
        consumerKey: this.secret("edge_consumer_key"),
      },
    });

    const flavors = new dataOvhCloudInstanceFlavors.DataOvhCloudInstanceFlavors(this, "flavors", {
      serviceName,
      region,
    });
    const images = new dataOvhCloudInstanceImages.DataOvhCloudInstanceImages(this, "images", {
      serviceName,
      region,
    });
    const { networkId, subnetId } = edge.internalNetwork;
    new cloudInstance.CloudInstance(this, "web", {
      serviceName,
      region,
      name: "shop-web",
      flavorId: idOf(`data.${flavors.terraformResourceType}.${flavors.friendlyUniqueId}.flavors`, "d2-4"),
      imageId: idOf(`data.${images.terraformResourceType}.${images.friendlyUniqueId}.images`, "Debian 12"),
      networks: [{ networkId, subnetId, ip: "10.10.0.80" }],
      lifecycle: { ignoreChanges: ["image_id"] },
    });

    // It names the address that moves, so that a failover needs no change in DNS.
    new domainZoneRecord.DomainZoneRecord(this, "name", {
      zone: "example.org",
      subdomain: "shop",
      fieldtype: "A",
      ttl: 300,
      target: edge.failoverIp.address,
    });
    new TerraformOutput(this, "url", { value: "https://shop.example.org" });
  }

  private secret(name: string): string {
    return new TerraformVariable(this, name, { type: "string", sensitive: true }).stringValue;
  }
}

/** Id of the one in a list that has a name. */
function idOf(list: string, name: string): string {
  return `\${one([for each in ${list} : each.id if each.name == "${name}"])}`;
}

const app = new App();
new Shop(app, "shop");
app.synth();
