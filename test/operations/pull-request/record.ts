// Records the plans in test/fixtures/plans: npx tsx test/operations/pull-request/record.ts
import type { CreatedEdge } from "../../../lib/config/edge.js";
import type { EdgeConfigInput } from "../../../lib/config/schema.js";
import { Playground } from "../../../lib/playground/playground.js";
import { example } from "../../config/example.js";
import { Recorder } from "./recorder.js";

const config = example() as EdgeConfigInput;
const [first, second] = config.edges as [CreatedEdge, CreatedEdge];
const three = {
  ...config,
  edges: [first, second, { ...second, name: "bi-edge-sbg-3", internalAddress: "10.10.0.13" }],
};
const playground = await Playground.create({ config: three, region: { speed: 4 } });
const recorder = new Recorder(playground);
const record = recorder.record.bind(recorder);

const address = (type: string, name: string) => async () => {
  const { stdout } = await recorder.terraform("state", "list");
  return stdout.split("\n").find((line) => line.startsWith(`${type}.`) && line.includes(name)) as string;
};
const instance = (name: string) => address("ovh_cloud_instance", `_${name}_`)();
const edge = (index: number, change: object) => (one: EdgeConfigInput) => ({
  ...one,
  edges: one.edges.map((each, at) => (at === index ? { ...each, ...change } : each)),
});

const { project } = playground.region;

try {
  await record("first-deploy");
  await playground.terraform.apply(() => {});
  await record("no-changes");
  await record("skew", edge(1, { advskew: 60 }));
  await record("preempt-and-probe", (one) => ({
    ...one,
    carp: { ...one.carp, preempt: true },
    probe: { ...one.probe, targets: ["9.9.9.9"] },
  }));
  const { carpPassword } = playground;
  playground.carpPassword = "another-password_2";
  await record("password");
  playground.carpPassword = carpPassword;
  await record("flavor", edge(1, { flavor: "b3-16" }));
  await record("flavors", (one) => ({
    ...one,
    edges: (one.edges as CreatedEdge[]).map((each) => ({ ...each, flavor: "b3-16" })),
  }));
  await record("replaced-backup", undefined, [`-replace=${await instance("bi-edge-sbg-2")}`]);
  await record("replaced-holder", undefined, [`-replace=${await instance("bi-edge-sbg-1")}`]);
  await record("zone", (one) => ({ ...one, availabilityZone: "eu-west-sbg-b" }));
  await record("removed-edge", (one) => ({ ...one, edges: one.edges.slice(0, 2) }));
  await record("renamed-edge", edge(2, { name: "bi-edge-sbg-4" }));
  await record("carp-network", (one) => ({
    ...one,
    carpNetwork: { ...one.carpNetwork, vlanId: 26 } as never,
  }));
  await record("attachment", undefined, [
    `-replace=${await address("ovh_cloud_project_failover_ip_attach", "attach")()}`,
  ]);
  await record("no-such-ip", (one) => ({ ...one, failoverIp: { address: "146.59.143.232" } }));
  project.failoverIps.add("5d9b1f7e-0000-4000-8000-000000000002", "146.59.143.232");
  await record("another-ip", (one) => ({ ...one, failoverIp: { address: "146.59.143.232" } }));
  await record("destroy", undefined, ["-destroy"]);
  const lost = project.instances.instances
    .list()
    .find(({ currentState }) => currentState?.name === "bi-edge-sbg-3");
  project.instances.instances.delete(lost?.id as string);
  project.settle();
  await record("lost-edge");
} finally {
  await playground.stop();
}
