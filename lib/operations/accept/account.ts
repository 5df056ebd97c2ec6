import { blockOf, vhidsOf } from "../../config/failover-ips.js";
import { contains } from "../../config/fields.js";
import type { EdgeConfig } from "../../config/schema.js";
import { API_HOSTS } from "../api-host.js";
import { type Asking, type Assumption, bySight, type Judged, onEdge, type Where } from "./assumption.js";
import { HEARD_MASTER } from "./carp.js";
import { json, list, type Refusal, refusal } from "./ovh.js";

const topic = "OVH";
const isBlock = ({ address }: EdgeConfig["failoverIps"][number]) => address.includes("/");
const BLOCK: Where = {
  setting: "a block as FailOver IP",
  has: ({ failoverIps }) => failoverIps.some(isBlock),
};
const TOGETHER: Where = {
  setting: "several FailOver IPs on one vhid",
  has: (config) => vhidsOf(config).some(({ failoverIps }) => failoverIps.length > 1),
};
const ORDER: Where = {
  setting: "`failoverIp.order`",
  has: ({ failoverIps }) => failoverIps.some(({ order }) => order !== undefined),
};
const GROUP: Where = {
  setting: "a security group with rules of its own",
  has: ({ securityGroups = [] }) => securityGroups.some(({ name }) => name !== undefined),
};
const REVERSE: Where = {
  setting: "`reverse`",
  has: ({ failoverIps }) => failoverIps.some(({ reverse }) => reverse !== undefined),
};
const VRACK: Where = { setting: "`vrack`", has: ({ vrack }) => vrack !== undefined };

/** An answer about an address that a key may not be allowed to look at. */
type Looked = Refusal | { readonly accepted: unknown };

/** Asks about an address of the account by its block. */
const look = ({ ovh }: Asking, address: string, rest = "") =>
  refusal(ovh.get(`/ip/${encodeURIComponent(blockOf(address))}${rest}`));

/** Judges what was answered, where the key may ask. */
function looked(answer: Looked, right: string, judge: (answer: unknown) => boolean): Judged {
  if ("status" in answer)
    return answer.status === 403 ? { untold: `the deployer's key lacks ${right}` } : json(answer);
  return judge(answer.accepted) ? undefined : json(answer.accepted);
}

const request = (host: string, connection: string) =>
  `printf 'GET /1.0/auth/time HTTP/1.1\\r\\nHost: ${host}\\r\\nConnection: ${connection}\\r\\n\\r\\n'`;

