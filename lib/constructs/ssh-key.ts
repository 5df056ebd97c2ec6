import { CloudSshKey } from "@cdktf/provider-ovh/lib/cloud-ssh-key";
import { Construct } from "constructs";

/** An SSH key of a Public Cloud project, which instances are created with. */
export interface ISshKey {
  /** Its name, which it is known by: a key has no id. */
  readonly name: string;
}

/** Props of an SSH key that is created. */
export interface SshKeyProps {
  /** Id of the Public Cloud project. */
  readonly serviceName: string;
  /** Name at OVH; kept after creation, as another one would replace the instances. */
  readonly name: string;
  /** The public key, one line. */
  readonly publicKey: string;
}

/** An SSH key of a project. API: /v2/publicCloud/project/{p}/sshKey */
export class SshKey extends Construct implements ISshKey {
  /** Uses a key that the project has. */
  static fromName(name: string): ISshKey {
    return { name };
  }

  readonly name: string;

  constructor(scope: Construct, id: string, { serviceName, name, publicKey }: SshKeyProps) {
    super(scope, id);
    this.name = new CloudSshKey(this, "key", {
      serviceName,
      name,
      publicKey,
      lifecycle: { ignoreChanges: ["name"] },
    }).name;
  }
}
