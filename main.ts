import { App } from "cdktf";
import { configFile, loadConfig } from "./lib/config/load.js";
import { EdgeStack } from "./lib/constructs/edge-stack.js";
import { endWith } from "./scripts/end-with.js";

// cdktf leaves plan files with the variables in clear in the folder that is made here.
process.umask(0o077);

await endWith(async () => {
  const app = new App();
  new EdgeStack(app, "edge", { config: loadConfig(configFile(process.env), process.env) });
  app.synth();
});
