import "reflect-metadata";
import { webcrypto } from "node:crypto";
import { rmSync } from "node:fs";
import { join } from "node:path";
import * as x509 from "@peculiar/x509";
import { afterEach, describe, expect, it, vi } from "vitest";
import { type Certificate, makeAuthority } from "../../lib/simulator/certificates.js";
import { HOST, POST, TIME, useBench } from "./bench.js";
import { claim as claimOn, RESULT } from "./claim.js";
import { answer, RawServer } from "./raw-server.js";

vi.setConfig({ testTimeout: 20_000 });

const bench = useBench();
const claim = (flags?: string) => claimOn(bench, flags);

let server: RawServer | undefined;
afterEach(async () => {
  await server?.close();
  server = undefined;
  bench.machine.sandbox.write("/etc/ssl/cert.pem", bench.authority.ca);
});

/** Lets the API's name lead to a server with another certificate. */
async function impostor(tls: Certificate): Promise<RawServer> {
  server = new RawServer(tls, () => answer(200, "{}"));
  bench.lead(HOST, await server.listen());
  await bench.become("MASTER");
  return server;
}

/** The certificate of an authority of another name. */
async function anotherAuthority(): Promise<string> {
  const algorithm = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" };
  const keys = await webcrypto.subtle.generateKey(algorithm, true, ["sign", "verify"]);
  const made = await x509.X509CertificateGenerator.createSelfSigned({
    name: "CN=Another Authority",
    signingAlgorithm: algorithm,
    keys: keys as never,
    extensions: [new x509.BasicConstraintsExtension(true, undefined, true)],
  });
  return made.toString("pem");
}

const CASES: readonly (readonly [string, () => Promise<Certificate>, string])[] = [
  [
    "a certificate that has expired",
    () => bench.authority.issue([HOST], { expired: true }),
    "certificate has expired",
  ],
  [
    "a certificate for another name",
    () => bench.authority.issue(["ca.api.ovh.com"]),
    "certificate is for another name",
  ],
  [
    "a certificate of an authority that the node does not know",
    async () => {
      bench.machine.sandbox.write("/etc/ssl/cert.pem", await anotherAuthority());
      return bench.certificate;
    },
    "certificate is of an unknown authority",
  ],
  [
    "a certificate of an authority that bears the name of one it knows",
    async () => (await makeAuthority()).issue([HOST]),
    "nc: tls handshake failed (certificate verification failed: certificate signature failure)",
  ],
];

describe("nothing is said to a server with", () => {
  it.each(CASES)("%s: a claim is refused with the reason, exit 9", async (_, tls, reason) => {
    const { requests } = await impostor(await tls());
    const why = `TLS: ${HOST}: ${reason}`;
    expect(await claim()).toEqual({
      status: 9,
      stdout: "",
      said: [`ip-move: claim failed ms=… ${why}`],
    });
    expect(requests).toEqual([]);
    // It never went out, so it costs no token.
    expect(bench.json(RESULT)).toMatchObject({ done: 1, refused: 1, status: 9, reason: why });
  });

  it.each(CASES)("%s: a check is refused with the reason, exit 9", async (_, tls, reason) => {
    const { requests } = await impostor(await tls());
    expect(await bench.run("ip-move check")).toEqual({
      status: 9,
      stdout: "",
      stderr: `ip-move: check: TLS: ${HOST}: ${reason}\n`,
    });
    expect(requests).toEqual([]);
  });

  it("no authority of ours to hold it against: a claim and a check are refused with the reason, exit 9", async () => {
    await bench.become("MASTER");
    rmSync(join(bench.machine.sandbox.root, "etc/ssl/cert.pem"));
    const why = `TLS: ${HOST}: no authority can be read: failed to open CA file '/etc/ssl/cert.pem': No such file or directory`;
    expect(await bench.run("ip-move check")).toEqual({
      status: 9,
      stdout: "",
      stderr: `ip-move: check: ${why}\n`,
    });
    expect(await claim()).toMatchObject({ status: 9, said: [`ip-move: claim failed ms=… ${why}`] });
    expect(bench.json(RESULT)).toMatchObject({ done: 1, refused: 1, status: 9 });
    expect(bench.requests()).toEqual([]);
  });

  it("a name that nobody knows: a claim and a check say what nc says, exit 5", async () => {
    await bench.become("MASTER");
    bench.lead(HOST, "no such name");
    const why = `no connection to ${HOST}: nc: getaddrinfo for host '${HOST}' port 443: no address associated with name`;
    expect(await bench.run("ip-move check")).toEqual({
      status: 5,
      stdout: "",
      stderr: `ip-move: check: ${why}\n`,
    });
    // It never went out, so it costs no token.
    expect(await claim()).toMatchObject({ status: 5, said: [`ip-move: claim not sent ms=… ${why}`] });
    expect(bench.json(RESULT)).toMatchObject({ done: 1, refused: 1, status: 5 });
    expect(bench.requests()).toEqual([]);
  });

  it("a certificate that expires during a claim: it goes on looking, and its POST is not sent again", async () => {
    await bench.become("MASTER");
    bench.project.failoverIps.behaviour.moveDuration = 300;
    const claimed = claim();
    await bench.until(() => bench.json(RESULT)?.phase === "verify", "the claim looks");
    server = new RawServer(await bench.authority.issue([HOST], { expired: true }), () => "");
    bench.lead(HOST, await server.listen());
    await bench.until(() => bench.processes().some(({ words }) => words.includes("-c")), "it dials again");
    bench.lead(HOST, bench.api.httpsPort as number);
    expect(await claimed).toMatchObject({ status: 0 });
    expect(bench.requests().filter((request) => request === POST)).toHaveLength(1);
  });

  it("no TLS at all", async () => {
    await bench.become("MASTER");
    bench.lead(HOST, bench.api.httpPort);
    const { status, said } = await claim();
    expect(status).toBe(9);
    expect(said).toEqual([
      expect.stringMatching(new RegExp(`^ip-move: claim failed ms=… TLS: ${HOST}: nc: tls handshake failed`)),
    ]);
    expect(bench.requests()).toEqual([]);
  });

  it("a name that nc does not know of: the endpoint's own name is checked, not the address", async () => {
    bench.machine.sandbox.write(
      "/etc/ovh.conf",
      "[default]\nendpoint=https://api.example.org/1.0\n[https://api.example.org/1.0]\napplication_key=a\napplication_secret=b\nconsumer_key=c\n",
      0o600,
    );
    bench.lead("api.example.org", bench.api.httpsPort as number);
    expect(await bench.run("ip-move check")).toMatchObject({
      status: 9,
      stderr: "ip-move: check: TLS: api.example.org: certificate is for another name\n",
    });
    expect(bench.requests()).toEqual([]);
  });
});