/** What OVH is taken to do with blocks, orders, names, security groups and the vRack. */
export const ACCOUNT_ASSUMPTIONS: readonly Assumption[] = [
  {
    id: "block-first",
    topic,
    statement: "OVH lists a block as one FailOver IP, whose `ip` is the block's first address",
    matters: "a block as `failoverIp.address`",
    otherwise: "the plan fails as the project has no such address, or the doctor says so",
    source: "OVH's API, /cloud; not documented",
    where: BLOCK,
    how: {
      kind: "ovh",
      expected: "for each block one entry in its network, with its first address",
      ask: ({ config, ovh }) => ovh.get(list(config)),
      judge: (answer: unknown, { failoverIps }) => {
        const ips = Array.isArray(answer) ? answer.map(({ ip }: { ip?: unknown }) => String(ip)) : [];
        const wrong = failoverIps.filter(isBlock).flatMap(({ address }) => {
          const within = ips.filter((ip) => contains(address, ip.split("/")[0] as string));
          return within.join() === address.split("/")[0]
            ? []
            : [`${address}: ${within.join(", ") || `none of ${json(ips)}`}`];
        });
        return wrong.length === 0 ? undefined : wrong.join("; ");
      },
    },
  },
  {
    id: "block-attach",
    topic,
    statement: "One attach moves a block with all its addresses",
    matters: "a claim for a block, which is one POST",
    otherwise: "some of its addresses stay where they were, which no edge is told",
    source: "not documented",
    where: BLOCK,
    how: bySight(
      "`npm run drill -- --live carp-down`, and during it `ping` to the block's first and last address from outside.",
    ),
  },
  {
    id: "kept-connection",
    topic,
    statement: "OVH keeps a connection of HTTP/1.1 open for another request",
    matters: "a claim of several IPs sends its POSTs over one connection",
    otherwise: "ip-move connects again for each: some tenths of a second later",
    source: "RFC 9112; not documented of OVH",
    where: TOGETHER,
    how: onEdge(
      ({ config }) => {
        const host = API_HOSTS[config.ovh.endpoint];
        return `{ ${request(host, "keep-alive")}; sleep 2; ${request(host, "close")}; } | nc -c -w 30 ${host} 443`;
      },
      "two answers `HTTP/1.1 200`, the second one to a request two seconds after the first",
      ({ stdout }) => stdout.match(/HTTP\/1\.1 200\b/g)?.length === 2,
    ),
  },
  {
    id: "order-plan",
    topic,
    statement:
      "The plan `ip-failover-ripe` has the duration `P1M` and the pricing mode `default`, and takes `country` and `destination: parking`",
    matters: "`failoverIp.order`",
    otherwise: "the deploy stops at the order with what OVH says; nothing is paid",
    source: "OVH's API, /order/cart",
    where: ORDER,
    how: bySight(
      "`curl -s 'https://eu.api.ovh.com/v1/order/catalog/public/ip?ovhSubsidiary=FR'`: the plan, with a price of that mode for a month.",
    ),
  },
  {
    id: "order-move",
    topic,
    statement: "A parked address moves to a project by `POST /ip/{ip}/move` without a next hop",
    matters: "`failoverIp.order`: `ovh_ip_move` names the project alone",
    otherwise:
      "the deploy stops after the order is paid; the address is parked, and can be moved in OVH's manager and adopted",
    source: "OVH's API, /ip; not documented of projects",
    where: ORDER,
    how: bySight(
      "The first deploy with an order: its step `ovh_ip_move` ends, and the project has the address.",
    ),
  },
  {
    id: "order-routed",
    topic,
    statement:
      "`GET /ip/{ip}` names the project as `routedTo.serviceName`, also while an instance has the address",
    matters: "`ovh_ip_move` after the first deploy",
    otherwise: "plans tell of a change from outside; `routed_to` is ignored, so that nothing is moved",
    source: "OVH's API, /ip; not documented of projects",
    where: ORDER,
    how: {
      kind: "ovh",
      expected: "the project's id there",
      ask: async (asking) => look(asking, asking.config.failoverIps[0].address),
      judge: (answer: Looked, { project }) =>
        looked(answer, "GET /ip/*", (ip) => {
          const to = (ip as { routedTo?: { serviceName?: unknown } | null } | null)?.routedTo;
          return to?.serviceName === project;
        }),
    },
  },
  {
    id: "order-terminate",
    topic,
    statement: "The provider finds the token of a termination among the account's mails, and confirms it",
    matters: "a destroy with `terminateOnDestroy`",
    otherwise: "the destroy stops; the address is parked and billed until the link in the mail is followed",
    source: "provider 2.19.0; OVH's API, /me/notification",
    where: ORDER,
    how: bySight("A destroy: the address is gone from OVH's manager, or shown as to be terminated."),
  },
  {
    id: "group-filters-carp",
    topic,
    statement: "Security groups filter what reaches the CARP interface as well",
    matters: "the rule that lets CARP in",
    otherwise: "the rule is not needed; nothing else",
    source: "OpenStack's documentation of ports; not documented by OVH",
    where: GROUP,
    how: bySight(
      "`edge-sync hold` on all edges, the rule `CARP` taken out of the group in OVH's manager: `npm run accept -- --only group-lets-carp` tells of two masters. Then a deploy, and `edge-sync release`.",
    ),
  },
  {
    id: "group-lets-carp",
    topic,
    statement: "A rule without a protocol lets CARP in from its network",
    matters: "`securityGroups`: CARP has no name that a rule could give",
    otherwise: "two masters, each claiming; a group that is made by hand, or `[]`, would be needed",
    source: "OVH's API, /v2/publicCloud",
    where: GROUP,
    how: HEARD_MASTER,
  },
  {
    id: "reverse-waits",
    topic,
    statement:
      "OVH refuses a reverse with 4xx until its name is found at the address, and takes it within minutes of that",
    matters: "`reverse` beside `dns` in a first deploy: it is tried for five minutes",
    otherwise: "the deploy stops at the reverse, and the next one sets it",
    source: "OVH's documentation; provider 2.19.0",
    where: REVERSE,
    how: bySight(
      "The first deploy with both ends within five minutes of the record, and `dig -x` tells the name.",
    ),
  },
  {
    id: "reverse-dot",
    topic,
    statement: "`GET /ip/{ip}/reverse/{address}` tells a reverse with a dot at its end",
    matters: "`reverse`, which is sent so",
    otherwise: "each plan replaces the reverse",
    source: "OVH's API, /ip",
    where: REVERSE,
    how: {
      kind: "ovh",
      expected: "the configured name and a dot",
      ask: async (asking) => {
        const { failoverIps } = asking.config;
        const { address = "", reverse } = failoverIps.find((ip) => ip.reverse !== undefined) ?? {};
        return { reverse, answer: await look(asking, address, `/reverse/${address}`) };
      },
      judge: ({ reverse, answer }: { readonly reverse?: string; readonly answer: Looked }) =>
        looked(
          answer,
          "GET /ip/*/reverse/*",
          (told) => (told as { reverse?: unknown } | null)?.reverse === `${reverse}.`,
        ),
    },
  },
  {
    id: "vrack-taken",
    topic,
    statement:
      "A project that is in its vRack already is refused with 409, and one that is put in has networks at once",
    matters: "`vrack`",
    otherwise: "the deploy stops at the vRack or at the first network; the next one goes on from there",
    source: "OVH's API, /vrack",
    where: VRACK,
    how: bySight("The first deploy with `vrack`, in a project that has none."),
  },
];
