import {
  createServer as createHttpServer,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from "node:http";
import { createServer as createHttpsServer } from "node:https";
import type { AddressInfo } from "node:net";
import { getRequestListener } from "@hono/node-server";
import type { Clock } from "../clock.js";
import type { Random } from "../random.js";
import type { OvhProject } from "./api.js";
import type { Fault } from "./faults.js";
import { Journal } from "./journal.js";
import { ovhRoutes } from "./routes.js";

/** How the API is served. */
export interface ServeOptions {
  readonly project: OvhProject;
  readonly clock: Clock;
  readonly random: Random;
  /** Address to listen on; loopback only. @default - 127.0.0.1 */
  readonly host?: string;
  /** Port for plain HTTP. @default - a free one */
  readonly port?: number;
  /** Key and certificate for HTTPS. @default - no HTTPS */
  readonly tls?: { readonly key: string; readonly cert: string };
}

/** A running API. */
export interface ServedApi {
  readonly journal: Journal;
  /** `http://127.0.0.1:PORT/1.0`: what a client takes for its endpoint. */
  readonly endpoint: string;
  readonly httpPort: number;
  /** Port of HTTPS, where it was asked for. */
  readonly httpsPort: number | undefined;
  close(): Promise<void>;
}

/** Serves a project over HTTP, and HTTPS if a certificate is given. @throws Error when a port is taken */
export async function serveApi(options: ServeOptions): Promise<ServedApi> {
  const { project, clock, random, host = "127.0.0.1" } = options;
  const journal = new Journal(clock, random);
  const app = ovhRoutes({ project, clock, journal });
  const queryIds = new WeakMap<IncomingMessage, string>();
  const listener = getRequestListener(async (fetched, env) => {
    const answer = await app.fetch(fetched, env);
    queryIds.set((env as { incoming: IncomingMessage }).incoming, answer.headers.get("x-ovh-queryid") ?? "");
    return answer;
  });
  const handle = async (request: IncomingMessage, response: ServerResponse) => {
    const body = await readBody(request);
    // A client that went away in the middle of its request asked for nothing.
    if (body === undefined) return;
    const { method = "GET", url = "/" } = request;
    const [path = "/"] = url.split("?");
    const fault = project.faults.take(method, path);
    response.on("close", () =>
      journal.add({
        method,
        path,
        // The form of a token request is nothing but secrets.
        body: path.endsWith("/auth/oauth2/token") ? "" : body.toString(),
        status: response.writableEnded && fault?.dropReply !== true ? response.statusCode : 0,
        queryId: queryIds.get(request) ?? "",
      }),
    );
    if (fault?.delay !== undefined) await new Promise((resolve) => setTimeout(resolve, fault.delay));
    const forward = () => listener(Object.assign(request, { rawBody: body }), response);
    return fault === undefined ? forward() : misbehave(fault, request, response, journal, forward);
  };
  const plain = createHttpServer(handle);
  const servers: Server[] = [plain];
  const httpPort = await listen(plain, host, options.port ?? 0);
  let httpsPort: number | undefined;
  if (options.tls !== undefined) {
    const secure = createHttpsServer(options.tls, handle);
    servers.push(secure);
    httpsPort = await listen(secure, host, 0);
  }
  return {
    journal,
    endpoint: `http://${host}:${httpPort}/1.0`,
    httpPort,
    httpsPort,
    close: async () => {
      await Promise.all(
        servers.map(
          (server) =>
            new Promise<void>((resolve) => {
              server.close(() => resolve());
              server.closeAllConnections();
            }),
        ),
      );
    },
  };
}

async function readBody(request: IncomingMessage): Promise<Buffer | undefined> {
  const chunks: Buffer[] = [];
  try {
    for await (const chunk of request) chunks.push(chunk as Buffer);
  } catch {
    return undefined;
  }
  return Buffer.concat(chunks);
}

async function misbehave(
  fault: Fault,
  request: IncomingMessage,
  response: ServerResponse,
  journal: Journal,
  forward: () => unknown,
): Promise<void> {
  if (fault.status !== undefined) {
    response.writeHead(fault.status, {
      "content-type": "application/json",
      "x-ovh-queryid": journal.queryId(),
      ...fault.headers,
    });
    response.end(
      fault.body ?? JSON.stringify({ class: `Server::Simulated${fault.status}`, message: "simulated fault" }),
    );
    return;
  }
  if (!fault.dropReply && fault.truncateAt === undefined) {
    await forward();
    return;
  }
  const { socket } = request;
  const limit = fault.dropReply ? 0 : (fault.truncateAt ?? 0);
  // The request takes its effect; what the client gets of the answer is cut.
  const write = socket.write.bind(socket);
  let sent = 0;
  response.on("finish", () => {
    socket.write = write as typeof socket.write;
  });
  socket.write = ((chunk: Uint8Array | string, ...rest: unknown[]) => {
    const bytes = Buffer.from(chunk as string);
    const part = bytes.subarray(0, Math.max(0, limit - sent));
    sent += bytes.length;
    if (part.length > 0) write(part);
    if (sent >= limit) socket.destroySoon();
    const done = rest.find((argument) => typeof argument === "function") as (() => void) | undefined;
    done?.();
    return true;
  }) as typeof socket.write;
  await forward();
}

function listen(server: Server, host: string, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once("error", (error: NodeJS.ErrnoException) => {
      const taken = error.code === "EADDRINUSE";
      reject(taken ? new Error(`port ${port} of ${host} is taken; choose another with --port`) : error);
    });
    server.listen(port, host, () => resolve((server.address() as AddressInfo).port));
  });
}
