import { connect, createServer, type Server } from "node:net";
import ssh2, { type ClientChannel, type Client as SshClient } from "ssh2";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { addAccount, NO_SHELL } from "../../../lib/simulator/node/accounts.js";
import { generateKeyPair, type ServedSsh, serveSsh } from "../../../lib/simulator/node/ssh-server.js";
import { nodesRun, result, TestNode } from "./nodes.js";

const key = generateKeyPair();
const hostKey = generateKeyPair();
const RULE = "permit nopass deploy as root cmd /usr/local/sbin/tool";

let node: TestNode;
let server: ServedSsh;
let echo: Server;
const clients: SshClient[] = [];

beforeAll(async () => {
  if (!nodesRun) return;
  echo = createServer((socket) => socket.pipe(socket));
  await new Promise<void>((resolve) => echo.listen(0, "127.0.0.1", resolve));
  node = await TestNode.boot({
    authorizedKeys: [key.public],
    dial: (host, port) => (host === "10.0.0.9" && port === 7 ? connect(echoPort(), "127.0.0.1") : undefined),
    prepare: ({ sandbox }) => {
      addAccount(sandbox, "deploy", [key.public]);
      addAccount(sandbox, "jump", [key.public], NO_SHELL);
      sandbox.write("/etc/secret", "secret\n", 0o600);
      sandbox.write("/etc/plain", "plain\n");
      sandbox.write("/var/db/edge/x", "secret\n");
      sandbox.write(
        "/usr/local/sbin/tool",
        '#!/bin/sh\necho "$0 $*"; cat; id -un; ls /var/db/edge; env | grep -e ^DOAS -e ^HOME -e ^EVIL\n',
        0o555,
      );
    },
  });
  await node.out("chmod 700 /var/db/edge");
  server = await serveSsh(node.machine, hostKey, "127.0.0.1", 0);
});
afterAll(async () => {
  for (const client of clients) client.end();
  await server?.close();
  echo?.close();
  node?.end();
});

const echoPort = () => (echo.address() as { port: number }).port;
const conf = (text: string, mode = 0o600) => node.machine.sandbox.write("/etc/doas.conf", text, mode);
const sshd = (text: string) => node.machine.sandbox.write("/etc/ssh/sshd_config", text);

function login(username: string): Promise<SshClient> {
  const client = new ssh2.Client();
  clients.push(client);
  return new Promise((resolve, reject) => {
    client.once("ready", () => resolve(client));
    client.once("error", reject);
    client.connect({ host: server.address, port: server.port, username, privateKey: key.private });
  });
}

