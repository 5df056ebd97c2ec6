import { readFileSync } from "node:fs";
import { type AddressInfo, createServer, type Server } from "node:net";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { IP, useBench } from "./bench.js";
import { Hook } from "./hook.js";

const bench = useBench();
const HOOKS = "hooks.example";
const TOKEN = "T0/B0/the-token-of-the-webhook";
const URL_OF_HOOK = `https://${HOOKS}/services/${TOKEN}`;
const ALL = "failover claim-failed partition hold drill";
const MAIL = "ops@example.org";
const SPOOL = "/var/spool-of-the-test";
let hook: Hook;
let silent: Server;

const notify = (settings: Readonly<Record<string, string | undefined>> = {}) =>
  bench.configure({ notify_events: ALL, notify_webhook: URL_OF_HOOK, ...settings });
const state = () => bench.json("/var/run/edge-sync/notify.json");
const log = () => bench.log("edge-notify");

/** What edge-sync remembers, as the next look finds it. */
function remembered(memory: Readonly<Record<string, unknown>>): void {
  bench.machine.sandbox.write(
    "/var/run/edge-sync/memory.json",
    JSON.stringify({ role: "BACKUP", ...memory }),
    0o600,
  );
}

/** A look at what is remembered. @returns the exit status */
async function look(
  memory: Readonly<Record<string, unknown>>,
  facts = JSON.stringify(memory),
): Promise<number> {
  remembered(memory);
  const { status } = await bench.run(`/usr/local/sbin/edge-notify look '${facts.replaceAll("'", "")}'`);
  await bench.quiet();
  return status;
}

/** What is in the queue is due now. */
function due(): void {
  const { queue, ...rest } = state() as { queue: { due: number }[] };
  const all = { ...rest, queue: queue.map((item) => ({ ...item, due: 0 })) };
  bench.machine.sandbox.write("/var/run/edge-sync/notify.json", JSON.stringify(all), 0o600);
}

/** The node's sendmail, which does this with a mail. */
function sendmail(text: string): void {
  bench.machine.sandbox.write("/usr/sbin/sendmail", `#!/bin/sh\n${text}\n`, 0o555);
}

beforeAll(async () => {
  hook = new Hook(await bench.authority.issue([HOOKS]));
  silent = createServer(() => {}).listen(0, "127.0.0.1");
});
afterAll(async () => {
  await hook.close();
  silent.close();
});
let port: number;
beforeAll(async () => {
  port = await hook.listen();
});

beforeEach(async () => {
  const source = readFileSync(new URL("../../lib/edge/static/edge-notify", import.meta.url), "utf8");
  bench.machine.sandbox.write("/usr/local/sbin/edge-notify", source, 0o555);
  await bench.machine.sandbox.run(`rm -rf ${SPOOL} /usr/sbin/sendmail; mkdir ${SPOOL}`);
  hook.posted.length = 0;
  hook.answers = 200;
  bench.lead(HOOKS, port);
  notify();
});
afterEach(() => {
  // Neither a log nor anything printed shows more of the URL than its host.
  expect(bench.printed + bench.log().join("\n")).not.toContain("the-token");
  expect(bench.printed + bench.log().join("\n")).not.toContain("/services/");
});

