import { describe, expect, it } from "vitest";
import { parseIfstated } from "../../../lib/simulator/ifstated/parser.js";
import { compare, playRecording, type TraceEntry } from "../../../lib/simulator/ifstated/recording.js";
import { RECORDINGS, recording, type WholeRecording } from "./recordings.js";

const CHECKS = RECORDINGS.filter(({ check }) => check !== undefined);
const TRACES = RECORDINGS.filter(({ check }) => check === undefined);

describe("the daemon does what the real one did", () => {
  it.each(TRACES)("in $name: $note", (one) => {
    expect(playRecording(one)).toBeUndefined();
  });
});

describe("ifstated -n prints what the real one printed", () => {
  it.each(CHECKS)("in $name: $note", (one) => {
    expect(playRecording(one)).toBeUndefined();
    const { config, initialLinks, check, args } = one;
    const definitions = new Map(
      (args ?? []).flatMap((arg, index) => {
        const [name, value] = (args?.[index + 1] ?? "").split("=") as [string, string];
        return arg === "-D" ? [[name, value] as const] : [];
      }),
    );
    const { config: read } = parseIfstated(config, "CONF", (name) => name in initialLinks, { definitions });
    expect(read !== undefined).toBe(check?.ok);
    expect(check?.exit).toBe(check?.ok ? 0 : 1);
  });
});

describe("all recordings", () => {
  it("are here, some of each kind", () => {
    expect(RECORDINGS).toHaveLength(125);
    expect(CHECKS).toHaveLength(51);
  });
});

describe("a recording that is not what the daemon does is told apart", () => {
  /** The trace without what the daemon itself does not write. */
  const entries = ({ trace }: WholeRecording) => trace.filter((entry) => !("stderr" in entry));
  type Change = (trace: TraceEntry[], index: number) => TraceEntry[] | undefined;
  const changes: readonly (readonly [string, Change])[] = [
    ["leaves one entry out", (trace, index) => trace.toSpliced(index, 1)],
    ["tells one entry twice", (trace, index) => trace.toSpliced(index, 0, trace[index] as TraceEntry)],
    [
      "tells one entry a second later",
      (trace, index) => trace.with(index, { ...trace[index], at: (trace[index]?.at ?? 0) + 1000 }),
    ],
    [
      "tells two entries the other way round",
      (trace, index) => {
        const [one, two] = [trace[index], trace[index + 1]];
        if (two === undefined || JSON.stringify(one) === JSON.stringify(two)) return undefined;
        return trace.with(index, two).with(index + 1, one as TraceEntry);
      },
    ],
    [
      "has another command, state, message or status in one entry",
      (trace, index) =>
        trace.with(
          index,
          Object.fromEntries(
            Object.entries(trace[index] as TraceEntry).map(([key, value]) => [
              key,
              key === "at" ? value : typeof value === "number" ? value + 1 : `${value}?`,
            ]),
          ),
        ),
    ],
  ];

  it.each(changes)("when it %s, whichever", (_, change) => {
    const missed: string[] = [];
    let tried = 0;
    for (const one of TRACES) {
      const trace = entries(one);
      for (let index = 0; index < trace.length; index++) {
        const changed = change(trace, index);
        if (changed === undefined) continue;
        tried++;
        // A cut recording cannot tell what comes after its end.
        const cut = one.maxTrace !== undefined && changed.length < trace.length;
        const found = playRecording({ ...one, trace: changed });
        if (found === undefined && !cut) missed.push(`${one.name} entry ${index}`);
      }
    }
    expect(tried).toBeGreaterThan(500);
    expect(missed).toEqual([]);
  });

  it("when it has anything more at its end", () => {
    for (const one of TRACES) {
      const trace = [...entries(one), { at: one.end ?? 0, run: "more" }];
      expect(playRecording({ ...one, trace }), one.name).toBeDefined();
    }
  });

  it.each(CHECKS)("when -n printed something else in $name", (one) => {
    const { ok, exit, output } = one.check as NonNullable<WholeRecording["check"]>;
    const played = (changed: readonly string[]) =>
      playRecording({ ...one, check: { ok, exit, output: changed } });
    expect(played([...output, "more"])).toBeDefined();
    expect(played(output.slice(1))).toBeDefined();
    const moved = output.map((line) => line.replace(/:(\d+):/, (_, at) => `:${Number(at) + 1}:`));
    if (moved.join() !== output.join()) expect(played(moved)).toBeDefined();
  });

  it.each([
    ["another exit status of a test", "p03-ping-lost-and-back", { testResults: {} }],
    [
      "links that were another way",
      "a01-link-values",
      { initialLinks: { vio0: "down", vio1: "down", carp0: "down" } },
    ],
    ["events that did not happen", "p01-master-external-link-loss", { events: [] }],
    ["a shorter time", "p07-carp-flapping", { end: 1000 }],
  ] as const)("when its world was another: %s", (_, name, changes) => {
    const one = recording(name);
    const merged = { ...one, ...changes } as WholeRecording;
    if ("testResults" in changes) {
      const failing = Object.fromEntries(Object.keys(one.testResults).map((key) => [key, 77]));
      Object.assign(merged, { testResults: failing });
    }
    expect(playRecording(merged)).toMatch(/^entry \d+: recorded .*, got /);
  });
});

