import { example } from "./example.js";

/** Networks that exist, which edges that exist are on. */
export const NETWORKS = {
  internalNetwork: { networkId: "net-internal", subnetId: "subnet-internal", cidr: "10.10.0.0/16" },
  carpNetwork: { networkId: "net-carp", subnetId: "subnet-carp", cidr: "10.25.0.0/16" },
} as const;

/** What is known of one instance that exists. */
export const instance = (number: number) => ({
  instanceId: `instance-${number}`,
  host: `10.10.0.1${number}`,
  macs: {
    external: `fa:16:3e:00:0${number}:00`,
    internal: `fa:16:3e:00:0${number}:01`,
    carp: `fa:16:3e:00:0${number}:02`,
  },
});

/** The example with two edges that exist already. */
export function adopted(changes: Readonly<Record<string, unknown>> = {}): Record<string, unknown> {
  const edges = [1, 2].map((number) => ({ name: `edge-${number}`, existing: instance(number) }));
  return example({ ...NETWORKS, edges, ...changes });
}

/** A bastion with everything that it needs. */
export const BASTION = {
  host: "bastion.example.org",
  hostKey: "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIBastion",
} as const;
