import { App } from "cdktf";
import { configFile, loadConfig } from "cdktf-ovh-edge";
import { ForeignStack } from "./stack.js";

const app = new App();
new ForeignStack(app, "foreign", loadConfig(configFile(process.env), process.env));
app.synth();
