import { type EdgeAddress, quoted } from "./remote-edge.js";

/** Files that ssh(1) is given. */
export interface SshFiles {
  /** Private key. @default - the SSH agent */
  readonly privateKeyPath?: string;
  /** A file with `knownHosts`. */
  readonly knownHosts: string;
}

/**
 * Arguments for ssh(1) to reach an edge as the deploy does: its port and user, the configured key,
 * the bastion, and no other host keys than the configured ones.
 */
export function sshArguments(
  { host, port, user, hostKey, bastion, become }: EdgeAddress,
  { privateKeyPath, knownHosts }: SshFiles,
  command: readonly string[],
): string[] {
  const proxy =
    bastion === undefined
      ? []
      : [
          "ssh",
          ...login(bastion.privateKeyPath),
          ...only(knownHosts),
          "-p",
          String(bastion.port),
          "-W",
          "[%h]:%p",
          `${bastion.user}@${bastion.host}`,
        ];
  return [
    ...login(privateKeyPath),
    ...(hostKey === undefined ? [] : only(knownHosts)),
    ...(proxy.length === 0 ? [] : ["-o", `ProxyCommand=${proxy.map(word).join(" ")}`]),
    "-p",
    String(port),
    `${user}@${host}`,
    ...(become === undefined || command.length === 0
      ? command
      : [`doas -n /bin/sh -c ${quoted(command.join(" "))}`]),
  ];
}

/** A word of a command that a shell reads. */
function word(text: string): string {
  return /^[\w@:.,=/-]+$/.test(text) ? text : quoted(text);
}

function login(privateKeyPath: string | undefined): string[] {
  return privateKeyPath === undefined ? [] : ["-i", privateKeyPath, "-o", "IdentitiesOnly=yes"];
}

function only(knownHosts: string): string[] {
  return [
    "-o",
    `UserKnownHostsFile=${knownHosts}`,
    "-o",
    "StrictHostKeyChecking=yes",
    "-o",
    "LogLevel=ERROR",
  ];
}

/** Lines for known_hosts: the edge's key and the bastion's, those that are configured. */
export function knownHosts({ host, port, hostKey, bastion }: EdgeAddress): string {
  return [
    ...(hostKey === undefined ? [] : [line(host, port, hostKey)]),
    ...(bastion === undefined ? [] : [line(bastion.host, bastion.port, bastion.hostKey)]),
  ].join("");
}

function line(host: string, port: number, key: string): string {
  return `${port === 22 ? host : `[${host}]:${port}`} ${key}\n`;
}
