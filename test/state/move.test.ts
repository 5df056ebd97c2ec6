import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { Playground } from "../../lib/playground/playground.js";
import { example } from "../config/example.js";
import { temporaryFolder } from "../constructs/synthesized.js";
import { terraform, terraformRuns } from "../constructs/terraform.js";
import { nodesRun } from "../simulator/node/nodes.js";
import { HttpState } from "./http-state.js";
import { Postgres, postgresPrograms, withPostgres } from "./postgres.js";
import { Workplace } from "./workplace.js";

describe.skipIf(!terraformRuns || !nodesRun || postgresPrograms === undefined)(
  withPostgres("the state of a deployed edge"),
  () => {
    let playground: Playground;
    let postgres: Postgres;
    const backup = join(temporaryFolder(), "backup.tfstate");

    beforeAll(async () => {
      playground = await Playground.create({ config: example() as never, region: { speed: 20 } });
      postgres = await Postgres.start();
    });
    afterAll(async () => {
      await postgres?.stop();
      await playground?.stop();
    });

    const run = async (...args: string[]) => {
      const environment = { ...playground.environment(), ...postgres.environment() };
      const { status, stdout, stderr } = await terraform(playground.stackFolder, environment, [
        ...args,
        "-no-color",
      ]);
      if (status !== 0 && status !== 2)
        throw new Error(`terraform ${args[0]}: ${status}\n${stdout}${stderr}`);
      return { status, stdout };
    };
    const clean = async () => (await run("plan", "-detailed-exitcode", "-input=false")).status === 0;

    it("is deployed with a local one", async () => {
      await playground.synth();
      await run("init", "-input=false");
      await run("apply", "-auto-approve", "-input=false");
      expect(await clean()).toBe(true);
    });

    it("moves to PostgreSQL by init -migrate-state, and nothing of the edge changes", async () => {
      const before = JSON.parse(readFileSync(join(playground.stackFolder, "terraform.edge.tfstate"), "utf8"));
      const sessions = playground.region.sshSessions();
      const backend = { type: "pg", host: "127.0.0.1", port: postgres.port } as const;
      playground.writeConfig({ ...playground.readConfig(), backend });
      await playground.synth();
      await run("init", "-input=false", "-migrate-state", "-force-copy");
      expect(await clean()).toBe(true);
      const { lineage, resources } = JSON.parse((await run("state", "pull")).stdout);
      expect(resources).toEqual(before.resources);
      expect(playground.region.sshSessions()).toBe(sessions);
      // PostgreSQL's backend begins a lineage of its own, which a backup from before is not of.
      expect(lineage).not.toBe(before.lineage);
      writeFileSync(backup, JSON.stringify(before));
      await expect(run("state", "push", backup)).rejects.toThrow(/over unrelated state with lineage/);
    });

    it("stays behind in the local file as well, which nothing reads any more", () => {
      const left = JSON.parse(readFileSync(join(playground.stackFolder, "terraform.edge.tfstate"), "utf8"));
      expect(left.resources.length).toBeGreaterThan(5);
    });

    it("holds no secret there, in clear or in the database's dump", () => {
      const rows = postgres.query("SELECT data FROM terraform_edge.states");
      expect(rows).toContain("ovh_cloud_instance");
      const { applicationSecret, consumerKey } = playground.region.edgeKey;
      for (const secret of [playground.carpPassword, applicationSecret, consumerKey, Postgres.PASSWORD]) {
        expect(rows).not.toContain(secret);
      }
    });

    it("is lost, and a deploy would make a second edge", async () => {
      writeFileSync(backup, (await run("state", "pull")).stdout);
      postgres.query("DELETE FROM terraform_edge.states");
      const { status, stdout } = await run("plan", "-detailed-exitcode", "-input=false");
      expect(status).toBe(2);
      expect(stdout).toMatch(/Plan: \d+ to add, 0 to change, 0 to destroy/);
    });

    it("is restored from the backup by state push, and the plan is clean again", async () => {
      await run("state", "push", backup);
      expect(await clean()).toBe(true);
    });
  },
);

describe.skipIf(!terraformRuns)("a state on an HTTP server", () => {
  let server: HttpState;
  let place: Workplace;
  const backup = () => join(place.folder, "backup.tfstate");
  const save = async () => writeFileSync(backup(), await place.must("state", "pull"));

  beforeEach(async () => {
    server = await HttpState.start();
    place = new Workplace(server.environment());
    place.synth({ type: "http", address: server.address }, ["a"]);
    await place.must("init", "-input=false");
    await place.must("apply", "-auto-approve");
    return () => server.stop();
  });

  it("is not overwritten by an older one, unless by force", async () => {
    await save();
    place.synth({ type: "http", address: server.address }, ["a", "b"]);
    await place.must("apply", "-auto-approve");
    const { status, stderr } = await place.run("state", "push", backup());
    expect(status).toBe(1);
    expect(stderr).toMatch(/cannot import state with serial \d+ over newer state with serial \d+/);
    expect(await place.names()).toEqual(["a", "b"]);
    await place.must("state", "push", "-force", backup());
    expect(await place.names()).toEqual(["a"]);
    expect(await place.isClean()).toBe(false);
  });

  it("is not overwritten by the state of another stack", async () => {
    const other = new Workplace();
    other.synth({ type: "local" }, ["z"]);
    await other.must("init", "-input=false");
    await other.must("apply", "-auto-approve");
    const { status, stderr } = await place.run("state", "push", join(other.folder, "terraform.edge.tfstate"));
    expect(status).toBe(1);
    expect(stderr).toMatch(/cannot import state with lineage "[^"]+" over unrelated state with lineage/);
    expect(await place.names()).toEqual(["a"]);
  });

  it("moves back to a local file", async () => {
    const before = await place.state();
    const path = join(temporaryFolder(), "state");
    mkdirSync(join(path, ".."), { recursive: true });
    place.synth({ type: "local", path }, ["a"]);
    await place.must("init", "-input=false", "-migrate-state", "-force-copy");
    expect(await place.isClean()).toBe(true);
    expect(JSON.parse(readFileSync(path, "utf8")).lineage).toBe(before.lineage);
  });

  it("is not taken along without being asked for", async () => {
    place.synth({ type: "local" }, ["a"]);
    const { status, stderr } = await place.run("plan");
    expect(status).toBe(1);
    expect(stderr).toContain("Backend initialization required");
    expect(server.state).toContain('"a"');
  });
});
