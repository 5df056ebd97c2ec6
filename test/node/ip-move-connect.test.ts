import { spawn } from "node:child_process";
import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";
import { afterEach, describe, expect, it, vi } from "vitest";
import { HOST, IN_GREAT_HASTE, IP_ID, LOOK, POST, PROJECT, useBench } from "./bench.js";
import { ACCEPTED, arrived, claim as claimOn, POSTED, RESULT } from "./claim.js";
import { answer, RawServer } from "./raw-server.js";

vi.setConfig({ testTimeout: 20_000 });

const bench = useBench();
const claim = (...how: [flags?: string, environment?: Readonly<Record<string, string>>]) =>
  claimOn(bench, ...how);

const open: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of open.splice(0).reverse()) await close();
});

/** Lets a server on this machine do with each connection what it likes. @returns its port */
async function serve(accept: (socket: Socket, count: number) => void): Promise<number> {
  let count = 0;
  const sockets = new Set<Socket>();
  const server: Server = createServer((socket) => {
    sockets.add(socket);
    socket.on("error", () => {});
    accept(socket, ++count);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  open.push(() => {
    for (const socket of sockets) socket.destroy();
    return new Promise((resolve) => server.close(resolve));
  });
  return (server.address() as AddressInfo).port;
}

/** A port whose queue of connections is full: what comes now is not answered. */
async function blackHole(): Promise<number> {
  const child = spawn("perl", [
    "-MSocket",
    "-e",
    '$| = 1; socket(S, PF_INET, SOCK_STREAM, 0) && bind(S, pack_sockaddr_in(0, INADDR_LOOPBACK)) && listen(S, 0) or die $!; print +(unpack_sockaddr_in(getsockname(S)))[0], "\\n"; sleep 60',
  ]);
  open.push(() => child.kill("SIGKILL"));
  const port = await new Promise<number>((resolve) =>
    child.stdout.once("data", (text) => resolve(Number(text))),
  );
  // The queue has room for one more than it says.
  for (let n = 0; n < 2; n++) {
    const filler = connect(port, "127.0.0.1");
    filler.on("error", () => {});
    open.push(() => filler.destroy());
    if (n === 0) await new Promise((resolve) => filler.once("connect", resolve));
  }
  return port;
}

/** A way to OVH's API that begins to carry when it is told to. */
async function slowWay(): Promise<{
  readonly port: number;
  readonly carry: () => void;
  readonly reached: () => boolean;
}> {
  const waiting: Socket[] = [];
  const port = await serve((socket) => {
    socket.pause();
    waiting.push(socket);
  });
  const carry = () => {
    for (const socket of waiting) {
      const far = connect(bench.api.httpsPort as number, "127.0.0.1");
      far.on("error", () => {});
      socket.pipe(far).pipe(socket);
    }
  };
  return { port, carry, reached: () => waiting.length > 0 };
}

const UNSENT = "ip-move: claim not sent ms=…";

describe("a connection that is not there within 10 s sends nothing and costs no token:", () => {
  const WAYS: readonly (readonly [string, () => Promise<number>, string])[] = [
    ["a listener that never speaks TLS", () => serve(() => {}), `no TLS handshake with ${HOST} within 10 s`],
    [
      "a listener that stops within the handshake",
      // The first bytes of a ServerHello.
      () => serve((socket) => socket.write(Buffer.from([22, 3, 3, 0, 90, 2, 0]))),
      `no TLS handshake with ${HOST} within 10 s`,
    ],
    ["a port that accepts nobody", blackHole, `no connection to ${HOST} within 10 s`],
  ];

  it.each(WAYS)("%s: a claim, exit 5", async (_, way, why) => {
    await bench.become("MASTER");
    bench.lead(HOST, await way());
    expect(await claim("", IN_GREAT_HASTE)).toEqual({ status: 5, stdout: "", said: [`${UNSENT} ${why}`] });
    expect(bench.json(RESULT)).toMatchObject({
      done: 1,
      refused: 1,
      status: 5,
      phase: "settle",
      reason: why,
    });
    await bench.quiet();
    expect(bench.requests()).toEqual([]);
  });

  it.each(WAYS)("%s: a check, exit 5", async (_, way, why) => {
    bench.lead(HOST, await way());
    expect(await bench.run("ip-move check", IN_GREAT_HASTE)).toEqual({
      status: 5,
      stdout: "",
      stderr: `ip-move: check: ${why}\n`,
    });
    await bench.quiet();
  });

  it("and is left by nobody: nc ends by itself where ip-move was killed", async () => {
    await bench.become("MASTER");
    bench.lead(HOST, await serve(() => {}));
    const claimed = claim();
    await bench.until(() => bench.processes().some(({ words }) => words.includes("-w")), "nc runs");
    const [one] = bench.processes().filter(({ words }) => words.includes("claim") && !words.includes("-c"));
    process.kill(one?.id as number, "SIGKILL");
    expect((await claimed).status).not.toBe(0);
    await bench.quiet();
  });

  it("the same for a token's connection", async () => {
    bench.machine.sandbox.write(
      "/etc/ovh.conf",
      "[default]\nendpoint=ovh-eu\n[ovh-eu]\nclient_id=edge\nclient_secret=edge-client-secret\n",
      0o600,
    );
    await bench.become("MASTER");
    bench.lead("www.ovh.com", await serve(() => {}));
    expect(await claim("", IN_GREAT_HASTE)).toEqual({
      status: 5,
      stdout: "",
      said: [`${UNSENT} no TLS handshake with www.ovh.com within 10 s`],
    });
    expect(bench.json(RESULT)).toMatchObject({ done: 1, refused: 1, status: 5, phase: "settle" });
    expect(bench.requests()).toEqual([]);
  });
});

describe("a person's POST whose connection is not there", () => {
  it("was not sent, and is not waited for: exit 5", async () => {
    const port = await serve((socket, count) => {
      if (count > 1) return;
      const far = connect(bench.api.httpsPort as number, "127.0.0.1");
      far.on("error", () => {});
      socket.pipe(far).pipe(socket);
    });
    bench.lead(HOST, port);
    const ids = `-project-id ${PROJECT} -ip-id ${IP_ID} -instance-id ${bench.here}`;
    expect(await bench.run(`ip-move ${ids}`, IN_GREAT_HASTE)).toEqual({
      status: 5,
      stdout: "",
      stderr: `ip-move: not sent: no TLS handshake with ${HOST} within 10 s\n`,
    });
    expect(bench.requests()).toEqual([LOOK]);
  });
});

describe("a handshake that takes its time", () => {
  it("is waited for, and the request is sent once on it", async () => {
    await bench.become("MASTER");
    const way = await slowWay();
    bench.lead(HOST, way.port);
    const claimed = claim();
    await bench.until(way.reached, "the connection is open");
    way.carry();
    expect(await claimed).toEqual({ status: 0, stdout: "", said: [POSTED, ACCEPTED, arrived(1)] });
    expect(bench.requests()).toEqual([POST]);
  });

  it.each<readonly [string, number, string, () => Promise<void>]>([
    ["carp0 is backup", 2, "no claim: carp0 is BACKUP", () => bench.become("BACKUP")],
    [
      "the edge is on hold",
      7,
      "no claim: this edge is on hold",
      async () => bench.machine.sandbox.write("/var/db/edge/hold", '{"reason":"by hand"}\n'),
    ],
    [
      "the edge is not healthy any more",
      2,
      "no claim: this edge is not healthy",
      async () => bench.machine.sandbox.write("/var/run/health", "unhealthy\n"),
    ],
  ])("is no claim where %s by then", async (_, status, why, change) => {
    await bench.become("MASTER");
    bench.machine.sandbox.write("/var/run/health", "healthy\n");
    const way = await slowWay();
    bench.lead(HOST, way.port);
    const claimed = claim("-guard /var/run/health");
    await bench.until(way.reached, "the connection is open");
    // In haste a second is 50 ms; what it has seen of this edge is older than that by now.
    const opened = Date.now();
    await bench.until(() => Date.now() - opened > 200, "its look at this edge is an old one");
    await change();
    way.carry();
    expect(await claimed).toEqual({ status, stdout: "", said: [`ip-move: ${why}`] });
    await bench.quiet();
    expect(bench.requests()).toEqual([]);
    expect(bench.json(RESULT)).toMatchObject({ done: 1, status, phase: "settle" });
  });
});

describe("a connection that is closed while the claim settles", () => {
  it("is opened anew: nothing was sent on it", async () => {
    await bench.become("MASTER");
    const server = new RawServer(bench.certificate, () =>
      answer(200, JSON.stringify({ ip: "146.59.143.231", status: "ok", routedTo: bench.here })),
    );
    const far = await server.listen();
    open.push(() => server.close());
    let first: Socket | undefined;
    const port = await serve((socket, count) => {
      const onward = connect(far, "127.0.0.1");
      onward.on("error", () => {});
      socket.pipe(onward).pipe(socket);
      if (count === 1) first = socket;
    });
    bench.lead(HOST, port);
    const claimed = claim("-settle 20");
    await bench.until(() => server.connections === 1, "the first connection is there");
    first?.destroy();
    expect(await claimed).toEqual({ status: 0, stdout: "", said: [POSTED, ACCEPTED, arrived(1)] });
    expect(server.requests.map(({ line }) => line)).toEqual([POST]);
    expect(server.connections).toBe(2);
  });
});

/** Runs a test with another nc, which may call the usual one by `/tmp/nc`. */
async function withNc(script: string, test: () => Promise<void>): Promise<void> {
  const { sandbox } = bench.machine;
  const nc = sandbox.read("/usr/bin/nc") as string;
  sandbox.write("/tmp/nc", nc, 0o555);
  sandbox.write("/usr/bin/nc", script, 0o555);
  try {
    await test();
  } finally {
    sandbox.write("/usr/bin/nc", nc, 0o555);
  }
}

describe("nc", () => {
  it("has nothing to read before it says that the handshake is done", async () => {
    await bench.become("MASTER");
    const script = `#!/usr/bin/perl
$| = 1;
print STDERR "Connection to ${HOST} (192.0.2.1) 443 port [tcp/https] succeeded!\\n";
my $in = '';
vec($in, 0, 1) = 1;
my $early = select($in, undef, undef, 0.2);
open(my $fh, '>>', '/tmp/early');
print {$fh} $early;
close($fh);
print STDERR "TLS handshake negotiated TLSv1.3/X with host ${HOST}\\n";
my $line = <STDIN>;
open($fh, '>>', '/tmp/line');
print {$fh} $line;
`;
    await withNc(script, async () => {
      expect((await claim("-deadline 20")).said[0]).toBe(POSTED);
      // The POST, and the looks after it.
      expect(bench.machine.sandbox.read("/tmp/early")).toMatch(/^0+$/);
      expect(bench.machine.sandbox.read("/tmp/line")?.split("\r\n")[0]).toBe(`${POST} HTTP/1.1`);
    });
  });

  it("may say that one address failed before another one answers", async () => {
    await bench.become("MASTER");
    const script = `#!/bin/sh
echo "nc: connect to ${HOST} (2001:db8::1) port 443 (tcp) failed: No route to host" >&2
exec /tmp/nc "$@"
`;
    await withNc(script, async () => {
      expect(await claim()).toEqual({ status: 0, stdout: "", said: [POSTED, ACCEPTED, arrived(1)] });
    });
  });

  it("that is missing sends nothing", async () => {
    await bench.become("MASTER");
    await withNc("#!/nowhere\n", async () => {
      expect(await claim()).toEqual({
        status: 5,
        stdout: "",
        said: [`${UNSENT} no connection to ${HOST}`],
      });
      expect(bench.json(RESULT)).toMatchObject({ done: 1, refused: 1, status: 5 });
    });
  });
});
