import type { ChildProcess } from "node:child_process";
import { mkdtempSync, readFileSync, readlinkSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, expect } from "vitest";
import { type Authority, type Certificate, makeAuthority } from "../../lib/simulator/certificates.js";
import { type Clock, systemClock } from "../../lib/simulator/clock.js";
import { Machine } from "../../lib/simulator/node/machine.js";
import type { CommandResult } from "../../lib/simulator/node/sandbox.js";
import { OvhProject } from "../../lib/simulator/ovh-api/api.js";
import type { FailoverBehaviour } from "../../lib/simulator/ovh-api/failover.js";
import { type ServedApi, serveApi } from "../../lib/simulator/ovh-api/http.js";
import { edgeAccess, FULL_ACCESS } from "../../lib/simulator/ovh-api/seed.js";
import { seededRandom } from "../../lib/simulator/random.js";

export const PROJECT = "5a1b7c0d9e8f4a3b2c1d0e9f8a7b6c5d";
export const IP = "146.59.143.231";
export const IP_ID = "fo-1";
export const HOST = "eu.api.ovh.com";
export const FAILOVER = `/1.0/cloud/project/${PROJECT}/ip/failover/${IP_ID}`;
export const LOOK = `GET ${FAILOVER}`;
export const POST = `POST ${FAILOVER}/attach`;
export const TIME = "GET /1.0/auth/time";

/** What nobody may see; the carp password is one of them. */
export const SECRETS = {
  applicationKey: "edge-application-key",
  applicationSecret: "edge-application-secret",
  consumerKey: "edge-consumer-key",
  clientSecret: "edge-client-secret",
  password: "carp-pass_1",
};
const PERSON = {
  applicationKey: "person-key",
  applicationSecret: "person-secret",
  consumerKey: "person-consumer",
};

/** How many times faster the programs' clocks go: their pauses shrink, their number stays. */
export const HASTE = 20;

/** For what depends on the time between two of its steps. */
export const IN_REAL_TIME = { PERL5OPT: "" };

/** Writes to syslog each line that it is given. */
const MARKER = `# syslog marker
$| = 1;
while (my $line = <STDIN>) {
	chomp $line;
	socket(S, 1, 2, 0) && connect(S, pack("S a*", 1, "/dev/log\\0")) && syswrite(S, "<30>mark: $line");
}`;

/** For deadlines of select(2), which otherwise last as long as they say: what is slow here is not late. */
export const IN_GREAT_HASTE = { PERL5OPT: "-MHaste -MHastySelect" };

/** Lets a Perl program's monotonic clock, its pauses and its alarms go faster; the program stays as it is. */
const HASTE_MODULE = `package Haste;
use Time::HiRes ();
my ($clock, $sleep, $alarm) = (\\&Time::HiRes::clock_gettime, \\&Time::HiRes::sleep, \\&Time::HiRes::alarm);
no warnings qw(redefine prototype);
*Time::HiRes::clock_gettime = sub { $clock->(@_) * ${HASTE} };
*Time::HiRes::sleep = sub { $sleep->($_[0] / ${HASTE}) * ${HASTE} };
*Time::HiRes::alarm = sub { $alarm->($_[0] / ${HASTE}) };
1;
`;

const HOSTNAME_CARP0 = `group edgefault
group edgedrain
inet 10.25.0.10 255.255.0.0 NONE vhid 1 carpdev vio2 pass ${SECRETS.password} advbase 254 advskew 0
up
`;

const HASTY_SELECT_MODULE = `package HastySelect;
*main::select = sub {
	my ($r, $w, $e, $seconds) = @_;
	my $ready = CORE::select($r, $w, $e, defined $seconds ? $seconds / ${HASTE} : undef);
	for ([0, $r], [1, $w]) { $_[$_->[0]] = $_->[1] if defined $_->[1] }
	return $ready;
};
1;
`;

type Settings = Readonly<Record<string, string | number | undefined>>;

/** How OVH is in one test. */
export interface OvhOptions {
  readonly clock?: Clock;
  readonly failover?: Partial<FailoverBehaviour>;
  /** Name of the instance that the IP is routed to at first, an id, or nothing. @default - "other" */
  readonly routedTo?: string;
  readonly tls?: Certificate;
}

