import type { EdgeAddress } from "./remote-edge.js";

/**
 * Arguments for ssh(1) to reach an edge as the deploy does: its port and user, the configured key,
 * and no other host key than the configured one.
 *
 * @param knownHosts A file with `knownHostsLine`, where the host key is configured
 */
export function sshArguments(
  { host, port, user, hostKey }: EdgeAddress,
  { privateKeyPath, knownHosts }: { readonly privateKeyPath?: string; readonly knownHosts: string },
  command: readonly string[],
): string[] {
  return [
    ...(privateKeyPath === undefined ? [] : ["-i", privateKeyPath, "-o", "IdentitiesOnly=yes"]),
    ...(hostKey === undefined
      ? []
      : [
          "-o",
          `UserKnownHostsFile=${knownHosts}`,
          "-o",
          "StrictHostKeyChecking=yes",
          "-o",
          "LogLevel=ERROR",
        ]),
    "-p",
    String(port),
    `${user}@${host}`,
    ...command,
  ];
}

/** A line for known_hosts. */
export function knownHostsLine({ host, port, hostKey }: EdgeAddress): string {
  return `${port === 22 ? host : `[${host}]:${port}`} ${hostKey}\n`;
}
