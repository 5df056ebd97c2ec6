import { describe, expect, it, vi } from "vitest";
import { FAILOVER, HASTE, IP, LOOK, POST, SECRETS, useBench } from "./bench.js";

vi.setConfig({ testTimeout: 20_000 });

const bench = useBench();

describe("ip-move claim", () => {
  it("brings the IP here: one POST, then a look", async () => {
    await bench.become("MASTER");
    const { status, stdout, stderr } = await bench.run("ip-move claim");
    expect({ status, stdout, stderr }).toMatchInlineSnapshot(`
      {
        "status": 0,
        "stderr": "ip-move: claim phase=post ms=406
      ip-move: claim phase=accepted ms=1091
      ip-move: claim phase=here ip=146.59.143.231 requests=1 ms=1100
      ",
        "stdout": "",
      }
    `);
    await expect.poll(() => bench.requests()).toEqual([POST]);
    expect(bench.routedTo()).toBe(bench.here);
  });
});
