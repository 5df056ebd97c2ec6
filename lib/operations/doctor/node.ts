import type { EdgeConfig } from "../../config/schema.js";
import type { Asked } from "../asked.js";
import { fingerprint } from "../host-key.js";
import {
  advice,
  answered,
  type Check,
  type Finding,
  found,
  type Outcome,
  redeliver,
  wrong,
} from "./check.js";
import { type NodeReport, PF_BLOCK } from "./node-report.js";

/** MAC addresses of an edge's interfaces as OVH reports them. */
export type ReportedMacs = Readonly<Record<"external" | "internal" | "carp", string>>;

/** What was gathered of one edge. */
export interface NodeFacts {
  readonly name: string;
  readonly host: string;
  readonly config: Pick<EdgeConfig, "interfaces" | "ssh">;
  /** Public host key of the configuration. */
  readonly configuredKey?: string;
  /** Public host key of who answers there. */
  readonly offeredKey: Asked<string>;
  readonly report: Asked<NodeReport>;
  /** Line that doas.conf(5) needs there for this report; undefined where it permits that, or nobody was asked. */
  readonly needsRule?: string;
  readonly macs: Asked<ReportedMacs>;
  /** OVH's clock in seconds when the node told its own; this machine's where OVH does not answer. */
  readonly now: number;
}

/** Releases before this one have no dhcpleased(8), which leaves an alias alone. */
const OLDEST = 7.0;
const CLOCK_LIMIT = 10;

/** Checks of one edge. */
export const NODE_CHECKS: readonly Check<NodeFacts>[] = [
  { name: "host key", judge: hostKey },
  { name: "reached", judge: reached },
  { name: "OpenBSD", judge: (facts) => reportOutcome(facts, system) },
  { name: "base tools", judge: (facts) => reportOutcome(facts, baseTools) },
  { name: "interfaces", judge: (facts) => reportOutcome(facts, interfaces) },
  { name: "pf", judge: (facts) => reportOutcome(facts, pf) },
  { name: "ifstated at boot", judge: (facts) => reportOutcome(facts, atBoot) },
  { name: "clock", judge: (facts) => reportOutcome(facts, clock) },
];

function reportOutcome(facts: NodeFacts, judge: (report: NodeReport, facts: NodeFacts) => Outcome): Outcome {
  if ("value" in facts.report) return judge(facts.report.value, facts);
  return { impossible: facts.needsRule === undefined ? "it was not reached" : facts.report.failed };
}

function hostKey({ name, host, configuredKey, offeredKey, config }: NodeFacts): Outcome {
  return answered(offeredKey, (offered) => {
    const shown = `${offered.split(" ")[0]} ${fingerprint(offered)}`;
    if (configuredKey === undefined) {
      const finding = advice(
        `edges[].sshHostKey of ${name} is not set; who answers at ${host} offers ${shown}`,
        "whoever answers at its address during a deploy gets all its secrets",
        `compare it on the edge's console with ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub, then set edges[].sshHostKey to "${offered}"`,
      );
      return { findings: [finding] };
    }
    if (configuredKey === offered) return { ok: shown };
    const finding = wrong(
      `who answers at ${host} offers ${shown}, and edges[].sshHostKey of ${name} is ${fingerprint(configuredKey)}`,
      "either the edge was built anew, or it is somebody else; nothing was sent there",
      `look at the edge's console: ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub; only if it is the same, set edges[].sshHostKey (port ${config.ssh.port}) to "${offered}"`,
    );
    return { findings: [finding] };
  });
}

function reached({ name, host, config, report, needsRule, offeredKey, configuredKey }: NodeFacts): Outcome {
  if ("value" in report) return { ok: host };
  if (needsRule !== undefined) {
    const finding = advice(
      `${name} was reached, and lets ${config.ssh.user} start no shell as root`,
      "its pf, tools, interfaces and clock and carp's counters are not looked at",
      `a line in /etc/doas.conf there, which is as much as the rule for edge-install: ${needsRule}`,
    );
    return { findings: [finding] };
  }
  const other = "value" in offeredKey && configuredKey !== undefined && offeredKey.value !== configuredKey;
  if (other) return { impossible: "its host key is another one" };
  const finding = wrong(
    `${name} could not be asked: ${report.failed}`,
    "one edge less that could take over; a deploy to it fails",
    "npm run status; then the instance's page at OVH: is it running, does its console answer?",
  );
  return { findings: [finding] };
}