/** One edge on a bench: a simulated machine with the node's two programs, and OVH's API. */
export class Bench {
  authority!: Authority;
  certificate!: Certificate;
  machine!: Machine;
  project!: OvhProject;
  api!: ServedApi;
  /** Ids of this edge's instance and of another edge's. */
  here = "";
  other = "";
  pings = true;
  /** Everything that programs have printed in a test. */
  printed = "";
  private marks = 0;
  private marker: ChildProcess | undefined;
  private readonly folder = mkdtempSync(join(tmpdir(), "edge-"));
  private readonly ports = new Map<string, number | "no such name" | "unreachable">();

  async start(): Promise<void> {
    this.authority = await makeAuthority();
    this.certificate = await this.authority.issue([HOST, "www.ovh.com"]);
    this.machine = new Machine(
      "edge-a",
      join(this.folder, "a"),
      [
        { name: "vio0", mac: "fa:16:3e:00:00:01", address: "127.77.0.11" },
        { name: "vio1", mac: "fa:16:3e:00:00:02", address: "10.10.0.11" },
        { name: "vio2", mac: "fa:16:3e:00:00:03" },
      ],
      {
        speed: HASTE,
        answersPing: () => this.pings,
        resolve: (_, host) => {
          const port = this.ports.get(host) ?? "no such name";
          return typeof port === "number" ? { address: "127.0.0.1", port } : port;
        },
        advertise: () => {},
        changed: () => {},
      },
    );
    this.machine.provision(["x"], this.authority.ca);
    const { sandbox } = this.machine;
    for (const program of ["edge-sync", "ip-move"]) {
      const source = readFileSync(new URL(`../../lib/edge/static/${program}`, import.meta.url), "utf8");
      sandbox.write(`/usr/local/sbin/${program}`, source, 0o555);
    }
    sandbox.write("/simulator/perl/Haste.pm", HASTE_MODULE);
    sandbox.write("/simulator/perl/HastySelect.pm", HASTY_SELECT_MODULE);
    sandbox.write("/etc/hostname.vio2", "up\n", 0o640);
    sandbox.write("/etc/hostname.carp0", HOSTNAME_CARP0, 0o640);
    await this.machine.boot();
  }

  /** Puts everything back as it is before a test, with an OVH of its own. */
  async reset(options: OvhOptions = {}): Promise<void> {
    const { clock = systemClock, failover, routedTo = "other", tls = this.certificate } = options;
    await this.quiet();
    await this.api?.close();
    const { sandbox, kernel, syslog } = this.machine;
    for (const folder of ["var/run", "var/db/edge", "tmp"]) {
      rmSync(join(sandbox.root, folder), { recursive: true, force: true });
    }
    for (const folder of ["/var/run", "/var/db/edge", "/tmp"]) sandbox.write(`${folder}/.keep`, "");
    this.printed = "";
    this.pings = true;
    for (const [group, count] of kernel.groups) kernel.demote(group, -count);
    kernel.find("vio0")?.addresses.splice(1);
    for (const name of ["vio0", "vio1", "vio2"]) kernel.setCable(name, true);
    kernel.setUp("carp0", true);
    await this.become("BACKUP");
    const random = seededRandom(1);
    this.project = new OvhProject(
      {
        project: PROJECT,
        description: "our project",
        regions: ["SBG5"],
        failoverIps: [],
        imageNames: [],
        keys: [
          { ...SECRETS, rules: edgeAccess(PROJECT, IP_ID) },
          { ...PERSON, rules: FULL_ACCESS },
        ],
        publicPrefix: "127.77.0",
      },
      {
        clock,
        random,
        durations: { create: 0, update: 0, delete: 0 },
        failover: { moveDuration: 0, whilePending: "refuse", toHolder: "no-op", ...failover },
      },
    );
    this.here = this.instance("edge-a");
    this.other = this.instance("edge-b");
    this.project.failoverIps.add(IP_ID, IP, { other: this.other, here: this.here }[routedTo] ?? routedTo);
    syslog.length = 0;
    this.api = await serveApi({ project: this.project, clock, random, tls });
    this.ports.clear();
    this.lead(HOST, this.api.httpsPort as number);
    this.configure();
    this.credentials();
  }

