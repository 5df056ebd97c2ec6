import { z } from "zod";
import { show } from "./errors.js";
import { integer, isIpv4, text } from "./fields.js";

const PATH = /^[A-Za-z0-9._~/@+-]+$/;
const USER = /^[a-z_][a-z0-9_-]{0,30}$/;
const DNS_NAME =
  /^(?=.{1,253}$)([A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)*[A-Za-z]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?$/;

/** A host that SSH reaches: an IPv4 address, or a name. */
export function sshHost(next: string) {
  const error = (i: { input?: unknown }) =>
    `must be an IPv4 address in dotted decimal form or a host name, got ${show(i.input)}; ${next}`;
  return z
    .string({ error })
    .refine((value) => (/^[\d.]*$/.test(value) ? isIpv4(value) : DNS_NAME.test(value)), { error });
}

/** The public key that an SSH server shows. */
export const hostKey = text(
  /^(ssh-ed25519|ssh-rsa|ecdsa-sha2-nistp(256|384|521)) [A-Za-z0-9+/]+={0,2}$/,
  "a public host key: its type and its base64 text",
  "copy the first two words of /etc/ssh/ssh_host_ed25519_key.pub",
);

const privateKeyPath = text(PATH, "the path of a file", "leave it out to use the SSH agent").optional();

const port = (what: string) =>
  integer(1, 65535, "22 is the usual value").default(22).describe(`TCP port of ${what}. Default: 22.`);

const bastion = z.strictObject({
  host: sshHost("name the bastion as you reach it").describe(
    "Bastion through which the edges are reached over SSH: an IPv4 address, or a name.",
  ),
  port: port("the bastion's SSH server"),
  user: text(USER, "a user's name", "leave it out for ssh.user")
    .optional()
    .describe("User on the bastion, who needs no shell there. Default: ssh.user."),
  privateKeyPath: privateKeyPath.describe(
    "Private key file for the bastion; ~ is your home. Default: ssh.privateKeyPath.",
  ),
  hostKey: hostKey.describe(
    "Public host key of the bastion's SSH server. It is needed: what a bastion forwards is told to it first.",
  ),
});

/** How the edges are reached over SSH. */
export const sshSchema = z.strictObject({
  user: text(USER, "a user's name", "edges are installed as root by key")
    .default("root")
    .describe("User on the edges; another one than root needs become. Default: root."),
  become: z
    .enum(["doas"], {
      error: (i) => `must be doas, got ${show(i.input)}; leave it out where root logs in`,
    })
    .optional()
    .describe(
      "How a user who is not root becomes root: doas, by a rule for edge-install alone, which is as much as root. docs/ssh.md tells the commands. Default: root logs in.",
    ),
  port: port("the edges' SSH servers"),
  privateKeyPath: privateKeyPath.describe("Private key file; ~ is your home. Default: the SSH agent."),
  publicKeyPath: text(PATH, "the path of a file", "name the .pub file of your key")
    .optional()
    .describe("Public key file that the edges are created with. Default: privateKeyPath with .pub."),
  bastion: bastion.optional(),
});