async function run(username: string, command: string, input = ""): Promise<unknown> {
  const client = await login(username);
  const channel = await new Promise<ClientChannel>((resolve, reject) =>
    client.exec(command, (error, opened) => (error ? reject(error) : resolve(opened))),
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

describe.skipIf(!nodesRun)("a user of a machine who is not root", () => {
  it("is itself, in a folder of its own", async () => {
    expect(
      await run("deploy", "id -un; pwd; echo $HOME; echo x >x; cat x; rm x; echo y >/tmp/y; cat /tmp/y"),
    ).toEqual(result({ stdout: "deploy\n/home/deploy\n/home/deploy\nx\ny\n" }));
  });

  it.each([
    ["cat /etc/secret", "cat: /etc/secret: Permission denied\n"],
    ["cat /var/db/edge/x", "cat: /var/db/edge/x: Permission denied\n"],
    ["ls /root", "ls: cannot open directory '/root': Permission denied\n"],
    ["echo x >/etc/x", expect.stringContaining("Read-only file system")],
    ["echo x >/usr/local/sbin/tool", expect.stringMatching(/Read-only file system|Permission denied/)],
    ["ifconfig vio0 down", "ifconfig: Operation not permitted\n"],
    ["pfctl -n -f /etc/pf.conf", "pfctl: Operation not permitted\n"],
    ["rcctl stop ifstated", "rcctl: Operation not permitted\n"],
    ["sysctl net.inet.carp.preempt=1", "sysctl: Operation not permitted\n"],
    ["reboot", "reboot: Operation not permitted\n"],
  ])("may not %s", async (command, stderr) => {
    const { status, ...said } = (await run("deploy", command)) as { status: number };
    expect(said).toEqual({ stdout: "", stderr });
    expect(status).not.toBe(0);
  });

  it("may look at what everybody may", async () => {
    expect(
      await run(
        "deploy",
        "cat /etc/plain; ifconfig vio0 | head -n 1 | cut -c 1-5; sysctl -n net.inet.carp.preempt",
      ),
    ).toEqual(result({ stdout: "plain\nvio0:\n0\n" }));
  });

  it("is root for the one command that doas.conf permits, with nothing of its own environment", async () => {
    conf(`${RULE}\n`);
    expect(await run("deploy", "EVIL=1 doas -n /usr/local/sbin/tool a 'b  c' <<END\ninput\nEND\n")).toEqual(
      result({ stdout: "/usr/local/sbin/tool a b  c\ninput\nroot\nx\nDOAS_USER=deploy\nHOME=/root\n" }),
    );
    expect(node.logged()).toContain(
      "doas: deploy ran command /usr/local/sbin/tool a b  c as root from /home/deploy",
    );
  });

  it.each([
    ["another command", `${RULE}\n`, "/bin/sh -c id", "Operation not permitted"],
    ["the command by another name", `${RULE}\n`, "tool", "Operation not permitted"],
    ["another user", RULE.replace("deploy", "other"), "/usr/local/sbin/tool", "Operation not permitted"],
    ["a later deny", `${RULE}\ndeny deploy\n`, "/usr/local/sbin/tool", "Operation not permitted"],
    ["other arguments", `${RULE} args status\n`, "/usr/local/sbin/tool remove", "Operation not permitted"],
    ["a password", RULE.replace("nopass ", ""), "/usr/local/sbin/tool", "Authentication required"],
    ["no rule", "", "/usr/local/sbin/tool", "Operation not permitted"],
    ["a rule that is none", "allow deploy\n", "/usr/local/sbin/tool", "/etc/doas.conf, line 1: syntax error"],
  ])("is refused by doas: %s", async (_, text, command, message) => {
    conf(text);
    expect(await run("deploy", `doas -n ${command}`)).toEqual(
      result({ status: 1, stderr: `doas: ${message}\n` }),
    );
  });

  it("is refused by doas where others can write its file, or there is none", async () => {
    conf(RULE, 0o666);
    const refused = (stderr: string) => result({ status: 1, stderr });
    expect(await run("deploy", "doas -n /usr/local/sbin/tool")).toEqual(
      refused("doas: /etc/doas.conf is writable by group or other\n"),
    );
    await node.out("rm /etc/doas.conf");
    expect(await run("deploy", "doas -n /usr/local/sbin/tool")).toEqual(
      refused("doas: doas is not enabled, /etc/doas.conf: No such file or directory\n"),
    );
  });
});

describe.skipIf(!nodesRun)("a machine's sshd_config", () => {
  const forwarded = async (host: string, port: number): Promise<string> => {
    const client = await login("jump");
    const channel = await new Promise<ClientChannel>((resolve, reject) =>
      client.forwardOut("127.0.0.1", 0, host, port, (error, opened) =>
        error ? reject(error) : resolve(opened),
      ),
    );
    channel.end("there and back");
    let text = "";
    for await (const chunk of channel) text += chunk;
    return text;
  };

  it("keeps root out, and nobody else", async () => {
    sshd("PermitRootLogin no\n");
    await expect(login("root")).rejects.toThrow("All configured authentication methods failed");
    await login("deploy");
    sshd("");
    await login("root");
  });

  it("lets connections be forwarded where it says nothing", async () => {
    sshd("");
    expect(await forwarded("10.0.0.9", 7)).toBe("there and back");
    await expect(forwarded("10.0.0.9", 8)).rejects.toThrow("(SSH) Channel open failure: ");
  });

  it.each([
    // RFC 4254, 5.1: administratively prohibited, connect failed.
    ["AllowTcpForwarding no", 1],
    ["AllowTcpForwarding remote", 1],
    ["PermitOpen 10.0.0.9:22", 2],
    ["PermitOpen none", 2],
  ])("refuses by %s", async (line, reason) => {
    sshd(`# a comment\n${line}\n`);
    await expect(forwarded("10.0.0.9", 7)).rejects.toMatchObject({ reason });
  });

  it.each([
    "PermitOpen 10.0.0.9:7",
    "PermitOpen 10.0.0.8:22 10.0.0.9:*",
    "AllowTcpForwarding local",
  ])("permits by %s", async (line) => {
    sshd(`${line}\n`);
    expect(await forwarded("10.0.0.9", 7)).toBe("there and back");
  });

  it.each([
    ["PermitRoot no", "sshd_config line 1: Bad configuration option: PermitRoot"],
    ["AllowTcpForwarding maybe", 'sshd_config line 1: unsupported option "maybe".'],
    ["PermitOpen", 'sshd_config line 1: no argument after keyword "PermitOpen"'],
  ])("keeps a server from starting: %s", async (line, message) => {
    sshd(line);
    await expect(serveSsh(node.machine, hostKey, "127.0.0.1", 0)).rejects.toThrow(message);
    sshd("");
  });

  it("gives no command to a user without a shell", async () => {
    expect(await run("jump", "id")).toEqual(
      result({ status: 1, stdout: "This account is currently not available.\n" }),
    );
  });
});
