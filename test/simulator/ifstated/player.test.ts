import { describe, expect, it } from "vitest";
import { playRecording, type Recording, type TraceEntry } from "../../../lib/simulator/ifstated/recording.js";

const UP = { vio0: "up", carp0: "up" } as const;
const S = 'state s {\n\tif vio0.link.up\n\t\trun "up"\n\tif vio0.link.down\n\t\trun "down"\n}\n';
const BEGIN: readonly TraceEntry[] = [
  { at: 0, log: "initial state: s" },
  { at: 0, state: "s" },
];
const STARTED: TraceEntry = { at: 0, log: "started" };

/** A recording of `S`, which is told from its entries after the start. */
const ofS = (after: readonly TraceEntry[], more: Partial<Recording> = {}): Recording => ({
  config: S,
  initialLinks: UP,
  trace: [...BEGIN, { at: 0, run: "up" }, STARTED, ...after],
  ...more,
});

describe("a recording", () => {
  it("needs no more than a file and what came of it", () => {
    expect(playRecording({ config: "", trace: [STARTED] })).toBeUndefined();
    expect(playRecording({ config: "", check: {} })).toBeUndefined();
    expect(playRecording({ config: "", check: { ok: true } })).toBeUndefined();
    expect(playRecording({ config: "nonsense\n", check: { ok: true } })).toBe(
      "-n ended with 1, recorded was 0",
    );
    const nothing = { initialLinks: null, testResults: null, actions: null, args: null, events: null };
    expect(playRecording({ config: "", ...nothing, check: null, trace: [STARTED] })).toBeUndefined();
  });

  it("without its end ends a second after the last that is in it", () => {
    const down = { at: 4000, run: "down" };
    const events = [{ at: 4000, link: "vio0", state: "down" }];
    expect(playRecording(ofS([down], { events }))).toBeUndefined();
    expect(playRecording(ofS([], { events }))).toBe(
      'entry 4: recorded nothing, got {"at":4000,"run":"down"}',
    );
  });

  it("tells nothing of what commands wrote and started", () => {
    const trace = [{ stderr: "sh: 1: up: not found" }, { at: 0, exec: "up" }];
    expect(playRecording(ofS(trace))).toBeUndefined();
  });

  it.each<[string, unknown, string]>([
    ["nothing", null, "it is no recording: it has no config"],
    ["another thing", { config: 5 }, "it is no recording: it has no config"],
    ["a file alone", { config: S }, "it has neither check nor trace"],
    [
      "an event that is unknown",
      ofS([], { events: [{ at: 5, moon: "full" }] }),
      'unknown event {"at":5,"moon":"full"}',
    ],
    [
      "a link state that is unknown",
      ofS([], { events: [{ at: 5, link: "vio0", state: "sideways" }] }),
      "unknown link state sideways",
    ],
    [
      "a link event without a state",
      ofS([], { events: [{ at: 5, arrive: "vio0" }] }),
      "unknown link state undefined",
    ],
  ])("of %s is told", (_, recording, message) => {
    expect(playRecording(recording as Recording)).toBe(message);
  });

  it("of a daemon that changes its state for ever is told, not played for ever", () => {
    const config =
      "state s {\n\tif vio0.link.up\n\t\tset-state t\n}\nstate t {\n\tif vio0.link.up\n\t\tset-state s\n}\n";
    expect(playRecording({ config, initialLinks: UP, trace: BEGIN, end: 1000 })).toBe(
      'entry 2: recorded nothing, got {"at":0,"state":"t"}',
    );
  });
});

