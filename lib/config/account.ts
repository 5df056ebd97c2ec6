import { z } from "zod";
import { show } from "./errors.js";
import { flag, integer, ipv4Network, text } from "./fields.js";
import { FREE_NAME, identifier } from "./names.js";

const LABEL = "[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9])?";
const HOST_NAME = new RegExp(`^(?=.{1,253}$)(${LABEL}\\.)+[a-z][a-z0-9-]{0,61}[a-z0-9]$`);

/** An order of a FailOver IP. */
export const orderSchema = z.strictObject({
  country: text(
    /^[A-Z]{2}$/,
    "a country in two capitals, such as FR",
    "use one that the region takes",
  ).describe("Country of the address that is ordered, such as FR; one that the region takes."),
  acceptCost: flag("the first deploy pays, and OVH bills it each month")
    .optional()
    .describe(
      "Must be true: the first deploy pays by your default payment method, and OVH bills it each month.",
    ),
  planCode: text(/^[a-z0-9][a-z0-9.-]{1,62}$/, "the code of a plan", "leave it out for ip-failover-ripe")
    .default("ip-failover-ripe")
    .describe("Plan in OVH's catalogue; only looked at by the first deploy. Default: ip-failover-ripe."),
  description: text(FREE_NAME, "1 to 63 letters, digits, blanks and any of . _ ( ) / + -", "leave it out")
    .optional()
    .describe("What OVH shows beside the address. Default: none."),
  terminateOnDestroy: flag("leave it out to keep the address")
    .default(false)
    .describe(
      "Whether a destroy terminates the service, which gives the address away for good. Default: false, which refuses a destroy.",
    ),
});

/** A name for a FailOver IP in a DNS zone of yours. */
export const dnsSchema = z.strictObject({
  zone: text(
    HOST_NAME,
    "the name of a DNS zone, such as example.org",
    "name a zone of yours at OVH",
  ).describe("DNS zone of yours at OVH, such as example.org."),
  name: text(
    new RegExp(`^(${LABEL}(\\.${LABEL})*)?$`),
    "a name within the zone, such as edge, or empty for the zone itself",
    "leave the zone's own name out of it",
  ).describe("Name within the zone, such as edge; empty for the zone itself."),
  ttl: integer(60, 86_400, "leave it out for the zone's own")
    .optional()
    .describe("Seconds that others keep the answer for. Default: the zone's own."),
});

/** The name that a FailOver IP is found under. */
export const reverseSchema = text(
  HOST_NAME,
  "a host name, such as edge.example.org, without a dot at its end",
  "name what the address shall be found under",
);

/** The vRack that the project is put into. */
export const vrackSchema = text(
  /^pn-[1-9]\d{0,8}$/,
  "the name of a vRack, such as pn-12345",
  "copy it from OVH, or leave it out where the project is in its vRack already",
);

const ruleSchema = z.strictObject({
  protocol: z
    .enum(["tcp", "udp", "icmp"], {
      error: (i) => `must be tcp, udp or icmp, got ${show(i.input)}; leave it out for every protocol`,
    })
    .optional()
    .describe("tcp, udp or icmp. Default: every protocol."),
  port: integer(1, 65535, "leave it out for every port")
    .optional()
    .describe("Port that is let in, or the first of several. Default: every port."),
  lastPort: integer(1, 65535, "leave it out for one port")
    .optional()
    .describe("Last port that is let in. Default: port."),
  from: ipv4Network("leave it out for anywhere")
    .optional()
    .describe("Network it may come from. Default: anywhere."),
  description: text(FREE_NAME, "1 to 63 letters, digits, blanks and any of . _ ( ) / + -", "leave it out")
    .optional()
    .describe("What it is for. Default: none."),
});

const groupSchema = z.strictObject({
  id: identifier("security group").optional().describe("Id of a security group that exists."),
  name: text(
    /^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/,
    "1 to 63 letters, digits, dots, dashes and underscores",
    "name the group as OVH shall show it",
  )
    .optional()
    .describe("Name of a security group to create; a change makes another one."),
  rules: z
    .array(ruleSchema, { error: "must be a list of rules; leave it out to let nothing in but CARP" })
    .max(50, {
      error: (i) => `must have at most 50 rules, got ${(i.input as unknown[]).length}; use several groups`,
    })
    .optional()
    .describe(
      "What a created group lets in over IPv4, beside CARP on its own network, which is always let in. Default: nothing.",
    ),
});

/** The security groups of the edges. */
export const securityGroupsSchema = z
  .array(groupSchema, {
    error: "must be a list of security groups; leave it out for the region's default group, [] for none",
  })
  .max(5, {
    error: (i) => `must have at most five groups, got ${(i.input as unknown[]).length}; put rules together`,
  });

/** One security group of a configuration. */
export type SecurityGroupSettings = z.output<typeof groupSchema>;

/** An order of a FailOver IP. */
export type OrderSettings = z.output<typeof orderSchema>;

/** A name in a DNS zone. */
export type DnsSettings = z.output<typeof dnsSchema>;
