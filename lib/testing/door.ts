import { type AddressInfo, connect, createServer, type Socket } from "node:net";

/** A service of one edge: a TCP port on this machine. */
export interface EdgeService {
  readonly port: number;
  /** @default - 127.0.0.1 */
  readonly host?: string;
}

/** Where the FailOver IP is reached from outside; the address itself is on no machine here. */
export interface Door {
  readonly host: string;
  readonly port: number;
  close(): Promise<void>;
}

const HOST = "127.0.0.1";

/**
 * Leads each connection to the service of the edge that answers for the FailOver IP. A connection ends when another edge
 * answers, and at once while nobody does, where a real one would hang.
 */
export async function openDoor(
  answering: () => string | undefined,
  serviceOf: (edge: string) => EdgeService,
): Promise<Door> {
  const sockets = new Set<Socket>();
  const track = (socket: Socket, other?: Socket) => {
    sockets.add(socket);
    socket.on("error", () => socket.destroy());
    socket.on("close", () => {
      sockets.delete(socket);
      other?.destroy();
    });
  };
  const server = createServer((outside) => {
    const edge = answering();
    if (edge === undefined) {
      outside.on("error", () => {});
      outside.destroy();
      return;
    }
    const { host = HOST, port } = serviceOf(edge);
    const inside = connect(port, host);
    track(outside, inside);
    track(inside, outside);
    const carry = (from: Socket, to: Socket) => {
      from.on("data", (chunk) => {
        // Packets of this connection would reach another edge now, which knows nothing of it.
        if (answering() === edge) to.write(chunk);
        else from.destroy();
      });
      from.on("end", () => to.end());
    };
    carry(outside, inside);
    carry(inside, outside);
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(0, HOST, () => resolve());
  });
  return {
    host: HOST,
    port: (server.address() as AddressInfo).port,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const socket of sockets) socket.destroy();
      }),
  };
}
