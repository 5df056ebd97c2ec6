import { describe, expect, it } from "vitest";
import { STORAGE_REGIONS } from "../../lib/config/backend.js";
import { parseConfig } from "../../lib/config/load.js";
import { errorsOf, example } from "./example.js";

const s3 = { type: "s3", bucket: "edge-state", region: "gra" };
const pg = { type: "pg", host: "db.example.net" };
const http = { type: "http", address: "https://state.example.net/edge" };
const REGIONS = STORAGE_REGIONS.join(", ");

const loaded = (backend: unknown) => parseConfig(example({ backend })).backend;

describe("a backend", () => {
  it("is a local file where none is given", () => {
    expect(parseConfig(example()).backend).toEqual({ type: "local" });
  });

  it.each([
    [
      { type: "local", path: "/var/lib/edge/state" },
      { type: "local", path: "/var/lib/edge/state" },
    ],
    [s3, { ...s3, lockfile: true }],
    [{ type: "consul" }, { type: "consul", address: "127.0.0.1:8500", gzip: false }],
    [{ type: "pg" }, { type: "pg", create: true }],
    [http, { ...http, updateMethod: "POST", lockMethod: "LOCK", unlockMethod: "UNLOCK" }],
  ])("is accepted as %j and completed", (given, whole) => {
    expect(loaded(given)).toEqual(whole);
  });

  it.each([
    [{ ...s3, key: "a/b.tfstate", endpoint: "https://s3.us-east-va.io.cloud.ovh.us", region: "us-east-va" }],
    [{ ...s3, endpoint: "http://127.0.0.1:9000" }],
    [{ type: "consul", address: "consul.example.net:8501", scheme: "https", datacenter: "sbg", gzip: true }],
    [{ type: "consul", address: "localhost:8500", scheme: "http", path: "infra/edge" }],
    [{ ...pg, port: 5433, database: "infra", sslMode: "verify-ca", schemaName: "edge", create: false }],
    [{ type: "pg", host: "/var/run/postgresql", sslMode: "disable" }],
    [{ type: "pg", host: "127.0.0.1", sslMode: "disable" }],
    [{ ...http, address: "http://localhost:8080/state", lockMethod: "POST", unlockMethod: "DELETE" }],
    [{ ...http, lockAddress: `${http.address}/lock`, unlockAddress: `${http.address}/lock` }],
  ])("is accepted as %j", (backend) => {
    expect(loaded(backend)).toMatchObject(backend);
  });

  it.each(STORAGE_REGIONS)("of S3 may lie in OVH's region %s", (region) => {
    expect(loaded({ ...s3, region })).toMatchObject({ region });
  });
});

