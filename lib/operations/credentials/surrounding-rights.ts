import type { Right, RightsConfig } from "./rights.js";

const right = (method: string, path: string, purpose: string): Right => ({ method, path, purpose });

/** Calls for what is around the edges: an ordered FailOver IP, names, the vRack, security groups. */
export function surroundingRights(config: RightsConfig): Right[] {
  const { project, failoverIps = [], vrack, securityGroups = [] } = config;
  const group = `/v2/publicCloud/project/${project}/securityGroup`;
  const zones = new Set(failoverIps.flatMap(({ dns }) => dns?.zone ?? []));
  const ordered = failoverIps.some(({ order }) => order !== undefined);
  return [
    ...(ordered ? orderRights() : []),
    ...[...zones].flatMap(zoneRights),
    ...(failoverIps.some(({ reverse }) => reverse !== undefined) ? reverseRights(ordered) : []),
    ...(vrack === undefined ? [] : vrackRights(vrack, project)),
    ...(securityGroups.some(({ name }) => name !== undefined)
      ? [
          right("POST", group, "creates a security group"),
          right("GET", `${group}/*`, "reads it"),
          right("PUT", `${group}/*`, "changes its rules"),
          right("DELETE", `${group}/*`, "removes it"),
        ]
      : []),
  ];
}

/** These spend money: of the whole account, as OVH knows no narrower right. */
function orderRights(): Right[] {
  return [
    right("GET", "/me", "where the account is billed"),
    right("POST", "/order/cart", "makes a cart"),
    right("POST", "/order/cart/*", "puts an address into it, and orders it"),
    right("GET", "/me/payment/method", "finds the default payment method"),
    right("POST", "/me/order/*/pay", "pays"),
    right("GET", "/me/order/*", "waits for the delivery, and finds the address"),
    right("GET", "/ip/*", "reads the address, and looks at its move"),
    right("PUT", "/ip/service/*", "describes it"),
    right("POST", "/ip/*/move", "brings it to the project"),
    right("POST", "/ip/*/park", "takes it from there, at a destroy"),
    right("POST", "/ip/service/*/terminate", "terminates it, at a destroy"),
    right("GET", "/me/notification/email/history", "finds the mail with the token that confirms that"),
    right("GET", "/me/notification/email/history/*", "reads it, as all other mails of OVH's"),
    right("POST", "/ip/service/*/confirmTermination", "confirms it"),
  ];
}

function zoneRights(zone: string): Right[] {
  const record = `/domain/zone/${zone}/record`;
  return [
    right("POST", record, "creates the DNS record"),
    right("GET", `${record}/*`, "reads it"),
    right("PUT", `${record}/*`, "changes its address or TTL"),
    right("DELETE", `${record}/*`, "removes it"),
    right("POST", `/domain/zone/${zone}/refresh`, "hands the zone to the name servers"),
  ];
}

/** An order's right to read addresses covers their reverses. */
function reverseRights(ordered: boolean): Right[] {
  return [
    right("POST", "/ip/*/reverse", "sets the reverse"),
    ...(ordered ? [] : [right("GET", "/ip/*/reverse/*", "reads it")]),
    right("DELETE", "/ip/*/reverse/*", "removes it"),
  ];
}

function vrackRights(vrack: string, project: string): Right[] {
  const member = `/vrack/${vrack}/cloudProject`;
  return [
    right("POST", member, "puts the project into its vRack"),
    right("GET", `${member}/${project}`, "reads that"),
    right("DELETE", `${member}/${project}`, "takes it out"),
    right("GET", `/vrack/${vrack}/task/*`, "waits for either"),
  ];
}
