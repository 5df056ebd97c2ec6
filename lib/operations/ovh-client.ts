import { createHash } from "node:crypto";
import { API_HOSTS, type Endpoint } from "./api-host.js";

/** Credentials and endpoint of a client of OVH's API. */
export interface ClientOptions {
  /** `ovh-eu` and its like, or a URL. */
  readonly endpoint: string;
  readonly applicationKey: string;
  readonly applicationSecret: string;
  readonly consumerKey: string;
  /** Milliseconds that an answer may take. @default - 20,000 */
  readonly deadline?: number;
}

/** The address of an endpoint: OVH's own by its name, any other as it is. */
export function apiUrl(endpoint: string): string {
  return endpoint in API_HOSTS ? `https://${API_HOSTS[endpoint as Endpoint]}/1.0` : endpoint;
}

/** An answer of the API that is not a success. */
export class OvhError extends Error {
  constructor(
    readonly status: number,
    readonly errorClass: string,
    /** OVH's own words. */
    readonly reason: string,
    readonly queryId: string,
  ) {
    super(
      `OVHcloud API error (status code ${status}): ${errorClass}: ${JSON.stringify(reason)}${queryId === "" ? "" : ` (X-OVH-Query-Id: ${queryId})`}`,
    );
  }
}

/** A client, or why its credentials are not to be had. */
export function clientOrWhy(options: () => ClientOptions): OvhClient | string {
  try {
    return new OvhClient(options());
  } catch (error) {
    return (error as Error).message;
  }
}

/** A client that signs its requests with an application key. */
export class OvhClient {
  private offset: number | undefined;
  /** Seconds by which its signatures are too old. */
  private slow = 0;
  private readonly base: string;

  constructor(private readonly options: ClientOptions) {
    this.base = apiUrl(options.endpoint);
  }

  get<T>(path: string): Promise<T> {
    return this.call<T>("GET", path);
  }

  post<T>(path: string, body: unknown): Promise<T> {
    return this.call<T>("POST", path, body);
  }

  put<T>(path: string, body: unknown): Promise<T> {
    return this.call<T>("PUT", path, body);
  }

  delete<T = void>(path: string): Promise<T> {
    return this.call<T>("DELETE", path);
  }

  /** The same client with a clock that is some seconds slow, to see how OVH refuses that. */
  late(seconds: number): OvhClient {
    const client = new OvhClient(this.options);
    client.slow = seconds;
    return client;
  }

  private async call<T>(method: string, path: string, body?: unknown): Promise<T> {
    const url = this.url(path);
    const text = body === undefined ? "" : JSON.stringify(body);
    const { applicationKey, applicationSecret, consumerKey } = this.options;
    const timestamp = Math.floor(Date.now() / 1000) + (await this.timeOffset()) - this.slow;
    const signed = [applicationSecret, consumerKey, method, url, text, timestamp].join("+");
    const headers: Record<string, string> = {
      Accept: "application/json",
      "X-Ovh-Application": applicationKey,
      "X-Ovh-Consumer": consumerKey,
      "X-Ovh-Timestamp": String(timestamp),
      "X-Ovh-Signature": `$1$${createHash("sha1").update(signed).digest("hex")}`,
    };
    if (body !== undefined) headers["Content-Type"] = "application/json;charset=utf-8";
    if (path.startsWith("/v2/")) headers["X-Schemas-Version"] = "0.0";
    return read<T>(await this.send(url, { method, headers, body: body === undefined ? undefined : text }));
  }

  private async timeOffset(): Promise<number> {
    if (this.offset === undefined) {
      this.offset = (await this.time()) - Math.floor(Date.now() / 1000);
    }
    return this.offset;
  }

  /** OVH's clock, in seconds since 1970. Unsigned. `GET /auth/time` */
  async time(): Promise<number> {
    const headers = { "X-Ovh-Application": this.options.applicationKey };
    return read<number>(await this.send(this.url("/auth/time"), { headers }));
  }

  private async send(url: string, init: RequestInit): Promise<Response> {
    const { deadline = 20_000 } = this.options;
    try {
      return await fetch(url, { ...init, signal: AbortSignal.timeout(deadline) });
    } catch (error) {
      const { name, message, cause } = error as Error & { cause?: Error };
      const why =
        name === "TimeoutError" ? `no answer within ${deadline / 1000} s` : (cause?.message ?? message);
      throw new Error(`OVH's API at ${new URL(url).host} cannot be reached: ${why}`);
    }
  }

  /** The endpoint loses its `/1.0` before a path that names its own version. */
  private url(path: string): string {
    const base = /^\/v[12]\//.test(path) ? this.base.replace(/\/1\.0$/, "") : this.base;
    return `${base}${path}`;
  }
}

async function read<T>(response: Response): Promise<T> {
  const text = await response.text();
  if (response.ok) return (text === "" ? undefined : JSON.parse(text)) as T;
  let error: { class?: string; message?: string } = {};
  try {
    error = JSON.parse(text);
  } catch {
    error = { message: text };
  }
  throw new OvhError(
    response.status,
    error.class ?? "",
    error.message ?? "",
    response.headers.get("x-ovh-queryid") ?? "",
  );
}
