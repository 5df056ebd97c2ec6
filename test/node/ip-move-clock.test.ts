import { describe, expect, it, vi } from "vitest";
import { IP, LOOK, POST, TIME, useBench } from "./bench.js";
import { ACCEPTED, arrived, claim as claimOn, POSTED, RESULT, refused } from "./claim.js";

vi.setConfig({ testTimeout: 20_000 });

const bench = useBench();
const claim = (flags?: string) => claimOn(bench, flags);

describe("a clock that differs from OVH's", () => {
  const hour = 3_600_000;
  const OFFSET = "/var/run/ip-move.offset";
  const says = (by: string) => `ip-move: clock differs from OVH's by ${by} s; run ntpd`;

  it.each([
    ["ahead", 1, /^3(599|600|601)\n$/],
    ["behind", -1, /^-3(599|600|601)\n$/],
  ])("an hour %s: a check asks OVH's time once and is answered", async (_, sign, remembered) => {
    await bench.reset({ clock: { now: () => Date.now() + sign * hour } });
    const first = await bench.run("ip-move check");
    expect(first).toMatchObject({ status: 6, stdout: `${IP} is routed to ${bench.other}\n` });
    expect(bench.requests()).toEqual([LOOK, TIME, LOOK]);
    const offset = bench.machine.sandbox.read(OFFSET) ?? "";
    expect(offset).toMatch(remembered);
    expect(first.stderr).toBe(`${says(offset.trim())}\n`);
    expect((await bench.run(`ls -l ${OFFSET}`)).stdout).toMatch(/^-rw------- /);
  });

  it("is remembered: the next run asks no time", async () => {
    await bench.reset({ clock: { now: () => Date.now() + hour } });
    await bench.run("ip-move check");
    await bench.become("MASTER");
    expect(await claim()).toMatchObject({ status: 0, said: [POSTED, ACCEPTED, arrived(1)] });
    expect(bench.requests()).toEqual([LOOK, TIME, LOOK, POST]);
  });

  it("makes a first claim refused, which was no POST, and the second one go", async () => {
    await bench.reset({ clock: { now: () => Date.now() + hour } });
    await bench.become("MASTER");
    expect(await claim()).toMatchObject({
      status: 7,
      said: [
        POSTED,
        expect.stringMatching(/^ip-move: clock differs from OVH's by \d+ s; run ntpd$/),
        refused("OVH refuses: HTTP 400: Query out of time"),
      ],
    });
    expect(bench.json(RESULT)).toMatchObject({ done: 1, refused: 1, status: 7 });
    expect(await claim()).toMatchObject({ status: 0 });
    expect(bench.requests()).toEqual([POST, TIME, POST]);
  });

  it("is learned anew when it was set right meanwhile", async () => {
    bench.machine.sandbox.write(OFFSET, "3600\n", 0o600);
    expect(await bench.run("ip-move check")).toMatchObject({ status: 6 });
    expect(bench.requests()).toEqual([LOOK, TIME, LOOK]);
    expect(bench.machine.sandbox.read(OFFSET)).toMatch(/^(0|-1|1)\n$/);
  });

  it.each(["", "soon\n", "99999999999999\n", "3600"])("that is remembered as %j is none", async (text) => {
    bench.machine.sandbox.write(OFFSET, text, 0o600);
    expect(await bench.run("ip-move check")).toMatchObject({ status: 6, stderr: "" });
    expect(bench.requests()).toEqual([LOOK]);
  });

  it("is asked for once only: a time that is refused still is an answer", async () => {
    bench.project.faults.fail("GET", "/failover", { status: 400, body: '{"message":"Query out of time"}' });
    expect(await bench.run("ip-move check")).toMatchObject({ status: 7 });
    expect(bench.requests()).toEqual([LOOK, TIME, LOOK]);
  });

  it("stays unknown where OVH does not tell its time", async () => {
    await bench.reset({ clock: { now: () => Date.now() + hour } });
    bench.project.faults.fail("GET", "/auth/time", { status: 500 });
    expect(await bench.run("ip-move check")).toMatchObject({
      status: 7,
      stderr: "ip-move: check: OVH refuses: HTTP 400: Query out of time\n",
    });
    expect(bench.requests()).toEqual([LOOK, TIME]);
    expect(bench.machine.sandbox.read(OFFSET)).toBeUndefined();
  });
});
