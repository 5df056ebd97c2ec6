import { execFileSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import type { EdgeConfigInput } from "../../config/schema.js";
import { findTerraform } from "../../operations/terraform-binary.js";
import { Playground } from "../../playground/playground.js";
import { Terraform } from "../../playground/terraform.js";
import type { Measurement, PartResult } from "../figures.js";
import { alone, beside, inTurn, type Measuring, medianOf, ratioOf } from "../measure.js";
import type { Chapter } from "../report.js";
import { ended, TemplateApp, WHOLE_PROVIDER } from "../template-app.js";

const ROOT = fileURLToPath(new URL("../../../", import.meta.url));

export const SYNTH: Chapter = {
  title: "Synth and diff",
  how: [
    "`tsx main.ts` on the example's configuration, beside an application as `cdktf init --template=typescript` makes it, " +
      "with the whole provider's bindings and the same resources of OVH. Its `npx ts-node main.ts` compiles everything and checks the types at each start; ts-node is none of this package's dependencies, so `tsc` does that with the template's " +
      "options, and Node runs what comes of it; npx is left out on both sides.",
    `The provider's own schema is not there: provider-ovh/schema.json has the types that are used here. The bindings are generated on the spot from these, repeated under other names until there are ${WHOLE_PROVIDER.resources} resources ` +
      `and ${WHOLE_PROVIDER.dataSources} data sources, which is what provider ovh/ovh 2.19.0 documents.`,
    "*Diff* is the synth, and then `terraform plan` of a first deploy on a simulated region. *Cold start* is a command's `--help` beside `node -e 0`. *Installation* is `npm ci` with packages that npm has in its cache, beside " +
      "the same without the bindings that this package generates then.",
  ],
  plot: {
    title: "Synth and diff",
    x: "",
    y: "milliseconds, the median; thin lines from the least to the most",
  },
};

/** Measures synth, diff, cold starts, and what the package weighs. */
export async function measureSynth(input: EdgeConfigInput, options: Measuring): Promise<PartResult<"synth">> {
  const { quick, runs, step } = options;
  const measurements: Measurement[] = [];
  const notes: string[] = [];
  step("generating a whole provider's bindings");
  const template = await TemplateApp.make({ service: input.project, region: input.region });
  const playground = await Playground.create({ config: input }).catch((error) => {
    template.remove();
    throw error;
  });
  try {
    measurements.push(...(await synthAndDiff(playground, template, options)));
  } finally {
    template.remove();
    await playground.stop();
  }
  measurements.push(...(await coldStarts(options)));
  if (quick)
    notes.push(
      "A quick run has one run of synth beside the template, three cold starts, no diff, and neither packs nor installs.",
    );
  else measurements.push(...(await installAndPack(runs, step)));
  const maybe = (id: string) =>
    measurements.some((one) => one.id === id) ? medianOf(measurements, id) : null;
  const starts = measurements.filter(({ id }) => id.startsWith("synth-start-"));
  const ratio = ratioOf(measurements, "synth-synth");
  const ratioDiff = quick ? null : ratioOf(measurements, "synth-diff");
  return {
    ratioSynth: ratio,
    ratioDiff,
    synthMs: medianOf(measurements, "synth-synth"),
    coldStartMs: Math.max(...starts.map(({ value }) => value.median)),
    packageBytes: maybe("synth-package"),
    installMs: maybe("synth-install"),
    measurements,
    goals: [
      { what: "synth, of the default template's", unit: "ratio", limit: 0.5, got: ratio },
      ...(ratioDiff === null
        ? []
        : [{ what: "synth and plan, of the default template's", unit: "ratio", limit: 0.5, got: ratioDiff }]),
    ],
    notes,
  };
}

/** What a run of synth, and of Terraform's plan after it, took. */
interface Diffed {
  readonly synth: number;
  readonly plan: number;
}

async function synthAndDiff(
  playground: Playground,
  template: TemplateApp,
  { quick, runs, step }: Measuring,
): Promise<Measurement[]> {
  const environment = { ...playground.environment(), CDKTF_OUTDIR: join(template.folder, "cdktf.out") };
  const theirs = new Terraform(
    findTerraform(process.env),
    join(template.folder, "cdktf.out", "stacks", "template"),
    environment,
    join(template.folder, "terraform.log"),
  );
  const apps = {
    ours: { synth: () => playground.synth(), terraform: () => playground.terraform },
    theirs: { synth: () => template.synth(environment), terraform: () => theirs },
  };
  const found: { readonly [app in keyof typeof apps]: Diffed[] } = { ours: [], theirs: [] };
  const count = quick ? 1 : runs;
  for (let run = 1; run <= count; run++) {
    for (const app of ["ours", "theirs"] as const) {
      step(`synth and diff, ${app === "ours" ? "this package" : "the template"}, ${run} of ${count}`);
      const { synth, terraform } = apps[app];
      const took = await timed(synth);
      if (!quick && run === 1) await terraform().init();
      found[app].push({ synth: took, plan: quick ? 0 : await timed(() => terraform().plan()) });
    }
  }
  const measure = (id: string, what: string, of: (took: Diffed) => number) =>
    beside(
      { id: `synth-${id}`, what, unit: "ms", plot: { series: "this package", x: what } },
      found.ours.map(of),
      "default template",
      found.theirs.map(of),
    );
  return [
    measure("synth", "synth", ({ synth }) => synth),
    ...(quick ? [] : [measure("diff", "synth and plan", ({ synth, plan }) => synth + plan)]),
  ];
}

/** Each command that can tell how it is used. */
async function coldStarts({ quick, runs, step }: Measuring): Promise<Measurement[]> {
  const scripts = join(ROOT, "scripts");
  const commands = readdirSync(scripts)
    .filter((file) => /new Command\("|operateCommand\("/.test(readFileSync(join(scripts, file), "utf8")))
    .map((file) => file.slice(0, -3))
    .filter((name) => !quick || ["status", "render", "demo"].includes(name));
  const measurements: Measurement[] = [];
  for (const name of commands) {
    step(`cold start of ${name}`);
    const times = await inTurn(quick ? 3 : runs, {
      command: () => timed(() => ended([join(scripts, "run.mjs"), name, "--help"], ROOT)),
      node: () => timed(() => ended(["-e", "0"], ROOT)),
    });
    measurements.push(
      beside(
        { id: `synth-start-${name}`, what: `\`node scripts/run.mjs ${name} --help\``, unit: "ms" },
        times.command,
        "node -e 0",
        times.node,
      ),
    );
  }
  return measurements;
}

/** In a copy of what is committed or may be, so that nothing of this checkout changes. */
async function installAndPack(runs: number, step: (text: string) => void): Promise<Measurement[]> {
  const folder = mkdtempSync(join(tmpdir(), "edge-install-"));
  try {
    const listed = execFileSync("git", ["ls-files", "-z", "--cached", "--others", "--exclude-standard"], {
      cwd: ROOT,
    });
    // What is installed is none of it, even where it is a link: npm empties what a link leads to.
    const files = listed.toString().split("\0");
    for (const file of files.filter((name) => name !== "" && !/^node_modules(?:\/|$)/.test(name))) {
      mkdirSync(dirname(join(folder, file)), { recursive: true });
      cpSync(join(ROOT, file), join(folder, file), { force: true });
    }
    const install = (...flags: string[]) =>
      timed(async () => {
        await ended(["ci", "--prefer-offline", "--no-audit", "--no-fund", ...flags], folder, {}, "npm");
      });
    step("installation");
    const times = await inTurn(runs, { bare: () => install("--ignore-scripts"), whole: () => install() });
    step("package");
    await ended(["pack", "--pack-destination", folder], folder, {}, "npm");
    const tarball = readdirSync(folder).find((file) => file.endsWith(".tgz")) as string;
    return [
      beside(
        { id: "synth-install", what: "`npm ci`", unit: "ms" },
        times.whole,
        "without the generated bindings",
        times.bare,
      ),
      alone({ id: "synth-package", what: "the package", unit: "bytes" }, [
        statSync(join(folder, tarball)).size,
      ]),
    ];
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const began = performance.now();
  await work();
  return performance.now() - began;
}