describe("a message to the webhook", () => {
  it("is one JSON object with the text that chat programs show", async () => {
    await look({ known: "elsewhere" });
    expect(await look({ known: "here" })).toBe(0);
    expect(hook.posted).toEqual([
      {
        path: `/services/${TOKEN}`,
        headers: {
          host: HOOKS,
          "user-agent": "edge-notify",
          connection: "close",
          "content-type": "application/json",
          "content-length": expect.stringMatching(/^\d+$/),
        },
        message: {
          event: "failover",
          edge: "edge-a",
          ip: IP,
          text: `edge-a holds ${IP} now: OVH routes it there.`,
          at: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/),
        },
      },
    ]);
    expect(log()).toEqual([`edge-notify: sent event=failover webhook=${HOOKS}`]);
    expect(state()).toMatchObject({ queue: [], facts: '{"known":"here"}' });
  });

  it("is sent once, whatever looks follow", async () => {
    await look({ known: "elsewhere" });
    for (let n = 0; n < 3; n++) await look({ known: "here" });
    expect(hook.messages).toHaveLength(1);
  });

  it("bears the name of the drill that is under way", async () => {
    const mark = JSON.stringify({ name: "carp-down", until: Math.floor(Date.now() / 1000) + 600 });
    await look({ known: "elsewhere" });
    bench.machine.sandbox.write("/var/run/edge-sync/drill", mark, 0o600);
    await look({ known: "here" });
    expect(hook.messages).toMatchObject([
      {
        event: "failover",
        drill: "carp-down",
        text: `[drill carp-down] edge-a holds ${IP} now: OVH routes it there.`,
      },
      {
        event: "drill",
        drill: "carp-down",
        text: `A drill begins with ${IP}: carp-down. What is told of it is marked.`,
      },
    ]);
  });

  it("bears none of a drill whose mark was left behind", async () => {
    await look({ known: "elsewhere" });
    bench.machine.sandbox.write("/var/run/edge-sync/drill", '{"name":"carp-down","until":1000}', 0o600);
    await look({ known: "here" });
    expect(hook.messages).toEqual([expect.not.objectContaining({ drill: expect.anything() })]);
  });

  it("is not sent of an event that is not asked for", async () => {
    notify({ notify_events: "hold drill" });
    await look({ known: "elsewhere" });
    await look({ known: "here" });
    expect(hook.messages).toEqual([]);
    expect(log()).toEqual([]);
  });

  it("tells of a hold by its mark, and of none that has ended", async () => {
    await look({ known: "elsewhere" });
    const since = Math.floor(Date.now() / 1000) - 2400;
    bench.machine.sandbox.write("/var/db/edge/hold", JSON.stringify({ reason: "new disks", since }), 0o600);
    await look({ known: "elsewhere", hold_warned: 1 });
    expect(hook.messages).toMatchObject([
      {
        event: "hold",
        text: "edge-a has been on hold for 40 min: new disks. It does not fail over until edge-sync release.",
      },
    ]);
    bench.machine.sandbox.write(
      "/var/db/edge/hold",
      JSON.stringify({ reason: "x", since, until: since + 60 }),
      0o600,
    );
    await look({ known: "elsewhere", hold_warned: 2 });
    expect(hook.messages).toHaveLength(1);
  });

  it("goes out six at once; then one each ten minutes, which says how many were left out", async () => {
    // Each turn is told; the clock of the test goes too fast for more than that.
    const turn = (n: number) => look({ known: n % 2 === 0 ? "elsewhere" : "here", n });
    for (let n = 0; n <= 9; n++) await turn(n);
    const sent = hook.messages.length;
    const left = 9 - sent;
    expect(sent).toBeGreaterThanOrEqual(6);
    expect(log().filter((line) => line.includes("left out event=failover: too many messages"))).toHaveLength(
      left,
    );
    const kept = state() as { token_at: number };
    bench.machine.sandbox.write(
      "/var/run/edge-sync/notify.json",
      JSON.stringify({ ...kept, token_at: kept.token_at - 700 }),
      0o600,
    );
    await turn(10);
    expect(hook.messages.at(-1)).toMatchObject({
      text: expect.stringMatching(
        new RegExp(`\\(${left} earlier message${left === 1 ? " was" : "s were"} left out\\.\\)$`),
      ),
      left_out: left,
    });
    expect(state()).toMatchObject({ left_out: 0 });
  });
});

describe("an endpoint that", () => {
  const failing = async () => {
    await look({ known: "elsewhere" });
    expect(await look({ known: "here" })).toBe(0);
  };
  const reason = (text: string, n = 1) =>
    `edge-notify: not sent event=failover webhook=${HOOKS} try=${n} reason="${text}"`;

  it("never answers is left at its deadline", async () => {
    hook.answers = 0;
    await failing();
    expect(log()).toEqual([reason("no answer")]);
    expect(bench.processes()).toEqual([]);
  });

  it("never shakes hands is left at its deadline", async () => {
    bench.lead(HOOKS, (silent.address() as AddressInfo).port);
    await failing();
    expect(log()).toEqual([reason("no connection")]);
    expect(bench.processes()).toEqual([]);
  });

  it.each([
    ["refuses connections", 1, /^connect to hooks\.example .* failed: Connection refused$/],
    ["has no name", "no such name" as const, /^getaddrinfo for host 'hooks\.example' port 443: /],
  ])("%s is named in the log", async (_, where, text) => {
    bench.lead(HOOKS, where);
    await failing();
    expect(log()).toHaveLength(1);
    expect(/reason="([^"]*)"/.exec(log()[0] as string)?.[1]).toMatch(text);
  });

  it("bears a certificate for another name gets nothing", async () => {
    const other = new Hook(await bench.authority.issue(["other.example"]));
    bench.lead(HOOKS, await other.listen());
    await failing();
    await other.close();
    expect(other.posted).toEqual([]);
    expect(log()[0]).toMatch(
      /^edge-notify: not sent .* reason="tls handshake failed .*not present in server certificate/,
    );
  });

  it("fails is tried three times, later each time, and then given up", async () => {
    hook.answers = 500;
    await failing();
    expect(state()).toMatchObject({ queue: [{ tries: 1 }], again: expect.any(Number) });
    // Not before it is due.
    await look({ known: "here", n: 1 });
    expect(hook.posted).toHaveLength(1);
    for (let n = 2; n <= 3; n++) {
      due();
      await look({ known: "here", n });
    }
    expect(log()).toEqual([
      reason("HTTP 500"),
      reason("HTTP 500", 2),
      reason("HTTP 500", 3),
      "edge-notify: given up event=failover after 3 tries",
    ]);
    expect(state()).toMatchObject({ queue: [] });
    due();
    await look({ known: "here", n: 4 });
    expect(hook.posted).toHaveLength(3);
  });

  it("fails once gets the message when it works again", async () => {
    hook.answers = 503;
    await failing();
    hook.answers = 204;
    due();
    await look({ known: "here", n: 1 });
    expect(log()).toEqual([reason("HTTP 503"), `edge-notify: sent event=failover webhook=${HOOKS}`]);
    expect(state()).toMatchObject({ queue: [] });
  });

  it("redirects is not followed", async () => {
    hook.answers = 302;
    await failing();
    expect(log()).toEqual([reason("HTTP 302")]);
  });
});

