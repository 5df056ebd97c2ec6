import { createHash, timingSafeEqual } from "node:crypto";
import type { Clock } from "../clock.js";
import type { Random } from "../random.js";
import { ApiError, badRequest, forbidden, unauthorized } from "./errors.js";
import type { AccessRule, ApiKey, OAuthClient } from "./seed.js";

/** Seconds by which a request's clock may differ before it is refused. */
export const CLOCK_TOLERANCE = 30;

/** What a signature is made from. */
export interface SignedRequest {
  readonly method: string;
  /** Scheme, host, path and query, as the client asked for them. */
  readonly url: string;
  readonly path: string;
  readonly body: string;
  readonly header: (name: string) => string | undefined;
}

/** The value of `X-Ovh-Signature` for an application key. */
export function signature(key: ApiKey, method: string, url: string, body: string, timestamp: number): string {
  const text = [key.applicationSecret, key.consumerKey, method, url, body, timestamp].join("+");
  return `$1$${createHash("sha1").update(text).digest("hex")}`;
}

/**
 * The key that signed a request, once signature, clock and rights are sound.
 *
 * @throws ApiError 400, 401 or 403
 */
export function authorize(request: SignedRequest, keys: readonly ApiKey[], clock: Clock): ApiKey {
  const application = request.header("x-ovh-application");
  const consumer = request.header("x-ovh-consumer");
  const timestamp = request.header("x-ovh-timestamp");
  const given = request.header("x-ovh-signature");
  if (application === undefined) throw unauthorized("You must login first");
  const known = keys.filter((key) => key.applicationKey === application);
  if (known.length === 0) throw forbidden("This application key is invalid");
  const key = known.find((candidate) => candidate.consumerKey === consumer);
  if (key === undefined) throw forbidden("This credential is not valid");
  if (timestamp === undefined || given === undefined || !/^\d+$/.test(timestamp)) {
    throw badRequest("Missing signature");
  }
  const expected = signature(key, request.method, request.url, request.body, Number(timestamp));
  if (!sameText(given, expected)) throw badRequest("Invalid signature");
  if (key.expiration !== undefined && Date.parse(key.expiration) <= clock.now()) {
    throw forbidden("This credential is not valid");
  }
  if (Math.abs(clock.now() / 1000 - Number(timestamp)) > CLOCK_TOLERANCE) {
    throw badRequest("Query out of time");
  }
  if (!isGranted(key.rules, request.method, request.path)) {
    throw forbidden("This call has not been granted");
  }
  return key;
}

/** Who made a request, and what that may do. */
export interface Caller {
  readonly name: string;
  readonly rules: readonly AccessRule[];
  /** When its key ends, as the API writes times. @default - never */
  readonly expiration?: string;
}

/** Service accounts that are made while the API runs. */
export interface ServiceAccounts {
  /** Whether these are the credentials of one. */
  knows(id: string, secret: string): boolean;
}

/** OAuth2 service accounts: tokens for client credentials, which end after an hour. */
export class OAuth2 {
  /** Seconds that a token lives. */
  lifetime = 3600;
  private readonly tokens = new Map<
    string,
    { client: Pick<OAuthClient, "clientId"> & Partial<OAuthClient>; endsAt: number }
  >();

  constructor(
    private readonly clients: readonly OAuthClient[],
    private readonly clock: Clock,
    private readonly random: Random,
    private readonly accounts: ServiceAccounts = { knows: () => false },
  ) {}

  /** Answers a form of `POST /auth/oauth2/token`. @throws ApiError */
  issue(form: URLSearchParams): {
    access_token: string;
    token_type: "Bearer";
    expires_in: number;
    scope: string;
  } {
    if (form.get("grant_type") !== "client_credentials") throw badRequest("unsupported_grant_type");
    const [id, secret] = [form.get("client_id") ?? "", form.get("client_secret") ?? ""];
    const seeded = this.clients.find(
      ({ clientId, clientSecret }) => clientId === id && clientSecret === secret,
    );
    const client = seeded ?? (this.accounts.knows(id, secret) ? { clientId: id } : undefined);
    if (client === undefined) throw unauthorized("invalid_client");
    const token = this.random.uuid();
    this.tokens.set(token, { client, endsAt: this.clock.now() + this.lifetime * 1000 });
    return { access_token: token, token_type: "Bearer", expires_in: this.lifetime, scope: "all" };
  }

  /**
   * The account that a token was given to.
   *
   * @param allowed Whether the policies let an account without rules of its own make this call
   * @throws ApiError 401 or 403
   */
  authorize(
    token: string,
    method: string,
    path: string,
    allowed: (clientId: string) => boolean = () => false,
  ): Caller {
    const found = this.tokens.get(token);
    if (found === undefined || found.endsAt <= this.clock.now())
      throw unauthorized("Invalid or expired token");
    const { clientId, rules } = found.client;
    const granted = rules === undefined ? allowed(clientId) : isGranted(rules, method, path);
    if (!granted) throw forbidden("This call has not been granted");
    return { name: clientId, rules: rules ?? [] };
  }
}

/** How many requests a caller may make. OVH advises at most 60 a minute. */
export class RateLimit {
  private readonly calls = new Map<string, number[]>();

  constructor(
    private readonly clock: Clock,
    /** Requests within a minute until the next one is refused; undefined for any number. */
    public perMinute: number | undefined = undefined,
  ) {}

  /** Counts a request. @throws ApiError 429 with Retry-After, in seconds */
  count(caller: string): void {
    if (this.perMinute === undefined) return;
    const now = this.clock.now();
    const recent = (this.calls.get(caller) ?? []).filter((at) => now - at < 60_000);
    if (recent.length >= this.perMinute) {
      const wait = Math.ceil((60_000 - (now - (recent[0] as number))) / 1000);
      throw new ApiError(429, "Client::TooManyRequests", "Too many requests", {
        "Retry-After": String(wait),
      });
    }
    this.calls.set(caller, [...recent, now]);
  }
}

/** Whether one of the rules covers a call. */
export function isGranted(rules: readonly AccessRule[], method: string, path: string): boolean {
  return rules.some((rule) => rule.method === method && matches(rule.path, path));
}

function matches(pattern: string, path: string): boolean {
  const parts = pattern.split("*").map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"));
  return new RegExp(`^${parts.join(".*")}$`).test(path);
}

function sameText(a: string, b: string): boolean {
  const [left, right] = [Buffer.from(a), Buffer.from(b)];
  return left.length === right.length && timingSafeEqual(left, right);
}
