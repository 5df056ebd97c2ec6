import type { AddressInfo } from "node:net";
import { type ServerType, serve } from "@hono/node-server";
import { Hono } from "hono";

/** Who holds a lock, as Terraform tells it. */
export interface LockInfo {
  readonly ID: string;
  readonly Operation: string;
  readonly Who: string;
}

/** A server for one state by Terraform's HTTP backend: with a password and a lock. */
export class HttpState {
  static readonly USER = "edge";
  static readonly PASSWORD = "http-sentinel-4711";
  /** The state as it was last written, or undefined. */
  state: string | undefined;
  /** The states before it. */
  readonly older: string[] = [];
  lock: LockInfo | undefined;
  /** Method and answer of each request. */
  readonly requests: string[] = [];
  private server: ServerType | undefined;

  static async start(): Promise<HttpState> {
    const made = new HttpState();
    const app = made.routes();
    await new Promise<void>((resolve) => {
      made.server = serve({ fetch: app.fetch, port: 0, hostname: "127.0.0.1" }, () => resolve());
    });
    return made;
  }

  get address(): string {
    return `http://127.0.0.1:${(this.server?.address() as AddressInfo).port}/edge`;
  }

  environment(): Record<string, string> {
    return { TF_HTTP_USERNAME: HttpState.USER, TF_HTTP_PASSWORD: HttpState.PASSWORD };
  }

  async stop(): Promise<void> {
    await new Promise<void>((resolve) => this.server?.close(() => resolve()));
  }

  private routes(): Hono {
    const app = new Hono();
    app.use(async (c, next) => {
      await next();
      this.requests.push(`${c.req.method} ${c.res.status}`);
    });
    const expected = `Basic ${Buffer.from(`${HttpState.USER}:${HttpState.PASSWORD}`).toString("base64")}`;
    app.use(async (c, next) => {
      if (c.req.header("authorization") !== expected) return c.text("who are you?", 401);
      return next();
    });
    app.get("/edge", (c) => (this.state === undefined ? c.body(null, 404) : c.body(this.state)));
    app.post("/edge", async (c) => {
      // Only who holds the lock may write.
      if (this.lock !== undefined && c.req.query("ID") !== this.lock.ID) return c.json(this.lock, 423);
      if (this.state !== undefined) this.older.push(this.state);
      this.state = await c.req.text();
      return c.body(null, 200);
    });
    app.on("LOCK", "/edge", async (c) => {
      if (this.lock !== undefined) return c.json(this.lock, 423);
      this.lock = await c.req.json<LockInfo>();
      return c.body(null, 200);
    });
    app.on("UNLOCK", "/edge", async (c) => {
      const text = await c.req.text();
      const asked = text === "" ? undefined : (JSON.parse(text) as LockInfo);
      if (this.lock === undefined || (asked !== undefined && asked.ID !== this.lock.ID)) {
        return c.json(this.lock ?? null, 409);
      }
      this.lock = undefined;
      return c.body(null, 200);
    });
    return app;
  }
}
