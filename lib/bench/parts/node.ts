import { existsSync } from "node:fs";
import type { EdgeConfig } from "../../config/schema.js";
import type { Measurement, PartResult } from "../figures.js";
import { LoneEdge } from "../lone-edge.js";
import { alone, beside, type Measuring, medianOf } from "../measure.js";
import type { Chapter } from "../report.js";
import { exitStatus, type Run } from "../runner.js";
import { rounded } from "../statistics.js";

export const NODE: Chapter = {
  title: "On the node",
  how: [
    "edge-sync(8) and what it starts, on one simulated edge that is MASTER and healthy, with the programs and files of a deploy. " +
      "A *pass* follows a link change; a *poll* comes every 10 s and starts the probe and, every 30 s, a look at OVH. Both run beside `perl -e 1`. " +
      "Processor time is what the kernel accounts to the process itself, and for a poll to everything that came of it.",
    "ifconfig(8), ping(8) and nc(1) are small Perl programs here that ask the simulated kernel, where OpenBSD has programs in C: " +
      "what a whole poll takes is more than on a real edge by what they take.",
  ],
  plot: { title: "Processor time", x: "", y: "milliseconds of a processor" },
};

const PERL = "/usr/bin/perl";
const SYNC = [PERL, "/usr/local/sbin/edge-sync"] as const;
/** Where the sandbox has the host's programs, and the host too. */
const [STRACE, HOST_STRACE, TRACE] = ["/simulator/host/strace", "/usr/bin/strace", "/tmp/trace"];
/** Polls in one run, as their time is told in hundredths of a second. */
const POLLS = 6;
const POLL_SECONDS = 10;
/** The pings of a probe wait for each other; that takes no processor. */
const SPEED = 20;

/** Measures what an edge takes of its machine. */
export async function measureNode(config: EdgeConfig, options: Measuring): Promise<PartResult<"node">> {
  const edge = await LoneEdge.start(config, SPEED);
  try {
    return await new NodeBench(edge, options).measure();
  } finally {
    await edge.stop();
  }
}

class NodeBench {
  private readonly measurements: Measurement[] = [];
  private readonly notes: string[] = [];

  constructor(
    private readonly edge: LoneEdge,
    private readonly options: Measuring,
  ) {}

  async measure(): Promise<PartResult<"node">> {
    const { edge, measurements } = this;
    edge.reset();
    edge.project.failoverIps.place(edge.ipId, edge.here);
    this.options.step("first poll");
    await this.good(await edge.runner.run(...SYNC, "poll"));
    await edge.quiet();
    await this.good(await edge.runner.run(...SYNC, "pass"));
    await edge.quiet();
    const before = edge.bytesIn("/var/run");
    const pass = await this.passes();
    const poll = await this.polls();
    const passSyscalls = await this.syscalls();
    const growth = edge.bytesIn("/var/run") - before;
    measurements.push(
      alone({ id: "node-var-run", what: "growth of /var/run over all of these", unit: "bytes" }, [growth]),
    );
    const share = poll.cpu === null ? null : rounded(poll.cpu / (1000 * POLL_SECONDS));
    return {
      idleShare: share,
      passCpuMs: pass.cpu,
      passMemoryKb: pass.memory,
      passSyscalls,
      processesPerPass: pass.processes,
      processesPerPoll: poll.processes,
      varRunGrowthBytes: growth,
      measurements,
      goals:
        share === null
          ? []
          : [
              {
                what: "of one core, an idle edge with one poll in 10 s",
                unit: "of a core",
                limit: 0.01,
                got: share,
              },
            ],
      notes: this.notes,
    };
  }

