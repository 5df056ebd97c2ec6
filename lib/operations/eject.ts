import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** What is known of a stack that is ejected. */
export interface Ejected {
  /** Names of its variables that have no default. */
  readonly variables: readonly string[];
  /** Type of its backend, such as `local`. */
  readonly backend: string;
  /** File of a local backend's state, within the folder. */
  readonly stateFile?: string;
  /** Files on the deployer's machine that it reads, as the configuration names them. */
  readonly reads: readonly string[];
  /** Everything that was written, by its path within the folder. */
  readonly files: readonly string[];
}

interface Stack {
  "//"?: unknown;
  readonly terraform: {
    readonly backend?: Readonly<Record<string, { readonly path?: string }>>;
    readonly required_version?: string;
  };
  readonly variable?: Readonly<Record<string, { readonly default?: unknown; readonly description?: string }>>;
}

/**
 * Writes a synthesized stack as a folder that plain Terraform or OpenTofu runs: no Node, no cdktf,
 * no path of the checkout. The state is not among it.
 *
 * @param from folder of the synthesized stack
 * @param to folder that is made; one that is there must be empty
 * @throws Error when the folder is not empty, or the stack names a path of this checkout
 */
export function eject(from: string, to: string, checkout: string): Ejected {
  if (existsSync(to) && readdirSync(to).length > 0) {
    throw new Error(
      `--out must be a new or an empty folder, got ${to}; choose another one, or remove it first`,
    );
  }
  const stack = withoutMetadata(JSON.parse(readFileSync(join(from, "cdk.tf.json"), "utf8"))) as Stack;
  const text = `${JSON.stringify(stack, null, 2)}\n`;
  if (text.includes(checkout)) {
    throw new Error(
      `the stack must name no path of this checkout, got ${checkout}; set ssh.privateKeyPath and ssh.publicKeyPath to files elsewhere`,
    );
  }
  const [backend = "local", settings = {}] = Object.entries(stack.terraform.backend ?? {})[0] ?? [];
  const ejected: Omit<Ejected, "files"> = {
    variables: Object.entries(stack.variable ?? {})
      .filter(([, { default: value }]) => value === undefined)
      .map(([name]) => name),
    backend,
    ...(backend === "local" ? { stateFile: settings.path ?? "terraform.tfstate" } : {}),
    reads: [
      ...new Set(
        [...text.matchAll(/file\(pathexpand\(\\"([^"\\]+)\\"\)\)/g)].map(([, path]) => path as string),
      ),
    ],
  };
  mkdirSync(to, { recursive: true });
  writeFileSync(join(to, "main.tf.json"), text);
  writeFileSync(join(to, ".gitignore"), IGNORED);
  writeFileSync(join(to, "README.md"), readme(ejected, stack));
  if (existsSync(join(from, "assets"))) cpSync(join(from, "assets"), join(to, "assets"), { recursive: true });
  const lock = join(from, ".terraform.lock.hcl");
  if (existsSync(lock)) cpSync(lock, join(to, ".terraform.lock.hcl"));
  const files = readdirSync(to, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(join(to, "/").length))
    .sort();
  return { ...ejected, files };
}

/** What cdktf notes down for itself, which no Terraform reads. */
function withoutMetadata(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutMetadata);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([key]) => key !== "//")
      .map(([key, one]) => [key, withoutMetadata(one)]),
  );
}

const IGNORED = `# State and plans hold what is not for all to read: digests, addresses, and in plans the secrets in clear.
.terraform/
*.tfstate
*.tfstate.*
*.tfplan
plan
*.tfvars
*.auto.tfvars.json
`;

function readme({ variables, backend, stateFile, reads }: Omit<Ejected, "files">, stack: Stack): string {
  const version = stack.terraform.required_version ?? ">= 1.9";
  const state =
    stateFile === undefined
      ? `The state stays where it is: the backend \`${backend}\` is in \`main.tf.json\`, its credentials in the environment, as before.`
      : `The state is a file. Bring it here before the first plan, or that plan makes everything a second time:

\`\`\`sh
cp OLD/cdktf.out/stacks/edge/${stateFile} .
\`\`\`

Nobody may deploy from the old place any more: two states of one edge undo each other's work. Better still, move it to a
backend that locks: write its block in place of \`local\` in \`main.tf.json\`, then \`terraform init -migrate-state\`.`;
  return `# Edge

A redundant edge on OVH Public Cloud, as plain Terraform (${version}) or OpenTofu. \`main.tf.json\` is what cdktf-ovh-edge made of
its configuration, \`assets/\` what the edges get; both are edited by hand from here on.

## Run it

Terraform runs in this folder, as the assets are named from here.

\`\`\`sh
export OVH_APPLICATION_KEY=… OVH_APPLICATION_SECRET=… OVH_CONSUMER_KEY=…
${variables.map((name) => `export TF_VAR_${name}=…   # ${stack.variable?.[name]?.description ?? name}`).join("\n")}
terraform init
terraform plan
\`\`\`

${reads.length === 0 ? "" : `It reads ${reads.map((path) => `\`${path}\``).join(" and ")}.\n\n`}The first plan must say \`No changes\`. If it does not, nothing has happened yet: compare the variables and the state.

## The state

${state}

## What to know

- A plan that is saved by \`-out\` holds all secrets in clear: \`umask 077\` before, and delete it after.
- A file in \`assets/\` is delivered to an edge when its text changes. Its digest is computed by Terraform, so it can be edited;
  the header of a bundle has the digests of the files below it, which then have to be right as well.
- One edge at a time: \`terraform apply -replace='ovh_cloud_instance.edge_NAME_instance_…'\`, the backup first.
`;
}
