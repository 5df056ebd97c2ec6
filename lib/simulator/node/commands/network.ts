import { connect as connectPlain } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { connect as connectTls, type TLSSocket } from "node:tls";
import { getopt } from "../flags.js";
import type { Command } from "../machine.js";

/** ping(8) for IPv4: exit 0 after an answer, 1 in every other case. */
export const ping: Command = async (call, machine) => {
  const parsed = getopt(call.args, "DEI:LRS:c:defgHi:l:np:qs:T:t:V:vw:");
  const [host] = parsed?.operands ?? [];
  if (parsed === undefined || host === undefined) {
    call.stderr("usage: ping [-DEefgHLnqRv] [-c count] [-I sourceaddr] [-i interval] ... host\n");
    return 1;
  }
  const count = Number(parsed.flags.get("c") ?? 1);
  const wait = Number(parsed.flags.get("w") ?? 10);
  let gone = false;
  call.onGone(() => {
    gone = true;
  });
  let answers = 0;
  for (let sent = 0; sent < count && !gone; sent++) {
    if (sent > 0) await sleep(machine.scaled(1000));
    if (machine.world.answersPing(machine, host)) answers++;
  }
  if (answers < count && !gone) await sleep(machine.scaled(1000 * wait));
  call.stdout(
    `--- ${host} ping statistics ---\n${count} packets transmitted, ${answers} packets received, ` +
      `${(100 * (1 - answers / count)).toFixed(1)}% packet loss\n`,
  );
  return answers > 0 ? 0 : 1;
};

/** nc(1) with -c: TLS with real verification against the node's own CA file. */
export const nc: Command = async (call, machine) => {
  const parsed = getopt(call.args, "46C:cDde:FH:hI:i:K:klM:m:NnO:o:P:p:R:rSs:T:tUuV:vW:w:X:x:Z:z");
  const [host, port, ...rest] = parsed?.operands ?? [];
  if (parsed === undefined || host === undefined || port === undefined || rest.length > 0) {
    call.stderr("usage: nc [-46cDdFhklNnrStUuvz] [-C certfile] [-e name] ... [destination] [port]\n");
    return 1;
  }
  const name = parsed.flags.get("e") ?? host;
  const target = machine.world.resolve(machine, host, Number(port));
  if (target === "no such name") {
    call.stderr(`nc: getaddrinfo for host "${host}" port ${port}: no address associated with name\n`);
    return 1;
  }
  if (target === "unreachable") {
    // Without -v a connection that fails is not worth a word to nc.
    const timeout = machine.world.connectTimeout ?? machine.scaled(75_000);
    await Promise.race([sleep(timeout), new Promise<void>((resolve) => call.onGone(resolve))]);
    return 1;
  }
  const file = parsed.flags.get("R") ?? "/etc/ssl/cert.pem";
  const ca = machine.sandbox.read(file);
  if (ca === undefined || ca.trim() === "") {
    call.stderr(`nc: failed to open CA file '${file}': No such file or directory\n`);
    return 1;
  }
  return new Promise<number>((resolve) => {
    let secure = false;
    const raw = connectPlain({ host: target.address, port: target.port });
    raw.on("error", () => resolve(1));
    call.onGone(() => raw.destroy());
    raw.on("connect", () => {
      if (!parsed.flags.has("c")) return;
      const tls: TLSSocket = connectTls({
        socket: raw,
        servername: name,
        host: name,
        ca,
        minVersion: "TLSv1.2",
      });
      tls.on("secureConnect", () => {
        secure = true;
        void pump(call, tls);
      });
      tls.on("data", (chunk) => call.stdout(chunk));
      tls.on("end", () => tls.end());
      tls.on("close", () => resolve(secure ? 0 : 1));
      tls.on("error", (error: NodeJS.ErrnoException) => {
        if (!secure) call.stderr(`nc: tls handshake failed (${handshakeProblem(error, name)})\n`);
        resolve(secure ? 0 : 1);
      });
    });
  });
};

async function pump(call: Parameters<Command>[0], tls: TLSSocket): Promise<void> {
  // After the end of its input nc reads on until the server closes.
  for await (const chunk of call.stdin()) if (!tls.destroyed) tls.write(chunk);
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
      return `handshake failed: ${error.message}`;
  }
}

/** netstat(1): the counters of carp. */
export const netstat: Command = async (call, machine) => {
  if (call.args.join(" ") !== "-s -p carp") {
    call.stderr("usage: netstat [-AaBbdFgilmnqrSstuvW] ...\n");
    return 1;
  }
  const { received, badAuthentication, sent, transitions } = machine.counters;
  call.stdout(
    `carp:\n\t${received} packets received (IPv4)\n\t${badAuthentication} discarded for bad authentication\n` +
      `\t${sent} packets sent (IPv4)\n\t${transitions} transitions to master\n`,
  );
  return 0;
};
