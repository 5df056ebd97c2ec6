import { describe, expect, it } from "vitest";
import { knownHostsLine, sshArguments } from "../../lib/operations/ssh-command.js";

const address = { name: "a", instanceId: "i", host: "192.0.2.1", port: 22, user: "root" };

describe("the way to an edge by ssh", () => {
  it("trusts the configured host key and no other, and uses the configured key", () => {
    const known = { ...address, port: 2222, hostKey: "ssh-ed25519 AAAA" };
    expect(sshArguments(known, { privateKeyPath: "/k", knownHosts: "/h" }, ["edge-sync", "status"])).toEqual([
      ...["-i", "/k", "-o", "IdentitiesOnly=yes"],
      ...["-o", "UserKnownHostsFile=/h", "-o", "StrictHostKeyChecking=yes", "-o", "LogLevel=ERROR"],
      ...["-p", "2222", "root@192.0.2.1", "edge-sync", "status"],
    ]);
    expect(knownHostsLine(known)).toBe("[192.0.2.1]:2222 ssh-ed25519 AAAA\n");
    expect(knownHostsLine({ ...known, port: 22 })).toBe("192.0.2.1 ssh-ed25519 AAAA\n");
  });

  it("leaves to ssh's own configuration what is not configured", () => {
    expect(sshArguments(address, { knownHosts: "/h" }, [])).toEqual(["-p", "22", "root@192.0.2.1"]);
  });
});
