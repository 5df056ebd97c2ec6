import { type EdgeConfig, parseConfig, renderEdge, staticFiles } from "cdktf-ovh-edge";
import { provider as nullProvider } from "cdktf-ovh-edge/provider-null";
import { provider } from "cdktf-ovh-edge/provider-ovh";
import { startRegion } from "cdktf-ovh-edge/testing";

const config: EdgeConfig = parseConfig({});
const [first] = config.edges;
// @ts-expect-error a name is no number: the types are there.
const wrong: number = first?.name;
export const all = [
  renderEdge(config, "edge", staticFiles()),
  wrong,
  nullProvider.NullProvider,
  provider.OvhProvider,
];
export const start = startRegion;
