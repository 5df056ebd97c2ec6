import { createHash } from "node:crypto";
import ssh2, { type ServerHostKeyAlgorithm } from "ssh2";
import type { EdgeAddress } from "./remote-edge.js";
import { throughBastion } from "./ssh-bastion.js";

const { Client } = ssh2;

/** The signatures that a host can make with each type of key. */
const ALGORITHMS: Readonly<Record<string, readonly ServerHostKeyAlgorithm[]>> = {
  "ssh-ed25519": ["ssh-ed25519"],
  "ssh-rsa": ["rsa-sha2-512", "rsa-sha2-256", "ssh-rsa"],
  "ecdsa-sha2-nistp256": ["ecdsa-sha2-nistp256"],
  "ecdsa-sha2-nistp384": ["ecdsa-sha2-nistp384"],
  "ecdsa-sha2-nistp521": ["ecdsa-sha2-nistp521"],
};

/**
 * The host key that somebody at an edge's address offers: of the type that is configured, where one
 * is. The connection ends there: nobody logs in, and nothing is sent.
 *
 * @returns its type and base64 text
 * @throws Error when nobody answers, or without a key of that type
 */
export async function offeredHostKey({ name, host, port, hostKey, bastion }: EdgeAddress): Promise<string> {
  const failed = ({ message }: Error) =>
    new Error(`${name} cannot be reached at ${host}:${port}: ${message}`);
  const forwarded =
    bastion === undefined
      ? undefined
      : await throughBastion(bastion, host, port).catch((error) => {
          throw failed(error);
        });
  return new Promise((resolve, reject) => {
    const client = new Client();
    let offered: string | undefined;
    client.on("close", () => forwarded?.end());
    client.on("error", (error) => {
      forwarded?.end();
      if (offered === undefined) reject(failed(error));
    });
    const type = hostKey?.split(" ")[0] ?? "ssh-ed25519";
    client.connect({
      ...(forwarded === undefined ? { host, port } : { sock: forwarded.sock }),
      username: "nobody",
      readyTimeout: 10_000,
      algorithms: { serverHostKey: [...(ALGORITHMS[type] ?? [])] },
      hostVerifier: (key: Buffer) => {
        offered = `${key.toString("latin1", 4, 4 + key.readUInt32BE(0))} ${key.toString("base64")}`;
        resolve(offered);
        return false;
      },
    });
  });
}

/** A host key as `ssh-keygen -l` shows it. */
export function fingerprint(key: string): string {
  const digest = createHash("sha256").update(Buffer.from(key.split(" ")[1] ?? "", "base64"));
  return `SHA256:${digest.digest("base64").replace(/=+$/, "")}`;
}
