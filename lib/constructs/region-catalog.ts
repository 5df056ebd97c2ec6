import { DataOvhCloudInstanceFlavors } from "@cdktf/provider-ovh/lib/data-ovh-cloud-instance-flavors";
import { DataOvhCloudInstanceImages } from "@cdktf/provider-ovh/lib/data-ovh-cloud-instance-images";
import { Token } from "cdktf";
import { Construct } from "constructs";
import { reference } from "./failover-ip.js";

/** Props of a region's catalog. */
export interface RegionCatalogProps {
  /** Id of the Public Cloud project. */
  readonly serviceName: string;
  readonly region: string;
}

/** Flavors and images of a region by name. A name that nothing matches stops the plan with the region's list. */
export class RegionCatalog extends Construct {
  private readonly flavors: DataOvhCloudInstanceFlavors;
  private readonly images: DataOvhCloudInstanceImages;
  private readonly wanted = { flavors: new Set<string>(), images: new Set<string>() };

  constructor(
    scope: Construct,
    id: string,
    private readonly props: RegionCatalogProps,
  ) {
    super(scope, id);
    this.flavors = new DataOvhCloudInstanceFlavors(this, "flavors", { ...props });
    this.images = new DataOvhCloudInstanceImages(this, "images", { ...props });
  }

  /** Id of the flavor of this name. */
  flavorId(name: string): string {
    this.require("flavors", name);
    const list = dataReference(this.flavors, "flavors");
    return Token.asString(`\${one([for f in ${list} : f.id if f.name == ${JSON.stringify(name)}])}`);
  }

  /** Id of the image of this name, the newest where it was published again. */
  imageId(name: string): string {
    this.require("images", name);
    const list = dataReference(this.images, "images");
    const matching = `[for i in ${list} : "\${i.created_at}|\${i.id}" if i.name == ${JSON.stringify(name)}]`;
    return Token.asString(`\${split("|", reverse(sort(${matching}))[0])[1]}`);
  }

  private require(what: "flavors" | "images", name: string): void {
    if (this.wanted[what].has(name)) return;
    this.wanted[what].add(name);
    const source = this[what];
    const names = `[for one in self.${what} : one.name]`;
    const noun = what === "flavors" ? "flavor" : "image";
    source.lifecycle = {
      postcondition: [...this.wanted[what]].map((wanted) => ({
        condition: `\${contains(${names}, ${JSON.stringify(wanted)})}`,
        errorMessage: `edges[].${noun} must be the name of ${noun === "image" ? "an image" : "a flavor"} of region ${this.props.region}, got ${wanted}; it has \${join(", ", sort(distinct(${names})))}`,
      })),
    };
  }
}

function dataReference(
  source: DataOvhCloudInstanceFlavors | DataOvhCloudInstanceImages,
  attribute: string,
): string {
  return `data.${reference(source as never, attribute)}`;
}
