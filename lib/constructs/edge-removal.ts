import { TerraformOutput, TerraformStack } from "cdktf";
import { Construct } from "constructs";
import { INSTALLER } from "../edge/doas.js";
import { isBehindBastion, overBastion } from "./over-bastion.js";
import { portText, type SshAccess, type SshTarget } from "./ssh-connection.js";

/** Whoever logs in, root or a user with a rule for doas(1), and whatever is left there. */
const REMOVE = `test ! -x ${INSTALLER} || $(test "$(id -u)" = 0 || echo doas -n) ${INSTALLER} remove`;

/** How to reach an edge when it is to be cleaned: all that its destroy provisioner knows of it. */
export function removalInput(target: SshTarget): Record<string, string> {
  const { host, port, user, privateKeyPath, hostKey, bastion } = target;
  return {
    host,
    port: portText(port),
    user,
    hostKey: hostKey ?? "",
    privateKeyPath: privateKeyPath ?? "",
    ...(bastion === undefined
      ? {}
      : {
          bastionHost: bastion.host,
          bastionPort: portText(bastion.port),
          bastionUser: bastion.user ?? user,
          bastionHostKey: bastion.hostKey,
          bastionKeyPath: bastion.privateKeyPath ?? privateKeyPath ?? "",
        }),
  };
}

/**
 * Takes the files off again when the edge goes; an edge that cannot be reached is left as it is.
 *
 * @param scope where the program that goes through a bastion belongs
 */
export function removalProvisioner(scope: Construct, access: SshAccess): object {
  const self = (name: string) => `\${self.output.${name}}`;
  const common = { when: "destroy", on_failure: "continue" };
  if (!isBehindBastion(access)) {
    return {
      "remote-exec": {
        ...common,
        inline: [REMOVE],
        connection: {
          type: "ssh",
          host: self("host"),
          port: self("port"),
          user: self("user"),
          host_key: '${self.output.hostKey == "" ? null : self.output.hostKey}',
          private_key:
            '${self.output.privateKeyPath == "" ? null : file(pathexpand(self.output.privateKeyPath))}',
          agent: '${self.output.privateKeyPath == ""}',
          timeout: "1m",
          script_path: "./.edge-remove.sh",
        },
      },
    };
  }
  // An edge that was installed before there was a bastion knows none.
  const bastion = (name: string) => `\${try(self.output.bastion${name}, "")}`;
  return {
    "local-exec": {
      ...common,
      command: overBastion(scope),
      environment: {
        EDGE_HOST: self("host"),
        EDGE_PORT: self("port"),
        EDGE_USER: self("user"),
        EDGE_HOST_KEY: self("hostKey"),
        EDGE_KEY: self("privateKeyPath"),
        BASTION_HOST: bastion("Host"),
        BASTION_PORT: bastion("Port"),
        BASTION_USER: bastion("User"),
        BASTION_HOST_KEY: bastion("HostKey"),
        BASTION_KEY: bastion("KeyPath"),
        EDGE_COMMAND: REMOVE,
        EDGE_WAIT: "60",
      },
    },
  };
}

/** Id of the resource that knows how to clean an edge, below the construct that delivers to it. */
export const REMOVAL = "removal";

/** Blocks of each stack so far, as an override replaces the ones before it. */
const BLOCKS = new WeakMap<TerraformStack, object[]>();

/**
 * Cleans an edge whose constructs are gone: its `removal`, which is in the state alone, is
 * destroyed with its provisioner, before the instance that it depends on.
 */
export class RetiredEdge extends Construct {
  /** @param id the id that the edge's `EdgeProvisioning` had in the same scope */
  constructor(scope: Construct, id: string, access: SshAccess) {
    super(scope, id);
    const stack = TerraformStack.of(this);
    const address = `terraform_data.${stack.getLogicalId(new Construct(this, REMOVAL).node)}`;
    const blocks = BLOCKS.get(stack) ?? [];
    BLOCKS.set(stack, [
      ...blocks,
      {
        from: address,
        lifecycle: [{ destroy: true }],
        provisioner: [removalProvisioner(this, access)],
      },
    ]);
    stack.addOverride("removed", BLOCKS.get(stack));
    // A plan's JSON has no removed blocks: by this alone the policy knows that this edge is cleaned.
    new TerraformOutput(this, "retired", {
      value: address,
      description: "What cleans an edge that is retired",
    });
  }
}
