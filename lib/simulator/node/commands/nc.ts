import { connect as connectPlain, type Socket } from "node:net";
import { connect as connectTls, type PeerCertificate, type TLSSocket } from "node:tls";
import { getopt } from "../flags.js";
import type { Command, Machine } from "../machine.js";
import { addressesOf, rejects } from "../routes.js";
import type { ShimCall } from "../shim.js";

/** What nc(1) understands, and what of it is played here. */
const FLAGS = "46C:cDde:FH:hI:i:K:klM:m:NnO:o:P:p:R:rSs:T:tUuV:vW:w:X:x:Z:z";
const PLAYED = "ceRvw";
const USAGE = "usage: nc [-46cDdFhklNnrStUuvz] [-C certfile] [-e name] ... [destination] [port]\n";
/** Milliseconds until OpenBSD gives a connection up that nobody answers. */
const KEEPINIT = 75_000;
/** What nc calls an address that has none here, as nothing is there. */
const NOWHERE = "192.0.2.1";
const SERVICES: Readonly<Record<string, string>> = { "80": "http", "443": "https" };

/** One run of nc: where to, and how long it waits. */
interface Run {
  readonly call: ShimCall;
  readonly host: string;
  readonly port: string;
  /** Name that the certificate must bear. */
  readonly name: string;
  readonly ca: string;
  readonly verbose: boolean;
  /** Milliseconds for a connection, for each step of a handshake, and for silence. */
  readonly patience: number | undefined;
}

/**
 * nc(1) with -c: TLS with real verification against the node's own CA file. As the real one it
 * reads nothing of its input before the handshake is done, and with -v it says both when it is
 * connected and when the handshake is done.
 */
export const nc: Command = async (call, machine) => {
  const parsed = getopt(call.args, FLAGS);
  const [host, port, ...rest] = parsed?.operands ?? [];
  if (parsed === undefined || host === undefined || port === undefined || rest.length > 0) {
    call.stderr(USAGE);
    return 1;
  }
  const { flags } = parsed;
  const alien = [...flags.keys()].find((flag) => !PLAYED.includes(flag));
  if (alien !== undefined || !flags.has("c")) {
    call.stderr(
      `nc: the simulated one plays -c [-v] [-e name] [-R file] [-w timeout], not ${alien ?? "plain TCP"}\n`,
    );
    return 1;
  }
  const seconds = flags.get("w");
  if (seconds !== undefined && !/^\d{1,7}$/.test(seconds)) {
    call.stderr(`nc: timeout invalid: ${seconds}\n`);
    return 1;
  }
  const file = flags.get("R") ?? "/etc/ssl/cert.pem";
  const ca = machine.sandbox.read(file);
  if (ca === undefined || ca.trim() === "") {
    call.stderr(`nc: failed to open CA file '${file}': No such file or directory\n`);
    return 1;
  }
  const run: Run = {
    call,
    host,
    port,
    name: flags.get("e") ?? host,
    ca,
    verbose: flags.has("v"),
    patience: seconds === undefined ? undefined : machine.scaled(1000 * Number(seconds)),
  };
  const target = machine.world.resolve(machine, host, Number(port));
  if (target === "no such name") {
    call.stderr(`nc: getaddrinfo for host "${host}" port ${port}: no address associated with name\n`);
    return 1;
  }
  if (rejects(machine, host)) {
    for (const address of addressesOf(machine, host)) notConnected(run, address, "EHOSTUNREACH");
    return 1;
  }
  if (target === "unreachable") {
    await nobodyAnswers(run, machine);
    return notConnected(run, NOWHERE, "ETIMEDOUT");
  }
  const socket = connectPlain({ host: target.address, port: target.port, ...sender(machine) });
  call.onGone(() => socket.destroy());
  const problem = await connected(socket, run.patience);
  if (problem !== undefined) return notConnected(run, target.address, problem);
  if (run.verbose) {
    const service = SERVICES[port] ?? "*";
    call.stderr(`Connection to ${host} (${target.address}) ${port} port [tcp/${service}] succeeded!\n`);
  }
  return speak(run, socket);
};

/** What it sends comes from the machine's own public address, where that is one of this host's. */
function sender({ kernel }: Machine): { localAddress?: string } {
  const address = kernel.find("vio0")?.addresses[0]?.address;
  return address?.startsWith("127.") ? { localAddress: address } : {};
}

function nobodyAnswers({ call, patience }: Run, machine: Machine): Promise<void> {
  const kernel = machine.world.connectTimeout ?? machine.scaled(KEEPINIT);
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, Math.min(kernel, patience ?? kernel));
    call.onGone(() => {
      clearTimeout(timer);
      resolve();
    });
  });
}