describe("two traces", () => {
  const a = { at: 0, run: "a" };
  const b = { at: 0, run: "b" };
  const later = { at: 1000, run: "c" };

  it.each<[string, TraceEntry[], TraceEntry[], string | undefined]>([
    ["are the same", [a, b, later], [a, b, later], "2/2"],
    [
      "are the same, whatever the order of an entry's fields",
      [{ at: 0, run: "a" }],
      [{ run: "a", at: 0 }],
      "2/2",
    ],
    ["are both empty", [], [], undefined],
    [
      "differ in the order within a second, where the recordings did too",
      [a, b, later],
      [b, a, later],
      "1/2",
    ],
  ])("agree when they %s", (_, expected, got, agree) => {
    expect(compare(expected, got, agree)).toBeUndefined();
  });

  it.each<[string, TraceEntry[], TraceEntry[], string | undefined, string]>([
    [
      "differ in the order within a second, where the recordings did not",
      [a, b],
      [b, a],
      "2/2",
      'entry 0: recorded {"at":0,"run":"a"}, got {"at":0,"run":"b"}',
    ],
    [
      "differ in the order and nothing is known of other recordings",
      [a, b],
      [b, a],
      undefined,
      'entry 0: recorded {"at":0,"run":"a"}, got {"at":0,"run":"b"}',
    ],
    [
      "differ in the order of seconds, although the recordings did not agree",
      [a, later],
      [
        { ...later, at: 0 },
        { ...a, at: 1000 },
      ],
      "1/2",
      'entry 0: recorded {"at":0,"run":"a"}, got {"at":0,"run":"c"}',
    ],
    [
      "differ in what happened in a second, although the recordings did not agree",
      [a, b],
      [b, b],
      "1/2",
      'entry 0: recorded {"at":0,"run":"a"}, got {"at":0,"run":"b"}',
    ],
    ["go on for longer on one side", [a], [a, b], "2/2", 'entry 1: recorded nothing, got {"at":0,"run":"b"}'],
    [
      "go on for longer on the other side",
      [a, later],
      [a],
      "1/3",
      'entry 1: recorded {"at":1000,"run":"c"}, got nothing',
    ],
    [
      "differ in a field",
      [{ at: 0, testEnd: "t", result: 1 }],
      [{ at: 0, testEnd: "t", result: 2 }],
      "2/2",
      'entry 0: recorded {"at":0,"result":1,"testEnd":"t"}, got {"at":0,"result":2,"testEnd":"t"}',
    ],
    [
      "differ in that one has a field more",
      [{ at: 0, testEnd: "t" }],
      [{ at: 0, testEnd: "t", result: 0 }],
      "2/2",
      'entry 0: recorded {"at":0,"testEnd":"t"}, got {"at":0,"result":0,"testEnd":"t"}',
    ],
  ])("do not agree when they %s", (_, expected, got, agree, difference) => {
    expect(compare(expected, got, agree)).toBe(difference);
  });
});
