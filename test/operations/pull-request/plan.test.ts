import { describe, expect, it } from "vitest";
import { diagnosticsIn } from "../../../lib/operations/pull-request/messages.js";
import { readPlan, SENSITIVE, UNKNOWN } from "../../../lib/operations/pull-request/plan.js";
import { change, planOf } from "./made.js";

describe("a text that is no plan", () => {
  const hint = "hand in what terraform show -json PLAN prints";
  it.each([
    ["nothing", " \n", `the plan is empty; ${hint}`],
    ["a plan file", "PK\u0003\u0004tfplan", `the plan is no JSON; ${hint}, not the plan file itself`],
    [
      "what was cut off",
      '{"format_version": "1.2", "resource_ch',
      `the plan is no JSON; ${hint}, not the plan file itself`,
    ],
    ["null", "null", `the JSON is not that of a plan; ${hint}`],
    ["a list", "[]", `the JSON is not that of a plan; ${hint}`],
    [
      "a state",
      '{"format_version": "1.0", "values": {}}',
      `the JSON has no resource_changes, so it is that of a state and not of a plan; ${hint}`,
    ],
  ])("is refused: %s", (_, text, message) => expect(() => readPlan(text)).toThrow(new Error(message)));
});

describe("the attributes that change", () => {
  const attributes = (before: object, after: object, more = {}) =>
    planOf([change("x", "y", ["update"], before, after, more)]).resources[0]?.attributes;

  it.each<[string, object, object, object, unknown[]]>([
    ["a text", { a: "1", b: "2" }, { a: "1", b: "3" }, {}, [{ path: "b", before: "2", after: "3" }]],
    ["one that comes", {}, { a: { b: 1 } }, {}, [{ path: "a.b", before: undefined, after: 1 }]],
    ["one that goes", { a: 1 }, { a: null }, {}, [{ path: "a", before: 1, after: undefined }]],
    [
      "an item of a list",
      { a: [1, 2] },
      { a: [1, 3, 4] },
      {},
      [
        { path: "a.1", before: 2, after: 3 },
        { path: "a.2", before: undefined, after: 4 },
      ],
    ],
    [
      "one that is known later",
      { a: { b: 1 } },
      {},
      { after_unknown: { a: true } },
      [{ path: "a", before: { b: 1 }, after: UNKNOWN }],
    ],
    [
      "a secret",
      { a: "1" },
      { a: "2" },
      { before_sensitive: { a: true }, after_sensitive: { a: true } },
      [{ path: "a", before: SENSITIVE, after: SENSITIVE }],
    ],
    [
      "a secret that stays",
      { a: "1" },
      { a: "1" },
      { before_sensitive: { a: true }, after_sensitive: { a: true } },
      [],
    ],
    [
      "one that becomes a secret",
      { a: "1" },
      { a: "2" },
      { after_sensitive: { a: true } },
      [{ path: "a", before: SENSITIVE, after: SENSITIVE }],
    ],
    [
      "a secret that comes",
      {},
      { a: "2" },
      { after_sensitive: { a: true } },
      [{ path: "a", before: undefined, after: SENSITIVE }],
    ],
    [
      "a secret that is known later",
      { a: "1" },
      {},
      { after_unknown: { a: true }, after_sensitive: { a: true } },
      [{ path: "a", before: SENSITIVE, after: SENSITIVE }],
    ],
    [
      "a secret beside another",
      { a: { s: "1", t: "1" } },
      { a: { s: "2", t: "2" } },
      { after_sensitive: { a: { s: true } } },
      [
        { path: "a.s", before: SENSITIVE, after: SENSITIVE },
        { path: "a.t", before: "1", after: "2" },
      ],
    ],
  ])("are told of %s", (_, before, after, more, wanted) =>
    expect(attributes(before, after, more)).toEqual(wanted));

  it("are told of all resources but data, by what is done with them", () => {
    const actions = [
      ["no-op"],
      ["create"],
      ["update"],
      ["delete", "create"],
      ["create", "delete"],
      ["delete"],
      ["forget"],
    ];
    const plan = planOf([
      ...actions.map((one, index) => change("x", `y${index}`, one, {})),
      { ...change("x", "d", ["read"], {}), mode: "data" },
    ]);
    expect(plan.resources.map(({ action }) => action)).toEqual([
      "none",
      "create",
      "update",
      "replace",
      "replace",
      "destroy",
      "forget",
    ]);
  });
});

describe("Terraform's messages", () => {
  it("are its errors and warnings, and what is no JSON as one error", () => {
    const lines = [
      "npm error one",
      "npm error two",
      '{"type":"version"}',
      '{"type":"diagnostic","diagnostic":{"severity":"warning","summary":"W","detail":"d"}}',
      '{"type":"diagnostic","diagnostic":{"severity":"error","summary":"E","detail":"","address":"x.y"}}',
      "{cut off",
    ];
    expect(diagnosticsIn(lines.join("\n"))).toEqual([
      { severity: "error", summary: "npm error one\nnpm error two", detail: "" },
      { severity: "warning", summary: "W", detail: "d" },
      { severity: "error", summary: "E", detail: "", address: "x.y" },
      { severity: "error", summary: "{cut off", detail: "" },
    ]);
  });
});
