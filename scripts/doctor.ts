import { spawnSync } from "node:child_process";
import { statSync } from "node:fs";
import { exitStatus } from "../lib/operations/doctor/check.js";
import { examine } from "../lib/operations/doctor/doctor.js";
import { openDoctor } from "../lib/operations/doctor/open.js";
import { doctorScreen } from "../lib/operations/doctor/screen.js";
import { simulatorNeeds } from "../lib/playground/prerequisites.js";
import { endWith } from "./end-with.js";
import { operateCommand, working } from "./operate.js";

const program = operateCommand(
  "doctor",
  "looks at this machine, the configuration, OVH and the edges, says what is wrong and what mends it, and changes nothing",
)
  .option("--strict", "exit 1 for advice too", false)
  .addHelpText(
    "after",
    "\nExit status: 0 all is well; 1 something is to be mended; 2 something could not be found out.\n" +
      "OVH is asked with OVH_APPLICATION_KEY, OVH_APPLICATION_SECRET and OVH_CONSUMER_KEY; the edges' key is\n" +
      "looked at where TF_VAR_edge_application_key, …_secret and TF_VAR_edge_consumer_key are set.\n" +
      "Before a first deploy it does what it can, and says which checks were not possible.",
  )
  .parse();

const options = program.opts();

await endWith(async () => {
  const sources = openDoctor(
    options,
    {
      nodeVersion: process.versions.node,
      environment: process.env,
      run: (command, args) => {
        const { error, stdout } = spawnSync(command, [...args], { encoding: "utf8" });
        return error === undefined ? stdout : undefined;
      },
      modeOf: (path) => statSync(path, { throwIfNoEntry: false })?.mode,
    },
    simulatorNeeds(),
  );
  let done = () => {};
  const progress = (what: string) => {
    done();
    done = working(what, options.json);
  };
  try {
    const checked = await examine({ ...sources, progress });
    done();
    process.stdout.write(
      options.json ? `${JSON.stringify({ checks: checked }, null, 2)}\n` : doctorScreen(checked),
    );
    return exitStatus(checked, options.strict);
  } finally {
    await Promise.all(sources.edges.map((edge) => edge.close()));
  }
}, 2);
process.exit();
