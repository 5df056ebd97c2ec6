import { App } from "cdktf";
import { configFile, loadConfig } from "./lib/config/load.js";
import { EdgeStack } from "./lib/constructs/edge-stack.js";
import { endWith } from "./scripts/end-with.js";

await endWith(async () => {
  const app = new App();
  new EdgeStack(app, "edge", { config: loadConfig(configFile(process.env), process.env) });
  app.synth();
});
