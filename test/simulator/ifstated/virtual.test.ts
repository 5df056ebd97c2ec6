import { describe, expect, it } from "vitest";
import { playRecording } from "../../../lib/simulator/ifstated/recording.js";
import { VIRTUAL_RECORDINGS } from "./recordings.js";

const CHECKS = VIRTUAL_RECORDINGS.filter(({ check }) => check);
const TRACES = VIRTUAL_RECORDINGS.filter(({ check }) => !check);

describe("ifstated -n prints what the daemon's parser prints", () => {
  it.each(CHECKS)("in $name: $note", (one) => {
    expect(playRecording(one)).toBeUndefined();
    expect(playRecording({ ...one, check: { ...one.check, exit: one.check?.ok ? 1 : 0 } })).toMatch(
      /^-n ended with [01], recorded was [01]$/,
    );
  });
});

describe("the daemon does in virtual time what its machine does", () => {
  it.each(TRACES)("in $name: $note", (one) => {
    expect(playRecording(one)).toBeUndefined();
    const trace = one.trace.filter((entry) => !("stderr" in entry));
    for (let index = 0; index < trace.length; index++) {
      expect(playRecording({ ...one, trace: trace.toSpliced(index, 1) })).toMatch(/^entry \d+: recorded /);
    }
  });
});

describe("recordings in virtual time", () => {
  it("are here, of both kinds", () => {
    expect([CHECKS.length, TRACES.length]).toEqual([28, 25]);
  });
});
