import { describe, expect, it } from "vitest";
import { effectsOf } from "../../../lib/operations/pull-request/effects.js";
import { violationsOf, violationText } from "../../../lib/operations/pull-request/policy.js";
import type { Json } from "../../constructs/synthesized.js";
import { change, planOf } from "./made.js";

const CREATE = ["create"];
const DESTROY = ["delete"];
const REPLACE = ["delete", "create"];
const UPDATE = ["update"];

const service = (actions: string[]) =>
  change("ovh_ip_service", "edge_service_01234567", actions, { ip: "192.0.2.7/32" });
const move = (actions: string[]) =>
  change("ovh_ip_move", "edge_move_01234567", actions, { ip: "192.0.2.7/32" });
const vrack = (actions: string[]) =>
  change("ovh_vrack_cloudproject", "edge_vrack_01234567", actions, { service_name: "pn-12345" });
const group = (actions: string[]) =>
  change(
    "ovh_cloud_security_group",
    "edge_group_01234567",
    actions,
    { name: "edges" },
    { name: "edges", x: 1 },
  );
const record = (actions: string[]) =>
  change("ovh_domain_zone_record", "dns", actions, { zone: "example.org", subdomain: "edge" });
const reverse = (actions: string[]) =>
  change("ovh_ip_reverse", "reverse", actions, { reverse: "edge.example.org." });

describe("what a plan does around the edges", () => {
  it.each<[string, Json, string, string]>([
    [
      "an order",
      service(CREATE),
      "danger",
      "**A FailOver IP is ordered**: it is paid by the account's default payment method, and OVH bills it each month.",
    ],
    [
      "an order's end",
      service(DESTROY),
      "danger",
      "**The service of FailOver IP `192.0.2.7/32` is terminated**: the address is given away for good.",
    ],
    [
      "another order",
      service(REPLACE),
      "danger",
      "**Another FailOver IP is ordered**, which costs money, and the service of `192.0.2.7/32` is terminated: its address is given away for good.",
    ],
    [
      "an order that is forgotten",
      service(["forget"]),
      "danger",
      "**The ordered FailOver IP `192.0.2.7/32` is forgotten**: OVH goes on billing it, and nothing here manages it.",
    ],
    ["a move", move(CREATE), "change", "The FailOver IP that is ordered goes to the project."],
    [
      "a move's end",
      move(DESTROY),
      "danger",
      "**The ordered FailOver IP leaves the project**: no edge can have it meanwhile.",
    ],
    ["a vRack", vrack(CREATE), "change", "The project is put into vRack `pn-12345`."],
    [
      "a vRack's end",
      vrack(DESTROY),
      "danger",
      "**The project leaves vRack `pn-12345`**: its private networks need one.",
    ],
    [
      "a rule",
      group(UPDATE),
      "change",
      "Security group `edges` is changed in place; the edges are not touched by that.",
    ],
    [
      "a security group's end",
      group(DESTROY),
      "danger",
      "**Security group `edges` is destroyed**, on every interface of the edges.",
    ],
    ["a record", record(CREATE), "change", "The DNS record `edge` of `example.org` is made."],
    ["a reverse", reverse(REPLACE), "change", "The reverse `edge.example.org.` is replaced."],
  ])("tells of %s", (_, one, kind, text) => {
    expect(effectsOf(planOf([one]))).toEqual([{ kind, text }]);
  });
});

describe("the policy", () => {
  const found = (...resources: Json[]) => violationsOf(planOf(resources)).map(violationText);

  it.each([
    ["destroyed", DESTROY],
    ["replaced", REPLACE],
    ["forgotten", ["forget"]],
  ])("refuses an order that is %s, and its move, as it does for the IP's attachment", (done, actions) => {
    const rule =
      "ordered-ip-stays: a FailOver IP that was ordered stays in its project, as its address is given away for good with it";
    const rest = `got one that is ${done}; undo what asks for it, or allow it where the address is to be given up`;
    expect(found(service(actions), move(actions))).toEqual([
      `ovh_ip_service.edge_service_01234567: ${rule}, ${rest}`,
      `ovh_ip_move.edge_move_01234567: ${rule}, ${rest}`,
    ]);
  });

  it("refuses that the project leaves its vRack", () => {
    expect(found(vrack(DESTROY))).toEqual([
      "ovh_vrack_cloudproject.edge_vrack_01234567: carp-network-stays: the CARP network, its subnet and its vRack stay, as edges that do not hear each other are all MASTER, got one that is destroyed; undo what asks for it, or hold the edges meanwhile and allow it",
    ]);
  });

  it("allows an order, a rule, a name", () => {
    expect(found(service(CREATE), move(CREATE), vrack(CREATE), group(UPDATE), record(UPDATE))).toEqual([]);
  });
});
