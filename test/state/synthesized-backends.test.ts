import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { terraformRuns } from "../constructs/terraform.js";
import { S3Server } from "./s3-server.js";
import { Workplace } from "./workplace.js";

/** OVH's Object Storage itself cannot be asked here; this is the protocol, with OVH's settings. */
describe.skipIf(!terraformRuns)("one state on an S3 server", () => {
  let server: S3Server;
  let people: [Workplace, Workplace];
  const backend = (settings: object = {}) => ({
    type: "s3",
    bucket: S3Server.BUCKET,
    region: S3Server.REGION,
    endpoint: server.endpoint,
    ...settings,
  });

  beforeEach(async () => {
    server = await S3Server.start();
    people = [new Workplace(server.environment()), new Workplace(server.environment())];
    people[0].synth(backend(), ["held"]);
    people[1].synth(backend(), ["held", "second"]);
    for (const person of people) await person.must("init", "-input=false");
  });
  afterEach(() => server.stop());

  it("is locked by an object beside it: the second apply fails clearly, and nothing is lost", async () => {
    const [first, second] = people;
    const { ran } = first.start("apply", "-auto-approve");
    await first.held();
    expect([...server.objects.keys()]).toEqual(["edge/terraform.tfstate.tflock"]);
    const { status, stderr } = await second.run("apply", "-auto-approve");
    expect(status).toBe(1);
    expect(stderr).toContain("Error acquiring the state lock");
    const holder = JSON.parse(String(server.objects.get("edge/terraform.tfstate.tflock")));
    expect(stderr).toContain(holder.ID);
    expect(stderr).toContain(holder.Who);
    await first.release();
    expect((await ran).stderr).toBe("");
    expect([...server.objects.keys()]).toEqual(["edge/terraform.tfstate"]);
    await second.must("apply", "-auto-approve");
    expect(await second.names()).toEqual(["held", "second"]);
    expect(await second.isClean()).toBe(true);
  });

  it("is not locked where the server has no conditional writes", async () => {
    const place = new Workplace(server.environment());
    place.synth(backend({ lockfile: false, key: "other" }), ["a"]);
    await place.must("init", "-input=false");
    server.requests.length = 0;
    await place.must("apply", "-auto-approve");
    expect(server.requests.filter((request) => request.includes("tflock"))).toEqual([]);
    expect([...server.objects.keys()]).toEqual(["other"]);
  });

  it("is refused with a wrong secret", async () => {
    const place = new Workplace({ ...server.environment(), AWS_SECRET_ACCESS_KEY: "wrong" });
    place.synth(backend(), ["a"]);
    const { status, stderr } = await place.run("init", "-input=false");
    expect(status).toBe(1);
    expect(stderr).toContain("SignatureDoesNotMatch");
  });

  it("has its secret in no file of the stack, plan included", async () => {
    const [, second] = people;
    second.synth(backend(), ["second"]);
    await second.must("plan", "-out=plan");
    await second.must("apply", "plan");
    expect(second.files().length).toBeGreaterThan(3);
    expect(second.holding(S3Server.SECRET)).toEqual([]);
  });
});

describe.skipIf(!terraformRuns)("a state on Consul", () => {
  const TOKEN = "consul-sentinel-4711";
  const asked: { path: string; token: unknown }[] = [];
  let server: Server;

  // An agent with an empty store.
  beforeAll(async () => {
    server = createServer((request, response) => {
      asked.push({ path: request.url as string, token: request.headers["x-consul-token"] });
      response.writeHead(404).end();
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", () => resolve()));
  });
  afterAll(() => new Promise((resolve) => server.close(resolve)));

  it("is looked for at the agent and the path that are configured, with the environment's token", async () => {
    const place = new Workplace({ CONSUL_HTTP_TOKEN: TOKEN });
    const { port } = server.address() as AddressInfo;
    place.synth({ type: "consul", address: `127.0.0.1:${port}`, path: "infra/edge", gzip: true }, ["a"]);
    await place.must("init", "-input=false");
    expect(asked.length).toBeGreaterThan(0);
    for (const { path, token } of asked) {
      expect(path).toMatch(/^\/v1\/kv\/infra\/edge/);
      expect(token).toBe(TOKEN);
    }
    await place.must("validate");
    expect(place.holding(TOKEN)).toEqual([]);
  });
});
