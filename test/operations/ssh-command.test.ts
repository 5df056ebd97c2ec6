import { describe, expect, it } from "vitest";
import { knownHosts, sshArguments } from "../../lib/operations/ssh-command.js";

const address = { name: "a", instanceId: "i", host: "192.0.2.1", port: 22, user: "root" };

describe("the way to an edge by ssh", () => {
  it("trusts the configured host key and no other, and uses the configured key", () => {
    const known = { ...address, port: 2222, hostKey: "ssh-ed25519 AAAA" };
    expect(sshArguments(known, { privateKeyPath: "/k", knownHosts: "/h" }, ["edge-sync", "status"])).toEqual([
      ...["-i", "/k", "-o", "IdentitiesOnly=yes"],
      ...["-o", "UserKnownHostsFile=/h", "-o", "StrictHostKeyChecking=yes", "-o", "LogLevel=ERROR"],
      ...["-p", "2222", "root@192.0.2.1", "edge-sync", "status"],
    ]);
    expect(knownHosts(known)).toBe("[192.0.2.1]:2222 ssh-ed25519 AAAA\n");
    expect(knownHosts({ ...known, port: 22 })).toBe("192.0.2.1 ssh-ed25519 AAAA\n");
  });

  it("goes through a bastion by its own user, key and host key", () => {
    const bastion = {
      host: "b.example.org",
      port: 2022,
      user: "jump",
      privateKeyPath: "/b",
      hostKey: "ssh-ed25519 BBBB",
    };
    const behind = { ...address, hostKey: "ssh-ed25519 AAAA", bastion };
    expect(sshArguments(behind, { privateKeyPath: "/k", knownHosts: "/h" }, [])).toEqual([
      ...["-i", "/k", "-o", "IdentitiesOnly=yes"],
      ...["-o", "UserKnownHostsFile=/h", "-o", "StrictHostKeyChecking=yes", "-o", "LogLevel=ERROR"],
      "-o",
      "ProxyCommand=ssh -i /b -o IdentitiesOnly=yes -o UserKnownHostsFile=/h -o StrictHostKeyChecking=yes -o LogLevel=ERROR " +
        "-p 2022 -W '[%h]:%p' jump@b.example.org",
      ...["-p", "22", "root@192.0.2.1"],
    ]);
    expect(knownHosts(behind)).toBe("192.0.2.1 ssh-ed25519 AAAA\n[b.example.org]:2022 ssh-ed25519 BBBB\n");
  });

  it("becomes root for a command, and not for a shell", () => {
    const doas = { ...address, user: "deploy", become: "doas" } as const;
    const files = { knownHosts: "/h" };
    expect(sshArguments(doas, files, ["edge-sync", "hold"]).at(-1)).toBe(
      "doas -n /bin/sh -c 'edge-sync hold'",
    );
    expect(sshArguments(doas, files, []).at(-1)).toBe("deploy@192.0.2.1");
  });

  it("leaves to ssh's own configuration what is not configured", () => {
    expect(sshArguments(address, { knownHosts: "/h" }, [])).toEqual(["-p", "22", "root@192.0.2.1"]);
  });
});
