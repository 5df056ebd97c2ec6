import { z } from "zod";
import { show } from "./errors.js";
import { integer, ipv4, text } from "./fields.js";
import { edgeName, FREE_NAME, flavorName, identifier } from "./names.js";
import { hostKey, sshHost } from "./ssh.js";

const named = {
  name: edgeName.describe(
    "Name of the edge; its construct id, its host name at OVH, the name in logs. Never reused for another edge.",
  ),
};

const common = {
  carpAddress: ipv4("give an address of the CARP network")
    .optional()
    .describe("Address of its own on the CARP network, which carp.unicast needs. Default: none."),
  advskew: integer(0, 254, "leave it out to have it chosen")
    .optional()
    .describe(
      "Priority in the election, 0 to 254; the lowest is master. Default: 1, 50, 100, …; 40, 60, 80, … with the fast profile.",
    ),
  sshHostKey: hostKey
    .optional()
    .describe(
      "Public host key of the edge's SSH server, ssh-ed25519 AAAA…. Default: not verified, with a warning.",
    ),
};

const createdEdge = z.strictObject({
  ...named,
  flavor: flavorName.describe("Flavor by name, such as b3-8."),
  image: text(FREE_NAME, "the name of an image", "use the name of an OpenBSD image of your project").describe(
    "Image by name; OVH offers no OpenBSD image, so it is one that you made.",
  ),
  internalAddress: ipv4("give an address of the internal network")
    .optional()
    .describe("Address on the internal network. Default: one from the subnet's pool."),
  ...common,
});

// The lowest bit of the first byte is that of a group.
const MAC = /^[0-9A-Fa-f][02468ACEace]([:-][0-9A-Fa-f]{2}){5}$/;

const mac = (which: string) =>
  text(
    MAC,
    "the MAC address of an interface, such as fa:16:3e:00:00:01",
    "copy it from OVH, or from ifconfig on the edge",
  )
    .overwrite((value) => value.toLowerCase().replaceAll("-", ":"))
    .describe(`MAC address of its ${which} interface; edge-install compares it with the one on the edge.`);

const existing = z.strictObject({
  instanceId: identifier("instance").describe(
    "Id of an instance that exists already, in place of flavor and image; it is adopted, never changed or deleted.",
  ),
  host: sshHost("give the address by which SSH reaches the edge").describe(
    "Where SSH reaches it, through the bastion where there is one: an IPv4 address, or a name.",
  ),
  publicAddress: ipv4("copy it from the instance's page at OVH")
    .optional()
    .describe("Its public IPv4 address, by which OVH's API sees it. Default: host."),
  macs: z.strictObject({ external: mac("public"), internal: mac("internal"), carp: mac("CARP") }),
});

/** What an instance that exists has already. */
const own = z
  .never({
    error: (i) => `must be left out with existing, got ${show(i.input)}; the instance has its own`,
  })
  .optional();

const existingEdge = z.strictObject({
  ...named,
  existing,
  flavor: own,
  image: own,
  internalAddress: own,
  ...common,
});

/** One edge: an instance that exists, or one to create. */
export const edgeSchema = z.union([existingEdge, createdEdge]);

/** An edge whose instance is created. */
export type CreatedEdge = z.output<typeof createdEdge>;

/** An edge whose instance is there already. */
export type ExistingEdge = z.output<typeof existingEdge>;

/** Whether an edge's instance is there already. */
export function exists<E extends CreatedEdge | ExistingEdge>(edge: E): edge is Extract<E, ExistingEdge> {
  return "existing" in edge;
}