describe("a backend is refused", () => {
  const kinds = "local, s3, consul, pg or http";
  const leave = "leave backend out for a local file";
  it.each<[unknown, string]>([
    [{}, `backend.type must be ${kinds}, got nothing; ${leave}`],
    [{ type: "gcs" }, `backend.type must be ${kinds}, got "gcs"; ${leave}`],
    [{ type: 3 }, `backend.type must be ${kinds}, got 3; ${leave}`],
    [null, `backend must be an object whose type is ${kinds}, got null; ${leave}`],
    ["s3", `backend must be an object whose type is ${kinds}, got "s3"; ${leave}`],
    [["s3"], `backend must be an object whose type is ${kinds}, got ["s3"]; ${leave}`],
    [
      { type: "local", path: "state" },
      'backend.path must be the absolute path of a file, got "state"; leave it out to use the default',
    ],
    [{ type: "local", file: "/x" }, "backend.file is not a setting; known here are type, path"],
    [
      { type: "s3", region: "gra" },
      "backend.bucket must be the name of a bucket, 3 to 63 lower-case letters, digits and dashes, got nothing; name the one that npm run state:bootstrap shall make, or has made",
    ],
    [
      { ...s3, region: "GRA" },
      `backend.region must be a region of Object Storage in lower case, got "GRA"; the regions of OVH are ${REGIONS}`,
    ],
    [
      { ...s3, region: "us-east-va" },
      `backend.region must be a region of OVH's Object Storage, or backend.endpoint be given, got "us-east-va"; the regions are ${REGIONS}`,
    ],
    [
      { ...s3, key: "/state" },
      'backend.key must be the name of an object, got "/state"; leave it out for edge/terraform.tfstate',
    ],
    [
      { ...s3, endpoint: "http://s3.example.net" },
      'backend.endpoint must begin with https://, as it is another machine, got "http://s3.example.net"; the state would go over the network in clear',
    ],
    [
      { ...s3, endpoint: "ftp://s3.example.net" },
      'backend.endpoint must be an address that begins with https://, got "ftp://s3.example.net"; leave it out for OVH\'s endpoint of the region',
    ],
    [{ ...s3, lockfile: "yes" }, 'backend.lockfile must be true or false, got "yes"; leave it out for true'],
    [{ ...s3, Bucket: "x" }, "backend.Bucket is not a setting; did you mean bucket?"],
    [
      { type: "consul", address: "consul.example.net" },
      'backend.address must be a host and a port, such as 127.0.0.1:8500, got "consul.example.net"; name a Consul agent',
    ],
    [
      { type: "consul", address: "consul.example.net:8500", scheme: "http" },
      'backend.scheme must be https, as backend.address consul.example.net:8500 is another machine, got "http"; use https, or an agent on this machine',
    ],
    [
      { ...pg, sslMode: "disable" },
      'backend.sslMode must be require, verify-ca or verify-full, as backend.host db.example.net is another machine, got "disable"; leave it out for verify-full',
    ],
    [
      { type: "pg", database: "infra" },
      'backend.database must be left out without backend.host, got "infra"; give the host, or say it all in PG_CONN_STR',
    ],
    [
      { ...pg, port: 70_000 },
      "backend.port must be an integer from 1 to 65535, got 70000; 5432 is the usual value",
    ],
    [
      { ...pg, schemaName: 'a"; drop' },
      'backend.schemaName must be the name of a schema, got "a\\"; drop"; leave it out for terraform_edge',
    ],
    [
      { type: "http" },
      "backend.address must be an address that begins with https://, got nothing; name the place of the state",
    ],
    [
      { ...http, lockAddress: "http://state.example.net/lock" },
      'backend.lockAddress must begin with https://, as it is another machine, got "http://state.example.net/lock"; the state would go over the network in clear',
    ],
    [
      { ...http, lockMethod: "GET" },
      'backend.lockMethod must be one of POST, PUT, PATCH, DELETE, LOCK, UNLOCK, got "GET"; LOCK is the usual value',
    ],
    [
      { ...http, address: "https://state.example.net/${var.x}" },
      'backend.address must be an address that begins with https://, got "https://state.example.net/${var.x}"; name the place of the state',
    ],
  ])("as %j", (backend, message) => {
    expect(errorsOf(example({ backend }))).toEqual([message]);
  });

  it("once, with every error in it and in the rest", () => {
    const broken = { backend: { ...s3, bucket: "X", key: "" }, region: "sbg" };
    expect(errorsOf(example(broken))).toEqual([
      'region must be a region such as SBG5, got "sbg"; see the regions of your project',
      'backend.bucket must be the name of a bucket, 3 to 63 lower-case letters, digits and dashes, got "X"; name the one that npm run state:bootstrap shall make, or has made',
      'backend.key must be the name of an object, got ""; leave it out for edge/terraform.tfstate',
    ]);
  });
});

describe("credentials in a backend", () => {
  const aws = "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY";
  const web = "TF_HTTP_USERNAME and TF_HTTP_PASSWORD";
  const database = "PGUSER and PGPASSWORD, or PG_CONN_STR";
  const held = (path: string, names: string) =>
    `backend.${path} must hold neither credentials nor a query, got one of them; export ${names} instead`;
  const named = (path: string, names: string) =>
    `backend.${path} must not be in the file, as credentials come from the environment; export ${names} instead`;

  it.each<[unknown, string]>([
    [{ ...http, address: "https://me:hunter2@state.example.net/edge" }, held("address", web)],
    [{ ...http, lockAddress: "https://hunter2@state.example.net/edge" }, held("lockAddress", web)],
    [{ ...http, address: "https://state.example.net/edge?private_token=hunter2" }, held("address", web)],
    [{ ...http, address: "me:hunter2@state.example.net" }, held("address", web)],
    [{ ...http, password: "hunter2" }, named("password", web)],
    [{ ...http, username: "hunter2" }, named("username", web)],
    [{ ...s3, endpoint: "https://AKIA:hunter2@s3.example.net" }, held("endpoint", aws)],
    [{ ...s3, access_key: "hunter2" }, named("access_key", aws)],
    [{ ...s3, secretKey: "hunter2" }, named("secretKey", aws)],
    [{ type: "pg", host: "postgres://me:hunter2@db.example.net/infra" }, held("host", database)],
    [{ ...pg, password: "hunter2" }, named("password", database)],
    [{ type: "pg", conn_str: "postgres://me:hunter2@db.example.net/infra" }, named("conn_str", database)],
    [{ type: "consul", address: "hunter2@127.0.0.1:8500" }, held("address", "CONSUL_HTTP_TOKEN")],
    [{ type: "consul", access_token: "hunter2" }, named("access_token", "CONSUL_HTTP_TOKEN")],
  ])("are refused and not shown: %j", (backend, message) => {
    const errors = errorsOf(example({ backend }));
    expect(errors).toEqual([message]);
    expect(errors.join("\n")).not.toContain("hunter2");
  });
});
