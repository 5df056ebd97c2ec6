import { App } from "cdktf";
import { configFile, EdgeStack, loadConfig } from "cdktf-ovh-edge";

const app = new App();
new EdgeStack(app, "edge", { config: loadConfig(configFile(process.env), process.env) });
app.synth();
