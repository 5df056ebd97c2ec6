import { z } from "zod";
import { BACKEND_VARIABLES } from "./backend.js";
import { configSchema } from "./schema.js";

interface Node {
  readonly description?: string;
  readonly type?: string;
  readonly enum?: readonly string[];
  readonly minimum?: number;
  readonly maximum?: number;
  readonly properties?: Readonly<Record<string, Node>>;
  readonly required?: readonly string[];
  readonly items?: Node;
  readonly anyOf?: readonly Node[];
  readonly oneOf?: readonly Node[];
  readonly const?: string;
  readonly not?: unknown;
}

/** docs/configuration.md: every setting, from the schema itself. */
export function configurationReference(): string {
  const root = z.toJSONSchema(configSchema, { io: "input", unrepresentable: "any" }) as Node;
  const rows = rowsOf(root, "").map((row) => `| ${row.join(" | ")} |`);
  return `# Configuration

Every setting of \`edge.config.json\`. \`npm run config:check\` checks a file without Terraform and reports all
errors at once; editors find the JSON Schema by \`"$schema": "./edge.config.schema.json"\`. This page is made from
the schema by \`npm run docs\`.

| Setting | Values | Needed | What it is |
|---|---|---|---|
${rows.join("\n")}

A network is written in one of two ways: \`{name, vlanId, cidr}\` is created, \`{networkId, subnetId, cidr}\` exists.
An edge too: with \`flavor\` and \`image\` it is created, with \`existing\` it exists.

## Secrets

They are never in the file.

| Variable | What it is |
|---|---|
| \`TF_VAR_carp_password\` | CARP password, 1 to 19 letters, digits, underscores and dashes |
| \`TF_VAR_edge_application_key\`, \`TF_VAR_edge_application_secret\`, \`TF_VAR_edge_consumer_key\` | the edges' own key of OVH's API: it needs \`GET /cloud/project/PROJECT/ip/failover/ID\` and \`POST …/attach\`, with several FailOver IPs those of each and \`GET /cloud/project/PROJECT/ip/failover\`, nothing else; each 1 to 128 printable characters without blanks and \`@\` |
| \`TF_VAR_edge_webhook_url\` | only with \`notify.webhook\`: the https URL that the edges POST to, at most 900 printable characters after its host, without blanks and \`@\`; who has it can write there |
| \`OVH_APPLICATION_KEY\`, \`OVH_APPLICATION_SECRET\`, \`OVH_CONSUMER_KEY\`, or \`OVH_CLIENT_ID\`, \`OVH_CLIENT_SECRET\`, or ovh.conf | the deployer's credentials, read by the provider |
${backendVariables()}
| \`TF_VAR_ovh_endpoint\` | another endpoint for the deployer than the one in the file |
`;
}

function backendVariables(): string {
  return Object.entries(BACKEND_VARIABLES)
    .filter(([type]) => type !== "local")
    .map(
      ([type, names]) =>
        `| ${names.replace(/[A-Z][A-Z_0-9]+/g, "`$&`")} | credentials of backend ${type}, read by Terraform; see [state.md](state.md) |`,
    )
    .join("\n");
}

function rowsOf(node: Node, path: string): string[][] {
  return Object.entries(node.properties ?? {})
    .filter(([name]) => name !== "$schema")
    .flatMap(([name, child]) => {
      const here = path === "" ? name : `${path}.${name}`;
      const needed = node.required?.includes(name) ? "yes" : "";
      const description = (child.description ?? "").replaceAll("|", "\\|");
      if (child.not !== undefined) return [];
      if (child.items?.properties !== undefined) {
        return [[`\`${here}\``, "list", needed, description], ...rowsOf(child.items, `${here}[]`)];
      }
      if (child.items?.anyOf !== undefined) {
        return [[`\`${here}\``, "list", needed, description], ...eitherOf(child.items.anyOf, `${here}[]`)];
      }
      if (child.oneOf !== undefined) return [...variants(child.oneOf, here, description)];
      if (child.anyOf !== undefined) return [[`\`${here}\``, "network", needed, description]];
      if (child.properties !== undefined) return rowsOf(child, here);
      return [[`\`${here}\``, values(child), needed, description]];
    });
}

/** Settings of one kind or the other; what belongs to one kind alone is not needed by all. */
function eitherOf(kinds: readonly Node[], path: string): string[][] {
  const rows = kinds.map((kind) => rowsOf(kind, path));
  const all = new Map(rows.flat().map((row) => [row[0] as string, row]));
  return [...all].map(([setting, [, value = "", needed = "", what = ""]]) => {
    const everywhere = rows.every((kind) => kind.some((row) => row[0] === setting));
    return [setting, value, needed !== "" && !everywhere ? "by its kind" : needed, what];
  });
}

/** Settings of which each belongs to one type, such as a backend's. */
function variants(kinds: readonly Node[], path: string, description: string): string[][] {
  const type = (kind: Node) => kind.properties?.type?.const as string;
  return [
    [`\`${path}.type\``, kinds.map(type).join(", "), "", description],
    ...kinds.flatMap((kind) => {
      const { type: _, ...rest } = kind.properties ?? {};
      return rowsOf({ ...kind, properties: rest }, path).map(([setting, value, needed, what]) => [
        `${setting} (${type(kind)})`,
        value as string,
        needed as string,
        what as string,
      ]);
    }),
  ];
}

function values({ type, enum: choices, minimum, maximum, items }: Node): string {
  if (choices !== undefined) return choices.join(", ");
  if (type === "integer") return `${minimum} to ${maximum}`;
  if (items !== undefined) return "list";
  return type === "boolean" ? "true or false" : "text";
}
