import { describe, expect, it } from "vitest";
import { readPlan } from "../../../lib/operations/pull-request/plan.js";
import {
  POLICY,
  policyReport,
  type RuleName,
  ruleNames,
  violationsOf,
  violationText,
} from "../../../lib/operations/pull-request/policy.js";
import type { Json } from "../../constructs/synthesized.js";
import { change, planOf } from "./made.js";
import { RECORDED, recorded } from "./recorded.js";

const rules = (name: string, mutate: (plan: Json) => void = () => {}) => {
  const plan = recorded(name);
  mutate(plan);
  return violationsOf(readPlan(JSON.stringify(plan))).map(({ rule }) => rule);
};

describe("the policy on recorded plans", () => {
  const broken: Readonly<Record<string, RuleName[]>> = {
    "another-ip": ["ip-stays"],
    attachment: ["ip-stays"],
    "carp-network": ["carp-network-stays", "carp-network-stays"],
    destroy: [
      "one-edge-at-a-time",
      "holder-stays",
      "still-redundant",
      "ip-stays",
      "carp-network-stays",
      "carp-network-stays",
    ],
    "destroy-existing": ["ip-stays"],
    "exchanged-existing": ["nothing-left-behind"],
    flavors: ["one-edge-at-a-time", "holder-stays"],
    "left-edge": ["nothing-left-behind"],
    "renamed-and-retired": ["renamed-not-retired"],
    "replaced-holder": ["holder-stays"],
    zone: ["one-edge-at-a-time", "holder-stays"],
  };
  it.each(RECORDED)("finds what is wrong with %s, if anything", (name) =>
    expect(rules(name)).toEqual(broken[name] ?? []));
});

const DELIVER = (edge: string) => (one: Json) => one.address.includes(`_files-${edge}_deliver_`);

describe("the order of a deploy", () => {
  it("is wrong when the preferred edge does not wait for a backup", () => {
    const found = violationsOf(
      readPlan(
        JSON.stringify(
          changed("skew", (plan) => {
            const last = plan.configuration.root_module.resources.find(DELIVER("bi-edge-sbg-1"));
            last.depends_on = last.depends_on.filter((one: string) => !one.includes("bi-edge-sbg-2"));
          }),
        ),
      ),
    );
    expect(found.map(violationText)).toEqual([
      "null_resource.edge_files-bi-edge-sbg-1_deliver_659844B3: backup-before-master: the preferred edge is delivered after all others, and only if they succeeded, got no depends_on for null_resource.edge_files-bi-edge-sbg-2_deliver_93DD40AB; add it",
    ]);
  });

  it("is right when the preferred edge waits at one remove", () => {
    expect(
      rules("skew", (plan) => {
        const { resources } = plan.configuration.root_module;
        const [last, second, third] = ["1", "2", "3"].map((n) => resources.find(DELIVER(`bi-edge-sbg-${n}`)));
        last.depends_on = [second.address];
        second.depends_on = [third.address];
        third.depends_on = [second.address];
      }),
    ).toEqual([]);
  });

  it.each(["attach", "release"])("is wrong when the %s waits for none of them", (what) => {
    expect(
      rules("skew", (plan) => {
        const found = plan.configuration.root_module.resources.find(({ address }: Json) =>
          new RegExp(`_${what}_[0-9A-F]{8}$`).test(address),
        );
        delete found.depends_on;
      }),
    ).toEqual(["ip-after-delivery"]);
  });
});

function changed(name: string, mutate: (plan: Json) => void): Json {
  const plan = recorded(name);
  mutate(plan);
  return plan;
}