/** @returns undefined once it is connected, or the error's code */
function connected(socket: Socket, patience: number | undefined): Promise<string | undefined> {
  return new Promise((resolve) => {
    const timer = patience === undefined ? undefined : setTimeout(() => end("ETIMEDOUT"), patience);
    const failed = (error: NodeJS.ErrnoException) => end(error.code ?? "");
    const end = (problem: string | undefined) => {
      clearTimeout(timer);
      socket.off("error", failed);
      if (problem !== undefined) socket.destroy();
      resolve(problem);
    };
    socket.on("error", failed);
    socket.once("connect", () => end(undefined));
    socket.once("close", () => end("ECONNABORTED"));
  });
}

/** Without -v a connection that fails is not worth a word to nc. */
function notConnected({ call, host, port, verbose }: Run, address: string, code: string): number {
  if (verbose) {
    call.stderr(`nc: connect to ${host} (${address}) port ${port} (tcp) failed: ${strerror(code)}\n`);
  }
  return 1;
}

/** The handshake, and then what goes in and comes out until the server closes. */
function speak(run: Run, socket: Socket): Promise<number> {
  const { call, name, patience } = run;
  return new Promise((resolve) => {
    let secure = false;
    const tls = connectTls({ socket, servername: name, host: name, ca: run.ca, minVersion: "TLSv1.2" });
    const fail = (what: string) => {
      call.stderr(`nc: ${what}\n`);
      resolve(1);
      tls.destroy();
    };
    if (patience !== undefined) {
      socket.setTimeout(patience, () => {
        if (!secure) return fail("tls handshake failed (Operation timed out)");
        // Silence ends it as if all were well.
        resolve(0);
        tls.destroy();
      });
    }
    tls.on("secureConnect", () => {
      secure = true;
      if (run.verbose) call.stderr(report(run, tls));
      void pump(call, tls);
    });
    tls.on("data", (chunk) => call.stdout(chunk));
    tls.on("end", () => tls.end());
    tls.on("close", () => resolve(secure ? 0 : 1));
    tls.on("error", (error: NodeJS.ErrnoException) => {
      fail(
        secure
          ? `tls read failed (read failed: ${strerror(error.code ?? "")})`
          : `tls handshake failed (${handshakeProblem(error, name)})`,
      );
    });
  });
}

async function pump(call: ShimCall, tls: TLSSocket): Promise<void> {
  // After the end of its input nc reads on until the server closes.
  for await (const chunk of call.stdin()) if (!tls.destroyed) tls.write(chunk);
}

/** What -v says after the handshake. */
function report({ host, name }: Run, tls: TLSSocket): string {
  const certificate = tls.getPeerCertificate();
  return [
    `TLS handshake negotiated ${tls.getProtocol()}/${tls.getCipher().name} with host ${host}`,
    `Peer name: ${name}`,
    `Subject: ${distinguished(certificate.subject)}`,
    `Issuer: ${distinguished(certificate.issuer)}`,
    `Valid From: ${ctime(certificate.valid_from)}`,
    `Valid Until: ${ctime(certificate.valid_to)}`,
    `Cert Hash: SHA256:${certificate.fingerprint256.replaceAll(":", "").toLowerCase()}`,
    "",
  ].join("\n");
}

function distinguished(name: PeerCertificate["subject"]): string {
  return Object.entries(name)
    .map(([key, value]) => `/${key}=${value}`)
    .join("");
}

/** As ctime(3): `Thu Jan  1 00:00:00 1970`. */
function ctime(date: string): string {
  const [day, number = "", month, year, time] = new Date(date).toUTCString().replace(",", "").split(" ");
  return `${day} ${month} ${number.replace(/^0/, " ")} ${time} ${year}`;
}

/** What OpenBSD's strerror(3) says. */
function strerror(code: string): string {
  const texts: Readonly<Record<string, string>> = {
    ECONNABORTED: "Software caused connection abort",
    ECONNREFUSED: "Connection refused",
    ECONNRESET: "Connection reset by peer",
    EHOSTUNREACH: "No route to host",
    ENETUNREACH: "Network is unreachable",
    EPIPE: "Broken pipe",
    ETIMEDOUT: "Operation timed out",
  };
  return texts[code] ?? code;
}

function handshakeProblem(error: NodeJS.ErrnoException, name: string): string {
  switch (error.code) {
    case "CERT_HAS_EXPIRED":
      return "certificate verification failed: certificate has expired";
    case "CERT_NOT_YET_VALID":
      return "certificate verification failed: certificate is not yet valid";
    case "ERR_TLS_CERT_ALTNAME_INVALID":
      return `name \`${name}' not present in server certificate`;
    case "DEPTH_ZERO_SELF_SIGNED_CERT":
      return "certificate verification failed: self signed certificate";
    case "SELF_SIGNED_CERT_IN_CHAIN":
      return "certificate verification failed: self signed certificate in certificate chain";
    case "UNABLE_TO_VERIFY_LEAF_SIGNATURE":
    case "UNABLE_TO_GET_ISSUER_CERT_LOCALLY":
      return "certificate verification failed: unable to get local issuer certificate";
    case "CERT_SIGNATURE_FAILURE":
      return "certificate verification failed: certificate signature failure";
    default:
      return `handshake failed: ${(error as { reason?: string }).reason ?? error.message.trim()}`;
  }
}