describe("a mail", () => {
  beforeEach(() => notify({ notify_webhook: undefined, notify_mail: MAIL }));
  const told = async () => {
    await look({ known: "elsewhere" });
    await look({ known: "here" });
  };
  const reason = (text: string) => [
    `edge-notify: not sent event=failover mail=${MAIL} try=1 reason="${text}"`,
  ];

  it("goes through the node's sendmail, whole", async () => {
    sendmail(`echo "$@" >${SPOOL}/words; cat >${SPOOL}/mail`);
    await told();
    expect(bench.machine.sandbox.read(`${SPOOL}/words`)).toBe("-oi -t\n");
    expect(bench.machine.sandbox.read(`${SPOOL}/mail`)).toBe(
      `To: ${MAIL}\nSubject: edge-a: failover\nAuto-Submitted: auto-generated\n` +
        `Content-Type: text/plain; charset=us-ascii\n\nedge-a holds ${IP} now: OVH routes it there.\n`,
    );
    expect(log()).toEqual([`edge-notify: sent event=failover mail=${MAIL}`]);
  });

  it("cannot go without a sendmail", async () => {
    await told();
    expect(log()).toEqual(reason("/usr/sbin/sendmail is not there"));
  });

  it("is not gone when sendmail fails", async () => {
    sendmail("cat >/dev/null; exit 75");
    await told();
    expect(log()).toEqual(reason("sendmail ended with status 75"));
  });

  it("is not waited for longer than its deadline", async () => {
    sendmail("exec sleep 3600");
    await told();
    expect(log()).toEqual(reason("sendmail does not end"));
    expect(bench.processes()).toEqual([]);
  });

  it("is not sent again because the webhook fails", async () => {
    notify({ notify_mail: MAIL });
    sendmail(`cat >>${SPOOL}/mail`);
    hook.answers = 500;
    await told();
    due();
    await look({ known: "here", n: 1 });
    expect(bench.machine.sandbox.read(`${SPOOL}/mail`)?.match(/^To: /gm)).toHaveLength(1);
    expect(hook.posted).toHaveLength(2);
  });
});

describe("edge-notify", () => {
  it("sends nothing when it cannot keep that it did", async () => {
    await look({ known: "elsewhere" });
    await bench.machine.sandbox.run("mkdir /var/run/edge-sync/notify.json.new");
    expect(await look({ known: "here" })).toBe(1);
    expect(hook.posted).toEqual([]);
    expect(log()).toEqual(["edge-notify: /var/run/edge-sync/notify.json.new: Is a directory"]);
  });

  it.each([
    "http://hooks.example/the-token",
    "https://user@hooks.example/the-token",
    "the-token",
  ])("takes no URL but an https one, and does not show it: %s", async (url) => {
    notify({ notify_webhook: url });
    const { status, stderr } = await bench.run("/usr/local/sbin/edge-notify test");
    expect({ status, stderr }).toEqual({
      status: 1,
      stderr: "edge-notify: notify_webhook in /etc/edge.conf must be an https URL; deploy again\n",
    });
  });

  it("sends a test each way, and says which it went", async () => {
    notify({ notify_mail: MAIL });
    const { status, stdout, stderr } = await bench.run("/usr/local/sbin/edge-notify test");
    expect({ status, stdout, stderr }).toEqual({
      status: 1,
      stdout: "webhook: sent\nmail: not sent; see /var/log/daemon\n",
      stderr: "",
    });
    expect(hook.messages).toMatchObject([
      { event: "test", text: "This is a test of edge-notify on edge-a." },
    ]);
  });

  it("says that there is nothing to test", async () => {
    bench.configure();
    expect(await bench.run("/usr/local/sbin/edge-notify test")).toMatchObject({
      status: 1,
      stderr: "edge-notify: nothing is configured to be told; see notify in the configuration\n",
    });
  });

  it("keeps the URL out of every argument list", async () => {
    hook.answers = 0;
    await look({ known: "elsewhere" });
    remembered({ known: "here" });
    const running = bench.run("/usr/local/sbin/edge-notify look x");
    await bench.until(() => hook.posted.length > 0, "the webhook is asked");
    const words = bench.processes().flatMap(({ words: all }) => all);
    expect(words.join(" ")).toContain(`-c -v ${HOOKS} 443`);
    expect(words.join(" ")).not.toContain("the-token");
    await running;
  });
});