function system({ system: text }: NodeReport, { name }: NodeFacts): Outcome {
  const [os, release = ""] = text.split(" ");
  const mend = `make an image of a supported OpenBSD, set edges[].image, and replace ${name}`;
  if (os !== "OpenBSD") {
    return {
      findings: [wrong(`${name} runs ${text}`, "everything on an edge is made for OpenBSD's base", mend)],
    };
  }
  const old = wrong(
    `${name} runs OpenBSD ${release}`,
    "before 7.0 the DHCP client may take the FailOver IP's alias away",
    "sysupgrade, one edge at a time, the backup first",
  );
  return found(Number.parseFloat(release) < OLDEST ? [old] : [], text);
}

function baseTools({ missingTools, missingModules }: NodeReport, { name }: NodeFacts): Outcome {
  const why = "edge-sync, ip-move or the installer stops where it needs it";
  const mend = "sysupgrade -f: they are all part of the base sets";
  return found(
    [
      ...missingTools.map((tool) => wrong(`${name} has no ${tool}`, why, mend)),
      ...missingModules.map((module) => wrong(`${name}'s perl has no ${module}`, why, mend)),
    ],
    "all there",
  );
}

function interfaces({ macs }: NodeReport, { name, config, macs: wanted }: NodeFacts): Outcome {
  return answered(wanted, (reported) => {
    const roles = ["external", "internal", "carp"] as const;
    const findings = roles.flatMap((role): Finding[] => {
      const port = config.interfaces[role];
      const [has, should] = [macs[port], reported[role].toLowerCase()];
      if (has === should) return [];
      const other = Object.entries(macs).find(([, mac]) => mac === should)?.[0];
      return [
        wrong(
          has === undefined
            ? `${name} has no ${port}, its ${role} interface`
            : `${port} of ${name} has ${has}, and OVH says that its ${role} interface has ${should}${other === undefined ? "" : `, which is ${other}`}`,
          role === "carp"
            ? "CARP would run on another network, or not at all"
            : "addresses and rules would be on the wrong network",
          other === undefined
            ? `look at ifconfig on ${name}, and at the instance's interfaces at OVH`
            : `set interfaces.${role} to ${other}; npm run deploy`,
        ),
      ];
    });
    return found(findings, roles.map((role) => `${config.interfaces[role]} ${role}`).join(", "));
  });
}

function pf(report: NodeReport, { name }: NodeFacts): Outcome {
  const { pfLines, pfErrors, pfEnabled, pfLabels } = report;
  if (pfLabels === undefined) return { impossible: "pfctl tells nothing; ssh.user must be root for that" };
  const findings: Finding[] = [];
  const block = PF_BLOCK.join("\n");
  const dead = "carp's advertisements may be blocked: then both edges are master";
  if (!pfLines.join("\n").includes(block)) {
    findings.push(
      wrong(
        `/etc/pf.conf of ${name} does not include /etc/pf.edge.conf`,
        `${dead}, at the latest when pf.conf is loaded again`,
        redeliver(name),
      ),
    );
  }
  if (pfErrors !== "") {
    findings.push(
      wrong(
        `/etc/pf.conf of ${name} would not load: ${pfErrors.split("\n")[0]}`,
        "after a boot rc's own rules stay: a master that answers nobody",
        `ssh to ${name} and correct it until pfctl -nf /etc/pf.conf is silent`,
      ),
    );
  }
  if (!pfEnabled) {
    findings.push(
      advice(`pf is disabled on ${name}`, "the edge filters nothing", "rcctl enable pf; pfctl -e"),
    );
  } else if (!pfLabels.includes("edge")) {
    findings.push(
      wrong(`the rule for carp is not loaded on ${name}: no label edge`, dead, "pfctl -f /etc/pf.conf"),
    );
  }
  return found(findings, "the rule for carp is included and loaded");
}

function atBoot({ ifstatedEnabled }: NodeReport, { name }: NodeFacts): Outcome {
  const finding = wrong(
    `ifstated is not enabled on ${name}`,
    "after a boot link changes are only seen once a minute",
    "rcctl enable ifstated",
  );
  return found(ifstatedEnabled ? [] : [finding], "enabled");
}

function clock({ clock: seconds }: NodeReport, { name, now }: NodeFacts): Outcome {
  const off = Math.round(seconds - now);
  const text = `${Math.abs(off)} s ${off < 0 ? "behind" : "ahead"}`;
  const finding = wrong(
    `the clock of ${name} is ${text}`,
    "its first request to OVH is refused, and its logs cannot be laid beside the others'",
    "rcctl enable ntpd; rcctl restart ntpd",
  );
  return found(Math.abs(off) > CLOCK_LIMIT ? [finding] : [], Math.abs(off) <= 2 ? "right" : text);
}
