import type { SecurityGroupSettings } from "./account.js";
import { exists } from "./edge.js";
import { type ConfigIssue, show } from "./errors.js";
import { failoverPath } from "./failover-checks.js";
import type { CheckedConfig } from "./schema.js";

/** A FailOver IP is adopted or ordered, and an order says that its cost is accepted. */
export function orders({ failoverIp }: CheckedConfig): ConfigIssue[] {
  if (failoverIp === undefined) return [];
  const { address, order } = failoverIp;
  if (address === undefined && order === undefined) {
    return [
      {
        path: "failoverIp.address",
        message: "must be given, or order, got neither; copy the FailOver IP from OVH",
      },
    ];
  }
  if (order === undefined) return [];
  if (address !== undefined) {
    return [
      {
        path: "failoverIp.order",
        message: `must be left out with failoverIp.address, got both; what exists needs no order`,
      },
    ];
  }
  if (order.acceptCost === true) return [];
  return [
    {
      path: "failoverIp.order.acceptCost",
      message: `must be true, got ${show(order.acceptCost)}; the first deploy pays the address by your default payment method, and OVH bills it each month`,
    },
  ];
}

/** A name stands for one address, and an address has one reverse. */
export function names(config: CheckedConfig): ConfigIssue[] {
  const issues: ConfigIssue[] = [];
  const seen = new Map<string, string>();
  config.failoverIps.forEach(({ address, dns, reverse }, index) => {
    const path = failoverPath(config, index);
    const block = address?.includes("/") ?? false;
    if (dns !== undefined) {
      const whole = dns.name === "" ? dns.zone : `${dns.name}.${dns.zone}`;
      const first = seen.get(whole);
      if (block) {
        issues.push({
          path: `${path}.dns`,
          message: `must be left out with a block such as ${address}, which has several addresses; name them in your own stack`,
        });
      } else if (first !== undefined) {
        issues.push({
          path: `${path}.dns.name`,
          message: `must differ from ${first}.dns.name, got ${show(whole)} twice; a name stands for one FailOver IP`,
        });
      } else if (dns.name === dns.zone || dns.name.endsWith(`.${dns.zone}`)) {
        issues.push({
          path: `${path}.dns.name`,
          message: `must be without the zone ${dns.zone}, got ${show(dns.name)}; use ${show(dns.name.slice(0, -dns.zone.length).replace(/\.$/, ""))}`,
        });
      } else seen.set(whole, path);
    }
    if (reverse !== undefined && block) {
      issues.push({
        path: `${path}.reverse`,
        message: `must be left out with a block such as ${address}, which has several addresses; set them in your own stack`,
      });
    }
  });
  return issues;
}

/** Groups exist or are created; what is created lets in what a deploy needs. */
export function securityGroups({ securityGroups: groups, ssh, edges }: CheckedConfig): ConfigIssue[] {
  if (groups === undefined) return [];
  const issues = groups.flatMap((group, index) => groupIssues(group, `securityGroups[${index}]`));
  groups.forEach(({ name }, index) => {
    const first = groups.findIndex((other) => name !== undefined && other.name === name);
    if (first < 0 || first === index) return;
    issues.push({
      path: `securityGroups[${index}].name`,
      message: `must differ from securityGroups[${first}].name, got ${show(name)} twice; put their rules together`,
    });
  });
  const existing = edges.findIndex(exists);
  if (existing >= 0 && edges.every(exists)) {
    issues.push({
      path: "securityGroups",
      message: `must be left out where every edge exists already, such as edges[${existing}]; their instances have groups of their own`,
    });
  }
  // What a group that exists lets in is not known here.
  const known = groups.length > 0 && groups.every(({ id }) => id === undefined);
  if (issues.length === 0 && known && !groups.some((group) => letsSshIn(group, ssh.port))) {
    issues.push({
      path: "securityGroups",
      message: `must let TCP port ${ssh.port} in, over which a deploy reaches the edges, got no rule that does; add { "protocol": "tcp", "port": ${ssh.port} } to one`,
    });
  }
  return issues;
}

function groupIssues({ id, name, rules = [] }: SecurityGroupSettings, path: string): ConfigIssue[] {
  const issues: ConfigIssue[] = [];
  if ((id === undefined) === (name === undefined)) {
    issues.push({
      path,
      message: `must have an id or a name, got ${id === undefined ? "neither" : "both"}; an id is that of a group that exists`,
    });
  } else if (id !== undefined && rules.length > 0) {
    issues.push({
      path: `${path}.rules`,
      message:
        "must be left out with an id, as a group that exists has its own rules; name a group to create",
    });
  }
  rules.forEach(({ protocol, port, lastPort }, index) => {
    const at = `${path}.rules[${index}]`;
    if (port !== undefined && protocol !== "tcp" && protocol !== "udp") {
      issues.push({
        path: `${at}.port`,
        message: `must be left out without protocol tcp or udp, got ${port}; add the protocol`,
      });
    }
    if (lastPort !== undefined && (port === undefined || lastPort < port)) {
      issues.push({
        path: `${at}.lastPort`,
        message: `must be port or more, got ${lastPort} with port ${port ?? "left out"}; correct one`,
      });
    }
  });
  return issues;
}

function letsSshIn({ rules = [] }: SecurityGroupSettings, ssh: number): boolean {
  return rules.some(
    ({ protocol, port, lastPort }) =>
      (protocol === undefined || protocol === "tcp") &&
      (port === undefined || (port <= ssh && ssh <= (lastPort ?? port))),
  );
}
