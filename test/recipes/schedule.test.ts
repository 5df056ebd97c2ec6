import { readFileSync } from "node:fs";
import { type FaultName, matchers, startVirtualWorld } from "cdktf-ovh-edge/testing";
import fc from "fast-check";
import { expect, it } from "vitest";

expect.extend(matchers);

const config = JSON.parse(readFileSync("edge.config.example.json", "utf8"));
const edge = fc.constantFrom("bi-edge-sbg-1", "bi-edge-sbg-2");
const cable = fc.constantFrom("vio0", "vio1", "vio2");

/** A fault and what mends it. */
type Trouble = readonly [fault: FaultName, mend: FaultName, args: string[]];
const trouble: fc.Arbitrary<Trouble> = fc.oneof(
  edge.map((name): Trouble => ["power-off", "power-on", [name]]),
  fc.tuple(edge, cable).map((port): Trouble => ["cut", "mend", port]),
  edge.map((name): Trouble => ["silence", "unsilence", [name]]),
  fc.constant<Trouble>(["api-down", "api-up", []]),
);

it("comes to rest after any fault that is mended, whenever that is", async () => {
  const story = fc.record({ trouble, seconds: fc.integer({ min: 1, max: 300 }), seed: fc.nat() });
  await fc.assert(
    fc.asyncProperty(story, async ({ trouble: [fault, mend, args], seconds, seed }) => {
      await using world = await startVirtualWorld({ config, seed });
      const make = (name: FaultName) => world.fault(name, ...(args as [string, string]));
      await make(fault);
      await world.pass(seconds);
      await make(mend);
      await world.eventually(() => expect(world).toBeAtRest(), { within: 300 });
      expect(world).toAnswer();
    }),
    { numRuns: 25 },
  );
});