describe("the endpoint", () => {
  const conf = (endpoint: string) =>
    bench.machine.sandbox.write(
      "/etc/ovh.conf",
      `[default]\nendpoint=${endpoint}\n[${endpoint}]\napplication_key=edge-application-key\n` +
        "application_secret=edge-application-secret\nconsumer_key=edge-consumer-key\n",
      0o600,
    );

  it.each([
    ["ovh-eu", "eu.api.ovh.com"],
    ["ovh-ca", "ca.api.ovh.com"],
    ["ovh-us", "api.us.ovhcloud.com"],
  ])("%s is %s", async (name, host) => {
    await bench.reset({ tls: await bench.authority.issue([host]) });
    bench.lead(HOST, "no such name");
    bench.lead(host, bench.api.httpsPort as number);
    conf(name);
    expect(await bench.run("ip-move check")).toMatchObject({ status: 6, stderr: "" });
  });

  it.each([
    ["a URL", "https://api.example.org/1.0"],
    ["a URL with a port, which is signed and named with it", "https://api.example.org:8443/1.0"],
  ])("can be %s", async (_, url) => {
    await bench.reset({ tls: await bench.authority.issue(["api.example.org"]) });
    bench.lead("api.example.org", bench.api.httpsPort as number);
    conf(url);
    expect(await bench.run("ip-move check")).toMatchObject({ status: 6, stderr: "" });
  });

  // What a pattern has captured is lost when the slash is taken off, so that there is no host.
  it.each([
    ["a URL with a slash at its end", "https://api.example.org/1.0/"],
    ["a URL without a path", "https://api.example.org/"],
  ])("can be %s", async (_, url) => {
    await bench.reset({ tls: await bench.authority.issue(["api.example.org"]) });
    bench.lead("api.example.org", bench.api.httpsPort as number);
    conf(url);
    expect(await bench.run("ip-move check")).toMatchObject({ status: 6, stderr: "" });
  });

  it.each([
    "http://api.example.org/1.0",
    "https://api.example.org",
    "https://user:pw@api.example.org/1.0",
    "ovh-xx",
    "https://a b/1.0",
  ])("must not be %s", async (url) => {
    conf(url);
    expect(await bench.run("ip-move check")).toEqual({
      status: 1,
      stdout: "",
      stderr: `ip-move: endpoint must be ovh-eu, ovh-ca, ovh-us or an https URL, got ${url}\n`,
    });
    expect(bench.requests()).toEqual([]);
  });

  it("tells its time without a signature", async () => {
    await bench.reset({ clock: { now: () => Date.now() + 3_600_000 } });
    await bench.run("ip-move check");
    expect(bench.requests()[1]).toBe(TIME);
  });
});
