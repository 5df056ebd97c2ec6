import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { parseConfig } from "../../lib/config/load.js";
import { deployedEdges } from "../../lib/operations/deployed-edges.js";
import { deploymentOf } from "../../lib/operations/deployment.js";
import { liveCluster } from "../../lib/operations/drill/live-cluster.js";
import { example } from "../config/example.js";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "stack-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

describe("the deployed edges", () => {
  it("are not found in a folder that is not there", () => {
    const stack = join(folder, "nowhere");
    expect(() => deployedEdges(parseConfig(example()), stack, {})).toThrow(
      `${stack} does not exist; deploy first, or name the stack's folder with --stack`,
    );
  });

  it("are not found without Terraform, and the message names what could not be run", () => {
    const environment = { TERRAFORM_BINARY_NAME: "no-such-terraform" };
    expect(() => deployedEdges(parseConfig(example()), folder, environment)).toThrow(
      "neither terraform nor tofu is on PATH as no-such-terraform; install Terraform 1.9 or newer from ",
    );
  });

  it("have the address that an order has brought, which the stack alone tells", () => {
    const config = parseConfig(
      example({
        failoverIp: { order: { country: "FR", acceptCost: true } },
        ssh: { publicKeyPath: "key.pub" },
      }),
    );
    const output = { instance: "i", address: "192.0.2.1" };
    const edges = { value: Object.fromEntries(config.edges.map(({ name }) => [name, output])) };
    const address = (outputs: object) =>
      deploymentOf(config, { edges, ...outputs }).config.failoverIps[0].address;
    expect(address({ failover_ip: { value: "192.0.2.7" } })).toBe("192.0.2.7");
    expect(address({})).toBe("@@failover_ip@@");
  });

  it("are drilled at that address, not at its placeholder", () => {
    const config = parseConfig(
      example({
        failoverIp: { order: { country: "FR", acceptCost: true } },
        ssh: { publicKeyPath: "key.pub" },
      }),
    );
    const edges = Object.fromEntries(
      config.edges.map(({ name }) => [name, { instance: name, address: "192.0.2.1" }]),
    );
    const outputs = { edges: { value: edges }, failover_ip: { value: "192.0.2.7" } };
    const terraform = join(folder, "terraform");
    writeFileSync(terraform, `#!/bin/sh\necho '${JSON.stringify(outputs)}'\n`, { mode: 0o755 });
    const environment = {
      TERRAFORM_BINARY_NAME: terraform,
      OVH_APPLICATION_KEY: "a",
      OVH_APPLICATION_SECRET: "b",
      OVH_CONSUMER_KEY: "c",
    };
    expect(liveCluster(deployedEdges(config, folder, environment)).failoverIp).toBe("192.0.2.7");
  });
});
