import { type AddressInfo, connect, createServer } from "node:net";
import { beforeEach, describe, expect, it, vi } from "vitest";
import { HASTE, HOST, PROJECT, useBench } from "./bench.js";
import { RESULT, timeless } from "./claim.js";

vi.setConfig({ testTimeout: 20_000 });

const bench = useBench();
const BASE = `/1.0/cloud/project/${PROJECT}/ip/failover`;
const LIST = `GET ${BASE}`;
const [A, B, BLOCK] = ["203.0.113.1", "203.0.113.2", "203.0.113.8/29"];
const post = (id: string) => `POST ${BASE}/${id}/attach`;

/** Three IPs on carp0, one of them a block, and one on carp1, all of them elsewhere. */
beforeEach(async () => {
  const { failoverIps } = bench.project;
  failoverIps.add("id-a", A, bench.other);
  failoverIps.add("id-b", B, bench.other);
  failoverIps.add("id-block", BLOCK, bench.other);
  failoverIps.add("id-c", "203.0.113.3", bench.other);
  bench.configure({
    ip: undefined,
    settle: undefined,
    carp: "carp0 carp1",
    carp0_ip: `${A} ${B} ${BLOCK}`,
    carp1_ip: "203.0.113.3",
    ip_id: "id-a id-b id-block id-c",
    carp0_settle: 0,
    carp1_settle: 0,
  });
  bench.credentials("person");
  await bench.become("MASTER");
});

