import { timingSafeEqual } from "node:crypto";
import { type AddressInfo, createServer, type Socket } from "node:net";
import ssh2, { type Connection, type ParsedKey, type Server as SshServer } from "ssh2";
import { type Account, accountOf, NO_SHELL } from "./accounts.js";
import { Line } from "./line.js";
import type { Sandbox } from "./sandbox.js";
import { mayForward, parseSshdConfig } from "./sshd-config.js";

const { Server, utils } = ssh2;

/** A machine as its SSH server sees it. */
export interface SshHost {
  /** Whether traffic can leave and reach it. */
  readonly reachable: boolean;
  readonly running: boolean;
  readonly sandbox: Pick<Sandbox, "read" | "spawn">;
  readonly world: {
    /** Where a connection that it forwards leads, or undefined for nowhere. @default - nowhere */
    dial?(host: string, port: number): Socket | undefined;
  };
}

/** A running SSH server of a machine. */
export interface ServedSsh {
  readonly address: string;
  readonly port: number;
  /** Connections that logged in, so far. */
  readonly sessions: () => number;
  /** Bytes that came in, so far; what SSH itself adds is among them. */
  readonly received: () => number;
  close(): Promise<void>;
}

/** A key pair in OpenSSH's forms. */
export interface KeyPair {
  readonly private: string;
  /** Type and base64 text, without a comment. */
  readonly public: string;
}

/** Makes an ed25519 key pair. */
export function generateKeyPair(): KeyPair {
  for (;;) {
    const pair = utils.generateKeyPairSync("ed25519");
    const [type, key] = pair.public.split(" ") as [string, string];
    // ssh2 writes a key that begins with a zero without it, one in 256; nobody can read that.
    if (Buffer.from(key, "base64").length === ED25519_BYTES)
      return { private: pair.private, public: `${type} ${key}` };
  }
}

/** Length of an ssh-ed25519 public key: two lengths, the type's name, 32 bytes. */
const ED25519_BYTES = 4 + 11 + 4 + 32;

/**
 * Serves SSH for a machine: users of its passwd(5) log in by a key of their authorized_keys, run
 * commands in its sandbox, and have connections forwarded, as far as its sshd_config(5) lets them.
 * It is up as long as the machine is; while that cannot be reached, connections that are there
 * already hang, and new ones are refused.
 *
 * @param only address from which alone it may be reached
 * @param letsIn whether what filters its traffic lets a new connection in
 */
export async function serveSsh(
  machine: SshHost,
  hostKey: KeyPair,
  address: string,
  port: number,
  only?: string,
  letsIn: (from: string) => boolean = () => true,
): Promise<ServedSsh> {
  let [sessions, received] = [0, 0];
  const config = () => parseSshdConfig(machine.sandbox.read("/etc/ssh/sshd_config") ?? "");
  // As sshd(8), it does not start with a file that it does not understand.
  config();
  const open = new Set<Connection>();
  const server: SshServer = new Server({ hostKeys: [hostKey.private] }, (connection) => {
    open.add(connection);
    connection.on("error", () => {});
    connection.on("close", () => open.delete(connection));
    let account: Account;
    connection.on("authentication", (context) => {
      const found = accountOf(machine.sandbox, context.username);
      if (context.method !== "publickey" || found === undefined) return context.reject(["publickey"]);
      if (found.uid === 0 && !config().permitRootLogin) return context.reject(["publickey"]);
      const known = authorizedKeys(machine, found).find((key) => sameKey(key, context.key));
      if (known === undefined) return context.reject(["publickey"]);
      if (context.signature && context.blob) {
        const valid = known.verify(context.blob, context.signature, context.hashAlgo);
        if (valid !== true) return context.reject(["publickey"]);
      }
      account = found;
      context.accept();
    });
    connection.on("ready", () => {
      sessions++;
      connection.on("session", (accept) => {
        const session = accept();
        const environment: Record<string, string> = {};
        session.on("env", (acceptEnv, _reject, { key, val }) => {
          environment[key] = val;
          acceptEnv?.();
        });
        session.on("pty", (acceptPty) => acceptPty?.());
        session.on("exec", (acceptExec, _reject, { command }) =>
          execute(machine, account, acceptExec(), command, environment),
        );
        session.on("shell", (acceptShell) =>
          execute(machine, account, acceptShell(), "exec /bin/sh -i", environment),
        );
      });
      // Without a listener what is asked for is administratively prohibited; with one it can but fail.
      if (!config().allowTcpForwarding) return;
      connection.on("tcpip", (accept, reject, { destIP, destPort }) => {
        if (mayForward(config(), destIP, destPort))
          forward(machine.world.dial?.(destIP, destPort), accept, reject);
        else reject();
      });
    });
  });
  const lines = new Set<Line>();
  const listener = createServer((socket) => {
    const from = socket.remoteAddress ?? "";
    if (!machine.reachable || (only !== undefined && from !== only) || !letsIn(from)) {
      socket.destroy();
      return;
    }
    const line = new Line(socket, () => machine.reachable || !machine.running);
    lines.add(line);
    socket.on("data", (chunk) => {
      received += chunk.length;
    });
    line.once("close", () => lines.delete(line));
    server.injectSocket(line as unknown as Socket);
  });
  await new Promise<void>((resolve, reject) => {
    listener.once("error", reject);
    listener.listen(port, address, () => resolve());
  });
  return {
    address,
    port: (listener.address() as AddressInfo).port,
    sessions: () => sessions,
    received: () => received,
    close: () =>
      new Promise((resolve) => {
        for (const connection of open) connection.end();
        // What hangs would not hear of it.
        if (!machine.reachable && machine.running) for (const line of lines) line.destroy();
        listener.close(() => resolve());
      }),
  };
}

function forward(to: Socket | undefined, accept: () => ssh2.Channel, reject: () => void): void {
  if (to === undefined) {
    reject();
    return;
  }
  let channel: ssh2.Channel | undefined;
  to.once("connect", () => {
    channel = accept();
    channel.on("error", () => to.destroy());
    channel.once("close", () => to.destroy());
    channel.pipe(to).pipe(channel);
  });
  to.once("error", () => (channel === undefined ? reject() : channel.close()));
}

function execute(
  machine: SshHost,
  account: Account,
  channel: ssh2.ServerChannel,
  command: string,
  environment: Record<string, string>,
): void {
  if (account.shell === NO_SHELL) {
    channel.write("This account is currently not available.\n");
    channel.exit(1);
    channel.end();
    return;
  }
  const child = machine.sandbox.spawn(`cd ${account.home}; ${command}`, environment, account);
  channel.pipe(child.stdin as NodeJS.WritableStream);
  child.stdout?.pipe(channel, { end: false });
  child.stderr?.pipe(channel.stderr, { end: false });
  child.once("error", () => channel.close());
  child.once("close", (code) => {
    channel.exit(code ?? 137);
    channel.end();
  });
  channel.once("close", () => child.stdin?.end());
}

function authorizedKeys(machine: SshHost, { home }: Account): ParsedKey[] {
  const text = machine.sandbox.read(`${home}/.ssh/authorized_keys`) ?? "";
  return text.split("\n").flatMap((line) => {
    if (line.trim() === "") return [];
    const parsed = utils.parseKey(line);
    return parsed instanceof Error ? [] : [parsed].flat();
  });
}

function sameKey(key: ParsedKey, given: { algo: string; data: Buffer }): boolean {
  const mine = key.getPublicSSH();
  return mine.length === given.data.length && timingSafeEqual(mine, given.data);
}
