import { type AddressInfo, createServer, type Socket } from "node:net";

/** Where the FailOver IP can be asked from outside, as it has no address on this machine. */
export interface FailoverDoor {
  readonly host: string;
  readonly port: number;
  close(): void;
}

const HOST = "127.77.255.254";
const ANSWER = "HTTP/1.0 400 Bad Request\r\n\r\n";

/** Answers what is said to the FailOver IP while an edge answers for it, and else not a word. */
export async function serveFailoverDoor(answering: () => boolean): Promise<FailoverDoor> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on("error", () => {});
    socket.on("close", () => sockets.delete(socket));
    socket.on("data", () => {
      if (answering()) socket.end(ANSWER);
    });
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(0, HOST, () => resolve());
  });
  return {
    host: HOST,
    port: (server.address() as AddressInfo).port,
    close: () => {
      server.close();
      for (const socket of sockets) socket.destroy();
    },
  };
}
