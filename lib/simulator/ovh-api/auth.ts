import { createHash, timingSafeEqual } from "node:crypto";
import type { Clock } from "../clock.js";
import { badRequest, forbidden, unauthorized } from "./errors.js";
import type { AccessRule, ApiKey } from "./seed.js";

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
  if (timestamp === undefined || given === undefined) throw badRequest("Missing signature");
  const expected = signature(key, request.method, request.url, request.body, Number(timestamp));
  if (!sameText(given, expected)) throw badRequest("Invalid signature");
  if (Math.abs(clock.now() / 1000 - Number(timestamp)) > CLOCK_TOLERANCE) {
    throw badRequest("Query out of time");
  }
  if (!isGranted(key.rules, request.method, request.path)) {
    throw forbidden("This call has not been granted");
  }
  return key;
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
