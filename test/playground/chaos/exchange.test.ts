import { describe, expect, it } from "vitest";
import { answerOf, type Exchange, readAlong } from "../../../lib/playground/chaos/exchange.js";
import type { ShimCall } from "../../../lib/simulator/node/shim.js";

const ME = "instance-1";
const exchange = (answer: string): Exchange => ({ caller: 7, method: "GET", path: "/", sentAt: 0, answer });
const http = (status: string, body: string) =>
  `HTTP/1.1 ${status}\r\ncontent-type: application/json\r\n\r\n${body}`;

describe("an answer about the FailOver IP", () => {
  it.each<[string, string, ReturnType<typeof answerOf>]>([
    ["here", http("200 OK", '{"status":"ok","routedTo":"instance-1"}'), "here"],
    ["elsewhere", http("200 OK", '{"status":"ok","routedTo":"instance-2"}'), "elsewhere"],
    ["elsewhere where it is routed to nothing", http("200 OK", '{"status":"ok","routedTo":""}'), "elsewhere"],
    ["pending", http("200 OK", '{"status":"operationPending","routedTo":"instance-1"}'), "pending"],
    ["nothing where it is an error", http("503 No", '{"status":"ok","routedTo":"instance-1"}'), undefined],
    ["nothing where it is cut short", http("200 OK", '{"status":"ok","rou'), undefined],
    ["nothing where it is something else", http("200 OK", '{"time":1}'), undefined],
    ["nothing before it has come", "", undefined],
  ])("says %s", (_, answer, said) => {
    expect(answerOf(exchange(answer), ME)).toBe(said);
  });
});

describe("reading along with nc", () => {
  /** A call whose program sends these parts, and is answered when they are read. */
  function call(parts: readonly string[], printed: string[]): ShimCall {
    return {
      caller: 7,
      user: 0,
      name: "nc",
      args: ["-c", "eu.api.ovh.com", "443"],
      stdout: (text) => printed.push(text.toString()),
      stderr: () => {},
      stdin: async function* () {
        for (const part of parts) yield Buffer.from(part);
      },
      onGone: () => {},
    };
  }

  it("tells of a request once, before it leaves, and of each part of its answer", async () => {
    const printed: string[] = [];
    const told: string[] = [];
    const read = readAlong(
      call(["PO", "ST /1.0/x/attach HTTP/1.1\r\n", "host: y\r\n\r\n{}"], printed),
      () => 42,
      ({ method, path, sentAt, caller }) => told.push(`${method} ${path} at ${sentAt} by ${caller}`),
      ({ answer }) => told.push(answer),
    );
    const sent: string[] = [];
    for await (const part of read.stdin()) sent.push(part.toString());
    read.stdout("HTTP/1.1 2");
    read.stdout(Buffer.from("00 OK"));
    expect(sent.join("")).toBe("POST /1.0/x/attach HTTP/1.1\r\nhost: y\r\n\r\n{}");
    expect(printed.join("")).toBe("HTTP/1.1 200 OK");
    expect(told).toEqual(["POST /1.0/x/attach at 42 by 7", "HTTP/1.1 2", "HTTP/1.1 200 OK"]);
  });

  it("tells of nothing where nothing is sent", async () => {
    const told: string[] = [];
    const read = readAlong(
      call([], []),
      () => 0,
      () => told.push("sent"),
      () => told.push("heard"),
    );
    for await (const part of read.stdin()) told.push(part.toString());
    read.stdout("x");
    expect(told).toEqual([]);
  });
});
