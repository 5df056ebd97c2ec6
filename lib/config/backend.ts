import { z } from "zod";
import { runnable } from "./command-line.js";
import { show } from "./errors.js";
import { flag, integer, text } from "./fields.js";

/** Regions of OVH's Object Storage whose endpoint is `https://s3.REGION.io.cloud.ovh.net`. */
export const STORAGE_REGIONS = [
  "gra",
  "rbx",
  "sbg",
  "eu-west-par",
  "eu-south-mil",
  "de",
  "uk",
  "waw",
  "bhs",
  "ca-east-tor",
  "sgp",
  "ap-southeast-syd",
  "ap-south-mum",
] as const;

/** Where the credentials of each kind of backend come from. */
export const BACKEND_VARIABLES = {
  local: "none",
  s3: "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY",
  consul: "CONSUL_HTTP_TOKEN",
  pg: "PGUSER and PGPASSWORD, or PG_CONN_STR",
  http: "TF_HTTP_USERNAME and TF_HTTP_PASSWORD",
} as const;

/** A kind of backend. */
export type BackendType = keyof typeof BACKEND_VARIABLES;

const KINDS = Object.keys(BACKEND_VARIABLES) as BackendType[];
const HOST = "[A-Za-z0-9](?:[A-Za-z0-9.-]{0,251}[A-Za-z0-9])?";

/** What stands before an @ or in a query may be a credential, and is never shown. */
const HIDES = /[@?]/;

/** A value that names a host: credentials in it are refused in words of their own. */
function address(pattern: RegExp, must: string, next: string, type: BackendType) {
  const error = ({ input }: { input?: unknown }) =>
    typeof input === "string" && HIDES.test(input)
      ? `must hold neither credentials nor a query, got one of them; export ${BACKEND_VARIABLES[type]} instead`
      : `must be ${must}, got ${show(input)}; ${next}`;
  return z.string({ error }).regex(pattern, { error });
}

const url = (type: BackendType, next: string) =>
  address(
    new RegExp(`^https?://${HOST}(:\\d{1,5})?(/[A-Za-z0-9._~/-]*)?$`),
    "an address that begins with https://",
    next,
    type,
  );

const METHODS = ["POST", "PUT", "PATCH", "DELETE", "LOCK", "UNLOCK"] as const;
const method = (usual: (typeof METHODS)[number], what: string) =>
  z
    .enum(METHODS, {
      error: (i) => `must be one of ${METHODS.join(", ")}, got ${show(i.input)}; ${usual} is the usual value`,
    })
    .default(usual)
    .describe(`HTTP method that ${what}. Default: ${usual}.`);

const key = (must: string, next: string) =>
  text(/^[A-Za-z0-9][A-Za-z0-9._/-]{0,254}$/, must, next).optional();

const local = z.strictObject({
  type: z.literal("local"),
  path: text(/^\/[A-Za-z0-9._/@+-]{1,254}$/, "the absolute path of a file", "leave it out to use the default")
    .optional()
    .describe(
      "Absolute path of the state file. Default: terraform.edge.tfstate in the stack's folder below cdktf.out.",
    ),
});

const s3 = z.strictObject({
  type: z.literal("s3"),
  bucket: text(
    /^[a-z0-9][a-z0-9-]{1,61}[a-z0-9]$/,
    "the name of a bucket, 3 to 63 lower-case letters, digits and dashes",
    runnable("name the one that npm run state:bootstrap shall make, or has made"),
  ).describe("Bucket; npm run state:bootstrap makes it."),
  region: text(
    /^[a-z][a-z0-9-]{1,30}$/,
    "a region of Object Storage in lower case",
    `the regions of OVH are ${STORAGE_REGIONS.join(", ")}`,
  ).describe("Region of the bucket in lower case, such as gra or eu-west-par."),
  key: key("the name of an object", "leave it out for edge/terraform.tfstate").describe(
    "Name of the state's object. Default: edge/terraform.tfstate.",
  ),
  endpoint: url("s3", "leave it out for OVH's endpoint of the region")
    .optional()
    .describe("Endpoint. Default: https://s3.REGION.io.cloud.ovh.net."),
  lockfile: flag("leave it out for true")
    .default(true)
    .describe(
      "Whether to lock by an object beside the state, which needs conditional writes. Default: true.",
    ),
});

