import { CloudProjectStorage } from "@cdktf/provider-ovh/lib/cloud-project-storage";
import { CloudProjectUser } from "@cdktf/provider-ovh/lib/cloud-project-user";
import { CloudProjectUserS3Credential } from "@cdktf/provider-ovh/lib/cloud-project-user-s3-credential";
import { CloudProjectUserS3Policy } from "@cdktf/provider-ovh/lib/cloud-project-user-s3-policy";
import { OvhProvider } from "@cdktf/provider-ovh/lib/provider";
import { Fn, LocalBackend, TerraformOutput, TerraformStack, TerraformVariable, Token } from "cdktf";
import type { Construct } from "constructs";

/** Props of `StateBucketStack`. */
export interface StateBucketStackProps {
  /** Id of the Public Cloud project. */
  readonly project: string;
  /** `ovh-eu` and its like. */
  readonly ovhEndpoint: string;
  readonly bucket: string;
  /** Region of Object Storage in lower case, such as `gra`. */
  readonly region: string;
  /** Absolute path of this stack's own state, which holds the key's secret. */
  readonly stateFile: string;
}

/** What Terraform's S3 backend does: read, write and lock by an object, in one bucket. */
const ACTIONS = [
  "s3:GetBucketLocation",
  "s3:ListBucket",
  "s3:GetObject",
  "s3:PutObject",
  "s3:DeleteObject",
  "s3:GetObjectVersion",
  "s3:ListBucketVersions",
];

/**
 * A bucket for Terraform's state, with versions and encryption, and an S3 key that may use this bucket
 * and nothing else. The secret of the key is in the state of this very stack, which is a local file.
 */
export class StateBucketStack extends TerraformStack {
  constructor(scope: Construct, id: string, props: StateBucketStackProps) {
    super(scope, id);
    const { project, ovhEndpoint, bucket, region, stateFile } = props;
    this.addOverride("terraform.required_version", ">= 1.9");
    new LocalBackend(this, { path: stateFile });
    new OvhProvider(this, "ovh", {
      endpoint: new TerraformVariable(this, "ovh_endpoint", {
        type: "string",
        description: "Endpoint of OVH's API",
        default: ovhEndpoint,
      }).stringValue,
    });
    const user = new CloudProjectUser(this, "user", {
      serviceName: project,
      description: `Terraform state in ${bucket}`,
      roleNames: ["objectstore_operator"],
    });
    const storage = new CloudProjectStorage(this, "storage", {
      serviceName: project,
      regionName: region.toUpperCase(),
      name: bucket,
      ownerId: Token.asNumber(Fn.tonumber(user.id)),
      versioning: { status: "enabled" },
      encryption: { sseAlgorithm: "AES256" },
      // The list of all versions of the state is no part of this state.
      hideObjects: true,
      // The provider empties a bucket that it destroys; an owner cannot be exchanged.
      lifecycle: { preventDestroy: true, ignoreChanges: ["owner_id"] },
    });
    new CloudProjectUserS3Policy(this, "policy", {
      serviceName: project,
      userId: user.id,
      policy: Fn.jsonencode({
        Statement: [
          {
            Sid: "TerraformState",
            Effect: "Allow",
            Action: ACTIONS,
            Resource: [`arn:aws:s3:::${bucket}`, `arn:aws:s3:::${bucket}/*`],
          },
        ],
      }),
    });
    const key = new CloudProjectUserS3Credential(this, "key", { serviceName: project, userId: user.id });
    const output = (name: string, description: string, value: string, sensitive?: boolean) =>
      new TerraformOutput(this, name, { description, value, sensitive });
    output("bucket", "The bucket", storage.name);
    output("access_key_id", "For AWS_ACCESS_KEY_ID", key.accessKeyId);
    output("secret_access_key", "For AWS_SECRET_ACCESS_KEY", key.secretAccessKey, true);
  }
}
