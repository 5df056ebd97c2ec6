import { createServer, type Server } from "node:https";
import type { AddressInfo } from "node:net";
import type { Duplex } from "node:stream";
import type { Certificate } from "../../lib/simulator/certificates.js";

/** One POST to a webhook. */
export interface Posted {
  readonly path: string;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly message: Readonly<Record<string, unknown>>;
}

/** A server over TLS that takes messages, and answers as it is told to. */
export class Hook {
  readonly posted: Posted[] = [];
  /** Status of its answers; 0 for none at all. */
  answers = 200;
  private readonly server: Server;
  private readonly sockets = new Set<Duplex>();

  constructor(tls: Certificate) {
    this.server = createServer({ key: tls.key, cert: tls.cert }, (request, response) => {
      let body = "";
      request.on("data", (chunk) => {
        body += chunk;
      });
      request.on("end", () => {
        const { url = "", headers, method } = request;
        if (method !== "POST") throw new Error(`a webhook takes POST, got ${method}`);
        this.posted.push({ path: url, headers, message: JSON.parse(body) });
        if (this.answers !== 0) response.writeHead(this.answers).end("ok");
      });
    });
    this.server.on("connection", (socket) => {
      this.sockets.add(socket);
      socket.on("error", () => {});
    });
    this.server.on("tlsClientError", () => {});
  }

  /** @returns the port it listens on */
  async listen(): Promise<number> {
    await new Promise<void>((resolve) => this.server.listen(0, "127.0.0.1", resolve));
    return (this.server.address() as AddressInfo).port;
  }

  get messages(): readonly Posted["message"][] {
    return this.posted.map(({ message }) => message);
  }

  async close(): Promise<void> {
    for (const socket of this.sockets) socket.destroy();
    await new Promise((resolve) => this.server.close(resolve));
  }
}