/** Leads to a port and counts who comes. */
async function counting(port: number) {
  let count = 0;
  const server = createServer((socket) => {
    count++;
    const inside = connect(port, "127.0.0.1");
    for (const end of [socket, inside]) end.on("error", () => {});
    socket.pipe(inside).pipe(socket);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", () => resolve()));
  return { port: (server.address() as AddressInfo).port, count: () => count, close: () => server.close() };
}

const routed = (id: string) => bench.project.failoverIps.get(id).routedTo;
const result = () => bench.json(RESULT) as { ips: Record<string, object> };

async function claim(flags: string, environment = {}) {
  const ran = await bench.run(`ip-move claim ${flags} -result ${RESULT}`, environment);
  return { ...ran, said: timeless(ran.stderr) };
}

describe("ip-move claim for several IPs", () => {
  it("sends one POST for each that is named, over one connection, and looks at all of them by one request", async () => {
    bench.project.failoverIps.behaviour.moveDuration = 2500 / HASTE;
    const door = await counting(bench.api.httpsPort as number);
    bench.lead(HOST, door.port);
    expect(await claim(`carp0 ${A} ${BLOCK}`)).toMatchObject({ status: 0, stdout: "" });
    door.close();
    bench.lead(HOST, bench.api.httpsPort as number);
    // Both POSTs share one, each look has its own.
    expect(door.count()).toBe(bench.requests().length - 1);
    expect([routed("id-a"), routed("id-b"), routed("id-block")]).toEqual([
      bench.here,
      bench.other,
      bench.here,
    ]);
    const requests = bench.requests();
    expect(requests.slice(0, 2)).toEqual([post("id-a"), post("id-block")]);
    expect(new Set(requests.slice(2))).toEqual(new Set([LIST]));
    expect(result().ips).toEqual({
      [A as string]: { posted: 1, accepted: 1, status: 0, post_ms: expect.any(Number) },
      [BLOCK as string]: { posted: 1, accepted: 1, status: 0, post_ms: expect.any(Number) },
    });
  });

  it("looks first where nobody has named any, and sends nothing for what is here", async () => {
    bench.project.failoverIps.place("id-a", bench.here);
    expect(await claim("carp0")).toMatchObject({ status: 0 });
    expect(bench.requests().slice(0, 3)).toEqual([LIST, post("id-b"), post("id-block")]);
  });

  it("ends at once where all are here", async () => {
    for (const id of ["id-a", "id-b", "id-block"]) bench.project.failoverIps.place(id, bench.here);
    expect(await claim("carp0")).toMatchObject({
      status: 0,
      said: ["ip-move: all are routed to this instance already"],
    });
    expect(bench.requests()).toEqual([LIST]);
  });

  it("tells of each IP by itself where one is refused", async () => {
    bench.project.faults.fail("POST", "/id-a/attach", { status: 400, times: 1 });
    const { status, said } = await claim(`carp0 ${A} ${B}`);
    expect(status).toBe(7);
    expect(said[1]).toMatch(new RegExp(`^ip-move: claim refused ip=${A} ms=… OVH refuses: HTTP 400`));
    expect([routed("id-a"), routed("id-b")]).toEqual([bench.other, bench.here]);
    expect(result().ips).toMatchObject({
      [A as string]: { posted: 1, refused: 1, status: 7 },
      [B as string]: { posted: 1, accepted: 1, status: 0 },
    });
  });

  it.each([
    [403, 3],
    [429, 7],
  ])("sends no more after a %i, which would come again", async (answer, status) => {
    bench.project.faults.fail("POST", "/id-a/attach", { status: answer, times: 1 });
    expect(await claim(`carp0 ${A} ${B}`)).toMatchObject({ status });
    expect(bench.requests()).toEqual([post("id-a")]);
    expect(Object.keys(result().ips)).toEqual([A]);
  });

  it("says where one has gone, and goes on with the other", async () => {
    bench.project.failoverIps.behaviour.moveDuration = 500 / HASTE;
    bench.project.failoverIps.nextMoves("fails", "done");
    const { status, said } = await claim(`carp0 ${A} ${B}`);
    expect(status).toBe(6);
    expect(said).toContain(`ip-move: claim: ${A} is routed to ${bench.other}`);
    expect(result().ips).toMatchObject({ [A as string]: { status: 6 }, [B as string]: { status: 0 } });
  });

  it("sends nothing where carp0 is not MASTER, and names the interface", async () => {
    await bench.become("BACKUP");
    expect(await claim(`carp0 ${A} ${B}`)).toMatchObject({
      status: 2,
      said: ["ip-move: no claim: carp0 is BACKUP"],
    });
    expect(bench.requests()).toEqual([]);
  });

  it.each([
    ["", "claim needs the name of a carp interface: carp0 or carp1"],
    ["carp2", "claim needs the name of a carp interface: carp0 or carp1, got carp2"],
    [`carp1 ${A}`, `carp1 has no FailOver IP ${A}`],
  ])("refuses %j", async (which, message) => {
    expect(await claim(which)).toMatchObject({ status: 1, said: [`ip-move: ${message}`] });
    expect(bench.requests()).toEqual([]);
  });

  it("must find an id for each IP", async () => {
    bench.configure({
      ip: undefined,
      carp: "carp0",
      carp0_ip: `${A} ${B}`,
      ip_id: "id-a",
    });
    expect(await claim(`carp0 ${A}`)).toMatchObject({
      status: 1,
      said: ["ip-move: /etc/edge.conf must have an id for each of 2 FailOver IPs, got 1"],
    });
  });
});

describe("ip-move check and status for several IPs", () => {
  it("ask once for all of them", async () => {
    bench.project.failoverIps.place("id-b", bench.here);
    const { status, stdout } = await bench.run(`ip-move check -result ${RESULT}`);
    expect(status).toBe(6);
    expect(stdout.split("\n")).toEqual([
      `${A} is routed to ${bench.other}`,
      `${B} is routed to this instance`,
      `${BLOCK} is routed to ${bench.other}`,
      `203.0.113.3 is routed to ${bench.other}`,
      "",
    ]);
    expect(bench.requests()).toEqual([LIST]);
    expect(result().ips).toEqual({
      [A as string]: { status: 6 },
      [B as string]: { status: 0 },
      [BLOCK as string]: { status: 6 },
      "203.0.113.3": { status: 6 },
    });
    expect((await bench.run("ip-move status")).stdout).toContain("carp0 is MASTER\ncarp1 is none\n");
  });
});
