import type { EdgeConfig } from "../../config/schema.js";
import { fromHome } from "../deployment.js";
import { TERRAFORM_PAGES, terraformNames } from "../terraform-binary.js";
import { advice, type Check, type Finding, found, wrong } from "./check.js";

/** A program that something on this machine needs, and the command that installs it. */
export interface Need {
  readonly command: string;
  readonly probe: readonly string[];
  readonly install: string;
}

/** This machine as the doctor looks at it. */
export interface Host {
  readonly nodeVersion: string;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Runs a program; undefined where there is none. */
  readonly run: (command: string, args: readonly string[]) => string | undefined;
  /** Permission bits of a file; undefined where it cannot be read. */
  readonly modeOf: (path: string) => number | undefined;
}

/** What was gathered of this machine. */
export interface MachineFacts {
  readonly node: string;
  /** Undefined where neither Terraform nor OpenTofu was found. */
  readonly terraform: { readonly binary: string; readonly version: string } | undefined;
  /** Whether the state needs a lock that only newer versions know. */
  readonly lockfile: boolean;
  readonly missing: readonly Need[];
  /** Undefined where the configuration is not sound. */
  readonly ssh: SshFacts | undefined;
  /** Variables of a deploy that are not set. */
  readonly unset: readonly string[];
}

interface SshFacts {
  readonly agent: boolean;
  readonly key?: { readonly path: string; readonly mode: number | undefined };
  readonly publicKey?: { readonly path: string; readonly mode: number | undefined };
}

/** Looks at this machine; nothing is changed. */
export function gatherMachine(
  host: Host,
  needs: readonly Need[],
  config: EdgeConfig | undefined,
): MachineFacts {
  const { environment } = host;
  const terraform = terraformNames(environment).flatMap((binary) => {
    const text = host.run(binary, ["version"]);
    return text === undefined ? [] : [{ binary, version: /v(\d+\.\d+\.\d+)/.exec(text)?.[1] ?? "unknown" }];
  })[0];
  const backend = config?.backend;
  const edges = ["edge_application_key", "edge_application_secret", "edge_consumer_key"];
  const variables = [
    "carp_password",
    ...(config?.credentials.serviceAccounts.length ? [] : edges),
    ...(config?.notify?.webhook ? ["edge_webhook_url"] : []),
  ];
  return {
    node: host.nodeVersion,
    terraform,
    lockfile: backend?.type === "s3" && backend.lockfile,
    missing: needs.filter(({ command, probe }) => host.run(command, probe) === undefined),
    ssh: config === undefined ? undefined : sshFacts(host, config.ssh),
    unset: variables.map((name) => `TF_VAR_${name}`).filter((name) => !environment[name]),
  };
}

function sshFacts(host: Host, { privateKeyPath, publicKeyPath }: EdgeConfig["ssh"]): SshFacts {
  const file = (path: string) => ({ path, mode: host.modeOf(fromHome(path)) });
  const publicKey = publicKeyPath ?? (privateKeyPath === undefined ? undefined : `${privateKeyPath}.pub`);
  return {
    agent: Boolean(host.environment.SSH_AUTH_SOCK),
    ...(privateKeyPath === undefined ? {} : { key: file(privateKeyPath) }),
    ...(publicKey === undefined ? {} : { publicKey: file(publicKey) }),
  };
}

const INSTALL_TERRAFORM = `install it from ${TERRAFORM_PAGES}`;

