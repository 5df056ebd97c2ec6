import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { chownSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { eventually } from "./eventually.js";

const VERSIONS = "/usr/lib/postgresql";

/** Folder of PostgreSQL's own programs, or undefined where it is not installed. */
export const postgresPrograms = existsSync(VERSIONS)
  ? readdirSync(VERSIONS)
      .sort((a, b) => Number(b) - Number(a))
      .map((version) => join(VERSIONS, version, "bin"))
      .find((folder) => existsSync(join(folder, "initdb")))
  : undefined;

/** The name of tests that need PostgreSQL, which says so where there is none. */
export const withPostgres = (what: string) =>
  postgresPrograms === undefined ? `${what} (skipped: apt-get install postgresql)` : what;

/** A PostgreSQL server of a test's own, with passwords, on 127.0.0.1 and a Unix socket. */
export class Postgres {
  static readonly USER = "edge";
  static readonly PASSWORD = "pg-sentinel-4711";
  port = 0;
  private log = "";
  private server: ChildProcess | undefined;

  private constructor(readonly folder: string) {}

  /** @throws Error with what the server logged */
  static async start(): Promise<Postgres> {
    const made = new Postgres(mkdtempSync(join(tmpdir(), "pg-")));
    try {
      await made.open();
    } catch (error) {
      await made.stop();
      throw error;
    }
    return made;
  }

  /** Credentials as Terraform and psql take them from their environment. */
  environment(): Record<string, string> {
    return { PGUSER: Postgres.USER, PGPASSWORD: Postgres.PASSWORD };
  }

  /** Folder of the Unix socket. */
  get socketFolder(): string {
    return join(this.folder, "run");
  }

  /** What a query answers, unaligned and without a header. @throws Error when it fails */
  query(sql: string, database = "terraform"): string {
    const args = [
      "-h",
      "127.0.0.1",
      "-p",
      String(this.port),
      "-d",
      database,
      "-v",
      "ON_ERROR_STOP=1",
      "-XAtc",
      sql,
    ];
    return execFileSync(this.program("psql"), args, {
      env: { ...process.env, ...this.environment() },
      encoding: "utf8",
      stdio: ["ignore", "pipe", "pipe"],
    }).trim();
  }

  async stop(): Promise<void> {
    const { server } = this;
    if (server !== undefined && server.exitCode === null) {
      const ended = new Promise((resolve) => server.once("close", resolve));
      server.kill("SIGINT");
      await ended;
    }
    rmSync(this.folder, { recursive: true, force: true });
  }

  private program(name: string): string {
    return join(postgresPrograms as string, name);
  }

  private async open(): Promise<void> {
    // PostgreSQL does not run as root; its package makes a user for it.
    const id = (flag: string) => Number(execFileSync("id", [flag, "postgres"], { encoding: "utf8" }));
    const user = process.getuid?.() === 0 ? { uid: id("-u"), gid: id("-g") } : {};
    const mine = (path: string) => {
      if (user.uid !== undefined) chownSync(path, user.uid, user.gid);
    };
    mine(this.folder);
    mkdirSync(this.socketFolder);
    mine(this.socketFolder);
    const secret = join(this.folder, "secret");
    writeFileSync(secret, `${Postgres.PASSWORD}\n`, { mode: 0o600 });
    mine(secret);
    const data = join(this.folder, "data");
    const settings = [
      "-U",
      Postgres.USER,
      "--auth=scram-sha-256",
      `--pwfile=${secret}`,
      "--no-sync",
      "-E",
      "UTF8",
    ];
    const options = { ...user, cwd: this.folder, env: { PATH: process.env.PATH, LC_ALL: "C" } };
    execFileSync(this.program("initdb"), ["-D", data, ...settings], {
      ...options,
      stdio: ["ignore", "pipe", "pipe"],
    });
    this.port = await freePort();
    const server = spawn(
      this.program("postgres"),
      ["-D", data, "-p", String(this.port), "-h", "127.0.0.1", "-k", this.socketFolder, "-F"],
      { ...options, stdio: ["ignore", "ignore", "pipe"] },
    );
    this.server = server;
    server.stderr.on("data", (chunk: Buffer) => {
      this.log += chunk;
    });
    await eventually("PostgreSQL accepts connections", () => {
      if (server.exitCode !== null) throw new Error(`postgres ended with ${server.exitCode}:\n${this.log}`);
      return this.log.includes("ready to accept connections");
    });
    this.query("CREATE DATABASE terraform", "postgres");
  }
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const { port } = server.address() as { port: number };
      server.close(() => resolve(port));
    });
  });
}
