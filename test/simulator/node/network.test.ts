import { createServer, type Server } from "node:https";
import {
  type AddressInfo,
  createServer as createPlainServer,
  type Server as PlainServer,
  type Socket,
} from "node:net";
import { rootCertificates } from "node:tls";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { type Authority, makeAuthority } from "../../../lib/simulator/certificates.js";
import { eventually, failure, nodesRun, result, TestNode } from "./nodes.js";

describe.skipIf(!nodesRun)("ping", () => {
  let node: TestNode;
  beforeAll(async () => {
    node = await TestNode.boot();
  });
  afterAll(() => node.end());

  it.each([
    ["-n -q -c 3 -w 1 9.9.9.9", 0, "3 packets transmitted, 3 packets received, 0.0% packet loss"],
    ["-c 1 9.9.9.9", 0, "1 packets transmitted, 1 packets received, 0.0% packet loss"],
    ["-c 2 -w 1 192.0.2.1", 1, "2 packets transmitted, 0 packets received, 100.0% packet loss"],
  ])("`ping %s` ends with %i", async (words, status, summary) => {
    const host = words.split(" ").at(-1);
    expect(await node.sh(`ping ${words}`)).toEqual(
      result({ status, stdout: `--- ${host} ping statistics ---\n${summary}\n` }),
    );
  });

  it("succeeds with a single answer", async () => {
    let asked = 0;
    const { has } = node.answering;
    node.answering.has = () => ++asked === 2;
    expect((await node.sh("ping -c 3 -w 1 192.0.2.1")).stdout).toContain(
      "3 packets transmitted, 1 packets received, 66.7% packet loss",
    );
    node.answering.has = has;
  });

  it("sends nothing more once it is killed", async () => {
    let asked = 0;
    const { has } = node.answering;
    node.answering.has = () => ++asked > 1e9;
    const pinging = node.sh("ping -c 100000 192.0.2.1 & echo $! >/tmp/pid; wait");
    await eventually("some were sent", () => asked > 2);
    await node.out("kill $(cat /tmp/pid)");
    await pinging;
    await eventually("no more are sent", async () => {
      const before = asked;
      for (let i = 0; i < 5; i++) await node.out("true");
      return asked === before;
    });
    node.answering.has = has;
  });

  it.each([
    "-W 1 9.9.9.9",
    "-6 ::1",
    "-O 9.9.9.9",
    "--count 1 9.9.9.9",
    "-c",
    "",
  ])("refuses `ping %s`", async (words) => {
    expect(await node.sh(`ping ${words}`)).toEqual(
      failure("usage: ping [-DEefgHLnqRv] [-c count] [-I sourceaddr] [-i interval] ... host\n"),
    );
  });
});

/** Asks through nc as ip-move does: what goes in stays open until nc ends. */
const ASK = String.raw`use strict; use warnings; use IPC::Open3; use Symbol;
my $pid = open3(my $in, my $out, my $err = gensym, 'nc', @ARGV);
$SIG{PIPE} = 'IGNORE';
syswrite($in, "GET /1.0/auth/time HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
print while <$out>;
print STDERR while <$err>;
waitpid($pid, 0);
exit $? >> 8;
`;

