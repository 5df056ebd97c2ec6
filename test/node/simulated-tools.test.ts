import { describe, expect, it, vi } from "vitest";
import { HOST, useBench } from "./bench.js";

vi.setConfig({ testTimeout: 20_000 });

const bench = useBench();
const REQUEST = "GET /1.0/auth/time HTTP/1.1\\r\\nHost: x\\r\\nConnection: close\\r\\n\\r\\n";

describe("nc of a simulated node, on which ip-move rests", () => {
  it("carries an answer while its input stays open", async () => {
    const { stdout } = await bench.run(`(printf '${REQUEST}'; sleep 0.5) | nc -c ${HOST} 443`);
    expect(stdout).toMatch(/^HTTP\/1\.1 200 OK\r\n/);
  });

  it("reads on after the end of its input until the server closes, as OpenBSD's does", async () => {
    const { status, stdout } = await bench.run(`printf '${REQUEST}' | nc -c ${HOST} 443`);
    expect(stdout).toMatch(/^HTTP\/1\.1 200 OK\r\n/);
    expect(status).toBe(0);
  });
});

describe("ifconfig of a simulated node, on which edge-sync rests", () => {
  it("says nothing and exits 0 when a demotion took effect", async () => {
    expect(await bench.run("ifconfig -g edgefault carpdemote 64")).toEqual({
      status: 0,
      stdout: "",
      stderr: "",
    });
    expect(bench.machine.kernel.groups.get("edgefault")).toBe(64);
  });
});
