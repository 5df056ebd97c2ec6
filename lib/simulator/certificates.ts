import "reflect-metadata";
import { webcrypto } from "node:crypto";
import * as x509 from "@peculiar/x509";

/** A key and certificate in PEM. */
export interface Certificate {
  readonly key: string;
  readonly cert: string;
}

/** A certificate authority of its own, made for one run. */
export interface Authority {
  /** Its certificate in PEM: what goes into a node's /etc/ssl/cert.pem. */
  readonly ca: string;
  /** A certificate for host names or addresses; `expired` makes one that ended yesterday. */
  issue(names: readonly string[], options?: { readonly expired?: boolean }): Promise<Certificate>;
}

const ALGORITHM = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" };
const DAY = 86_400_000;

/** Makes an authority. */
export async function makeAuthority(): Promise<Authority> {
  x509.cryptoProvider.set(webcrypto as never);
  const keys = (await webcrypto.subtle.generateKey(ALGORITHM, true, [
    "sign",
    "verify",
  ])) as webcrypto.CryptoKeyPair;
  const authority = await x509.X509CertificateGenerator.createSelfSigned({
    serialNumber: "01",
    name: "CN=Simulated Authority",
    notBefore: new Date(Date.now() - 3 * DAY),
    notAfter: new Date(Date.now() + 30 * DAY),
    signingAlgorithm: ALGORITHM,
    keys,
    extensions: [
      new x509.BasicConstraintsExtension(true, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
    ],
  });
  let serial = 1;
  return {
    ca: authority.toString("pem"),
    issue: async (names, options) => {
      const own = (await webcrypto.subtle.generateKey(ALGORITHM, true, [
        "sign",
        "verify",
      ])) as webcrypto.CryptoKeyPair;
      serial += 1;
      const cert = await x509.X509CertificateGenerator.create({
        serialNumber: serial.toString(16).padStart(2, "0"),
        subject: `CN=${names[0]}`,
        issuer: authority.subject,
        notBefore: new Date(Date.now() - 2 * DAY),
        notAfter: new Date(Date.now() + (options?.expired === true ? -DAY : 30 * DAY)),
        signingAlgorithm: ALGORITHM,
        publicKey: own.publicKey,
        signingKey: keys.privateKey,
        extensions: [
          new x509.SubjectAlternativeNameExtension(
            names.map((value) => ({ type: /^[\d.]+$/.test(value) ? "ip" : "dns", value })),
          ),
          new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.serverAuth]),
        ],
      });
      const pkcs8 = Buffer.from(await webcrypto.subtle.exportKey("pkcs8", own.privateKey)).toString("base64");
      return {
        key: `-----BEGIN PRIVATE KEY-----\n${pkcs8.match(/.{1,64}/g)?.join("\n")}\n-----END PRIVATE KEY-----\n`,
        cert: cert.toString("pem"),
      };
    },
  };
}
