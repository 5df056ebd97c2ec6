import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { EdgeConfig } from "../../config/schema.js";
import type { Measurement, PartResult } from "../figures.js";
import { LoneEdge, PERSON, PROJECT_NAME } from "../lone-edge.js";
import { alone, beside, inTurn, type Measuring, ratioOf } from "../measure.js";
import type { Chapter } from "../report.js";
import { exitStatus, type Run, Runner } from "../runner.js";
import { rounded, slope } from "../statistics.js";

export const CLAIM: Chapter = {
  title: "Claim",
  how: [
    "From the start of `ip-move claim` until OVH's API, over TLS, has accepted its POST; settle time 0. What it is measured beside is a program in the same Perl, " +
      "over the same nc(1), that makes the requests of the guide's tool one after the other on a connection which it keeps: by name " +
      "`/auth/time`, the list of projects, the project, the list of FailOver IPs, the list of instances, the instance that had the address, the POST; " +
      "by id the same with single GETs. So only what is asked, and when, is different. The account has one project; each other one that comes before it costs " +
      "the tool one more round trip.",
    "A proxy on loopback makes the way long: every byte takes half a round trip in each direction, and the client's first bytes wait for the round trip of the TCP " +
      "handshake. TLS 1.3 takes one more, a request is there half a round trip later: 2.5 in all for a claim, 8.5 and 7.5 for the tool's seven and six requests. " +
      "*Nagle on*: nc(1) of OpenBSD does not switch Nagle's algorithm off, so the first request waits until the end of the handshake is acknowledged. As acknowledgements end at the proxy, " +
      "it plays that wait too.",
    "*Opened while it settles*: the claim settles longer than its handshakes take, and the time counts from the end of that: the look at carp0, and half a round trip.",
    "nc(1) is a small program here that hands its bytes to the benchmark's own process, which speaks TLS; both sides of the comparison use it alike, and what it takes is in the times. " +
      "Its processor time is told apart, and is none of ip-move's.",
  ],
  plot: {
    title: "From exec to the accepted POST",
    x: "round trip, ms",
    y: "milliseconds, the median; thin lines from the least to the most",
  },
};

const IP_MOVE = ["/usr/bin/perl", "/usr/local/sbin/ip-move", "claim", "-q"] as const;
const KNOWN_TOOL = "/simulator/known-tool";
/** A shell's words for a connection that is made and closed again: what stands in for nc, without ip-move. */
const CONNECT = `pipe(R, W); my $pid = fork; if (!$pid) { open STDERR, '>&', *W; exec '/usr/bin/nc', '-c', '-v', '-w', '5', 'eu.api.ovh.com', '443' } close W; while (<R>) { last if /^Cert Hash/ } kill 'TERM', $pid; waitpid $pid, 0`;
/** Who is measured, as the tables call them. */
const WHO = {
  fresh: "ip-move, fresh connection",
  open: "ip-move, connection opened while it settles",
  name: "known tool, by name",
  id: "known tool, by id",
} as const;
type Who = keyof typeof WHO;

interface Case {
  readonly rtt: number;
  readonly nagle: boolean;
}

/** Measures a claim until OVH accepts it, beside a program that makes the known tool's requests. */
export async function measureClaim(config: EdgeConfig, options: Measuring): Promise<PartResult<"claim">> {
  const edge = await LoneEdge.start(config);
  try {
    return await new ClaimBench(edge, config, options).measure();
  } finally {
    await edge.stop();
  }
}

class ClaimBench {
  private readonly measurements: Measurement[] = [];
  private readonly notes: string[] = [];
  private readonly cpu: Record<Who, number[]> = { fresh: [], open: [], name: [], id: [] };
  private readonly requests: Partial<Record<Who, number>> = {};
  /** The least times by the length of the way, for how they grow with it. */
  private readonly points: Record<Who, [rtt: number, ms: number][]> = {
    fresh: [],
    open: [],
    name: [],
    id: [],
  };

  constructor(
    private readonly edge: LoneEdge,
    private readonly config: EdgeConfig,
    private readonly options: Measuring,
  ) {
    const source = new URL("../known-tool.pl", import.meta.url);
    edge.machine.sandbox.write(KNOWN_TOOL, readFileSync(source, "utf8"), 0o555);
  }