describe("two edges", () => {
  const edge = (name: string, actions: string[], after: Json = {}) =>
    change(
      "ovh_cloud_instance",
      `edge_${name}_instance_01234567`,
      actions,
      { id: name, flavor_id: "1" },
      { id: name, flavor_id: "1", ...after },
    );
  const at = (holder: string) =>
    change("ovh_cloud_project_failover_ip_attach", "edge_attach_01234567", ["no-op"], {
      ip: "192.0.2.1",
      routed_to: holder,
    });
  const found = (...resources: Json[]) => violationsOf(planOf(resources)).map(violationText);

  it.each<[string, Json[], string[]]>([
    [
      "a replacement of the one without the IP",
      [edge("a", ["no-op"]), edge("b", ["delete", "create"]), at("a")],
      [],
    ],
    [
      "a replacement of both",
      [edge("a", ["delete", "create"]), edge("b", ["create", "delete"]), at("")],
      [
        "ovh_cloud_instance.edge_a_instance_01234567, ovh_cloud_instance.edge_b_instance_01234567: one-edge-at-a-time: a plan may take one edge out of service at most, got a (replaced), b (replaced), which are all there are; do one edge in each plan, the backup first, by terraform plan -target",
      ],
    ],
    [
      "a replacement of the one with the IP",
      [edge("a", ["delete", "create"]), edge("b", ["no-op"]), at("a")],
      [
        "ovh_cloud_instance.edge_a_instance_01234567: holder-stays: the edge that holds the FailOver IP stays, got a, which holds 192.0.2.1 and is replaced; run edge-sync drain on it and plan again when another edge holds the IP",
      ],
    ],
    [
      "the end of one",
      [edge("a", ["no-op"]), edge("b", ["delete"]), at("a")],
      [
        "ovh_cloud_instance.edge_b_instance_01234567: still-redundant: two edges are left at least, got a; add an edge first, or allow it where the edge is to be given up",
      ],
    ],
    ["one for another", [edge("a", ["no-op"]), edge("b", ["delete"]), edge("c", ["create"]), at("a")], []],
    [
      "one that is forgotten while it holds the IP",
      [edge("a", ["no-op"]), edge("b", ["forget"]), edge("c", ["create"]), at("b")],
      [
        "ovh_cloud_instance.edge_b_instance_01234567: holder-stays: the edge that holds the FailOver IP stays, got b, which holds 192.0.2.1 and is forgotten; run edge-sync drain on it and plan again when another edge holds the IP",
        "ovh_cloud_instance.edge_b_instance_01234567: nothing-forgotten: an edge's instance is destroyed or kept, but not forgotten, as it would go on taking part in elections, got one that is forgotten; take the removed block out, or let it destroy",
      ],
    ],
    ["a new size for one", [edge("a", ["no-op"]), edge("b", ["update"], { flavor_id: "2" })], []],
    [
      "a new size for the one that holds the IP",
      [edge("a", ["update"], { flavor_id: "2" }), edge("b", ["no-op"]), at("a")],
      [
        "ovh_cloud_instance.edge_a_instance_01234567: holder-stays: the edge that holds the FailOver IP stays, got a, which holds 192.0.2.1 and is resized; run edge-sync drain on it and plan again when another edge holds the IP",
      ],
    ],
    ["new names for both", [edge("a", ["update"], { name: "x" }), edge("b", ["update"], { name: "y" })], []],
    [
      "a new size for one and a replacement of the other",
      [edge("a", ["delete", "create"]), edge("b", ["update"], { flavor_id: "2" })],
      [
        "ovh_cloud_instance.edge_a_instance_01234567, ovh_cloud_instance.edge_b_instance_01234567: one-edge-at-a-time: a plan may take one edge out of service at most, got a (replaced), b (resized), which are all there are; do one edge in each plan, the backup first, by terraform plan -target",
      ],
    ],
    ["a first deploy", [edge("a", ["create"]), edge("b", ["create"])], []],
    ["a first deploy that goes on", [edge("a", ["create"]), edge("b", ["no-op"])], []],
  ])("are judged by %s", (_, resources, messages) => expect(found(...resources)).toEqual(messages));
});

