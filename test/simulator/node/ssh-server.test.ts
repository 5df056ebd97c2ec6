import ssh2, { type ClientChannel, type ConnectConfig, type Client as SshClient } from "ssh2";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { generateKeyPair, type ServedSsh, serveSsh } from "../../../lib/simulator/node/ssh-server.js";
import { eventually, nodesRun, result, TestNode } from "./nodes.js";

const { Client } = ssh2;
const hostKey = generateKeyPair();
const known = generateKeyPair();
const second = generateKeyPair();
const stranger = generateKeyPair();

let node: TestNode;
let server: ServedSsh;
const clients: SshClient[] = [];

beforeAll(async () => {
  if (!nodesRun) return;
  node = await TestNode.boot({
    authorizedKeys: [`${known.public} deploy@host`, "", "no key at all", second.public],
  });
  server = await serveSsh(node.machine, hostKey, "127.0.0.1", 0);
});
afterAll(async () => {
  for (const client of clients) client.end();
  await server?.close();
  node?.end();
});

/** Logs in. @throws what the client says when it cannot */
function login(changes: ConnectConfig = {}): Promise<SshClient> {
  const client = new Client();
  clients.push(client);
  return new Promise((resolve, reject) => {
    client.once("ready", () => resolve(client));
    client.once("error", reject);
    client.once("close", () => reject(new Error("closed")));
    client.connect({
      host: server.address,
      port: server.port,
      username: "root",
      privateKey: known.private,
      agent: undefined,
      ...changes,
    });
  });
}

async function run(
  client: SshClient,
  command: string,
  { input = "", env }: { input?: string; env?: NodeJS.ProcessEnv } = {},
): Promise<unknown> {
  const channel = await new Promise<ClientChannel>((resolve, reject) =>
    client.exec(command, { env }, (error, opened) => (error ? reject(error) : resolve(opened))),
  );
  let [stdout, stderr] = ["", ""];
  channel.on("data", (chunk: Buffer) => {
    stdout += chunk;
  });
  channel.stderr.on("data", (chunk: Buffer) => {
    stderr += chunk;
  });
  channel.end(input);
  return new Promise((resolve) => {
    let status: number | undefined;
    channel.on("exit", (code: number) => {
      status = code;
    });
    channel.on("close", () => resolve({ status, stdout, stderr }));
  });
}

const REFUSED = "All configured authentication methods failed";

describe.skipIf(!nodesRun)("a machine's SSH server", () => {
  it.each([
    ["the first key of authorized_keys", known],
    ["another one, behind lines that are none", second],
  ])("lets root in by %s", async (_, { private: privateKey }) => {
    const before = server.sessions();
    expect(await run(await login({ privateKey }), "id -un")).toEqual(result({ stdout: "root\n" }));
    expect(server.sessions()).toBe(before + 1);
  });

  it.each<[string, ConnectConfig]>([
    ["a key that it does not know", { privateKey: stranger.private }],
    ["another user", { username: "nobody" }],
    ["a password", { privateKey: undefined, password: "x" }],
    ["nothing", { privateKey: undefined }],
  ])("refuses %s", async (_, changes) => {
    const before = server.sessions();
    await expect(login(changes)).rejects.toThrow(REFUSED);
    expect(server.sessions()).toBe(before);
  });

  it("looks for the key anew each time", async () => {
    const keys = node.machine.sandbox.read("/root/.ssh/authorized_keys") as string;
    node.machine.sandbox.write("/root/.ssh/authorized_keys", `${second.public}\n`);
    await expect(login()).rejects.toThrow(REFUSED);
    node.machine.sandbox.write("/root/.ssh/authorized_keys", keys);
    await login();
  });

  it("shows the host key that it was given", async () => {
    let shown = "";
    await login({
      hostVerifier: (key: Buffer) => {
        shown = key.toString("base64");
        return true;
      },
    });
    expect(`ssh-ed25519 ${shown}`).toBe(hostKey.public);
  });

  it.each([0, 1, 7, 127])("tells the exit status %i", async (status) => {
    expect(await run(await login(), `exit ${status}`)).toEqual(result({ status }));
  });

  it("tells a command that a signal ended by 137", async () => {
    expect(await run(await login(), "kill -9 $$")).toEqual(result({ status: 137 }));
  });

  it("hands standard input, output and error through, byte for byte", async () => {
    const input = "one\n${x} %{y} \\ \u00e9\n".repeat(5000);
    expect(await run(await login(), "cat; echo problem >&2", { input })).toEqual(
      result({ stdout: input, stderr: "problem\n" }),
    );
  });

  it("begins in root's home, with the variables that are sent", async () => {
    expect(await run(await login(), 'pwd; echo "$HOME $GREETING"', { env: { GREETING: "hello" } })).toEqual(
      result({ stdout: "/root\n/root hello\n" }),
    );
  });

  it("runs several commands of one login, one after the other and at once", async () => {
    const client = await login();
    expect(await run(client, "echo 1")).toEqual(result({ stdout: "1\n" }));
    expect(await Promise.all(["2", "3"].map((text) => run(client, `echo ${text}`)))).toEqual([
      result({ stdout: "2\n" }),
      result({ stdout: "3\n" }),
    ]);
  });

  it("opens a shell", async () => {
    const client = await login();
    const channel = await new Promise<ClientChannel>((resolve, reject) =>
      client.shell(false, (error, opened) => (error ? reject(error) : resolve(opened))),
    );
    let text = "";
    channel.on("data", (chunk: Buffer) => {
      text += chunk;
    });
    channel.stderr.resume();
    channel.end("uname -s\nexit 3\n");
    const status = await new Promise((resolve) => channel.on("exit", resolve));
    expect([status, text]).toEqual([3, expect.stringContaining("OpenBSD\n")]);
  });
});

