import { INSTALLER } from "../../edge/doas.js";
import { sectionsOf } from "../sections.js";
import { type Assumption, bySight, type EdgeCheck, onEdge, type Where } from "./assumption.js";

const topic = "system";
const DOAS: Where = { setting: "`ssh.become`", has: ({ ssh }) => ssh.become === "doas" };
const BASTION: Where = { setting: "`ssh.bastion`", has: ({ ssh }) => ssh.bastion !== undefined };
const EVERY_COMMAND = { untold: "a rule of doas.conf permits every command" };

/** A check by the user who deploys. */
const onLogin = (...args: Parameters<typeof onEdge>): EdgeCheck => ({ ...onEdge(...args), as: "login" });

/** What doas(1) and OpenSSH's client are taken to do on the way to an edge. */
export const ACCESS_ASSUMPTIONS: readonly Assumption[] = [
  {
    id: "doas-rule",
    topic,
    statement:
      "doas(1) starts as root a program whose path is a rule's `cmd` word for word, and lets nothing of the user's environment through",
    matters: "a deploy by a user who is not root: the rule for edge-install, and for /bin/sh",
    otherwise: "the deploy stops and tells how to permit edge-install; or a user reaches into what root runs",
    source: "doas(1), doas.conf(5)",
    where: DOAS,
    how: onLogin(
      `EDGE_ACCEPT=kept doas -n /bin/sh -c 'echo "user $(id -u)"; echo "environment \${EDGE_ACCEPT-none}"'; doas -n sh -c 'echo bare'`,
      "`user 0` and `environment none` by the rule for /bin/sh, and a refusal of `sh` without a path",
      ({ stdout, stderr }) =>
        stdout === "user 0\nenvironment none\nbare\n"
          ? EVERY_COMMAND
          : stdout === "user 0\nenvironment none\n" && /^doas: /m.test(stderr),
    ),
  },
  {
    id: "doas-refusal",
    topic,
    statement:
      "`doas -n` asks for no password, and ends with 1 and a line `doas: …` for what no rule permits",
    matters: "a deploy and every command tell a rule that is missing from a program that failed",
    otherwise: "what is missing in doas.conf is told in doas' own words, without the line that it needs",
    source: "doas(1), usr.bin/doas/doas.c",
    where: DOAS,
    how: onLogin(
      'doas -n /usr/bin/true; echo "status $?"',
      "`status 1`, and a line `doas: …` on standard error",
      ({ stdout, stderr }) =>
        stdout === "status 0\n" ? EVERY_COMMAND : stdout === "status 1\n" && /^doas: /m.test(stderr),
    ),
  },
  {
    id: "doas-report",
    topic,
    statement: "`edge-install report` and the `rcctl check` in it are root's when doas(1) starts them",
    matters: "`npm run status` and `npm run doctor`, as a user who is not root",
    otherwise: "they say that ifstated does not run, or that the edge has not been installed",
    source: "doas(1), rcctl(8)",
    where: DOAS,
    how: onLogin(
      `doas -n ${INSTALLER} report`,
      "exit status 0, and of `edge-sync status` and `rcctl check ifstated` in it",
      ({ status, stdout }) =>
        status === 0 && ["sync", "ifstated"].every((name) => sectionsOf(stdout)(name).status === 0),
    ),
  },
  {
    id: "bastion-ssh",
    topic,
    statement:
      "OpenSSH's client checks a host by the known_hosts entry of its HostKeyAlias alone, and reaches an edge by a ProxyCommand of `ssh -W %h:%p` to the bastion",
    matters: "every step of a deploy with `ssh.bastion`",
    otherwise: "the deploy stops before anything is sent, with what ssh says",
    source: "ssh(1), ssh_config(5); OpenSSH's client was run by tests here, on Linux",
    where: BASTION,
    how: bySight(
      "The first deploy, once with a wrong `ssh.bastion.hostKey`, upon which it says `nothing was sent to it`, then with the right one.",
    ),
  },
  {
    id: "bastion-forwards",
    topic,
    statement:
      "The bastion's sshd forwards to an edge for a user without a shell, and lets the connections of all edges in",
    matters: "every deploy and every command with `ssh.bastion`",
    otherwise:
      "they wait for the edge and stop with what ssh says: AllowTcpForwarding, PermitOpen, MaxStartups",
    source: "sshd_config(5)",
    where: BASTION,
    how: bySight("`npm run status` shows each edge."),
  },
];
