import { beforeAll, describe, expect, it } from "vitest";
import { loadConfig, parseConfig } from "../../lib/config/load.js";
import { EdgeStack } from "../../lib/constructs/edge-stack.js";
import { EXAMPLE_FILE, example, exampleWithEdges } from "../config/example.js";
import { type Json, type Synthesized, synthesize, synthesizeStack } from "./synthesized.js";

const SECRETS = {
  TF_VAR_carp_password: "Sentinel-password",
  TF_VAR_edge_application_key: "sentinel-application-key",
  TF_VAR_edge_application_secret: "sentinel-application-secret",
  TF_VAR_edge_consumer_key: "sentinel-consumer-key",
};
const VARIABLES = Object.keys(SECRETS).map((name) => name.slice("TF_VAR_".length));

let stack: Synthesized;
beforeAll(() => {
  stack = synthesize(example());
});

/** Every text within a value, with the path to it. */
function texts(value: Json, path = ""): [string, string][] {
  if (typeof value === "string") return [[path, value]];
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([key, one]) => texts(one, `${path}/${key}`));
}

describe("the stack", () => {
  it("needs a Terraform that knows removed blocks, and pins its providers", () => {
    expect(stack.json.terraform).toEqual({
      backend: { local: { path: "terraform.edge.tfstate" } },
      required_providers: {
        null: { source: "null", version: expect.stringMatching(/^(~> )?3\.2\.\d+$/) },
        ovh: { source: "ovh/ovh", version: expect.stringMatching(/^(~> )?2\.19\.\d+$/) },
      },
      required_version: ">= 1.9",
    });
  });

  it("has one provider of each kind, and no credentials for them", () => {
    expect(stack.json.provider).toEqual({ null: [{}], ovh: [{ endpoint: "${var.ovh_endpoint}" }] });
  });

  it.each([
    "ovh-eu",
    "ovh-ca",
    "ovh-us",
  ])("uses the endpoint %s that is configured, unless a variable says another", (endpoint) => {
    expect(synthesize(example({ ovh: { endpoint } })).json.variable.ovh_endpoint).toEqual({
      type: "string",
      description: "Endpoint of OVH's API",
      default: endpoint,
    });
  });

  it("is named as it is told, and keeps its state under that name", () => {
    const named = synthesizeStack(
      (app) => new EdgeStack(app, "other", { config: loadConfig(EXAMPLE_FILE.pathname) }),
    );
    expect(named.json.terraform.backend).toEqual({ local: { path: "terraform.other.tfstate" } });
  });

  it("is the same each time, so that a diff shows only what changed", () => {
    const config = parseConfig(example());
    expect(synthesizeStack((app) => new EdgeStack(app, "edge", { config })).text).toBe(stack.text);
  });
});

describe("the secrets", () => {
  it("are sensitive variables without a default, and without a rule that would print what it refuses", () => {
    const { ovh_endpoint: _, ...secrets } = stack.json.variable;
    const key = (description: string) => ({
      type: "string",
      description,
      sensitive: true,
      nullable: false,
    });
    expect(secrets).toEqual({
      carp_password: {
        type: "string",
        description: "Password of CARP",
        sensitive: true,
        nullable: false,
      },
      edge_application_key: key("Application key of the edges"),
      edge_application_secret: key("Application secret of the edges"),
      edge_consumer_key: key("Consumer key of the edges"),
    });
  });

  it("are in no file of a synthesis, although they are in its environment", () => {
    const before = { ...process.env };
    Object.assign(process.env, SECRETS);
    try {
      const config = loadConfig(EXAMPLE_FILE.pathname, process.env);
      const made = synthesizeStack((app) => new EdgeStack(app, "edge", { config }));
      expect(made.text).toBe(stack.text);
      const files = [...made.files()];
      expect(files.filter(([, content]) => /sentinel/i.test(content)).map(([path]) => path)).toEqual([]);
      expect(files.length).toBeGreaterThan(8);
    } finally {
      for (const name of Object.keys(SECRETS)) delete process.env[name];
      Object.assign(process.env, before);
    }
  });

  it("are named in the contents and the release's digest only, and there within sha256 or replace", () => {
    const used = texts(stack.json)
      .filter(
        ([path, text]) =>
          !path.startsWith("/variable/") && VARIABLES.some((name) => text.includes(`var.${name}`)),
      )
      .map(([path]) => path.replace(/_[0-9A-F]{8}/g, "").replace(/bi-edge-sbg-\d/, "NAME"));
    expect(new Set(used)).toEqual(
      new Set([
        "/locals/edge_carp-password",
        "/locals/edge_application-key",
        "/locals/edge_application-secret",
        "/locals/edge_consumer-key",
        "/locals/edge_files-NAME_content",
        "/locals/edge_files-NAME_late-0",
        "/locals/edge_files-NAME_late-1",
        "/resource/null_resource/edge_release/triggers/identity",
      ]),
    );
  });

  const DIGEST =
    /\$\{nonsensitive\(sha256\(join\(\\?"( ?)\\?", \[local\.edge_salt-text_[0-9A-F]{8}, [^()]*\]\)\)\)\}/;

  it("are shown by a plan, and told to the installer, as a salted digest and as nothing else", () => {
    const shown = texts(stack.json).filter(
      ([path, text]) => text.includes("nonsensitive(") && !path.includes("/precondition/"),
    );
    expect(shown.length).toBeGreaterThan(0);
    for (const [path, text] of shown) expect(text.replace(DIGEST, ""), path).not.toContain("nonsensitive(");
  });

  it("are in no command, argument or connection", () => {
    const commands = texts(stack.json.resource).filter(([path]) =>
      /\/(inline|connection|destination)\b/.test(path),
    );
    expect(commands.length).toBeGreaterThan(20);
    for (const [path, text] of commands) {
      const resolved = stack.resolved(text.replace(DIGEST, ""));
      for (const name of VARIABLES) expect(resolved, path).not.toContain(`var.${name}`);
    }
  });

  it("are salted by a random text that is made once", () => {
    expect(stack.block("edge/edge/salt")).toMatchObject({
      input: "${uuid()}",
      lifecycle: { ignore_changes: ["input"] },
    });
  });
});

