import { connect, createServer, type Server } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import { Departures, SlowWay } from "../../lib/bench/slow-way.js";

describe("when a client's bytes leave", () => {
  it("lets the first ones wait for the round trip of the TCP handshake", () => {
    const departures = new Departures(1000, 50, false);
    expect([1000, 1010, 1060].map((now) => departures.of(now, 100))).toEqual([1050, 1050, 1060]);
  });

  it("holds a small segment until all before it is acknowledged, with Nagle's algorithm on", () => {
    const departures = new Departures(0, 50, true);
    expect(departures.of(0, 300)).toBe(50);
    // A handshake's last message after its answer, and a request right behind it.
    expect(departures.of(100, 60)).toBe(100);
    expect(departures.of(101, 700)).toBe(150);
    // What comes while that still waits goes along with it.
    expect(departures.of(120, 700)).toBe(150);
    // The answer has acknowledged all.
    expect(departures.of(210, 700)).toBe(210);
  });

  it("never holds a full segment, nor anything with Nagle's algorithm off", () => {
    const [on, off] = [new Departures(0, 50, true), new Departures(0, 50, false)];
    expect([on.of(60, 100), on.of(61, 1448)]).toEqual([60, 61]);
    expect([off.of(60, 100), off.of(61, 100)]).toEqual([60, 61]);
  });

  it("keeps their order", () => {
    const departures = new Departures(0, 50, true);
    const left = [0, 10, 20, 30, 51, 52, 53].map((now) => departures.of(now, 10));
    expect(left).toEqual([...left].sort((a, b) => a - b));
  });
});

describe("a long way", () => {
  const open: (() => Promise<unknown>)[] = [];
  afterEach(async () => {
    for (const close of open.splice(0).reverse()) await close();
  });

  it.each([
    { rtt: 0, nagle: false },
    { rtt: 6, nagle: false },
    { rtt: 6, nagle: true },
  ])("carries every byte in its order, and the end, with %j", async (settings) => {
    const server: Server = createServer({ allowHalfOpen: true }, (socket) => socket.pipe(socket));
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    open.push(() => new Promise((resolve) => server.close(resolve)));
    const way = await SlowWay.open((server.address() as { port: number }).port);
    open.push(() => way.close());
    way.settings = settings;
    const client = connect(way.port, "127.0.0.1");
    const parts = Array.from({ length: 60 }, (_, index) => `${index}:${"x".repeat((index * 37) % 500)}\n`);
    for (const part of parts) {
      client.write(part);
      await new Promise((resolve) => setImmediate(resolve));
    }
    client.end();
    let back = "";
    for await (const chunk of client) back += chunk;
    expect(back).toBe(parts.join(""));
  });

  it("ends the near side when the far one cannot be reached", async () => {
    const way = await SlowWay.open(1);
    open.push(() => way.close());
    const client = connect(way.port, "127.0.0.1");
    client.on("error", () => {});
    await new Promise((resolve) => client.once("close", resolve));
  });
});
