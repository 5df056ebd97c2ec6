import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { NullProvider } from "@cdktf/provider-null/lib/provider/index.js";
import { OvhProvider } from "@cdktf/provider-ovh/lib/provider";
import { S3Backend, TerraformOutput, TerraformStack } from "cdktf";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { FailoverEdge, parseConfig } from "../../lib/index.js";
import { type LiveWorld, matchers, startRegion } from "../../lib/testing.js";
import { exampleConfig } from "../examples/example.js";

expect.extend(matchers);

const [FIRST, SECOND] = ["bi-edge-sbg-1", "bi-edge-sbg-2"];
let world: LiveWorld;

/** A stack of somebody's own, that names OVH's endpoint as people do, and a state that is not ours. */
class OwnStack extends TerraformStack {
  constructor(app: ConstructorParameters<typeof TerraformStack>[0], greeting: string) {
    super(app, "own");
    new OvhProvider(this, "ovh", { endpoint: "ovh-eu" });
    new NullProvider(this, "null");
    new S3Backend(this, { bucket: "production", key: "state", region: "gra" });
    const { edges } = new FailoverEdge(this, "edge", {
      config: parseConfig(world.config),
      carpPassword: "carp-password_1",
      credentials: world.region.edgeKey,
    });
    new TerraformOutput(this, "greeting", {
      value: `${greeting} ${edges.map(({ name }) => name).join(" and ")}`,
    });
  }
}

describe("a live world", () => {
  beforeAll(async () => {
    world = await startRegion({ config: exampleConfig("guide"), region: { speed: 10, moveDuration: 300 } });
  });
  afterAll(() => world?.close());

  it("says that a program makes no stack, or several of which none is named", async () => {
    const program = (names: string[]) => async () => {
      const { App } = await import("cdktf");
      const app = new App();
      for (const name of names) new TerraformStack(app, name);
      app.synth();
    };
    await expect(world.deployProgram(program([]))).rejects.toThrow(
      new Error("the program must synthesize a stack, it made none"),
    );
    await expect(world.deployProgram(program(["one", "two"]))).rejects.toThrow(
      new Error("the program must synthesize one stack, or one of them must be named; it made one, two"),
    );
    await expect(world.deployFolder("/nowhere")).rejects.toThrow(
      new Error("/nowhere must be a synthesized stack, it has no cdk.tf.json; run cdktf synth first"),
    );
  });

  it("gives a program its environment, and takes that back whatever becomes of it", async () => {
    const before = { ...process.env };
    let seen: Record<string, string | undefined> = {};
    const fails = world.deployProgram(() => {
      seen = { ...process.env };
      throw new Error("not today");
    });
    await expect(fails).rejects.toThrow(new Error("not today"));
    expect(seen.EDGE_CONFIG).toBe(world.environment.EDGE_CONFIG);
    expect(seen.OVH_APPLICATION_KEY).toBe("deployer-key");
    expect(process.env).toEqual(before);
  });

  it("deploys a stack of one's own beside which nothing is written, with no credentials but the region's", async () => {
    await world.deploy((app) => new OwnStack(app, "hello"));
    // Where cdktf's own default puts the state.
    expect(existsSync(join(process.cwd(), "terraform.own.tfstate"))).toBe(false);
    expect(await world.output("greeting")).toBe(`hello ${FIRST} and ${SECOND}`);
    expect(existsSync(join(world.stackFolder, "terraform.tfstate"))).toBe(true);
    await world.eventually(() => expect(world).toBeAtRest());
    expect(world).toRouteTo(FIRST);
    expect(world).toAnswer(FIRST);
    expect(world).toHaveMaster(FIRST);
    expect(world).toHaveAlias(FIRST);
    expect(world).toHaveLogged(FIRST, "alias=on");
  });

  it("plans and deploys what changed, and keeps the state between", async () => {
    expect(await world.plan()).toBe("no changes");
    const sessions = world.region.sshSessions();
    await world.deploy((app) => new OwnStack(app, "bye"));
    expect(await world.output("greeting")).toBe(`bye ${FIRST} and ${SECOND}`);
    expect(world.region.sshSessions()).toBe(sessions);
  });

  it("deploys a folder that is synthesized already, and leaves that as it is", async () => {
    const folder = mkdtempSync(join(tmpdir(), "own-"));
    try {
      const stack = join(folder, "own");
      cpSync(world.stackFolder, stack, { recursive: true, filter: (path) => !path.includes(".terraform") });
      rmSync(join(stack, "world_override.tf.json"));
      rmSync(join(stack, "terraform.tfstate"));
      const text = readFileSync(join(stack, "cdk.tf.json"), "utf8");
      const files = readdirSync(stack);
      await world.deployFolder(stack);
      expect(readdirSync(stack)).toEqual(files);
      expect(readFileSync(join(stack, "cdk.tf.json"), "utf8")).toBe(text);
      expect(await world.plan()).toBe("no changes");
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it("fails over at a fault, and says what it looks like while it has not", async () => {
    await world.fault("down", FIRST, "carp0");
    const early = world.eventually(() => expect(world).toRouteTo(SECOND), { within: 0 });
    await expect(early).rejects.toThrow(
      `not within 0 s:\nexpected 146.59.143.231 to be routed to ${SECOND}, but it is routed to ${FIRST}\n\nOVH routes`,
    );
    await world.eventually(() => expect(world).toAnswer(SECOND));
    await world.fault("up", FIRST, "carp0");
    await world.eventually(() => expect(world).toBeAtRest());
    expect(world).toHaveMaster(SECOND);
    expect(await world.plan()).toBe("no changes");
  });

  it("drains an edge as a person does", async () => {
    await world.operate(SECOND, "drain");
    await world.eventually(() => expect(world).toAnswer(FIRST));
    expect(world).toBeDemoted(SECOND);
    await world.operate(SECOND, "undrain");
    await world.eventually(() => expect(world).not.toBeDemoted(SECOND));
  });

  it("fails for edges, interfaces and operations that are not there", async () => {
    await expect(world.fault("power-off", "edge-z")).rejects.toThrow(
      new Error(`there is no node edge-z; there are ${FIRST}, ${SECOND}`),
    );
    await expect(world.fault("cut", FIRST, "vio9")).rejects.toThrow(
      new Error(`${FIRST} has no interface vio9; it has vio0, vio1, vio2, carp0`),
    );
    await expect(world.operate("edge-z", "drain")).rejects.toThrow(
      new Error(`there is no node edge-z; there are ${FIRST}, ${SECOND}`),
    );
    await expect(world.operate(FIRST, "explode" as "drain")).rejects.toThrow(
      /^edge-sync explode failed on bi-edge-sbg-1: ./,
    );
  });

  it("shows Terraform's own words when a deploy fails", async () => {
    const config = world.config;
    const wrong = { ...config, edges: config.edges.map((edge) => ({ ...edge, flavor: "b9-999" })) };
    world.config = wrong as typeof config;
    await expect(world.deploy((app) => new OwnStack(app, "x"))).rejects.toThrow("got b9-999; it has b3-16");
    world.config = config;
  });

  it("destroys it, and leaves nothing behind", async () => {
    await world.deploy((app) => new OwnStack(app, "x"));
    expect(await world.destroy()).toEqual([]);
  });

  it("ends all that it has started, however often it is told", async () => {
    const folder = world.environment.EDGE_CONFIG?.replace("/edge.config.json", "") as string;
    expect(existsSync(folder)).toBe(true);
    await world.close();
    await world.close();
    expect(existsSync(folder)).toBe(false);
  });
});