describe("the daemon's arguments", () => {
  const config = 'if $if.link.up\n\trun "x"\n';
  const ran = [{ at: 0, run: "x" }, STARTED];

  it.each<[string, string[], TraceEntry[]]>([
    ["-D in two words", ["-D", "if=vio0"], ran],
    ["-D in one word", ["-Dif=vio0"], ran],
    ["-D behind other flags", ["-dvDif=vio0"], ran],
    ["the first of two definitions", ["-D", "if=vio0", "-D", "if=nosuch"], ran],
    ["-f with a file", ["-f", "CONF", "-D", "if=vio0"], ran],
    ["-i", ["-i", "-D", "if=vio0"], [STARTED]],
    ["a file named -i", ["-f", "-i", "-D", "if=vio0"], ran],
  ])("count: %s", (_, args, trace) => {
    expect(playRecording({ config, initialLinks: UP, args, trace })).toBeUndefined();
  });

  it("must be definitions behind -D", () => {
    const output = ["fatal in ifstated: could not parse macro definition if"];
    expect(
      playRecording({ config, args: ["-D", "if"], check: { ok: false, exit: 1, output } }),
    ).toBeUndefined();
  });
});

describe("the daemon's end", () => {
  const exit = { daemonExit: 1 };
  const gone = `init-state s\n${S}`;
  const events = [{ at: 2000, reload: "state t {\n\trun ':'\n}\n" }];

  it("is in the trace where the daemon ended", () => {
    const trace = [{ at: 2000, log: "reloading config" }, exit];
    expect(playRecording(ofS(trace, { config: gone, events }))).toBeUndefined();
    expect(playRecording(ofS(trace.slice(0, 1), { config: gone, events }))).toBe(
      'entry 5: recorded nothing, got {"daemonExit":true}',
    );
    expect(playRecording(ofS([exit]))).toBe('entry 4: recorded {"daemonExit":true}, got nothing');
  });

  it("has the same place where the order is free", () => {
    const trace = [{ at: 2000, log: "reloading config" }, exit];
    expect(playRecording(ofS(trace, { config: gone, events, agree: "1/2" }))).toBeUndefined();
  });
});

describe("commands", () => {
  it("take their time, also that of the next change of what they take", () => {
    const config = 'if vio0.link.down\n\trun "slow"\n';
    const recording = {
      config,
      initialLinks: UP,
      actions: { slow: [3, 2000] as const },
      runEnds: true,
      events: [
        { at: 1000, link: "vio0", state: "down" },
        { at: 2000, action: "slow", result: 0, takes: 5000 },
        { at: 4000, link: "vio0", state: "invalid" },
      ],
      trace: [
        STARTED,
        { at: 1000, run: "slow" },
        { at: 3000, runEnd: "slow", result: 3 },
        { at: 4000, run: "slow" },
        { at: 9000, runEnd: "slow", result: 0 },
      ],
    };
    expect(playRecording(recording)).toBeUndefined();
    const cut = { ...recording, trace: recording.trace.slice(0, 4), end: 8000 };
    expect(playRecording(cut)).toBeUndefined();
  });

  it("in the background are not waited for", () => {
    expect(
      playRecording({
        config: 'run "slow &"\nrun "x"\n',
        actions: { slow: [0, 2000] },
        trace: [
          { at: 0, run: "slow &" },
          { at: 0, run: "x" },
          { at: 0, runEnd: "x", result: 0 },
          STARTED,
          { at: 2000, runEnd: "slow", result: 0 },
        ],
      }),
    ).toBeUndefined();
  });

  it("that follow one that is cut off do not run, and the one that runs goes on", () => {
    const config = 'if "t1; t2" every 5\n\trun "x"\n';
    const begin = [
      { at: 0, testStart: "t1; t2" },
      { at: 0, testEnd: "t1", result: 0 },
      { at: 0, testEnd: "t2", result: 0 },
      { at: 0, run: "x" },
      STARTED,
      { at: 5000, testStart: "t1; t2" },
    ];
    const events = [{ at: 2000, test: "t1", result: 0, takes: 6000 }];
    const trace = [
      ...begin,
      { at: 10_000, killed: "t1; t2" },
      { at: 10_000, testStart: "t1; t2" },
      { at: 11_000, testEnd: "t1", result: 0 },
    ];
    expect(playRecording({ config, events, trace, end: 13_000 })).toBeUndefined();
  });
});