  /** A pass that finds nothing to do, beside Perl alone. */
  private async passes() {
    const { edge, options, measurements } = this;
    options.step("passes");
    const [passes, bare, shims]: Run[][] = [[], [], []];
    const started: number[] = [];
    for (let run = 0; run < options.runs; run++) {
      edge.started.clear();
      passes?.push(await this.good(await edge.runner.run(...SYNC, "pass")));
      await edge.quiet();
      started.push(this.commands());
      bare?.push(await edge.runner.run(PERL, "-e", "1"));
      shims?.push(await this.good(await edge.runner.run("/sbin/ifconfig", "carp0")));
    }
    const all = (runs: Run[] | undefined, what: "cpu" | "cpuOfAll" | "memory") =>
      (runs ?? []).flatMap((run) => run[what] ?? []);
    const unit = "ms of a processor";
    const [cpu, none] = [all(passes, "cpu"), all(bare, "cpu")];
    if (cpu.length > 0) {
      measurements.push(
        beside(
          {
            id: "node-pass-cpu",
            what: "a pass, edge-sync itself",
            unit,
            plot: { series: "edge-sync", x: "a pass" },
          },
          cpu,
          "perl -e 1",
          none,
        ),
        beside(
          { id: "node-pass-cpu-all", what: "a pass with the commands that it starts", unit },
          all(passes, "cpuOfAll"),
          "one ifconfig(8), as it is here",
          all(shims, "cpu"),
        ),
      );
    } else this.notes.push("The kernel does not tell the processor time of a process that has ended.");
    const memory = all(passes, "memory");
    if (memory.length > 0) {
      measurements.push(
        beside(
          { id: "node-pass-memory", what: "a pass, most memory", unit: "KB" },
          memory,
          "perl -e 1",
          all(bare, "memory"),
        ),
      );
    }
    measurements.push(
      alone(
        { id: "node-pass-wall", what: "a pass, from start to end", unit: "ms" },
        (passes ?? []).map(({ started: from, ended }) => ended - from),
      ),
      alone({ id: "node-pass-processes", what: "commands that a pass starts", unit: "processes" }, started),
    );
    return {
      cpu: cpu.length > 0 ? medianOf(measurements, "node-pass-cpu") : null,
      memory: memory.length > 0 ? medianOf(measurements, "node-pass-memory") : null,
      processes: medianOf(measurements, "node-pass-processes"),
    };
  }

  /** Polls, with the probe and the looks at OVH that come of them. */
  private async polls() {
    const { edge, options, measurements } = this;
    const [cpu, started, pings]: [number[], number[], number[]] = [[], [], []];
    for (let run = 1; run <= options.runs; run++) {
      options.step(`polls, ${run} of ${options.runs}`);
      edge.started.clear();
      const before = edge.usedByAll();
      for (let poll = 0; poll < POLLS; poll++) {
        await this.good(await edge.runner.run(...SYNC, "poll"));
        await edge.quiet();
        // As if they came when they are due.
        edge.machine.passTime(POLL_SECONDS);
      }
      cpu.push((edge.usedByAll() - before) / POLLS);
      started.push(this.commands() / POLLS);
      pings.push((edge.started.get("ping") ?? 0) / POLLS);
    }
    measurements.push(
      alone(
        {
          id: "node-poll-cpu",
          what: "a poll with everything that comes of it",
          unit: "ms of a processor",
          plot: { series: "with all that it starts", x: "a poll" },
        },
        cpu,
      ),
      alone({ id: "node-poll-processes", what: "commands that a poll starts", unit: "processes" }, started),
      alone({ id: "node-poll-pings", what: "of these ping(8)", unit: "processes" }, pings),
    );
    return {
      cpu: medianOf(measurements, "node-poll-cpu") > 0 ? medianOf(measurements, "node-poll-cpu") : null,
      processes: medianOf(measurements, "node-poll-processes"),
    };
  }

  /** System calls of one pass, where strace(1) is there. */
  private async syscalls(): Promise<number | null> {
    const { edge, options, measurements, notes } = this;
    if (!existsSync(HOST_STRACE)) {
      notes.push("System calls were not counted: strace is not here; `apt-get install strace`.");
      return null;
    }
    options.step("system calls");
    const [own, bare]: [number[], number[]] = [[], []];
    const count = async (...words: readonly string[]) => {
      const run = await edge.runner.run(STRACE, "-o", TRACE, ...words);
      if (run.status !== 0) return undefined;
      return (edge.machine.sandbox.read(TRACE) ?? "").split("\n").filter((line) => /^\w+\(/.test(line))
        .length;
    };
    for (let run = 0; run < options.runs; run++) {
      const [pass, perl] = [await count(...SYNC, "pass"), await count(PERL, "-e", "1")];
      await edge.quiet();
      if (pass === undefined || perl === undefined) {
        notes.push("System calls were not counted: this machine lets nobody trace a process in a sandbox.");
        return null;
      }
      own.push(pass);
      bare.push(perl);
    }
    measurements.push(
      beside(
        { id: "node-pass-syscalls", what: "a pass, edge-sync itself", unit: "system calls" },
        own,
        "perl -e 1",
        bare,
      ),
    );
    return medianOf(measurements, "node-pass-syscalls");
  }

  /** How many commands of the system were started since they were last counted. */
  private commands(): number {
    return [...this.edge.started.values()].reduce((sum, count) => sum + count, 0);
  }

  private async good(run: Run): Promise<Run> {
    if (run.status === 0) return run;
    const said = this.edge.machine.sandbox.read("/tmp/bench.err")?.trim();
    throw new Error(`edge-sync ended with ${exitStatus(run)}: ${said}`);
  }
}
