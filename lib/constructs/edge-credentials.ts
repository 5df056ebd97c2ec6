import { IamPolicy } from "@cdktf/provider-ovh/lib/iam-policy";
import { MeApiOauth2Client } from "@cdktf/provider-ovh/lib/me-api-oauth2-client";
import { Annotations, type ITerraformDependable, Token } from "cdktf";
import { Construct } from "constructs";
import type { EdgeConfig } from "../config/schema.js";

/** Credentials by which an edge moves the FailOver IP: an application key, or a service account. */
export type EdgeCredentials = ApplicationKey | ServiceAccount;

/** An application key of OVH's API. */
export interface ApplicationKey {
  readonly applicationKey: string;
  readonly applicationSecret: string;
  readonly consumerKey: string;
}

/** A service account of OVH's API. */
export interface ServiceAccount {
  readonly clientId: string;
  readonly clientSecret: string;
}

/** Props of the edges' service accounts. */
export interface EdgeServiceAccountsProps {
  /**
   * Their names, the one that the edges use first; a name that goes takes its account with it. They are ids of
   * constructs, so no other resource can give them.
   */
  readonly names: readonly string[];
  /** Prefix of what they are called at OVH. */
  readonly prefix: string;
  /** Id of the Public Cloud project. */
  readonly serviceName: string;
  readonly endpoint: EdgeConfig["ovh"]["endpoint"];
  /** Public addresses of the edges: from nowhere else is an account good for anything. */
  readonly addresses: readonly string[];
}

/** What an edge does at OVH, by the names that policies have for it. */
const ACTIONS = ["get", "attach"].map((verb) => `publicCloudProject:apiovh:ip/failover/${verb}`);

/**
 * Service accounts for the edges, each with a policy of its own: to look at and to move the FailOver
 * IPs of one project, from the edges' addresses alone. Their secrets are in Terraform's state.
 *
 * Each is a resource by its name, so that a new one can be there and in use before an old one goes.
 * API: /me/api/oauth2/client, /v2/iam/policy
 */
export class EdgeServiceAccounts extends Construct {
  /** The account that the edges use. */
  readonly current: ServiceAccount;
  /** The policies, without which an account may do nothing. */
  readonly policies: readonly ITerraformDependable[];

  constructor(scope: Construct, id: string, props: EdgeServiceAccountsProps) {
    super(scope, id);
    const { names, prefix, serviceName, endpoint, addresses } = props;
    const accounts = names.map((name, index) => {
      if (Token.isUnresolved(name)) {
        throw new Error(
          `names[${index}] must be known when the stack is synthesized, as resources are called by it, got a value that only Terraform knows; write the name down`,
        );
      }
      const called = `${prefix}-${name}`;
      const client = new MeApiOauth2Client(this, `${name}-client`, {
        name: called,
        description: "Moves a FailOver IP between its edges",
        flow: "CLIENT_CREDENTIALS",
      });
      const policy = new IamPolicy(this, `${name}-policy`, {
        name: called,
        description: "Look at and move the FailOver IPs of one project, from its edges",
        identities: [client.identity],
        resources: [`urn:v1:${endpoint.replace("ovh-", "")}:resource:publicCloudProject:${serviceName}`],
        allow: ACTIONS,
        conditions: {
          operator: "OR",
          condition: addresses.map((address) => ({ operator: "MATCH", values: { "request.IP": address } })),
        },
      });
      return { client, policy };
    });
    const [first] = accounts;
    if (first === undefined) throw new Error("names must have at least one name, got none; name an account");
    this.current = { clientId: first.client.clientId, clientSecret: first.client.clientSecret };
    this.policies = accounts.map(({ policy }) => policy);
    Annotations.of(this).addWarning(
      "The secrets of the edges' service accounts lie in Terraform's state in clear: who can read it can move the " +
        "FailOver IP, from an edge. Keep the state where few can read it.",
    );
  }
}