  async stop(): Promise<void> {
    await this.api?.close();
    this.machine.powerOff();
    rmSync(this.folder, { recursive: true, force: true });
  }

  /** Makes an instance that is ready. @returns its id */
  instance(name: string): string {
    const [flavor] = this.project.flavors;
    const targetSpec = {
      name,
      flavor: { id: flavor?.id },
      location: { region: "SBG5" },
      networks: [{ autoAssignPublicIp: true }],
    };
    return this.project.instances.instances.create({ targetSpec }).id;
  }

  /** Where a host name leads from now on. */
  lead(host: string, port: number | "no such name" | "unreachable"): void {
    this.ports.set(host, port);
  }

  /** Writes /etc/edge.conf, with these settings in place of the usual ones; an undefined one is left out. */
  configure(settings: Settings = {}): void {
    const all: Settings = {
      name: "edge-a",
      project: PROJECT,
      ip: IP,
      ip_id: IP_ID,
      instance: this.here,
      external: "vio0",
      internal: "vio1",
      carpdev: "vio2",
      carp: "carp0",
      settle: 0,
      deadline: 120,
      check_interval: 30,
      healthy_for: 10,
      poll: 10,
      probe: "192.0.2.1 192.0.2.2",
      probe_attempts: 2,
      ...settings,
    };
    const lines = Object.entries(all).flatMap(([key, value]) =>
      value === undefined ? [] : `${key}=${value}\n`,
    );
    this.machine.sandbox.write("/etc/edge.conf", `# A deploy writes this file.\n${lines.join("")}`, 0o600);
  }

  /** Writes /etc/ovh.conf with an edge's own key, or a person's. */
  credentials(whose: "edge" | "person" = "edge", mode = 0o600): void {
    const key = whose === "edge" ? SECRETS : PERSON;
    this.machine.sandbox.write(
      "/etc/ovh.conf",
      `[default]\nendpoint=ovh-eu\n\n[ovh-eu]\napplication_key=${key.applicationKey}\n` +
        `application_secret=${key.applicationSecret}\nconsumer_key=${key.consumerKey}\n`,
      mode,
    );
  }

  /** Runs a command on the machine; the programs' clocks are in haste. */
  async run(command: string, environment: Readonly<Record<string, string>> = {}): Promise<CommandResult> {
    const child = this.machine.sandbox.spawn(command, { PERL5OPT: "-MHaste", ...environment });
    let [stdout, stderr] = ["", ""];
    child.stdout?.on("data", (chunk) => {
      stdout += chunk;
    });
    child.stderr?.on("data", (chunk) => {
      stderr += chunk;
    });
    child.stdin?.end();
    // What goes on in the background must not hold the command's files open.
    const status = await new Promise<number>((resolve) =>
      child.once("close", (code) => resolve(code ?? 137)),
    );
    this.printed += stdout + stderr;
    return { status, stdout, stderr };
  }

  /** Lets carp0 be in a state. */
  async become(state: "MASTER" | "BACKUP" | "INIT"): Promise<void> {
    const { kernel } = this.machine;
    if (state === "INIT") kernel.setUp("carp0", false);
    else if (state === "MASTER") {
      kernel.setUp("carp0", true);
      if (kernel.carpState("carp0") !== "MASTER") kernel.setInterval("carp0", { advbase: 0, advskew: 1 });
      await this.until(() => kernel.carpState("carp0") === "MASTER", "carp0 is MASTER");
      kernel.setInterval("carp0", { advbase: 254, advskew: 0 });
    } else {
      const faster = { vhid: 1, advbase: 1, advskew: 0, demotion: 0, pass: SECRETS.password };
      kernel.receive("vio2", faster);
      await this.until(() => kernel.carpState("carp0") === "BACKUP", "carp0 is BACKUP");
    }
  }

