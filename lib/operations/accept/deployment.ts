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
    id: "state-s3",
    topic,
    statement:
      "OVH's object storage keeps the state and its lock file by Terraform's S3 backend, as synthesized",
    matters: "`backend` of type s3",
    otherwise: "`terraform init` or the first lock fails; nothing is lost",
    source: "Terraform's documentation of the backend",
    how: bySight(
      "Two deploys at once with that backend: the second one waits or says that the state is locked.",
    ),
  },
  {
    id: "state-consul",
    topic,
    statement: "A Consul cluster keeps and locks the state, as synthesized",
    matters: "`backend` of type consul",
    otherwise: "`terraform init` or the first lock fails; nothing is lost",
    source: "Terraform's documentation of the backend",
    how: bySight(
      "Two deploys at once with that backend: the second one waits or says that the state is locked.",
    ),
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
