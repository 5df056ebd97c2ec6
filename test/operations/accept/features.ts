import { parseConfig } from "../../../lib/config/load.js";
import type { EdgeConfig } from "../../../lib/config/schema.js";
import type { Assumption } from "../../../lib/operations/accept/assumption.js";
import { example } from "../../config/example.js";
import { BACKUP0, CARP0, counters, said } from "./answers.js";

/** The example, which uses none of what only some configurations have. */
export const PLAIN = parseConfig(example({ notify: { mail: "ops@example.org" } }));
const ordered = parseConfig(
  example({
    failoverIp: { order: { country: "FR", acceptCost: true }, reverse: "edge.example.org" },
    vrack: "pn-12345",
    securityGroups: [{ name: "edges", rules: [{ protocol: "tcp", port: 22 }] }],
  }),
);

/** Configurations that use it, each as a command for deployed edges reads it. */
const FEATURES: readonly EdgeConfig[] = [
  parseConfig(
    example({
      "ssh.user": "deploy",
      "ssh.become": "doas",
      "ssh.bastion": { host: "bastion.example.org", hostKey: "ssh-ed25519 AAAA" },
    }),
  ),
  parseConfig(
    example({
      failoverIp: undefined,
      failoverIps: [
        { address: "146.59.143.231" },
        { address: "146.59.143.232", vhid: 8 },
        { address: "178.33.1.8/29", vhid: 8 },
      ],
    }),
  ),
  parseConfig(
    example({
      "carp.unicast": true,
      "edges[0].carpAddress": "10.25.0.11",
      "edges[1].carpAddress": "10.25.0.12",
    }),
  ),
  { ...ordered, failoverIps: [{ ...ordered.failoverIps[0], address: "203.0.113.40" }] },
];

/** All configurations of these tests. */
export const CONFIGS: readonly EdgeConfig[] = [PLAIN, ...FEATURES];

/** A configuration that an assumption matters to. @throws Error where none of these tests has one */
export function configFor({ id, where }: Assumption): EdgeConfig {
  const found = CONFIGS.find((config) => where === undefined || where.has(config));
  if (found === undefined) throw new Error(`no configuration is with ${where?.setting}, which ${id} needs`);
  return found;
}

const both = (first: ReturnType<typeof said>, second: ReturnType<typeof said>) => [
  { edge: "edge-a", answer: first },
  { edge: "edge-b", answer: second },
];
const advertised = (carp: string, before: string, after: string) =>
  said(`${carp}---\n${before}---\n${after}`);
/** carp1 beside carp0, by its state. */
const carp1 = (state: string) =>
  CARP0.replaceAll("carp0", "carp1")
    .replace("vhid 1", "vhid 8")
    .replace("MASTER", state)
    .replace("10.25.0.10", "10.25.0.11");
/** What grep(1) leaves of it. */
const lines = (text: string) =>
  text.replace(/^(?!carp|\tcarp: |\tgroups: ).*\n/gm, "").replace(/<.*>/g, "<UP>");
const HEARD = both(
  advertised(CARP0, counters(5, 100), counters(5, 104)),
  advertised(BACKUP0, counters(100, 3), counters(104, 3)),
);
const TWO_MASTERS = both(
  advertised(CARP0, counters(5, 100), counters(5, 104)),
  advertised(CARP0, counters(3, 100), counters(3, 104)),
);
const DEAF = both(
  advertised(CARP0, counters(5, 100), counters(5, 104)),
  advertised(BACKUP0, counters(100, 3), counters(100, 3)),
);
const PEER = CARP0.replace("advskew 1\n", "advskew 1 carppeer 10.25.0.12\n");
const DENIED = "doas: Operation not permitted\n";
const report = (sync: number, ifstated: number) =>
  said(
    `@@@ carp\n${CARP0}@@@ status 0\n@@@ sync\n{}\n@@@ status ${sync}\n@@@ ifstated\nifstated(ok)\n@@@ status ${ifstated}\n`,
  );
const BLOCK = { id: "fo-3", ip: "178.33.1.8", block: "178.33.1.8/29", routedTo: "a", status: "ok" };
const ANSWER = "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n1764300000";
const FORBIDDEN = { status: 403, class: "Client::Forbidden", message: "not granted", queryId: "EU.4" };
const NOT_FOUND = { status: 404, class: "Client::NotFound", message: "does not exist", queryId: "EU.5" };
const ROUTED = { ip: "203.0.113.40/32", routedTo: { serviceName: ordered.project } };
const reverse = (answer: unknown) => ({ reverse: "edge.example.org", answer });

/** By assumption: an answer where it holds, to a configuration that it matters to. */
export const FEATURE_SOUND: Readonly<Record<string, unknown>> = {
  "doas-rule": said("user 0\nenvironment none\n", 1, DENIED),
  "doas-refusal": said("status 1\n", 0, DENIED),
  "doas-report": report(0, 0),
  "several-carps": both(said(CARP0 + carp1("BACKUP")), said(BACKUP0 + carp1("MASTER"))),
  "several-groups": said(lines(CARP0 + carp1("BACKUP"))),
  "carppeer-line": said(lines(PEER)),
  "carppeer-heard": HEARD,
  "block-first": [{ ...BLOCK, id: "fo-1", ip: "146.59.143.231" }, BLOCK],
  "kept-connection": said(ANSWER + ANSWER),
  "order-routed": { accepted: ROUTED },
  "group-lets-carp": HEARD,
  "reverse-dot": reverse({ accepted: { ipReverse: "203.0.113.40", reverse: "edge.example.org." } }),
};