  /** The API's requests so far, as `METHOD path`. */
  requests(): string[] {
    return this.api.journal.entries.map(({ method, path }) => `${method} ${path}`);
  }

  /** Where OVH routes the IP. */
  routedTo(): string {
    return this.project.failoverIps.get(IP_ID).routedTo;
  }

  /** The syslog of these programs. */
  log(...tags: readonly string[]): string[] {
    return this.machine.syslog
      .filter(({ tag }) => tags.length === 0 || tags.includes(tag))
      .map(({ tag, text }) => `${tag}: ${text.trimEnd()}`);
  }

  /** A file on the machine, as JSON. */
  json(path: string): Record<string, unknown> | undefined {
    const text = this.machine.sandbox.read(path);
    return text === undefined ? undefined : JSON.parse(text);
  }

  /** Argument lists of the processes that run on the machine, but for its first one. */
  processes(): { readonly id: number; readonly words: readonly string[] }[] {
    const { root } = this.machine.sandbox;
    return descendants(process.pid).flatMap((id) => {
      try {
        if (readlinkSync(`/proc/${id}/root`) !== root) return [];
        const words = readFileSync(`/proc/${id}/cmdline`, "utf8").split("\0").slice(0, -1);
        // A process that has ended and was not waited for has no words; the bench's own do not count.
        return words.length === 0 || /holder\.pl|# syslog marker/.test(words.join(" "))
          ? []
          : [{ id, words }];
      } catch {
        return [];
      }
    });
  }

  /** Waits until nothing runs on the machine any more, and what it has logged is there. */
  async quiet(): Promise<void> {
    await this.idle();
    // Lines to syslog arrive in their order, but later than the end of who wrote them.
    const mark = `${++this.marks}`;
    if (this.marker === undefined || this.marker.exitCode !== null || this.marker.signalCode !== null) {
      this.marker = this.machine.sandbox.spawn(`exec perl -e '${MARKER}'`);
    }
    this.marker.stdin?.write(`${mark}\n`);
    const { syslog } = this.machine;
    const found = () => syslog.findIndex(({ tag, text }) => tag === "mark" && text === mark);
    await this.until(() => found() >= 0, "syslog has what was logged");
    syslog.splice(found(), 1);
  }

  private idle(): Promise<void> {
    return this.until(this.calm(), "no process is left");
  }

  /** A condition that holds once nothing, but for what fits `except`, has run on the machine for a few looks in a row. */
  calm(except = /^$/): () => boolean {
    let looks = 0;
    return () => {
      // A process between fork and exec may be missed once or twice.
      looks = this.processes().every(({ words }) => except.test(words.join(" "))) ? looks + 1 : 0;
      return looks >= 3;
    };
  }

  /** Waits for a condition; what was waited for and the state of things is the reason when it does not come. */
  async until(condition: () => boolean, what: string, seconds = 15): Promise<void> {
    for (const end = Date.now() + 1000 * seconds; !condition(); ) {
      if (Date.now() > end) {
        const running = this.processes().map(({ words }) => words.join(" "));
        throw new Error(
          `waited ${seconds} s until ${what}; running: ${JSON.stringify(running)}; syslog:\n${this.log().slice(-20).join("\n")}`,
        );
      }
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  }
}

/** All processes that come of one; whoever lost its parent on a machine is its first process's child. */
function descendants(id: number): number[] {
  try {
    const children = readFileSync(`/proc/${id}/task/${id}/children`, "utf8")
      .split(" ")
      .filter(Boolean)
      .map(Number);
    return children.flatMap((child) => [child, ...descendants(child)]);
  } catch {
    return [];
  }
}

/** A bench for a test file: one machine, everything else anew before each test. */
export function useBench(options: OvhOptions = {}): Bench {
  const bench = new Bench();
  beforeAll(() => bench.start());
  afterAll(() => bench.stop());
  beforeEach(() => bench.reset(options));
  afterEach(() => {
    const seen = bench.printed + bench.log().join("\n");
    for (const secret of [...Object.values(SECRETS), ...Object.values(PERSON)])
      expect(seen).not.toContain(secret);
  });
  return bench;
}
