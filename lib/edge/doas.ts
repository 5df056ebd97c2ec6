/** Where the installer is on an edge. */
export const INSTALLER = "/usr/local/sbin/edge-install";

/** The one rule of doas.conf(5) by which a deploy user installs an edge; it is as much as root. */
export function doasRule(user: string): string {
  return `permit nopass ${user} as root cmd ${INSTALLER}`;
}

/**
 * What an operator does once on an edge, so that a user who is not root can deploy to it.
 *
 * @param digest sha256 of the edge-install that is meant, in hex
 * @param render the command that writes an edge's files. @default - a checkout's
 */
export function doasInstructions(
  edge: string,
  user: string,
  digest: string,
  render = "npm run render --",
): string {
  return `${user} may not start edge-install on ${edge} yet. This is done once, by somebody who is root there:
1. Write the file here, and copy it to a folder of root's on the edge:
       ${render} --edge ${edge} --out rendered && ls rendered${INSTALLER}
2. In that folder, as root:
       install -o root -g wheel -m 0555 edge-install ${INSTALLER}
       test "$(sha256 -q ${INSTALLER})" = ${digest} || rm ${INSTALLER}
       test ! -x ${INSTALLER} || echo "${doasRule(user)}" >>/etc/doas.conf
The rule is as much as root: what ${user} installs, root runs. Then deploy again.
`;
}

/** Whether a line of the instructions is a command. */
export function isCommand(line: string): boolean {
  return line.startsWith("       ");
}

/** Shell text that ends with the instructions where the user may not start edge-install. */
export function doasCheck(...about: Parameters<typeof doasInstructions>): string {
  return [
    `said=$(doas -n ${INSTALLER} status 2>&1 </dev/null)`,
    "case $said in *doas:*) echo \"$said\" >&2; cat >&2 <<'END'",
    `${doasInstructions(...about)}END`,
    "exit 1;; esac",
  ].join("\n");
}