describe("the outputs", () => {
  it("tell the address, the edges, how to log in and what was delivered", () => {
    const { output } = stack.json;
    expect(Object.keys(output)).toEqual(["bundles", "edges", "failover_ip", "ssh"]);
    expect(output.failover_ip.value).toBe("146.59.143.231");
    for (const name of ["bundles", "edges", "ssh"]) {
      expect(Object.keys(output[name].value)).toEqual(["bi-edge-sbg-1", "bi-edge-sbg-2"]);
    }
    expect(output.edges.value["bi-edge-sbg-1"]).toEqual({
      address: expect.stringMatching(/^\$\{local\.edge_bi-edge-sbg-1_public-address_/),
      instance: expect.stringMatching(/^\$\{ovh_cloud_instance\.edge_bi-edge-sbg-1_instance_.*\.id\}$/),
      macs: {
        carp: expect.stringMatching(/^\$\{local\.edge_bi-edge-sbg-1_mac-carp_/),
        external: expect.stringMatching(/^\$\{local\.edge_bi-edge-sbg-1_mac-external_/),
        internal: expect.stringMatching(/^\$\{local\.edge_bi-edge-sbg-1_mac-internal_/),
      },
    });
  });

  it("are never sensitive, and each has a value and a description", () => {
    for (const [name, output] of Object.entries<Json>(stack.json.output)) {
      expect(Object.keys(output).sort(), name).toEqual(["description", "value"]);
      expect(texts(output.value).length, name).toBeGreaterThan(0);
      expect(JSON.stringify(output)).not.toContain("null");
    }
  });

  it("depend neither on where the FailOver IP is routed to nor on its attachment", () => {
    const resolved = stack.resolved(stack.json.output);
    expect(resolved).not.toContain("routed_to");
    expect(resolved.replaceAll("data.ovh_cloud_project_failover_ip_attach", "")).not.toContain(
      "ovh_cloud_project_failover_ip_attach",
    );
  });

  it.each([
    [
      "with its key file",
      { ssh: { privateKeyPath: "~/.ssh/id_ed25519" } },
      "ssh -i ~/.ssh/id_ed25519 -p 22 root@",
    ],
    ["by an agent", { ssh: { publicKeyPath: "~/.ssh/id_ed25519.pub" } }, "ssh -p 22 root@"],
    [
      "as another user on another port",
      { ssh: { user: "deploy", become: "doas", port: 2222, privateKeyPath: "key" } },
      "ssh -i key -p 2222 deploy@",
    ],
  ])("show how to log in %s", (_, changes, begins) => {
    const { ssh } = synthesize(example(changes)).json.output;
    for (const [name, line] of Object.entries<string>(ssh.value)) {
      expect(line.startsWith(`${begins}\${local.edge_${name}_public-address_`), line).toBe(true);
    }
  });

  it("name each of three edges, the preferred one first", () => {
    const three = synthesize(exampleWithEdges(3));
    expect(Object.keys(three.json.output.edges.value)).toEqual(["edge-1", "edge-2", "edge-3"]);
  });
});
