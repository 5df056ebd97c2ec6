import { type Assumption, bySight } from "./assumption.js";

const topic = "deployment";

/** What a deploy rests on beside the edges and the FailOver IP. */
export const DEPLOYMENT_ASSUMPTIONS: readonly Assumption[] = [
  {
    id: "image-key",
    topic,
    statement: "The image takes its SSH key from metadata and starts vio0 by DHCP",
    matters: "the first deploy",
    otherwise: "the first deploy cannot log in",
    source: "the image that you made",
    how: bySight("The first deploy logs in."),
  },
  {
    id: "public-network",
    topic,
    statement: "`FIXED` on the interface without a network is taken as public too",
    matters: "the edges' addresses in the plan",
    otherwise: "the plan fails with a null address",
    source: "OVH's API, /v2/publicCloud",
    how: bySight("`terraform output edges` shows an address for each edge after the first deploy."),
  },
];
