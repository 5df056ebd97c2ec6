import { z } from "zod";
import { configSchema } from "./schema.js";

/** JSON Schema of edge.config.json, for editors. Relations between settings are not in it. */
export function jsonSchema(): string {
  const schema = z.toJSONSchema(configSchema, { io: "input", unrepresentable: "any" });
  return `${JSON.stringify({ title: "edge.config.json of cdktf-ovh-edge", ...schema }, null, 2)}\n`;
}