  async measure(): Promise<PartResult<"claim">> {
    const { quick, runs, step } = this.options;
    const rtts = quick ? [0, 50] : [0, 20, 50, 100];
    const cases: Case[] = [false, true].flatMap((nagle) =>
      (quick && nagle ? [50] : rtts).map((rtt) => ({ rtt, nagle })),
    );
    step("warming up");
    await this.accepted("fresh", { rtt: 0, nagle: false });
    for (const who of ["fresh", "open", "name", "id"] as const) this.cpu[who].length = 0;
    for (const one of cases) await this.compare(one);
    await this.real();
    const cpu = await this.cpuTimes(runs);
    const { measurements, requests, notes } = this;
    const trips = (who: Who) => rounded(slope(this.points[who]));
    const [byName, byId] = [ratioOf(measurements, "claim-50ms-name"), ratioOf(measurements, "claim-50ms-id")];
    return {
      ratioByName50ms: byName,
      ratioById50ms: byId,
      ratioByName50msNagle: ratioOf(measurements, "claim-50ms-nagle-name"),
      ratioById50msNagle: ratioOf(measurements, "claim-50ms-nagle-id"),
      roundTrips: trips("fresh"),
      roundTripsByName: trips("name"),
      roundTripsById: trips("id"),
      roundTripsOpen: trips("open"),
      requests: requests.fresh ?? 0,
      requestsByName: requests.name ?? 0,
      requestsById: requests.id ?? 0,
      ...cpu,
      measurements,
      goals: [
        { what: "of the known tool by name, at 50 ms", unit: "ratio", limit: 0.3, got: byName },
        { what: "of the known tool by id, at 50 ms", unit: "ratio", limit: 0.36, got: byId },
        {
          what: "round trips after the decision, on an open connection",
          unit: "round trips",
          limit: 0.55,
          got: trips("open"),
        },
        ...(cpu.cpuMs === null
          ? []
          : [{ what: "processor time of ip-move for a whole claim", unit: "ms", limit: 40, got: cpu.cpuMs }]),
      ],
      notes,
    };
  }

  /** One length of the way: all four in turn. */
  private async compare({ rtt, nagle }: Case): Promise<void> {
    const { runs, step } = this.options;
    step(`a round trip of ${rtt} ms, Nagle ${nagle ? "on" : "off"}`);
    const at = (who: Who) => () => this.accepted(who, { rtt, nagle });
    const times = await inTurn(runs, {
      fresh: at("fresh"),
      name: at("name"),
      id: at("id"),
      open: at("open"),
    });
    const suffix = `${rtt}ms${nagle ? "-nagle" : ""}`;
    const label = (who: Who) => ({
      what: `${WHO[who]}, ${rtt} ms${nagle ? ", Nagle on" : ""}`,
      unit: "ms",
      ...(nagle ? {} : { plot: { series: WHO[who], x: rtt } }),
    });
    for (const who of ["name", "id"] as const) {
      this.measurements.push(
        beside(
          { id: `claim-${suffix}-${who}`, ...label("fresh"), ...(who === "id" ? { plot: undefined } : {}) },
          times.fresh,
          WHO[who],
          times[who],
        ),
      );
    }
    this.measurements.push(
      beside({ id: `claim-${suffix}-open`, ...label("open") }, times.open, WHO.fresh, times.fresh),
    );
    if (nagle) return;
    // What slows the machine makes times longer, never shorter.
    for (const who of ["fresh", "open", "name", "id"] as const) {
      this.points[who].push([rtt, Math.min(...times[who])]);
    }
  }

  /** Milliseconds from exec, or from the end of the settle time, until OVH accepts the attach. */
  private async accepted(who: Who, { rtt, nagle }: Case): Promise<number> {
    const { edge } = this;
    edge.way.settings = { rtt, nagle };
    edge.reset();
    // Long enough for the connection and its handshake.
    const settle = who === "open" ? (4 * rtt + 150) / 1000 : 0;
    const run = await edge.runner.run(...this.words(who, settle));
    const took = this.took(run, who);
    this.requests[who] = edge.api.journal.entries.length;
    if (run.cpu !== undefined) this.cpu[who].push(run.cpu);
    return took - 1000 * settle;
  }

  private took(run: Run, who: string): number {
    const { acceptedAt, machine } = this.edge;
    if (run.status !== 0 || acceptedAt === undefined) {
      throw new Error(
        `${who} ended with ${exitStatus(run)}: ${machine.sandbox.read("/tmp/bench.err")?.trim()}`,
      );
    }
    return acceptedAt - run.started;
  }

