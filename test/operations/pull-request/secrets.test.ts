import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { comment } from "../../../lib/operations/pull-request/comment.js";
import { effectsOf } from "../../../lib/operations/pull-request/effects.js";
import { readPlan } from "../../../lib/operations/pull-request/plan.js";
import { policyReport, violationsOf } from "../../../lib/operations/pull-request/policy.js";
import type { Json } from "../../constructs/synthesized.js";
import { exitCodeOf, RECORDED, recorded } from "./recorded.js";

let count = 0;
/** A text that is nothing else's, in a spelling that JSON, Markdown or HTML would change. */
const secret = () => `zq"\`<${(count++).toString(36).padStart(4, "0")}>\\\n@zq`;
const CORE = /zq[^@]*?([0-9a-z]{4})[^@]*@zq/;

/** Puts secrets in place of what is sensitive, by Terraform's marks. */
function planted(value: Json, sensitive: Json): Json {
  if (sensitive === true) {
    if (Array.isArray(value)) return value.map((one) => planted(one, true));
    if (typeof value === "object" && value !== null) {
      return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, planted(one, true)]));
    }
    return secret();
  }
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries<Json>(value).map(([key, one]) => [key, planted(one, sensitive?.[key])]);
  return Array.isArray(value) ? entries.map(([, one]) => one) : Object.fromEntries(entries);
}

/** Everything that anyone is shown of a plan. */
function shown(plan: Json, exitCode: 0 | 2): string {
  const read = readPlan(JSON.stringify(plan));
  const violations = violationsOf(read);
  return [
    comment({ stack: "edge", exitCode, plan: read, violations }),
    policyReport(violations, []),
    JSON.stringify({ effects: effectsOf(read), violations }),
    JSON.stringify(read, (_, one) => (typeof one === "symbol" ? one.description : one)),
  ].join("\n");
}

const flag = (marks: Json, path: readonly string[]): Json =>
  path.length === 0
    ? true
    : {
        ...(typeof marks === "object" ? marks : {}),
        [path[0] as string]: flag(marks?.[path[0] as string], path.slice(1)),
      };

const values = fc.letrec<{ value: Json; tree: Json }>((tie) => ({
  value: fc.oneof(
    { depthSize: "small" },
    fc.string(),
    fc.integer(),
    fc.boolean(),
    fc.constant(null),
    tie("tree"),
  ),
  tree: fc.oneof(
    fc.dictionary(
      fc.string({ minLength: 1, maxLength: 5 }).filter((key) => key !== "__proto__"),
      tie("value"),
      { maxKeys: 4 },
    ),
    fc.array(tie("value"), { maxLength: 3 }),
  ),
})).value;

/** Marks for a value: `true` somewhere in it, or nowhere. */
const marksFor = (value: Json): fc.Arbitrary<Json> => {
  if (typeof value !== "object" || value === null) return fc.constantFrom(true, false);
  const parts = fc.tuple(...Object.values(value).map(marksFor));
  const inner = parts.map((all) =>
    Array.isArray(value)
      ? all
      : Object.fromEntries(Object.keys(value).map((key, index) => [key, all[index]])),
  );
  return fc.oneof({ weight: 1, arbitrary: fc.constant(true) }, { weight: 4, arbitrary: inner });
};

describe("what is sensitive in a plan", () => {
  it("is nowhere in what is shown, whatever it is part of", () => {
    const marked = values.chain((value) => marksFor(value).map((marks) => ({ value, marks })));
    fc.assert(
      fc.property(
        marked,
        marked,
        marked,
        fc.constantFrom(["update"], ["create"], ["delete", "create"], ["delete"]),
        (before, after, unknown, actions) => {
          const plan = {
            format_version: "1.2",
            resource_changes: [
              {
                address: "null_resource.edge_files-a_deliver_01234567",
                mode: "managed",
                type: "null_resource",
                name: "edge_files-a_deliver_01234567",
                change: {
                  actions,
                  before: { triggers: planted(before.value, before.marks) },
                  after: { triggers: planted(after.value, after.marks) },
                  after_unknown: { triggers: unknown.marks },
                  before_sensitive: { triggers: before.marks },
                  after_sensitive: { triggers: after.marks },
                },
              },
            ],
          };
          expect(shown(plan, 2)).not.toMatch(CORE);
        },
      ),
      { numRuns: 1000 },
    );
  });

  it("would be found by this test where it is not marked", () => {
    const change = {
      actions: ["update"],
      before: { triggers: { a: "" } },
      after: { triggers: { a: secret() } },
    };
    const resource = { address: "x.y", mode: "managed", type: "x", name: "y", change };
    expect(shown({ format_version: "1.2", resource_changes: [resource] }, 2)).toMatch(CORE);
  });

  it.each(RECORDED)("is nowhere in what is shown of %s, for each attribute that could be", (name) => {
    const plan = recorded(name);
    for (const { change } of plan.resource_changes) {
      for (const key of Object.keys(change.after ?? change.before)) {
        // The names of edges and where the IP is are no secrets, and say which rule is broken.
        if (["id", "name", "ip", "routed_to"].includes(key)) continue;
        const marked = structuredClone(plan);
        const one = marked.resource_changes.find(
          (other: Json) => JSON.stringify(other.change) === JSON.stringify(change),
        );
        for (const side of ["before", "after"]) {
          const marks = `${side}_sensitive`;
          one.change[marks] = flag(one.change[marks], [key]);
          one.change[side] = one.change[side] && planted(one.change[side], { [key]: true });
        }
        expect(shown(marked, exitCodeOf(name)), key).not.toMatch(CORE);
      }
    }
  });

  it("leaves a plan's variables and states unread", () => {
    const plan = {
      ...recorded("password"),
      variables: { carp_password: { value: secret() } },
      planned_values: { outputs: { x: { value: secret() } } },
      prior_state: { values: { outputs: { x: { value: secret() } } } },
    };
    expect(shown(plan, 2)).not.toMatch(CORE);
  });

  it("is not in the message about what is no plan", () => {
    for (const text of [
      `${secret()} {`,
      `{"variables": "${"zq0000@zq"}", `,
      `{"variables": {"x": {"value": "zq0000@zq"}}}`,
    ]) {
      expect(() => readPlan(text)).toThrow(/^(?!.*zq)/s);
    }
  });
});
