import { type App, TerraformStack } from "cdktf";
import { describe, expect, it } from "vitest";
import { parseConfig } from "../../lib/config/load.js";
import { stateBackend } from "../../lib/constructs/state-backend.js";
import { example } from "../config/example.js";
import { synthesize, synthesizeStack } from "./synthesized.js";

/** What a stack of this name has in its terraform block, but for its providers. */
function terraformBlock(backend: unknown, name = "edge") {
  const { backend: settings } = parseConfig(example({ backend }));
  return synthesizeStack((app: App) => {
    const stack = new TerraformStack(app, name);
    stateBackend(stack, settings);
    return stack;
  }).json.terraform;
}

const S3 = {
  bucket: "edge-state",
  region: "gra",
  key: "edge/terraform.tfstate",
  endpoints: { s3: "https://s3.gra.io.cloud.ovh.net" },
  use_path_style: true,
  skip_credentials_validation: true,
  skip_metadata_api_check: true,
  skip_region_validation: true,
  skip_requesting_account_id: true,
  skip_s3_checksum: true,
};

describe("the backend of a stack", () => {
  it("is a file in the stack's folder where none is configured", () => {
    expect(terraformBlock(undefined).backend).toEqual({ local: { path: "terraform.edge.tfstate" } });
  });

  it("is the file that is named", () => {
    expect(terraformBlock({ type: "local", path: "/var/lib/edge" }).backend).toEqual({
      local: { path: "/var/lib/edge" },
    });
  });

  it("is OVH's Object Storage without what only Amazon has, locked by an object", () => {
    expect(terraformBlock({ type: "s3", bucket: "edge-state", region: "gra" })).toEqual({
      backend: { s3: { ...S3, use_lockfile: true } },
      required_version: ">= 1.10",
    });
  });

  it("is another S3 server, which may have no conditional writes", () => {
    const endpoint = "https://minio.example.net";
    expect(
      terraformBlock({ type: "s3", bucket: "edge-state", region: "x1", endpoint, lockfile: false }),
    ).toEqual({
      backend: { s3: { ...S3, region: "x1", endpoints: { s3: endpoint } } },
    });
  });

  it.each([
    [{}, { address: "127.0.0.1:8500", scheme: "http", path: "terraform/edge", gzip: false, lock: true }],
    [
      { address: "consul.example.net:8501", datacenter: "sbg", path: "infra/edge", gzip: true },
      {
        address: "consul.example.net:8501",
        scheme: "https",
        datacenter: "sbg",
        path: "infra/edge",
        gzip: true,
        lock: true,
      },
    ],
  ])("is Consul by %j", (settings, consul) => {
    expect(terraformBlock({ type: "consul", ...settings }).backend).toEqual({ consul });
  });

  it.each([
    [{}, { schema_name: "terraform_edge" }],
    [
      { host: "db.example.net" },
      {
        conn_str: "postgres://db.example.net:5432/terraform?sslmode=verify-full",
        schema_name: "terraform_edge",
      },
    ],
    [
      { host: "127.0.0.1", port: 5433, database: "infra", schemaName: "edges" },
      { conn_str: "postgres://127.0.0.1:5433/infra?sslmode=disable", schema_name: "edges" },
    ],
    [
      { host: "/run/postgresql", create: false },
      {
        conn_str: "postgres:///terraform?host=%2Frun%2Fpostgresql&port=5432&sslmode=disable",
        schema_name: "terraform_edge",
        skip_schema_creation: true,
        skip_table_creation: true,
        skip_index_creation: true,
      },
    ],
  ])("is PostgreSQL by %j", (settings, pg) => {
    expect(terraformBlock({ type: "pg", ...settings }).backend).toEqual({ pg });
  });

  it("is an HTTP server that locks at the same address by LOCK and UNLOCK", () => {
    const address = "https://state.example.net/edge";
    expect(terraformBlock({ type: "http", address }).backend).toEqual({
      http: {
        address,
        update_method: "POST",
        lock_address: address,
        lock_method: "LOCK",
        unlock_address: address,
        unlock_method: "UNLOCK",
      },
    });
  });

  it("is an HTTP server that locks elsewhere by other methods", () => {
    const address = "https://gitlab.example.net/api/v4/projects/1/terraform/state/edge";
    const lockAddress = `${address}/lock`;
    const { http } = terraformBlock({
      type: "http",
      address,
      lockAddress,
      lockMethod: "POST",
      unlockMethod: "DELETE",
    }).backend;
    expect(http).toMatchObject({
      lock_address: lockAddress,
      lock_method: "POST",
      unlock_address: lockAddress,
      unlock_method: "DELETE",
    });
  });

  it.each([
    [{ type: "local" }, { path: "terraform.Other-1.tfstate" }],
    [{ type: "s3", bucket: "edge-state", region: "gra" }, { key: "Other-1/terraform.tfstate" }],
    [{ type: "consul" }, { path: "terraform/Other-1" }],
    [{ type: "pg" }, { schema_name: "terraform_other_1" }],
  ])("is named after another stack, so that two share no state: %j", (backend, named) => {
    expect(terraformBlock(backend, "Other-1").backend[backend.type]).toMatchObject(named);
  });
});

describe("a stack whose state is elsewhere", () => {
  const ENVIRONMENT = {
    AWS_ACCESS_KEY_ID: "sentinel-id",
    AWS_SECRET_ACCESS_KEY: "sentinel-secret",
    CONSUL_HTTP_TOKEN: "sentinel-token",
    PGPASSWORD: "sentinel-password",
    PG_CONN_STR: "postgres://u:sentinel@db.example.net/x",
    TF_HTTP_PASSWORD: "sentinel-http",
  };

  it.each([
    { type: "s3", bucket: "edge-state", region: "sbg" },
    { type: "consul" },
    { type: "pg" },
    { type: "http", address: "https://state.example.net/edge" },
  ])("has no credential in it, although the environment has: $type", (backend) => {
    const before = { ...process.env };
    Object.assign(process.env, ENVIRONMENT);
    try {
      const { text, json } = synthesize(example({ backend, region: "SBG5" }));
      expect(Object.keys(json.terraform.backend)).toEqual([backend.type]);
      expect(text).not.toContain("sentinel");
    } finally {
      for (const name of Object.keys(ENVIRONMENT)) delete process.env[name];
      Object.assign(process.env, before);
    }
  });

  it("differs from the one with a local state in nothing but its terraform block", () => {
    const { "//": _, terraform: _1, ...away } = synthesize(example({ backend: { type: "pg" } })).json;
    const { "//": __, terraform: _2, ...here } = synthesize(example()).json;
    expect(away).toEqual(here);
  });
});
