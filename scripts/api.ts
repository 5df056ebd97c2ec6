import { spawnSync } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { Command } from "commander";
import { apiFiles, packageReport } from "../lib/release/api-report.js";
import { build } from "../lib/release/build.js";
import { endWith } from "./end-with.js";

const root = fileURLToPath(new URL("../", import.meta.url));
new Command("api")
  .description("builds the package, and accepts its public API: writes api/ and docs/api/")
  .parse();

await endWith(async () => {
  build(root);
  const report = packageReport(root);
  mkdirSync(join(root, "api"), { recursive: true });
  writeFileSync(join(root, apiFiles.report), report.text);
  const typedoc = spawnSync(join(root, "node_modules", ".bin", "typedoc"), [], {
    cwd: root,
    stdio: "inherit",
  });
  if (typedoc.status !== 0) throw new Error("typedoc failed, see above; docs/api is as it was left");
  // Nobody writes these by hand, and a test can tell by the digest whether they are of these declarations.
  const index = join(root, apiFiles.documentation);
  writeFileSync(
    index,
    `${readFileSync(index, "utf8").trimEnd()}\n\n<!-- declarations: ${report.digest} -->\n`,
  );
});
