import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { terraformRuns } from "../constructs/terraform.js";
import { HttpState } from "./http-state.js";
import { Postgres, postgresPrograms, withPostgres } from "./postgres.js";
import { Workplace } from "./workplace.js";

interface Shared {
  readonly backend: unknown;
  readonly environment: Record<string, string>;
}

/** Two people, each with a checkout of their own, on one state. */
function twoPeople(shared: () => Shared): { first: () => Workplace; second: () => Workplace } {
  let people: [Workplace, Workplace];
  beforeEach(async () => {
    const { backend, environment } = shared();
    people = [new Workplace(environment), new Workplace(environment)];
    people[0].synth(backend, ["held"]);
    people[1].synth(backend, ["held", "second"]);
    for (const person of people) await person.must("init", "-input=false");
  });
  return { first: () => people[0], second: () => people[1] };
}

/** What holds whatever keeps the state. */
function sharedState(shared: () => Shared): ReturnType<typeof twoPeople> {
  const people = twoPeople(shared);
  const { first, second } = people;

  it("the second apply fails clearly, and nothing is lost", async () => {
    const { ran } = first().start("apply", "-auto-approve");
    await first().held();
    const refused = await second().run("apply", "-auto-approve");
    expect(refused.status).toBe(1);
    expect(refused.stderr).toContain("Error acquiring the state lock");
    expect(refused.stderr).toMatch(/Lock Info:/);
    expect(refused.stderr).toMatch(/Who: +\S+@\S+/);
    expect(refused.stderr).toMatch(/Operation: +OperationTypeApply/);
    await first().release();
    expect((await ran).stderr).toBe("");
    expect(await first().names()).toEqual(["held"]);
    expect(await first().isClean()).toBe(true);
  });

  it("the second apply waits with -lock-timeout, and the state has what both have made", async () => {
    const { ran } = first().start("apply", "-auto-approve");
    await first().held();
    const waiting = second().start("apply", "-auto-approve", "-lock-timeout=300s");
    let printed = "";
    const waits = new Promise<void>((resolve) =>
      waiting.child.stdout.on("data", (chunk: Buffer) => {
        printed += chunk;
        if (printed.includes("Acquiring state lock")) resolve();
      }),
    );
    await waits;
    expect(await Promise.race([waiting.ran, Promise.resolve("still waiting")])).toBe("still waiting");
    await first().release();
    expect((await ran).status).toBe(0);
    const { status, stdout } = await waiting.ran;
    expect(status).toBe(0);
    // It planned on what the first had made, not on what was there when it was started.
    expect(stdout).toContain("1 added, 0 changed, 0 destroyed");
    expect(await second().names()).toEqual(["held", "second"]);
    expect(await second().isClean()).toBe(true);
  });

  it("a plan waits for nobody's lock when it is told not to take one", async () => {
    const { ran } = first().start("apply", "-auto-approve");
    await first().held();
    const { status, stdout } = await second().run("plan", "-lock=false");
    expect(status).toBe(0);
    expect(stdout).toContain("Plan: 2 to add");
    await first().release();
    await ran;
  });
  return people;
}