describe.skipIf(!nodesRun)("the SSH server of a machine that cannot be reached", () => {
  beforeEach(() => {
    node.machine.kernel.setCable("vio0", true);
  });

  it("lets nobody in while its link is gone, and everybody again after", async () => {
    node.machine.kernel.setCable("vio0", false);
    await expect(login()).rejects.toThrow();
    node.machine.kernel.setCable("vio0", true);
    await login();
  });

  it("lets nobody in while rc's own rules block", async () => {
    const { pf } = node.machine;
    await node.out("cp /etc/pf.conf /tmp/pf.conf");
    node.machine.sandbox.write("/etc/pf.conf", "let it pass\n");
    node.machine.powerOff();
    await node.machine.boot();
    await expect(login()).rejects.toThrow();
    node.machine.pf = pf;
    await login();
  });

  it("hangs while its interface is down, and then hands over what was said meanwhile", async () => {
    const client = await login();
    const lines: string[] = [];
    const channel = await new Promise<ClientChannel>((resolve, reject) =>
      client.exec("read line; echo $line; touch /tmp/said; read line; echo $line", (error, opened) =>
        error ? reject(error) : resolve(opened),
      ),
    );
    channel.on("data", (chunk: Buffer) => lines.push(chunk.toString()));
    await node.out("rm -f /tmp/said");
    await node.out("ifconfig vio0 down");
    channel.write("one\n");
    // Had anything come through, its answer would have been faster than all this.
    for (let n = 0; n < 5; n++) await node.out("true");
    expect([lines, node.machine.sandbox.read("/tmp/said")]).toEqual([[], undefined]);
    await node.out("ifconfig vio0 up");
    await eventually("the first line is echoed", () => lines.join("") === "one\n");
    channel.write("two\n");
    await eventually("the second line is echoed", () => lines.join("") === "one\ntwo\n");
  });

  it("does not hear of a client that gives up meanwhile, until its interface is up again", async () => {
    const client = await login();
    client.exec("echo $$ >/tmp/shell; cat", () => {});
    await eventually("it runs", () => node.machine.sandbox.read("/tmp/shell") !== undefined);
    const runs = async () => (await node.sh("kill -0 $(cat /tmp/shell)")).status === 0;
    await node.out("ifconfig vio0 down");
    client.destroy();
    for (let n = 0; n < 5; n++) await node.out("true");
    expect(await runs()).toBe(true);
    await node.out("ifconfig vio0 up");
    await eventually("it ends", async () => !(await runs()));
  });

  it("ends its connections when it is closed", async () => {
    const own = await serveSsh(node.machine, hostKey, "127.0.0.1", 0);
    const client = await login({ port: own.port });
    const ended = new Promise<void>((resolve) => client.once("close", () => resolve()));
    await own.close();
    await ended;
    await expect(login({ port: own.port })).rejects.toThrow("ECONNREFUSED");
  });
});

describe("a generated key pair", () => {
  it("is whole, each time", () => {
    for (let n = 0; n < 1500; n++) {
      const [type, key] = generateKeyPair().public.split(" ");
      expect(type).toBe("ssh-ed25519");
      expect(Buffer.from(key as string, "base64")).toHaveLength(51);
    }
  });
});

describe("a key pair", () => {
  it("is ed25519 in OpenSSH's forms, and another one each time", () => {
    expect(known.public).toMatch(/^ssh-ed25519 [A-Za-z0-9+/]+$/);
    expect(known.private).toMatch(/^-----BEGIN OPENSSH PRIVATE KEY-----\n/);
    expect(second.public).not.toBe(known.public);
    expect(ssh2.utils.parseKey(known.private)).not.toBeInstanceOf(Error);
  });
});