describe("an edge that is taken out", () => {
  const REMOVAL = "edge_files-c_removal_01234567";
  const at = (host: string) => ({ input: { host, port: "22" } });
  const removal = (actions: string[], before: Json, after: Json = before) =>
    change("terraform_data", REMOVAL, actions, before, after);
  const gone = removal(["delete"], at("192.0.2.3"));
  const moved = removal(["update"], at("192.0.2.3"), at("192.0.2.9"));
  const instance = (actions: string[]) =>
    change("ovh_cloud_instance", "edge_c_instance_01234567", actions, { id: "c" });
  const released = (before: string, after: string) =>
    change(
      "null_resource",
      "edge_release_01234567",
      ["delete", "create"],
      { triggers: { instances: before } },
      { triggers: { instances: after } },
    );
  const wrong = (got: string, next: string) => [
    `terraform_data.${REMOVAL}: nothing-left-behind: an edge that is taken out is cleaned where its instance stays, as it would go on taking part in elections, got ${got}; ${next}`,
  ];
  const left = wrong(
    "c, which is not in retired",
    "add its name to retired, or run edge-install remove on it and allow it",
  );
  const exchanged = wrong(
    "c, whose name another instance gets",
    "give that one a name of its own and add this one to retired, or run edge-install remove on it and allow it",
  );
  const output = (after: Json) => ({ output_changes: { retired: { actions: ["create"], after } } });
  const written = (address: string) => ({ configuration: { root_module: { resources: [{ address }] } } });

  it.each<[string, Json[], string[], Json?]>([
    ["without a word", [gone], left],
    ["as retired", [gone], [], output(`terraform_data.${REMOVAL}`)],
    ["beside another that is retired", [gone], left, output("terraform_data.edge_files-d_removal_01234567")],
    ["beside an output that only Terraform will know", [gone], left, output(undefined)],
    ["with all of the stack, by its own provisioner", [gone], [], written(`terraform_data.${REMOVAL}`)],
    ["with its instance", [gone, instance(["delete"])], []],
    ["after somebody deleted its instance", [gone], [], { resource_drift: [instance(["delete"])] }],
    [
      "and comes back under another name",
      [gone, change("terraform_data", "edge_files-d_removal_01234567", ["create"], null, at("192.0.2.3"))],
      [],
    ],
    [
      "as retired, and comes back under another name",
      [gone, change("terraform_data", "edge_files-d_removal_01234567", ["create"], null, at("192.0.2.3"))],
      [
        `terraform_data.${REMOVAL}: renamed-not-retired: an edge that only gets another name is not cleaned, as what it gets by that may go too, got c, which is in retired; take its name out of retired`,
      ],
      output(`terraform_data.${REMOVAL}`),
    ],
    ["for an instance that is created under its name", [moved, instance(["create"])], exchanged],
    ["for another instance under its name", [moved, released("a c", "a d")], exchanged],
    ["not at all, but reached at another address", [moved, released("a c", "a c")], []],
    ["not at all, but replaced", [moved, instance(["delete", "create"])], []],
    [
      "not at all, but made anew after somebody deleted it",
      [moved, instance(["create"])],
      [],
      { resource_drift: [instance(["delete"])] },
    ],
    [
      "not at all, while another one's instance is replaced",
      [
        moved,
        change("ovh_cloud_instance", "edge_b_instance_01234567", ["delete", "create"], { id: "b" }),
        released("b c", "d c"),
      ],
      [],
    ],
  ])("%s is judged by what becomes of it", (_, resources, messages, more) => {
    const found = violationsOf(planOf(resources, more)).filter(({ rule }) =>
      ["nothing-left-behind", "renamed-not-retired"].includes(rule),
    );
    expect(found.map(violationText)).toEqual(messages);
  });
});

describe("a rule that is allowed to be broken", () => {
  const plan = () => readPlan(JSON.stringify(recorded("zone")));

  it("is told of, and the others still hold", () => {
    const violations = violationsOf(plan(), ["one-edge-at-a-time"]);
    expect(violations.map(({ rule, allowed }) => [rule, allowed])).toEqual([
      ["one-edge-at-a-time", true],
      ["holder-stays", false],
    ]);
    expect(policyReport(violations, ["one-edge-at-a-time", "ip-stays"])).toMatch(
      /by terraform plan -target \(allowed\)\n.*holds the IP\n--allow ip-stays was not needed\nthe plan breaks the policy in 1 place; --allow RULE lets one pass\n$/,
    );
  });

  it("is named by one of the rules' names", () => {
    expect(() => ruleNames(["one-edge-at-a-tme", "ip-stays", "xyz"])).toThrow(
      new Error(
        `--allow must be a rule, got "one-edge-at-a-tme"; did you mean one-edge-at-a-time?\n--allow must be a rule, got "xyz"; it is one of ${Object.keys(POLICY).join(", ")}`,
      ),
    );
  });
});

describe("a plan that is not complete", () => {
  it.each([{ errored: true }, { complete: false }])("is not judged: %j", (more) =>
    expect(() => violationsOf(planOf([], more))).toThrow(
      "the plan is not complete, so nothing can be said of it; mend what terraform plan reports",
    ));
});
