import { createHash } from "node:crypto";
import { ManualClock } from "../../../lib/simulator/clock.js";
import { type ApiOptions, OvhProject } from "../../../lib/simulator/ovh-api/api.js";
import type { FailoverBehaviour } from "../../../lib/simulator/ovh-api/failover.js";
import { Journal } from "../../../lib/simulator/ovh-api/journal.js";
import { ovhRoutes } from "../../../lib/simulator/ovh-api/routes.js";
import { type ApiKey, FULL_ACCESS, type Seed } from "../../../lib/simulator/ovh-api/seed.js";
import { seededRandom } from "../../../lib/simulator/random.js";

export const PROJECT = "5a1b7c0d9e8f4a3b2c1d0e9f8a7b6c5d";
export const V1 = `/1.0/cloud/project/${PROJECT}`;
export const V2 = `/v2/publicCloud/project/${PROJECT}`;
export const FAILOVER = `${V1}/ip/failover`;
export const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

/** Milliseconds that tasks take in these tests; all of them differ. */
export const DURATIONS = { create: 3000, update: 2000, delete: 1000 };
export const MOVE = 45_000;

export const KEY: ApiKey = {
  applicationKey: "ak",
  applicationSecret: "as",
  consumerKey: "ck",
  rules: FULL_ACCESS,
};

// What an answer holds is for the assertions to say.
// biome-ignore lint/suspicious/noExplicitAny: see above
export type Json = any;

/** What the API answered. */
export interface Answer {
  readonly status: number;
  readonly body: Json;
  readonly queryId: string | null;
  readonly headers: Headers;
}

export interface SimulationOptions extends Partial<Omit<ApiOptions, "failover">> {
  readonly seed?: Partial<Seed>;
  readonly failover?: Partial<FailoverBehaviour>;
}

/** A project with one FailOver IP in two regions, on a clock that stands still. */
export function simulatedProject({ seed, failover, ...options }: SimulationOptions = {}): OvhProject {
  return new OvhProject(
    {
      project: PROJECT,
      description: "example",
      regions: ["SBG5", "GRA11"],
      failoverIps: [{ id: "fo-1", address: "146.59.143.231" }],
      imageNames: ["OpenBSD 7.8", "Debian 12"],
      keys: [KEY],
      publicPrefix: "127.77.0",
      ...seed,
    },
    {
      clock: new ManualClock(),
      random: seededRandom(1),
      durations: DURATIONS,
      failover: { moveDuration: MOVE, whilePending: "refuse", toHolder: "no-op", ...failover },
      ...options,
    },
  );
}

/** The headers of a signed request, by OVH's own description of the signature. */
export function signed(
  method: string,
  url: string,
  body: string,
  timestamp: number | string,
  key = KEY,
): Record<string, string> {
  const text = [key.applicationSecret, key.consumerKey, method, url, body, timestamp].join("+");
  return {
    "X-Ovh-Application": key.applicationKey,
    "X-Ovh-Consumer": key.consumerKey,
    "X-Ovh-Timestamp": String(timestamp),
    "X-Ovh-Signature": `$1$${createHash("sha1").update(text).digest("hex")}`,
  };
}

/** The API without a network in between. */
export class SimulatedApi {
  readonly clock = new ManualClock();
  readonly project: OvhProject;
  private readonly app: ReturnType<typeof ovhRoutes>;

  constructor(options: SimulationOptions = {}) {
    const { clock } = this;
    const random = seededRandom(2);
    this.project = simulatedProject({ clock, ...options });
    this.app = ovhRoutes({ project: this.project, clock, journal: new Journal(clock, random) });
  }

  get = (path: string) => this.call("GET", path);
  post = (path: string, body: unknown) => this.call("POST", path, body);
  put = (path: string, body: unknown) => this.call("PUT", path, body);
  delete = (path: string) => this.call("DELETE", path);

  /** A signed call; a string is sent as it stands, anything else as JSON. */
  async call(method: string, path: string, body?: unknown): Promise<Answer> {
    const url = `http://ovh.example${path}`;
    const text = typeof body === "string" ? body : body === undefined ? "" : JSON.stringify(body);
    const headers = signed(method, url, text, Math.floor(this.clock.now() / 1000));
    return this.send(url, { method, headers, body: text === "" ? undefined : text });
  }

  /** A call with the headers that `init` gives and no others. */
  async send(url: string, init: RequestInit = {}): Promise<Answer> {
    const response = await this.app.request(url, init);
    const text = await response.text();
    return {
      status: response.status,
      body: text === "" ? undefined : JSON.parse(text),
      queryId: response.headers.get("x-ovh-queryid"),
      headers: response.headers,
    };
  }

  /** The id of a flavor or image of a region. */
  async idOf(kind: "flavor" | "image", name: string, region = "SBG5"): Promise<string> {
    const { body } = await this.get(`${V2}/reference/instance/${kind}?region=${region}`);
    return body.find((one: { name: string }) => one.name === name).id;
  }

  /** Makes a v2 resource and waits until its task has ended. */
  async make(path: string, targetSpec: unknown): Promise<Json> {
    const made = await this.post(path, { targetSpec });
    if (made.status !== 202) throw new Error(`${path} answered ${made.status} ${JSON.stringify(made.body)}`);
    this.clock.advance(DURATIONS.create);
    return (await this.get(`${path}/${made.body.id}`)).body;
  }

  makeNetwork = (spec: object = {}) =>
    this.make(`${V2}/network`, { name: "carp", location: { region: "SBG5" }, ...spec });

  makeSubnet = (networkId: string, spec: object = {}) =>
    this.make(`${V2}/network/${networkId}/subnet`, {
      name: "carp",
      cidr: "10.25.0.0/16",
      location: { region: "SBG5" },
      ...spec,
    });

  makeGroup = (spec: object = {}) =>
    this.make(`${V2}/compute/instanceGroup`, {
      name: "edges",
      policy: "ANTI_AFFINITY",
      location: { region: "SBG5" },
      ...spec,
    });

  makeInstance = async (spec: object = {}) =>
    this.make(`${V2}/compute/instance`, await this.instanceSpec(spec));

  /** What an instance of these tests asks for. */
  async instanceSpec(spec: object = {}): Promise<Json> {
    return {
      name: "edge-1",
      flavor: { id: await this.idOf("flavor", "b3-8") },
      image: { id: await this.idOf("image", "OpenBSD 7.8") },
      location: { region: "SBG5" },
      ...spec,
    };
  }

  /** Deletes a v2 resource and waits until it is gone. */
  async remove(path: string): Promise<void> {
    const { status } = await this.delete(path);
    if (status !== 202) throw new Error(`${path} answered ${status}`);
    this.clock.advance(DURATIONS.delete);
    await this.get(path);
  }
}

/** The body of an error as OVH writes it. */
export const error = (errorClass: string, message: string) => ({ class: `Client::${errorClass}`, message });