/** Checks of this machine. */
export const MACHINE_CHECKS: readonly Check<MachineFacts>[] = [
  { name: "Node", judge: ({ node }) => found(nodeFindings(node), node) },
  {
    name: "Terraform",
    judge: ({ terraform, lockfile }) =>
      found(terraformFindings(terraform, lockfile), `${terraform?.binary} ${terraform?.version}`),
  },
  {
    name: "programs",
    judge: ({ missing }) =>
      found(
        missing.map(({ command, install }) =>
          advice(
            `${command} is not on PATH`,
            "npm run demo, the drills on the simulated region and the tests need it; a deploy does not",
            install,
          ),
        ),
        "all there",
      ),
  },
  {
    name: "SSH key",
    judge: ({ ssh }) =>
      ssh === undefined
        ? { impossible: "the configuration is not sound" }
        : found(sshFindings(ssh), sshText(ssh)),
  },
  {
    name: "variables",
    judge: ({ unset }) =>
      found(
        unset.map((name) =>
          advice(
            `${name} is not set`,
            "a deploy or a diff stops and asks for it",
            `export ${name}=…; ${/_key$|_secret$/.test(name) ? "npm run credentials tells where it comes from" : "docs/configuration.md says what it may be"}`,
          ),
        ),
        "set",
      ),
  },
];

function nodeFindings(version: string): Finding[] {
  const [major = 0, minor = 0] = version.split(".").map(Number);
  if (major < 20 || (major === 20 && minor < 20)) {
    return [
      wrong(
        `Node is ${version}`,
        "20.20 is the oldest that everything here runs on",
        "install Node 22 from nodejs.org",
      ),
    ];
  }
  if (major < 24) return [];
  return [
    advice(
      `Node is ${version}`,
      "cdktf's command line does not start on Node 24 or newer, so npm run deploy and npm run diff do not",
      "npx tsx main.ts && cd cdktf.out/stacks/edge && terraform init && terraform apply; or cdktn-cli in place of cdktf-cli, see docs/ways-out.md",
    ),
  ];
}

function terraformFindings(terraform: MachineFacts["terraform"], lockfile: boolean): Finding[] {
  if (terraform === undefined) {
    return [
      wrong("neither terraform nor tofu is on PATH", "a deploy is made by one of them", INSTALL_TERRAFORM),
    ];
  }
  const [major = 0, minor = 0] = terraform.version.split(".").map(Number);
  const oldest = lockfile ? 10 : 9;
  if (major > 1 || (major === 1 && minor >= oldest)) return [];
  const why = lockfile
    ? "backend.lockfile needs 1.10 or newer"
    : "the stack needs 1.9 or newer, for removed blocks and checks";
  return [wrong(`${terraform.binary} is ${terraform.version}`, why, INSTALL_TERRAFORM)];
}

function sshFindings({ agent, key, publicKey }: SshFacts): Finding[] {
  const findings: Finding[] = [];
  if (key === undefined && !agent) {
    findings.push(
      wrong(
        "no SSH agent runs, and ssh.privateKeyPath is not set",
        "nothing can log in to the edges",
        "eval $(ssh-agent) && ssh-add, or set ssh.privateKeyPath",
      ),
    );
  }
  if (key !== undefined && key.mode === undefined) {
    findings.push(
      wrong(
        `ssh.privateKeyPath ${key.path} cannot be read`,
        "a deploy and every command here log in with it",
        `ssh-keygen -t ed25519 -f ${key.path}`,
      ),
    );
  } else if (key?.mode !== undefined && (key.mode & 0o077) !== 0) {
    findings.push(
      wrong(
        `ssh.privateKeyPath ${key.path} can be read by others`,
        "who has this key is root on every edge",
        `chmod 600 ${key.path}`,
      ),
    );
  }
  if (publicKey === undefined) {
    findings.push(
      wrong(
        "ssh.publicKeyPath is not set",
        "edges are created with it, and an agent has no file to take it from",
        "set ssh.publicKeyPath to the .pub file of your key",
      ),
    );
  } else if (publicKey.mode === undefined) {
    findings.push(
      wrong(
        `the public key ${publicKey.path} cannot be read`,
        "edges are created with it",
        key === undefined
          ? `ssh-add -L >${publicKey.path}`
          : `ssh-keygen -y -f ${key.path} >${publicKey.path}`,
      ),
    );
  }
  return findings;
}

function sshText({ key }: SshFacts): string {
  return key === undefined ? "in the agent" : key.path;
}