describe.skipIf(!nodesRun)("nc -c", () => {
  let node: TestNode;
  let authority: Authority;
  const servers: Server[] = [];
  const plainServers: PlainServer[] = [];
  const ports = new Map<string, number>();
  let requests: string[] = [];

  /** Serves a name of `at` with a certificate of `by` for `names`. */
  const serve = async (at: string, by: Authority, names: string[], expired = false) => {
    const server = createServer(await by.issue(names, { expired }), (request, response) => {
      requests.push(`${request.method} ${request.url}`);
      response.end("1767225600");
    });
    servers.push(server);
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    ports.set(at, (server.address() as AddressInfo).port);
  };
  /** A port on which no TLS is spoken. */
  const plain = async (accept: (socket: Socket) => void) => {
    const server = createPlainServer((socket) => {
      socket.on("error", () => {});
      accept(socket);
    });
    plainServers.push(server);
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    return (server.address() as AddressInfo).port;
  };
  /** A port that nothing listens on any more. */
  const closedPort = async () => {
    const server = createPlainServer();
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const { port } = server.address() as AddressInfo;
    await new Promise((resolve) => server.close(resolve));
    return port;
  };

  beforeAll(async () => {
    authority = await makeAuthority();
    const stranger = await makeAuthority();
    await serve("eu.api.ovh.com", authority, ["eu.api.ovh.com"]);
    await serve("old.example", authority, ["old.example"], true);
    await serve("other.example", authority, ["eu.api.ovh.com"]);
    await serve("strange.example", stranger, ["strange.example"]);
    ports.set("closed.example", await closedPort());
    ports.set("deaf.example", await plain(() => {}));
    ports.set("plain.example", await plain((socket) => socket.end("220 no TLS here\r\n")));
    node = await TestNode.boot({
      ca: authority.ca,
      speed: 1000,
      resolve: (_, host) => {
        if (host === "far.example") return "unreachable";
        const port = ports.get(host);
        return port === undefined ? "no such name" : { address: "127.0.0.1", port };
      },
    });
    node.machine.sandbox.write("/etc/ssl/stranger.pem", stranger.ca);
    node.machine.sandbox.write("/tmp/ask", ASK);
  });
  afterAll(() => {
    node?.end();
    for (const server of [...servers, ...plainServers]) server.close();
  });
  beforeEach(() => {
    requests = [];
  });
  const ask = (words: string) => node.sh(`perl /tmp/ask ${words}`);

  it.each([
    ["a server whose chain and name are right", "-c eu.api.ovh.com 443"],
    ["one that has the name that is named", "-c -e eu.api.ovh.com other.example 443"],
    ["one whose authority stands in a file of its own", "-c -R /etc/ssl/stranger.pem strange.example 443"],
  ])("speaks to %s until that closes", async (_, words) => {
    const { status, stdout, stderr } = await ask(words);
    expect([status, stderr]).toEqual([0, ""]);
    expect(stdout).toMatch(/^HTTP\/1\.1 200 OK\r\n[\s\S]*\r\n\r\n1767225600$/);
    expect(requests).toEqual(["GET /1.0/auth/time"]);
  });

  it.each([
    ["has expired", "old.example", "certificate verification failed: certificate has expired"],
    ["is of another name", "other.example", "name `other.example' not present in server certificate"],
  ])("sends nothing to a server whose certificate %s", async (_, host, why) => {
    expect(await ask(`-c ${host} 443`)).toEqual(failure(`nc: tls handshake failed (${why})\n`));
    expect(requests).toEqual([]);
  });

  it("sends nothing to a server whose authority it does not know", async () => {
    node.machine.sandbox.write("/etc/ssl/other.pem", rootCertificates[0] as string);
    expect(await ask("-c -R /etc/ssl/other.pem eu.api.ovh.com 443")).toEqual(
      failure(
        "nc: tls handshake failed (certificate verification failed: unable to get local issuer certificate)\n",
      ),
    );
    expect(requests).toEqual([]);
  });

  it("tells a forged authority of the same name by a failed verification", async () => {
    expect(await ask("-c strange.example 443")).toEqual(
      failure("nc: tls handshake failed (certificate verification failed: certificate signature failure)\n"),
    );
  });

  it("sends nothing to a server with a forged authority of the same name", async () => {
    expect((await ask("-c strange.example 443")).status).toBe(1);
    expect(requests).toEqual([]);
  });

  it("trusts nobody where the file of its authorities is missing", async () => {
    expect(await ask("-c -R /etc/ssl/nothing.pem eu.api.ovh.com 443")).toEqual(
      failure("nc: failed to open CA file '/etc/ssl/nothing.pem': No such file or directory\n"),
    );
  });

  it("does not find a name that nobody has", async () => {
    expect(await ask("-c nosuch.example 443")).toEqual(
      failure('nc: getaddrinfo for host "nosuch.example" port 443: no address associated with name\n'),
    );
  });

  it.each([
    "closed.example",
    "far.example",
  ])("says nothing when %s does not take the connection", async (host) => {
    expect(await ask(`-c ${host} 443`)).toEqual(failure(""));
  });

  it("says with -v when it is connected, and when the handshake is done", async () => {
    const { status, stderr } = await ask("-c -v eu.api.ovh.com 443");
    expect(status).toBe(0);
    expect(stderr.split("\n")).toEqual([
      "Connection to eu.api.ovh.com (127.0.0.1) 443 port [tcp/https] succeeded!",
      expect.stringMatching(/^TLS handshake negotiated TLSv1\.3\/\S+ with host eu\.api\.ovh\.com$/),
      "Peer name: eu.api.ovh.com",
      expect.stringMatching(/^Subject: \/CN=/),
      expect.stringMatching(/^Issuer: \/CN=/),
      expect.stringMatching(/^Valid From: \w{3} \w{3} [ \d]\d \d\d:\d\d:\d\d \d{4}$/),
      expect.stringMatching(/^Valid Until: \w{3} \w{3} [ \d]\d \d\d:\d\d:\d\d \d{4}$/),
      expect.stringMatching(/^Cert Hash: SHA256:[0-9a-f]{64}$/),
      "",
    ]);
  });

  it.each([
    ["old.example", "tls handshake failed (certificate verification failed: certificate has expired)"],
    ["plain.example", "tls handshake failed (handshake failed: wrong version number)"],
  ])("says with -v that it is connected to %s, and that the handshake failed", async (host, why) => {
    expect(await ask(`-c -v ${host} 443`)).toEqual(
      failure(`Connection to ${host} (127.0.0.1) 443 port [tcp/https] succeeded!\nnc: ${why}\n`),
    );
  });

  it.each([
    ["closed.example", "127.0.0.1", "Connection refused"],
    ["far.example", "192.0.2.1", "Operation timed out"],
  ])("says with -v why %s does not take the connection", async (host, address, why) => {
    expect(await ask(`-c -v ${host} 443`)).toEqual(
      failure(`nc: connect to ${host} (${address}) port 443 (tcp) failed: ${why}\n`),
    );
  });

  it("waits with -w no longer for a connection, for a handshake, or in silence", async () => {
    expect(await ask("-c -v -w 1 far.example 443")).toEqual(
      failure("nc: connect to far.example (192.0.2.1) port 443 (tcp) failed: Operation timed out\n"),
    );
    expect(await ask("-c -w 100 deaf.example 443")).toEqual(
      failure("nc: tls handshake failed (Operation timed out)\n"),
    );
    // As if all were well.
    const silent = `perl -MIPC::Open3 -e 'waitpid(open3(my $in, ">&STDOUT", ">&STDERR", @ARGV), 0); print $? >> 8'`;
    expect(await node.sh(`${silent} nc -c -w 300 eu.api.ovh.com 443`)).toEqual(result({ stdout: "0" }));
    expect(await ask("-c -w x eu.api.ovh.com 443")).toEqual(failure("nc: timeout invalid: x\n"));
  });

  it.each(["-N -c h 443", "-c -u h 443", "-z h 443", "h 443"])("plays no part in `nc %s`", async (words) => {
    const { status, stderr } = await node.sh(`nc ${words}`);
    expect([status, stderr]).toEqual([
      1,
      expect.stringMatching(
        /^nc: the simulated one plays -c \[-v\] \[-e name\] \[-R file\] \[-w timeout\], not .*\n$/,
      ),
    ]);
  });

  it("reads on after the end of its input, until the server closes", async () => {
    const { status, stdout } = await node.sh(
      "nc -c eu.api.ovh.com 443",
      "GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
    );
    expect(stdout).toMatch(/1767225600$/);
    expect(status).toBe(0);
  });

  it.each([
    "-q 1 -c h 443",
    "--ssl h 443",
    "-c h",
    "-c h 443 extra",
    "-c",
    "",
  ])("refuses `nc %s`", async (words) => {
    expect(await node.sh(`nc ${words}`)).toEqual(
      failure("usage: nc [-46cDdFhklNnrStUuvz] [-C certfile] [-e name] ... [destination] [port]\n"),
    );
  });
});

