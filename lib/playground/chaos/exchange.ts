import type { ShimCall } from "../../simulator/node/shim.js";

/** One request of a program on a node and what came back, as nc(1) carried them. */
export interface Exchange {
  /** The program that started nc, as the machine counts. */
  readonly caller: number;
  readonly method: string;
  readonly path: string;
  /** Milliseconds; when its first bytes left the node. */
  readonly sentAt: number;
  /** What came back so far. */
  answer: string;
}

/**
 * Reads along with an nc: the call to carry out in its place.
 *
 * @param sends told when a request leaves
 * @param hears told after each part of an answer
 */
export function readAlong(
  call: ShimCall,
  now: () => number,
  sends: (exchange: Exchange) => void,
  hears: (exchange: Exchange) => void,
): ShimCall {
  let exchange: Exchange | undefined;
  let request = "";
  const read = (chunk: Buffer) => {
    if (exchange !== undefined) return;
    request += chunk.toString("latin1");
    const line = /^([A-Z]+) (\S+) HTTP/.exec(request);
    if (line === null) return;
    const [, method, path] = line as unknown as [string, string, string];
    exchange = { caller: call.caller, method, path, sentAt: now(), answer: "" };
    sends(exchange);
  };
  return {
    ...call,
    stdin: () => tee(call.stdin(), read),
    stdout: (text) => {
      call.stdout(text);
      if (exchange === undefined) return;
      exchange.answer += typeof text === "string" ? text : Buffer.from(text).toString("latin1");
      hears(exchange);
    },
  };
}

async function* tee(input: AsyncIterable<Buffer>, read: (chunk: Buffer) => void): AsyncGenerator<Buffer> {
  for await (const chunk of input) {
    read(chunk);
    yield chunk;
  }
}

/** What a whole answer about the FailOver IP says; undefined where it says nothing, or not all is there. */
export function answerOf(
  { answer }: Exchange,
  instanceId: string,
): "here" | "elsewhere" | "pending" | undefined {
  const [head = "", ...rest] = answer.split("\r\n\r\n");
  if (!/^HTTP\/1\.1 2\d\d /.test(head)) return undefined;
  const body = /\{.*\}/s.exec(rest.join("\r\n\r\n"))?.[0];
  try {
    const { status, routedTo } = JSON.parse(body ?? "") as { status?: string; routedTo?: string };
    if (status === undefined) return undefined;
    if (status !== "ok") return "pending";
    return routedTo === instanceId ? "here" : "elsewhere";
  } catch {
    return undefined;
  }
}