describe("edge-sync", () => {
  const pass = () => bench.run("/usr/local/sbin/edge-sync pass");
  /** A master that has claimed the IP, and everything that this has started is over. */
  async function claimed(): Promise<void> {
    await pass();
    await bench.quiet();
    await bench.become("MASTER");
    await pass();
    await bench.until(() => bench.routedTo() === bench.here, "the IP is here");
    await bench.quiet();
  }

  it("has the failover told, after the claim was sent", async () => {
    await claimed();
    expect(hook.messages).toMatchObject([
      {
        event: "failover",
        text: expect.stringMatching(
          new RegExp(`^edge-a holds ${IP} now: OVH routes it there\\. The claim took \\d+ ms\\.$`),
        ),
      },
    ]);
  });

  it("starts nothing of it unless it is asked for", async () => {
    bench.configure();
    await claimed();
    expect(log()).toEqual([]);
    expect(state()).toBeUndefined();
    expect(bench.machine.sandbox.read("/var/run/edge-sync/notify.lock")).toBeUndefined();
  });

  it("waits for nothing of it: a claim is over while the message still hangs", async () => {
    hook.answers = 0;
    await pass();
    await bench.quiet();
    await bench.become("MASTER");
    await pass();
    await bench.until(() => hook.posted.length > 0, "the webhook is asked");
    expect(bench.routedTo()).toBe(bench.here);
    // Passes go on beside it, and no second one is started.
    await pass();
    await pass();
    const telling = bench
      .processes()
      .filter(({ words }) => words.some((word) => word.endsWith("edge-notify")));
    expect(telling).toHaveLength(1);
    await bench.quiet();
    const lines = bench.log("ip-move", "edge-notify");
    const here = lines.findIndex((line) => line.includes("phase=here"));
    const failed = lines.findIndex((line) => line.includes("not sent event=failover"));
    expect(here).toBeGreaterThanOrEqual(0);
    expect(failed).toBeGreaterThan(here);
  });

  it("starts it again when what could not be sent is due, and not before", async () => {
    hook.answers = 500;
    await claimed();
    expect(hook.posted).toHaveLength(1);
    hook.answers = 200;
    due();
    const file = "/var/run/edge-sync/notify.json";
    bench.machine.sandbox.write(file, JSON.stringify({ ...state(), again: 0 }), 0o600);
    await pass();
    await bench.quiet();
    expect(hook.posted).toHaveLength(2);
    await pass();
    await bench.quiet();
    expect(hook.posted).toHaveLength(2);
  });
});

describe("with several FailOver IPs", () => {
  it("tells of each by its address", async () => {
    const [A, B] = ["203.0.113.1", "203.0.113.2"];
    notify({ ip: undefined, carp: "carp0 carp1", carp0_ip: A, carp1_ip: B });
    const vhids = (first: string, second: string) => ({
      vhids: {
        carp0: { role: "MASTER", ips: { [A]: { known: first } } },
        carp1: { role: "BACKUP", ips: { [B]: { known: second } } },
      },
    });
    await look(vhids("here", "elsewhere"));
    expect(await look(vhids("here", "here"))).toBe(0);
    expect(await look(vhids("elsewhere", "here"))).toBe(0);
    expect(hook.messages.map(({ ip, text }) => [ip, text])).toEqual([
      [B, `edge-a holds ${B} now: OVH routes it there.`],
      [A, `edge-a does not hold ${A} any more: OVH routes it elsewhere; carp is MASTER there.`],
    ]);
  });
});