describe.skipIf(!nodesRun)("netstat", () => {
  let node: TestNode;
  beforeAll(async () => {
    node = await TestNode.boot();
  });
  afterAll(() => node.end());

  it("counts what CARP sent, heard and did not believe", async () => {
    await node.out("ifconfig vio2 up; ifconfig carp0 10.25.0.10/16 vhid 1 carpdev vio2 pass secret");
    const heard = { vhid: 1, advbase: 1, advskew: 0, demotion: 0 };
    node.machine.receive("vio2", { ...heard, pass: "secret" });
    node.machine.receive("vio2", { ...heard, pass: "Secret" });
    node.machine.receive("vio2", { ...heard, pass: "secret" });
    node.machine.receive("vio2", { ...heard, vhid: 2, pass: "secret" });
    expect(await node.sh("netstat -s -p carp")).toEqual(
      result({
        stdout:
          "carp:\n\t4 packets received (IPv4)\n\t0 packets received (IPv6)\n" +
          "\t\t0 packets discarded for bad interface\n\t\t0 packets discarded for wrong TTL\n" +
          "\t\t0 packets shorter than header\n\t\t0 discarded for bad checksums\n" +
          "\t\t0 discarded packets with a bad version\n\t\t0 discarded because packet too short\n" +
          "\t\t1 discarded for bad authentication\n\t\t1 discarded for unknown vhid\n" +
          "\t\t0 discarded because of a bad address list\n\t0 packets sent (IPv4)\n" +
          "\t0 packets sent (IPv6)\n\t\t0 send failed due to mbuf memory error\n\t0 transitions to master\n",
      }),
    );
    node.machine.receive("vio2", { ...heard, demotion: 1, pass: "secret" });
    expect((await node.sh("netstat -s -p carp")).stdout).toMatch(
      /^\t1 packet sent \(IPv4\)$[\s\S]*^\t1 transition to master$/m,
    );
  });

  it.each(["-tlnp", "--all", ""])("refuses `netstat %s`", async (words) => {
    expect(await node.sh(`netstat ${words}`)).toEqual(failure("usage: netstat [-AaBbdFgilmnqrSstuvW] ...\n"));
  });
});
