import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { jsonSchema } from "../lib/config/json-schema.js";
import { parseConfig } from "../lib/config/load.js";
import { configurationReference } from "../lib/config/reference.js";
import { assumptionsDocument } from "../lib/operations/accept/document.js";
import { sceneOf } from "../lib/operations/diagram/scene.js";
import { sceneSvg } from "../lib/operations/diagram/svg.js";

// What is made from the code and committed; a test compares it.
const path = (name: string) => fileURLToPath(new URL(`../${name}`, import.meta.url));
writeFileSync(path("edge.config.schema.json"), jsonSchema());
writeFileSync(path("docs/configuration.md"), configurationReference());
writeFileSync(path("docs/assumptions.md"), assumptionsDocument());
const example = JSON.parse(readFileSync(path("edge.config.example.json"), "utf8"));
writeFileSync(path("docs/architecture.svg"), sceneSvg(sceneOf(parseConfig(example))));
