import { spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const PROVIDER = "registry.terraform.io/ovh/ovh";
/** What provider ovh/ovh 2.19.0 documents. */
export const WHOLE_PROVIDER = { resources: 168, dataSources: 225 } as const;

/** The compiler options of CDKTF's TypeScript template. */
const COMPILER_OPTIONS = {
  alwaysStrict: true,
  declaration: true,
  experimentalDecorators: true,
  inlineSourceMap: true,
  inlineSources: true,
  lib: ["es2018"],
  module: "CommonJS",
  moduleResolution: "node10",
  ignoreDeprecations: "6.0",
  noEmitOnError: true,
  noImplicitAny: true,
  noImplicitReturns: true,
  noImplicitThis: true,
  resolveJsonModule: true,
  strict: true,
  stripInternal: true,
  target: "ES2018",
  types: ["node"],
  skipLibCheck: true,
  outDir: "out",
} as const;

/** What the edge's stack has of OVH's resources, as somebody would write it down in the template's main.ts. */
const MAIN = `import { App, TerraformStack } from "cdktf";
import type { Construct } from "constructs";
import * as ovh from "./.gen/providers/ovh";

class MyStack extends TerraformStack {
  constructor(scope: Construct, id: string) {
    super(scope, id);
    const at = { serviceName: "SERVICE", region: "REGION" };
    new ovh.provider.OvhProvider(this, "ovh", { endpoint: process.env.TF_VAR_ovh_endpoint });
    const key = new ovh.cloudSshKey.CloudSshKey(this, "key", {
      serviceName: at.serviceName, name: "deploy", publicKey: "ssh-ed25519 AAAA",
    });
    const group = new ovh.cloudInstanceGroup.CloudInstanceGroup(this, "group", { ...at, name: "edges", policy: "ANTI_AFFINITY" });
    const networks = ["internal", "carp"].map((name, index) => {
      const network = new ovh.cloudNetworkPrivateVrack.CloudNetworkPrivateVrack(this, name, { ...at, name, vlanId: 10 + index });
      const subnet = new ovh.cloudNetworkPrivateVrackSubnet.CloudNetworkPrivateVrackSubnet(this, name + "-subnet", {
        ...at, name, networkId: network.id, cidr: "10." + (10 + index) + ".0.0/16", dhcpEnabled: index === 0,
      });
      return { networkId: network.id, subnetId: subnet.id };
    });
    for (const name of ["edge-1", "edge-2"]) {
      new ovh.cloudInstance.CloudInstance(this, name, {
        ...at, name, flavorId: "flavor", imageId: "image", groupId: group.id, sshKeyName: key.name,
        networks: [{ autoAssignPublicIp: true }, ...networks],
      });
    }
  }
}

const app = new App();
new MyStack(app, "template");
app.synth();
`;

interface Schema {
  readonly provider_schemas: Record<string, Types>;
}
interface Types {
  readonly provider: unknown;
  readonly resource_schemas: Record<string, unknown>;
  readonly data_source_schemas: Record<string, unknown>;
}

/** An application as `cdktf init --template=typescript` makes it, with bindings for a whole provider. */
export class TemplateApp {
  private constructor(readonly folder: string) {}

  /** Makes one: generates the bindings of a schema that is as large as the provider's. */
  static async make(project: { readonly service: string; readonly region: string }): Promise<TemplateApp> {
    const app = new TemplateApp(mkdtempSync(join(tmpdir(), "edge-template-")));
    try {
      const { folder } = app;
      const schema = join(folder, "schema.json");
      writeFileSync(
        schema,
        JSON.stringify(enlarged(JSON.parse(readFileSync(join(ROOT, "provider-ovh/schema.json"), "utf8")))),
      );
      mkdirSync(join(folder, ".gen"));
      await ended(
        [
          "--import",
          import.meta.resolve("tsx"),
          join(ROOT, "scripts/bindings.ts"),
          schema,
          join(folder, ".gen"),
        ],
        folder,
        {
          // The generator asks for Terraform's version and reports what fails, unless it is told not to.
          CHECKPOINT_DISABLE: "1",
          TERRAFORM_BINARY_NAME: "true",
        },
      );
      symlinkSync(join(ROOT, "node_modules"), join(folder, "node_modules"));
      writeFileSync(
        join(folder, "main.ts"),
        MAIN.replace("SERVICE", project.service).replace("REGION", project.region),
      );
      writeFileSync(
        join(folder, "cdktf.json"),
        JSON.stringify({ language: "typescript", app: "npx ts-node main.ts" }),
      );
      writeFileSync(
        join(folder, "tsconfig.json"),
        JSON.stringify({ compilerOptions: COMPILER_OPTIONS, files: ["main.ts"] }),
      );
      return app;
    } catch (error) {
      app.remove();
      throw error;
    }
  }

  /** Compiles everything, with its types checked, and runs it: what ts-node does at each start. */
  async synth(environment: Readonly<Record<string, string>>): Promise<void> {
    rmSync(join(this.folder, "out"), { recursive: true, force: true });
    await ended([join(ROOT, "node_modules/typescript/bin/tsc")], this.folder, environment);
    await ended(["out/main.js"], this.folder, environment);
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** A schema with as many types as the whole provider has: those that are known, over and over under other names. */
export function enlarged(schema: Schema): Schema {
  const types = schema.provider_schemas[PROVIDER] as Types;
  const more = (known: Record<string, unknown>, count: number) => {
    const names = Object.keys(known);
    const all = { ...known };
    for (let index = names.length; index < count; index++) {
      const name = names[index % names.length] as string;
      all[`${name}_copy${Math.floor(index / names.length)}`] = known[name];
    }
    return all;
  };
  return {
    ...schema,
    provider_schemas: {
      [PROVIDER]: {
        ...types,
        resource_schemas: more(types.resource_schemas, WHOLE_PROVIDER.resources),
        data_source_schemas: more(types.data_source_schemas, WHOLE_PROVIDER.dataSources),
      },
    },
  };
}

/** Runs Node to its end. @throws Error with what it said */
export async function ended(
  args: readonly string[],
  cwd: string,
  environment: Readonly<Record<string, string>> = {},
  command = process.execPath,
): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    const child = spawn(command, args, {
      cwd,
      env: { ...process.env, ...environment },
      stdio: ["ignore", "pipe", "pipe"],
    });
    let said = "";
    for (const stream of [child.stdout, child.stderr]) {
      stream.on("data", (chunk: Buffer) => {
        said = (said + chunk).slice(-4000);
      });
    }
    child.once("error", reject);
    child.once("close", (status) =>
      status === 0 ? resolve() : reject(new Error(`${args[0]} ended with ${status}: ${said.trim()}`)),
    );
  });
}
