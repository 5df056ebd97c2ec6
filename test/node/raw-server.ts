import type { AddressInfo } from "node:net";
import { createServer, type Server, type TLSSocket } from "node:tls";
import type { Certificate } from "../../lib/simulator/certificates.js";

/** Bytes that are sent one after the other, then the end; or a function that does with the connection what it likes. */
export type RawAnswer = string | readonly string[] | ((socket: TLSSocket) => void);

/** One request as it came, whole. */
export interface RawRequest {
  /** `METHOD path` */
  readonly line: string;
  readonly headers: ReadonlyMap<string, string>;
  readonly body: string;
}

/** A TLS server that answers byte for byte what a test says. */
export class RawServer {
  readonly requests: RawRequest[] = [];
  /** Connections that got through the handshake. */
  connections = 0;
  private readonly server: Server;
  private readonly open = new Set<TLSSocket>();

  constructor(tls: Certificate, answer: (request: RawRequest, count: number) => RawAnswer) {
    this.server = createServer(tls, (socket) => {
      this.connections++;
      this.open.add(socket);
      socket.on("error", () => {});
      socket.on("close", () => this.open.delete(socket));
      let text = "";
      socket.on("data", (chunk) => {
        text += chunk;
        const request = parse(text);
        if (request === undefined) return;
        text = "";
        this.requests.push(request);
        void send(socket, answer(request, this.requests.length));
      });
    });
    this.server.on("tlsClientError", () => {});
  }

  /** @returns the port */
  listen(): Promise<number> {
    return new Promise((resolve) => {
      this.server.listen(0, "127.0.0.1", () => resolve((this.server.address() as AddressInfo).port));
    });
  }

  close(): Promise<void> {
    for (const socket of this.open) socket.destroy();
    return new Promise((resolve) => {
      this.server.close(() => resolve());
    });
  }
}

/** A whole answer with its length. */
export function answer(status: number, body: string, ...headers: readonly string[]): string {
  return (
    [
      `HTTP/1.1 ${status} X`,
      `Content-Length: ${Buffer.byteLength(body)}`,
      "Connection: close",
      ...headers,
      "",
      "",
    ].join("\r\n") + body
  );
}

/** An answer in chunks. */
export function chunked(status: number, ...chunks: readonly string[]): string {
  const parts = chunks.map((chunk) => `${Buffer.byteLength(chunk).toString(16)}\r\n${chunk}\r\n`);
  return `HTTP/1.1 ${status} X\r\nTransfer-Encoding: chunked\r\n\r\n${parts.join("")}0\r\n\r\n`;
}

async function send(socket: TLSSocket, what: RawAnswer): Promise<void> {
  if (typeof what === "function") return what(socket);
  for (const part of typeof what === "string" ? [what] : what) {
    if (socket.destroyed) return;
    await new Promise((resolve) => socket.write(part, resolve));
    await new Promise((resolve) => setImmediate(resolve));
  }
  socket.end();
}

function parse(text: string): RawRequest | undefined {
  const end = text.indexOf("\r\n\r\n");
  if (end < 0) return undefined;
  const [line = "", ...lines] = text.slice(0, end).split("\r\n");
  const headers = new Map(
    lines.map((header) => {
      const colon = header.indexOf(":");
      return [header.slice(0, colon).toLowerCase(), header.slice(colon + 1).trim()];
    }),
  );
  const body = text.slice(end + 4);
  if (body.length < Number(headers.get("content-length") ?? 0)) return undefined;
  return { line: line.replace(/ HTTP\/1\.1$/, ""), headers, body };
}