/** By assumption: answers where it does not hold, and what is told of each; `exact` is what was printed. */
export const FEATURE_WRONG: readonly (readonly [id: string, answer: unknown, got: string])[] = [
  ["doas-rule", said("", 1, DENIED), "exit status 1: doas: Operation not permitted"],
  [
    "doas-rule",
    said("user 0\nenvironment kept\n", 1, DENIED),
    "exit status 1: user 0 / environment kept / doas: Operation not permitted",
  ],
  [
    "doas-rule",
    said("user 1000\nenvironment none\n", 1, DENIED),
    "exit status 1: user 1000 / environment none / doas: Operation not permitted",
  ],
  ["doas-refusal", said("status 2\n", 0, DENIED), "status 2 / doas: Operation not permitted"],
  ["doas-refusal", said("status 1\n", 0, "Operation not permitted\n"), "status 1 / Operation not permitted"],
  ["doas-report", report(0, 1), "exact"],
  ["doas-report", report(1, 0), "exact"],
  ["doas-report", said("", 1, DENIED), "exit status 1: doas: Operation not permitted"],
  [
    "several-carps",
    both(said(CARP0 + carp1("MASTER")), said(BACKUP0 + carp1("MASTER"))),
    "carp1 of edge-a: MASTER, carp1 of edge-b: MASTER",
  ],
  [
    "several-carps",
    both(said(BACKUP0 + carp1("INIT")), said(BACKUP0 + carp1("MASTER"))),
    "carp0 of edge-a: BACKUP, carp0 of edge-b: BACKUP; carp1 of edge-a: INIT, carp1 of edge-b: MASTER",
  ],
  [
    "several-carps",
    both(said(CARP0 + carp1("BACKUP")), said("", 1, "carp0: no such interface\n")),
    "carp0 of edge-a: MASTER, carp0 of edge-b: exit status 1: carp0: no such interface; " +
      "carp1 of edge-a: BACKUP, carp1 of edge-b: exit status 1: carp0: no such interface",
  ],
  [
    "several-carps",
    both(said(lines(CARP0 + carp1("BACKUP").replace("vhid 8", "vhid 9"))), said(BACKUP0 + carp1("MASTER"))),
    `carp1 of edge-a: ${lines(CARP0 + carp1("BACKUP"))
      .trim()
      .replace("vhid 8", "vhid 9")
      .replace(/\s*\n\s*/g, " / ")}, carp1 of edge-b: MASTER`,
  ],
  ["several-groups", said(CARP0 + carp1("BACKUP").replace(" edgedrain", "")), "exact"],
  ["several-groups", said(lines(CARP0)), "exact"],
  ["carppeer-line", said(CARP0), "exact"],
  ["carppeer-line", said(PEER.replace("10.25.0.12\n", "10.25.0.1\n")), "exact"],
  ["carppeer-heard", TWO_MASTERS, "edge-a MASTER, edge-b MASTER"],
  ["carppeer-heard", DEAF, "edge-b is BACKUP and heard no advertisement"],
  ["block-first", [BLOCK, { ...BLOCK, ip: "178.33.1.9" }], "178.33.1.8/29: 178.33.1.8, 178.33.1.9"],
  ["block-first", [{ ...BLOCK, ip: "178.33.1.8/29" }], "178.33.1.8/29: 178.33.1.8/29"],
  ["block-first", [{ ip: "146.59.143.231" }], '178.33.1.8/29: none of ["146.59.143.231"]'],
  ["kept-connection", said(ANSWER), "HTTP/1.1 200 OK / Content-Length: 10 / 1764300000"],
  [
    "order-routed",
    { accepted: { ...ROUTED, routedTo: null } },
    JSON.stringify({ ...ROUTED, routedTo: null }),
  ],
  [
    "order-routed",
    { accepted: { ...ROUTED, routedTo: { serviceName: "another" } } },
    JSON.stringify({ ...ROUTED, routedTo: { serviceName: "another" } }),
  ],
  ["order-routed", NOT_FOUND, JSON.stringify(NOT_FOUND)],
  ["group-lets-carp", TWO_MASTERS, "edge-a MASTER, edge-b MASTER"],
  ["group-lets-carp", DEAF, "edge-b is BACKUP and heard no advertisement"],
  ["reverse-dot", reverse({ accepted: { reverse: "edge.example.org" } }), '{"reverse":"edge.example.org"}'],
  ["reverse-dot", reverse(NOT_FOUND), JSON.stringify(NOT_FOUND)],
];

/** By assumption: answers that cannot tell, and why. */
export const FEATURE_UNTOLD: readonly (readonly [id: string, answer: unknown, reason: string])[] = [
  ["doas-rule", said("user 0\nenvironment none\nbare\n"), "a rule of doas.conf permits every command"],
  ["doas-refusal", said("status 0\n"), "a rule of doas.conf permits every command"],
  ["order-routed", FORBIDDEN, "the deployer's key lacks GET /ip/*"],
  ["reverse-dot", reverse(FORBIDDEN), "the deployer's key lacks GET /ip/*/reverse/*"],
];