const consul = z.strictObject({
  type: z.literal("consul"),
  address: address(
    new RegExp(`^${HOST}:\\d{1,5}$`),
    "a host and a port, such as 127.0.0.1:8500",
    "name a Consul agent",
    "consul",
  )
    .default("127.0.0.1:8500")
    .describe("Host and port of a Consul agent. Default: 127.0.0.1:8500."),
  scheme: z
    .enum(["http", "https"], { error: (i) => `must be http or https, got ${show(i.input)}; use https` })
    .optional()
    .describe("http or https. Default: http on this machine, https elsewhere."),
  datacenter: text(/^[a-z0-9][a-z0-9_-]{0,62}$/, "the name of a datacenter", "leave it out for the agent's")
    .optional()
    .describe("Datacenter. Default: the agent's."),
  path: key("a path in the key-value store", "leave it out for terraform/edge").describe(
    "Path of the state in the key-value store. Default: terraform/edge.",
  ),
  gzip: flag("leave it out for false")
    .default(false)
    .describe("Whether the state is compressed. Default: false."),
});

const pg = z.strictObject({
  type: z.literal("pg"),
  host: address(
    new RegExp(`^(${HOST}|/[A-Za-z0-9._/-]{1,90})$`),
    "the name of a host, or the folder of a Unix socket",
    "leave it out to use PG_CONN_STR or PGHOST",
    "pg",
  )
    .optional()
    .describe("Host, or the folder of a Unix socket. Default: what PG_CONN_STR or PGHOST says."),
  port: integer(1, 65535, "5432 is the usual value").optional().describe("TCP port. Default: 5432."),
  database: text(/^[A-Za-z_][A-Za-z0-9_-]{0,62}$/, "the name of a database", "terraform is a good name")
    .optional()
    .describe("Database. Default: terraform."),
  sslMode: z
    .enum(["disable", "require", "verify-ca", "verify-full"], {
      error: (i) =>
        `must be disable, require, verify-ca or verify-full, got ${show(i.input)}; verify-full is the usual value`,
    })
    .optional()
    .describe("How TLS is checked. Default: verify-full; disable on this machine."),
  schemaName: text(/^[a-z_][a-z0-9_]{0,62}$/, "the name of a schema", "leave it out for terraform_edge")
    .optional()
    .describe("Schema that holds the state; one for each stack. Default: terraform_edge."),
  create: flag("leave it out for true")
    .default(true)
    .describe(
      "Whether Terraform may create the schema, its table and index; false where a database administrator has. Default: true.",
    ),
});

const http = z.strictObject({
  type: z.literal("http"),
  address: url("http", "name the place of the state").describe("Address of the state."),
  lockAddress: url("http", "leave it out for backend.address")
    .optional()
    .describe("Address that locks. Default: address."),
  unlockAddress: url("http", "leave it out for backend.lockAddress")
    .optional()
    .describe("Address that unlocks. Default: lockAddress."),
  updateMethod: method("POST", "writes the state"),
  lockMethod: method("LOCK", "locks"),
  unlockMethod: method("UNLOCK", "unlocks"),
});

/** Where Terraform keeps the state. No kind has a setting for a credential. */
export const backendSchema = z
  .discriminatedUnion("type", [local, s3, consul, pg, http], { error: wrongType })
  .prefault({ type: "local" })
  .describe("Where the state is kept, by its type. Default: in a local file.");

/** Where the state is kept, with defaults filled in. */
export type BackendSettings = z.output<typeof backendSchema>;

function wrongType({ input }: { input?: unknown }): string {
  const object = typeof input === "object" && input !== null && !Array.isArray(input);
  const what = object ? "" : "an object whose type is ";
  const got = show(object ? (input as { type?: unknown }).type : input);
  return `must be ${what}${KINDS.slice(0, -1).join(", ")} or ${KINDS.at(-1)}, got ${got}; leave backend out for a local file`;
}

/** Whether a host is this machine itself, so that nothing goes over a network in clear. */
export function isThisMachine(host: string): boolean {
  return /^(localhost|127(\.\d{1,3}){3})$/.test(host);
}
