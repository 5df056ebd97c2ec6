import { writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { jsonSchema } from "../lib/config/json-schema.js";
import { configurationReference } from "../lib/config/reference.js";

// What is made from the code and committed; a test compares it.
const path = (name: string) => fileURLToPath(new URL(`../${name}`, import.meta.url));
writeFileSync(path("edge.config.schema.json"), jsonSchema());
writeFileSync(path("docs/configuration.md"), configurationReference());
