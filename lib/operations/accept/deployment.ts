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
      "OVH's Object Storage accepts uploads of Terraform's S3 backend as synthesized, with `skip_s3_checksum`",
    matters: "`backend` of type s3",
    otherwise:
      "the first write fails: `export AWS_REQUEST_CHECKSUM_CALCULATION=when_required`, see docs/state.md",
    source: "Terraform's documentation of the backend",
    how: bySight("`terraform init` and a first deploy with that backend."),
  },
  {
    id: "state-s3-lock",
    topic,
    statement: "OVH's Object Storage honours `If-None-Match: *`",
    matters: "the lock of a state in it",
    otherwise: "two deploys at once both get the lock; `lockfile: false` says so openly",
    source: "OVH's documentation of Object Storage",
    how: bySight(
      "Two deploys at once with that backend: the second one waits or says that the state is locked.",
    ),
  },
  {
    id: "state-bucket-owner",
    topic,
    statement:
      "A bucket made with `ownerId` gives that user full access, and the seven actions of the policy are all that the backend needs",
    matters: "the key that `npm run state:bootstrap` makes",
    otherwise: "`terraform init` or the first lock is refused with 403; nothing is lost",
    source: "OVH's API, /cloud; OVH's documentation of S3 policies",
    how: bySight("`terraform init` and two deploys with the key of `npm run state:bootstrap`."),
  },
  {
    id: "state-bucket-region",
    topic,
    statement: "`region_name` of a bucket in OVH's API is the region of S3 in capitals",
    matters: "`npm run state:bootstrap`",
    otherwise: "it stops at the bucket with what OVH says; the user that it made is in its state",
    source: "OVH's API, /cloud",
    how: bySight("`npm run state:bootstrap`, then `terraform init` with its key."),
  },
  {
    id: "state-bucket-taken",
    topic,
    statement: "A name of a bucket that is taken is answered with 409",
    matters: "what `npm run state:bootstrap` says of it",
    otherwise: "it says what OVH says, without the advice to choose another name",
    source: "Amazon's S3",
    how: bySight("`npm run state:bootstrap` with a name that is somebody's."),
  },
  {
    id: "state-consul",
    topic,
    statement: "A Consul cluster keeps the state, with `gzip` too, and locks it by a session, as synthesized",
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
  {
    id: "catalog-shape",
    topic,
    statement:
      "OVH's public catalogue has plans `FLAVOR.consumption` and `FLAVOR.monthly.postpaid`, with prices in 10^-8 of its currency",
    matters: "`npm run estimate`",
    otherwise: "it stops and says what it looked for, or its figures are wrong",
    source: "OVH's API, /v1/order/catalog/public/cloud",
    how: bySight("`npm run estimate` beside OVH's own page of prices."),
  },
  {
    id: "catalog-ip",
    topic,
    statement: "The plan of a FailOver IP is `ip-failover-ripe` at ovh-eu, and `ip-failover-arin` elsewhere",
    matters: "`npm run estimate`",
    otherwise: "its price is not in the sum, which the report says; `--ip-plan` names another",
    source: "OVH's API, /v1/order/catalog/public",
    how: bySight("`npm run estimate -- --ip-catalog FILE` beside OVH's own page of prices."),
  },
  {
    id: "attachment-ip",
    topic,
    statement: "The provider changes the `ip` of an attachment in place or by a replacement",
    matters: "what the comment on a pull request says of another FailOver IP",
    otherwise: "nothing: the comment tells what the plan says, and the policy refuses a replacement",
    source: "provider 2.19.0; not documented",
    how: bySight("`npm run diff` with another `failoverIp.address`, and no deploy."),
  },
  {
    id: "resize-restarts",
    topic,
    statement: "An instance restarts when its flavor is changed",
    matters: "the warning of the comment on a pull request, and the policy's `one-edge-at-a-time`",
    otherwise: "both are stricter than they need be",
    source: "OVH's documentation",
    how: bySight("`npm run status` after another `edges[].flavor` for a backup: the time since its boot."),
  },
  {
    id: "forge-jobs",
    topic,
    statement: "The jobs in .github/workflows run on GitHub, and those of docs/pull-requests.md on GitLab",
    matters: "comments on pull requests, and deploys by CI",
    otherwise: "a job fails; `npm run diff` and `npm run deploy` are the same by hand",
    source: "the documentation of both; the steps were run by tests here",
    how: bySight("A first pull request, and the deploy after it."),
  },
];