  private words(who: Who, settle: number): [string, ...string[]] {
    const { edge, config } = this;
    if (who === "fresh" || who === "open") return [...IP_MOVE, "-settle", String(settle)];
    const key = [
      `OVH_APPLICATION_KEY=${PERSON.applicationKey}`,
      `OVH_APPLICATION_SECRET=${PERSON.applicationSecret}`,
      `OVH_CONSUMER_KEY=${PERSON.consumerKey}`,
    ];
    const flags =
      who === "name"
        ? ["-project", PROJECT_NAME, "-ip", edge.ip, "-instance", edge.machine.name]
        : ["-project-id", config.project, "-ip-id", edge.ipId, "-instance-id", edge.here];
    return ["/usr/bin/env", ...key, "/usr/bin/perl", KNOWN_TOOL, ...flags];
  }

  /** Processor time of each, and of what stands in for the system's own commands. */
  private async cpuTimes(runs: number) {
    this.options.step("processor time");
    const { runner } = this.edge;
    this.edge.way.settings = { rtt: 0, nagle: false };
    const [shim, perl]: number[][] = [[], []];
    for (let run = 0; run < runs; run++) {
      const [bare, connected] = [await runner.run("/usr/bin/perl", "-e", "1"), await this.connect()];
      if (bare.cpu !== undefined) perl?.push(bare.cpu);
      if (connected.cpuOfAll !== undefined && connected.cpu !== undefined)
        shim?.push(connected.cpuOfAll - connected.cpu);
    }
    const { fresh, name } = this.cpu;
    if (fresh.length === 0 || perl?.length === 0) {
      this.notes.push("The kernel does not tell the processor time of a process that has ended.");
      return { cpuMs: null, cpuMsKnownTool: null, cpuMsPerl: null, cpuMsShim: null };
    }
    const label = (id: string, what: string) => ({ id, what, unit: "ms of a processor" });
    const made = [
      beside(label("claim-cpu", "ip-move, a whole claim"), fresh, "known tool, by name", name),
      alone(label("claim-cpu-perl", "perl -e 1"), perl as number[]),
      ...(shim?.length ? [alone(label("claim-cpu-nc", "what stands in for nc, one connection"), shim)] : []),
    ];
    this.measurements.push(...made);
    return {
      cpuMs: made[0]?.value.median ?? null,
      cpuMsKnownTool: made[0]?.against?.value.median ?? null,
      cpuMsPerl: made[1]?.value.median ?? null,
      cpuMsShim: made[2]?.value.median ?? null,
    };
  }

  private connect(): Promise<Run> {
    return this.edge.runner.run("/usr/bin/perl", "-e", CONNECT);
  }

  /** The real tool, where its path is given: over the same way, on this machine itself. */
  private async real(): Promise<void> {
    const { edge, options } = this;
    if (options.against === undefined) return;
    options.step("the real ipmoveOvh");
    const folder = mkdtempSync(join(tmpdir(), "edge-bench-"));
    const ca = join(folder, "ca.pem");
    writeFileSync(ca, edge.ca);
    const runner = Runner.here({
      SSL_CERT_FILE: ca,
      NODE_EXTRA_CA_CERTS: ca,
      OVH_ENDPOINT: `https://127.0.0.1:${edge.way.port}/1.0`,
      OVH_APPLICATION_KEY: PERSON.applicationKey,
      OVH_APPLICATION_SECRET: PERSON.applicationSecret,
      OVH_CONSUMER_KEY: PERSON.consumerKey,
    });
    const tool = options.against;
    try {
      const times = await inTurn(options.runs, {
        fresh: () => this.accepted("fresh", { rtt: 50, nagle: false }),
        real: async () => {
          edge.way.settings = { rtt: 50, nagle: false };
          edge.reset();
          const flags = ["-project", PROJECT_NAME, "-ip", edge.ip, "-instance", edge.machine.name];
          const run = await runner.run(tool, ...flags);
          if (run.status !== 0) throw new Error(`${tool} ended with ${exitStatus(run)}`);
          return this.took(run, tool);
        },
      });
      this.measurements.push(
        beside(
          { id: "claim-50ms-real", what: `${WHO.fresh}, 50 ms`, unit: "ms" },
          times.fresh,
          "ipmoveOvh itself, by name",
          times.real,
        ),
      );
    } finally {
      // Processor times are those of runs that took turns with the stand-in.
      this.cpu.fresh.length = this.cpu.name.length;
      runner.close();
      rmSync(folder, { recursive: true, force: true });
    }
  }
}
