import { once } from "node:events";
import { type AddressInfo, createServer, type Server, type Socket } from "node:net";
import { afterAll, describe, expect, it } from "vitest";
import { knock, parseDoor } from "../../lib/operations/drill/knock.js";
import { serveFailoverDoor } from "../../lib/simulator/failover-door.js";

const servers: Server[] = [];
const sockets: Socket[] = [];
async function serve(accept: (socket: Socket) => void): Promise<{ host: string; port: number }> {
  const server = createServer((socket) => {
    sockets.push(socket);
    socket.on("error", () => {});
    accept(socket);
  }).listen(0, "127.0.0.1");
  servers.push(server);
  await once(server, "listening");
  return { host: "127.0.0.1", port: (server.address() as AddressInfo).port };
}
afterAll(() => {
  for (const socket of sockets) socket.destroy();
  for (const server of servers) server.close();
});

describe("an address answers", () => {
  it.each<[string, boolean, (socket: Socket) => void]>([
    ["by what a service says first", true, (socket) => socket.write("220 mail\r\n")],
    ["by what a service says to a request", true, (socket) => socket.once("data", () => socket.end("no"))],
    ["not by taking a connection", false, (socket) => socket.resume()],
    ["not by taking a connection and ending it", false, (socket) => socket.once("data", () => socket.end())],
  ])("%s: %s", async (_, answered, accept) => {
    expect(await knock(await serve(accept))).toBe(answered);
  });

  it("by refusing a connection", async () => {
    const door = await serve(() => {});
    const closed = once(servers.at(-1) as Server, "close");
    servers.at(-1)?.close();
    await closed;
    expect(await knock(door)).toBe(true);
  });

  it("on the simulator while an edge answers for it", async () => {
    let answers = true;
    const door = await serveFailoverDoor(() => answers);
    expect(await knock(door)).toBe(true);
    answers = false;
    expect(await knock(door)).toBe(false);
    door.close();
  });
});

describe("where to knock is read from", () => {
  it.each([
    ["443", { port: 443 }],
    ["127.77.255.254:8080", { host: "127.77.255.254", port: 8080 }],
    ["edge.example:1", { host: "edge.example", port: 1 }],
    ["0", undefined],
    ["65536", undefined],
    ["https", undefined],
    [":80", undefined],
    ["host:", undefined],
  ])("%s", (text, door) => {
    expect(parseDoor(text)).toEqual(door);
  });
});
