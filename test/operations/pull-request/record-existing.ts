// Records the plans of edges that exist already: npx tsx test/operations/pull-request/record-existing.ts
import type { ExistingEdge } from "../../../lib/config/edge.js";
import type { EdgeConfigInput } from "../../../lib/config/schema.js";
import { Playground } from "../../../lib/playground/playground.js";
import { exampleConfig } from "../../examples/example.js";
import { Recorder } from "./recorder.js";

const { ssh: _, ...config } = exampleConfig("adopt");
const playground = await Playground.create({ config, region: { speed: 4 } });
const recorder = new Recorder(playground);

const without = (one: EdgeConfigInput) => ({ ...one, edges: one.edges.slice(0, 2) });
const third = (change: (edge: ExistingEdge) => ExistingEdge) => (one: EdgeConfigInput) => ({
  ...one,
  edges: one.edges.map((edge, index) => (index === 2 ? change(edge as ExistingEdge) : edge)),
});

try {
  await playground.synth();
  await playground.terraform.init();
  await playground.terraform.apply(() => {});
  await recorder.record("left-edge", without);
  await recorder.record("retired-edge", (one) => ({ ...without(one), retired: ["edge-c"] }));
  await recorder.record(
    "renamed-existing",
    third((edge) => ({ ...edge, name: "edge-d" })),
  );
  await recorder.record("renamed-and-retired", (one) => ({
    ...third((edge) => ({ ...edge, name: "edge-d" }))(one),
    retired: ["edge-c"],
  }));
  await recorder.record(
    "exchanged-existing",
    third(({ existing, ...edge }) => {
      const instanceId = "0b1c2d3e-0001-4000-8000-00000000000d";
      return { ...edge, existing: { ...existing, instanceId, host: "54.36.10.14" } };
    }),
  );
  await recorder.record(
    "readdressed-existing",
    third(({ existing, ...edge }) => ({ ...edge, existing: { ...existing, host: "54.36.10.15" } })),
  );
  await recorder.record("destroy-existing", undefined, ["-destroy"]);
} finally {
  await playground.stop();
}