describe.skipIf(!terraformRuns || postgresPrograms === undefined)(
  withPostgres("one state on PostgreSQL"),
  () => {
    let postgres: Postgres;
    beforeAll(async () => {
      postgres = await Postgres.start();
    });
    afterAll(() => postgres?.stop());
    afterEach(() => {
      postgres.query("DROP SCHEMA IF EXISTS terraform_edge CASCADE");
    });

    const shared = () => ({
      backend: { type: "pg", host: "127.0.0.1", port: postgres.port },
      environment: postgres.environment(),
    });
    const { first, second } = sharedState(shared);

    it("is free again when the apply that held it is killed", async () => {
      const { child, ran } = first().start("apply", "-auto-approve");
      await first().held();
      child.kill("SIGKILL");
      await first().release();
      await ran;
      second().synth(shared().backend, ["second"]);
      expect((await second().run("apply", "-auto-approve", "-lock-timeout=60s")).status).toBe(0);
      expect(await second().names()).toEqual(["second"]);
    });

    it("is held by whom the database names, as the message names who asked", async () => {
      const holders = () =>
        postgres.query(
          "SELECT usename FROM pg_locks JOIN pg_stat_activity USING (pid) WHERE locktype = 'advisory'",
        );
      expect(holders()).toBe("");
      const { ran } = first().start("apply", "-auto-approve");
      await first().held();
      const began = new Date();
      const { stderr } = await second().run("apply", "-auto-approve");
      const [, created] = /Created: +(\S+ \S+)/.exec(stderr) as unknown as [string, string];
      expect(Date.parse(`${created.replace(" ", "T").slice(0, 23)}Z`)).toBeGreaterThanOrEqual(
        began.getTime(),
      );
      expect(holders()).toBe(Postgres.USER);
      await first().release();
      await ran;
      expect(holders()).toBe("");
    });

    it("is reached over a Unix socket as well", async () => {
      const place = new Workplace(postgres.environment());
      place.synth({ type: "pg", host: postgres.socketFolder, port: postgres.port, schemaName: "socket" }, [
        "a",
      ]);
      await place.must("init", "-input=false");
      await place.must("apply", "-auto-approve");
      expect(postgres.query("SELECT name FROM socket.states")).toBe("default");
    });

    it("needs no right to create anything where an administrator has", async () => {
      const owner = new Workplace(postgres.environment());
      const backend = { type: "pg", host: "127.0.0.1", port: postgres.port, schemaName: "prepared" };
      owner.synth(backend, ["a"]);
      await owner.must("init", "-input=false");
      postgres.query(
        "CREATE ROLE deployer LOGIN PASSWORD 'deployer-password'; GRANT USAGE ON SCHEMA prepared TO deployer; " +
          "GRANT SELECT, INSERT, UPDATE, DELETE ON prepared.states TO deployer; " +
          "GRANT USAGE ON SEQUENCE public.global_states_id_seq TO deployer",
      );
      const deployer = new Workplace({ PGUSER: "deployer", PGPASSWORD: "deployer-password" });
      deployer.synth({ ...backend, create: false }, ["a"]);
      await deployer.must("init", "-input=false");
      await deployer.must("apply", "-auto-approve");
      expect(await deployer.names()).toEqual(["a"]);
    });

    it("is refused with another password, and the right one is in no file", async () => {
      const wrong = new Workplace({ ...postgres.environment(), PGPASSWORD: "wrong" });
      wrong.synth(shared().backend, ["a"]);
      const { status, stderr } = await wrong.run("init", "-input=false");
      expect(status).toBe(1);
      expect(stderr).toContain('password authentication failed for user "edge"');
      second().synth(shared().backend, ["second"]);
      await second().must("plan", "-out=plan");
      await second().must("apply", "plan");
      expect(second().files().length).toBeGreaterThan(3);
      expect(second().holding(Postgres.PASSWORD)).toEqual([]);
    });
  },
);

describe.skipIf(!terraformRuns)("one state on an HTTP server", () => {
  let server: HttpState;
  beforeEach(async () => {
    server = await HttpState.start();
  });
  afterEach(() => server.stop());

  const shared = () => ({
    backend: { type: "http", address: server.address },
    environment: server.environment(),
  });
  const { first, second } = sharedState(shared);

  it("says who holds it, and is freed by force when the apply that held it is killed", async () => {
    const { child, ran } = first().start("apply", "-auto-approve");
    await first().held();
    child.kill("SIGKILL");
    await first().release();
    await ran;
    const { ID, Who } = server.lock as { ID: string; Who: string };
    second().synth(shared().backend, ["second"]);
    const refused = await second().run("apply", "-auto-approve");
    expect(refused.status).toBe(1);
    expect(refused.stderr).toContain(ID);
    expect(refused.stderr).toContain(Who);
    await second().must("force-unlock", "-force", ID);
    await second().must("apply", "-auto-approve");
    expect(await second().names()).toEqual(["second"]);
    expect(server.lock).toBeUndefined();
  });

  it("is refused with another password, and the right one is in no file", async () => {
    const wrong = new Workplace({ ...server.environment(), TF_HTTP_PASSWORD: "wrong" });
    wrong.synth(shared().backend, ["a"]);
    const { status, stderr } = await wrong.run("init", "-input=false");
    expect(status).toBe(1);
    expect(stderr).toMatch(/requires auth|401/);
    second().synth(shared().backend, ["second"]);
    await second().must("plan", "-out=plan");
    await second().must("apply", "plan");
    expect(second().holding(HttpState.PASSWORD)).toEqual([]);
  });
});
