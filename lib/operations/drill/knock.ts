import { connect } from "node:net";

/** Where something is asked to answer. */
export interface Door {
  readonly host: string;
  readonly port: number;
}

const PATIENCE = 1000;
/** What any service has an answer to, be it that this is none of its language. */
const HELLO = "HEAD / HTTP/1.0\r\n\r\n";

/**
 * Whether anything behind an address answers within a second: it says something, or refuses the
 * connection. A connection alone says nothing, as things on the way may take it. Never sshd(8)'s
 * port: it locks out those who only knock (PerSourcePenalties).
 */
export function knock({ host, port }: Door): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host, port });
    const end = (answered: boolean) => {
      clearTimeout(timer);
      socket.destroy();
      resolve(answered);
    };
    const timer = setTimeout(() => end(false), PATIENCE);
    socket.once("connect", () => socket.write(HELLO));
    socket.once("data", () => end(true));
    socket.once("close", () => end(false));
    socket.once("error", (error: NodeJS.ErrnoException) => end(error.code === "ECONNREFUSED"));
  });
}

/** Reads `[host:]port`. @returns undefined where it is none */
export function parseDoor(text: string): { host?: string; port: number } | undefined {
  const [, host, port] = /^(?:([^:]+):)?(\d{1,5})$/.exec(text) ?? [];
  const number = Number(port);
  if (port === undefined || number < 1 || number > 65535) return undefined;
  return { ...(host === undefined ? {} : { host }), port: number };
}
