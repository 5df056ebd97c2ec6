import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { Command } from "commander";
import {
  expectationsOf,
  pack,
  releaseFindings,
  tarballAt,
  writePublishable,
} from "../lib/release/release.js";
import { endWith } from "./end-with.js";

const root = fileURLToPath(new URL("../", import.meta.url));
const program = new Command("release:check")
  .description("looks at everything that would be published, and writes the folder that may be")
  .argument("[tarball]", "what npm pack has made (default: it is packed now)")
  .option("--tag <tag>", "git's tag of the release, which must be v and the version")
  .option("--out <folder>", "write what npm publish takes into this folder, if nothing was found")
  .option("--repository <url>", "git URL that the folder's package.json names, for npm's provenance")
  .parse();

await endWith(async () => {
  const { tag, out, repository } = program.opts<{ tag?: string; out?: string; repository?: string }>();
  const folder = mkdtempSync(join(tmpdir(), "release-"));
  try {
    const [file = pack(root, folder)] = program.args;
    const tarball = tarballAt(file);
    const findings = releaseFindings(tarball, expectationsOf(root, tag));
    for (const finding of findings) process.stderr.write(`${finding}\n`);
    if (findings.length > 0) return 1;
    if (out !== undefined) writePublishable(tarball, out, repository);
    process.stdout.write(
      `${tarball.files.size} files, ${tarball.size} bytes: nothing was found against publishing it\n`,
    );
    return 0;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
