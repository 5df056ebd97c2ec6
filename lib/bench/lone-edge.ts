import { mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { EdgeConfig } from "../config/schema.js";
import { fill } from "../edge/placeholders.js";
import { renderEdge } from "../edge/render.js";
import { staticFiles } from "../edge/static-files.js";
import { makeAuthority } from "../simulator/certificates.js";
import { systemClock } from "../simulator/clock.js";
import { Machine } from "../simulator/node/machine.js";
import { OvhProject } from "../simulator/ovh-api/api.js";
import { type ServedApi, serveApi } from "../simulator/ovh-api/http.js";
import { edgeAccess, FULL_ACCESS } from "../simulator/ovh-api/seed.js";
import { seededRandom } from "../simulator/random.js";
import { RUNNER, Runner } from "./runner.js";
import { SlowWay } from "./slow-way.js";

const HOST = "eu.api.ovh.com";
const IP_ID = "5f1b9c04-7a6e-4c3d-9b21-3c5d8e7f6a01";
const EDGE_KEY = {
  applicationKey: "edge-key",
  applicationSecret: "edge-secret",
  consumerKey: "edge-consumer",
};

/** A key that may do everything, as a person's. */
export const PERSON = { applicationKey: "key", applicationSecret: "secret", consumerKey: "consumer" };
/** How a person calls the project. */
export const PROJECT_NAME = "t18s";

/** One simulated edge with the files of a deploy, carp0 MASTER, and OVH's API over TLS behind a way of some length. */
export class LoneEdge {
  api!: ServedApi;
  way!: SlowWay;
  runner!: Runner;
  /** Certificate of the authority that signed the API's. */
  ca = "";
  readonly project: OvhProject;
  /** Ids of its own instance and of another edge's. */
  readonly here: string;
  readonly other: string;
  readonly ip: string;
  readonly ipId = IP_ID;
  readonly machine: Machine;
  /** How often each command of the system was started. */
  readonly started = new Map<string, number>();
  /** Milliseconds of the monotonic clock at which OVH took the last attach. */
  acceptedAt: number | undefined;
  private readonly folder = mkdtempSync(join(tmpdir(), "edge-"));

  private constructor(
    private readonly config: EdgeConfig,
    speed: number,
  ) {
    const random = seededRandom(1);
    const [edge, backup] = config.edges;
    this.ip = config.failoverIps[0].address;
    this.project = new OvhProject(
      {
        project: config.project,
        description: PROJECT_NAME,
        regions: [config.region],
        failoverIps: [{ id: IP_ID, address: this.ip }],
        imageNames: [],
        keys: [
          { ...EDGE_KEY, rules: edgeAccess(config.project, IP_ID) },
          { ...PERSON, rules: FULL_ACCESS },
        ],
        publicPrefix: "127.77.0",
      },
      {
        clock: systemClock,
        random,
        durations: { create: 0, update: 0, delete: 0 },
        failover: { moveDuration: 0, whilePending: "refuse", toHolder: "no-op" },
      },
    );
    [this.here, this.other] = [edge, backup].map((one) => this.instance(one?.name as string)) as [
      string,
      string,
    ];
    const { failoverIps } = this.project;
    const attach = failoverIps.attach.bind(failoverIps);
    failoverIps.attach = (...request) => {
      const answer = attach(...request);
      this.acceptedAt = Number(process.hrtime.bigint()) / 1e6;
      return answer;
    };
    this.machine = new Machine(
      edge?.name as string,
      join(this.folder, "a"),
      [
        { name: "vio0", mac: "fa:16:3e:00:00:01", address: "127.77.0.11" },
        { name: "vio1", mac: "fa:16:3e:00:00:02", address: edge?.internalAddress },
        { name: "vio2", mac: "fa:16:3e:00:00:03" },
      ],
      {
        speed,
        answersPing: () => true,
        resolve: (_, host) =>
          host === HOST ? { address: "127.0.0.1", port: this.way.port } : "no such name",
        advertise: () => {},
        changed: () => {},
      },
    );
    this.machine.witness = {
      begins: (call) => {
        this.started.set(call.name, (this.started.get(call.name) ?? 0) + 1);
        return call;
      },
      ended: () => {},
      logged: () => {},
    };
  }

  /**
   * Starts one, and waits until its carp0 is MASTER.
   *
   * @param speed how much faster than real time the waits of the system's own commands pass
   */
  static async start(config: EdgeConfig, speed = 1): Promise<LoneEdge> {
    const edge = new LoneEdge(config, speed);
    try {
      await edge.open();
    } catch (error) {
      await edge.stop();
      throw error;
    }
    return edge;
  }

  async stop(): Promise<void> {
    this.runner?.close();
    await this.way?.close();
    await this.api?.close();
    this.machine.powerOff();
    await this.machine.sandbox.ended();
    rmSync(this.folder, { recursive: true, force: true });
  }

  /** The FailOver IP is at the other edge again, nothing was requested, and no command started. */
  reset(): void {
    this.project.failoverIps.place(IP_ID, this.other);
    this.api.journal.entries.length = 0;
    this.started.clear();
    this.acceptedAt = undefined;
  }

  /** Bytes of all files below a folder of the edge. */
  bytesIn(folder: string): number {
    const count = (path: string): number =>
      readdirSync(path, { withFileTypes: true }).reduce((sum, entry) => {
        const each = join(path, entry.name);
        return sum + (entry.isDirectory() ? count(each) : entry.isFile() ? statSync(each).size : 0);
      }, 0);
    return count(this.machine.sandbox.path(folder));
  }

  /** Waits until nothing runs in the background any more. @throws Error when that takes 20 s */
  async quiet(): Promise<void> {
    const first = this.machine.sandbox.firstProcess;
    const deadline = Date.now() + 20_000;
    while (readFileSync(`/proc/${first}/task/${first}/children`, "utf8").trim() !== "") {
      if (Date.now() > deadline)
        throw new Error("something goes on in the background of the edge after 20 s");
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  }

  /** Milliseconds of a processor that all programs took which have ended so far, in steps of 10. */
  usedByAll(): number {
    const ids = [this.machine.sandbox.firstProcess, this.runner.process];
    return ids.reduce<number>((sum, id) => {
      // Behind the name in brackets: state, then numbers; the fourteenth and the next are the children's.
      const fields = readFileSync(`/proc/${id}/stat`, "utf8").split(") ")[1]?.split(" ") ?? [];
      return sum + 10 * (Number(fields[13]) + Number(fields[14]));
    }, 0);
  }

  private instance(name: string): string {
    const [flavor] = this.project.flavors;
    const targetSpec = {
      name,
      flavor: { id: flavor?.id },
      location: { region: this.config.region },
      networks: [{ autoAssignPublicIp: true }],
    };
    return this.project.instances.instances.create({ targetSpec }).id;
  }

  private async open(): Promise<void> {
    const { machine, config } = this;
    const authority = await makeAuthority();
    this.ca = authority.ca;
    const tls = await authority.issue([HOST, "127.0.0.1"]);
    this.api = await serveApi({ project: this.project, clock: systemClock, random: seededRandom(2), tls });
    this.way = await SlowWay.open(this.api.httpsPort as number);
    machine.provision(["x"], authority.ca);
    const values = {
      ...EDGE_KEY,
      carpPassword: "carp-password_1",
      instanceId: this.here,
      failoverIpId: IP_ID,
    };
    for (const { path, content, mode } of renderEdge(config, machine.name, staticFiles()).files) {
      machine.sandbox.write(path, fill(content, values), mode);
    }
    machine.sandbox.write("/simulator/runner.pl", readFileSync(RUNNER, "utf8"), 0o555);
    await machine.boot();
    const deadline = Date.now() + 30_000;
    while (machine.kernel.carpState("carp0") !== "MASTER") {
      if (Date.now() > deadline) throw new Error(`carp0 is ${machine.kernel.carpState("carp0")} after 30 s`);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    const child = machine.sandbox.spawn("exec perl /simulator/runner.pl", { PERL5OPT: "" });
    child.stderr?.pipe(process.stderr);
    this.runner = new Runner(child, () => runnerBelow(child.pid as number));
  }
}

/** The first process below one whose name is perl: what starts it in the sandbox is in between. */
function runnerBelow(id: number): number | undefined {
  for (const child of readFileSync(`/proc/${id}/task/${id}/children`, "utf8").split(" ").filter(Boolean)) {
    const perl = /\/perl$/.test(readlinkSync(`/proc/${child}/exe`));
    const found = perl ? Number(child) : runnerBelow(Number(child));
    if (found !== undefined) return found;
  }
  return undefined;
}
