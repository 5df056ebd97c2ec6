import { spawnSync } from "node:child_process";
import { chownSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";

const NOBODY = 65534;
const AS_NOBODY = ["--reuid", String(NOBODY), "--regid", String(NOBODY), "--clear-groups"];
const file = (path: string) => fileURLToPath(new URL(`../../../${path}`, import.meta.url));

/** Whether tests run as root, and as somebody else namespaces are to be had too. */
const canBeNobody =
  process.getuid?.() === 0 &&
  spawnSync("setpriv", [
    ...AS_NOBODY,
    "unshare",
    "--user",
    "--map-root-user",
    "--mount",
    "--pid",
    "--fork",
    "true",
  ]).status === 0 &&
  spawnSync("setpriv", [...AS_NOBODY, "cat", file("lib/simulator/node/machine.ts")]).status === 0;

const SCRIPT = `
import { Machine } from ${JSON.stringify(file("lib/simulator/node/machine.ts"))};
const machine = new Machine(
  "edge-a",
  process.argv[2] + "/a",
  [{ name: "vio0", mac: "fa:16:3e:00:00:01", address: "127.77.0.11" }],
  { speed: 100, answersPing: () => true, resolve: () => "no such name", advertise: () => {}, changed: () => {} },
);
machine.provision([], "");
await machine.boot();
console.log(process.getuid());
const { status, stdout, stderr } = await machine.sandbox.run(
  "id -u; ifconfig vio0 | head -n 1; ifconfig carp0 create; install -d -m 700 /var/db/edge; echo x >/etc/x; chown root:wheel /etc/x; ls -ln /etc/x | awk '{ print $1, $3, $4 }'; touch /usr/lib/x",
);
console.log(stdout + stderr + status);
machine.powerOff();
await machine.boot();
console.log((await machine.sandbox.run("cat /etc/x")).stdout.trim());
machine.powerOff();
`;

describe.skipIf(!canBeNobody)("an ordinary user, which needs setpriv and namespaces for everybody,", () => {
  it("can run a machine", () => {
    const folder = mkdtempSync(join(tmpdir(), "user-"));
    try {
      chownSync(folder, NOBODY, NOBODY);
      writeFileSync(join(folder, "smoke.mts"), SCRIPT);
      const { stdout, stderr, status } = spawnSync(
        "setpriv",
        [
          ...AS_NOBODY,
          process.execPath,
          "--import",
          file("node_modules/tsx/dist/esm/index.mjs"),
          "smoke.mts",
          folder,
        ],
        { cwd: folder, encoding: "utf8", env: { PATH: process.env.PATH, HOME: folder, TMPDIR: folder } },
      );
      expect({ status, stdout, stderr }).toEqual({
        status: 0,
        stdout: `${NOBODY}
0
vio0: flags=8843<UP,BROADCAST,RUNNING,SIMPLEX,MULTICAST> mtu 1500
-rw-r--r-- 0 0
touch: cannot touch '/usr/lib/x': Read-only file system
1
x
`,
        stderr: "",
      });
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
});
