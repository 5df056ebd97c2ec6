import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { RawLink } from "../../../lib/simulator/ifstated/machine.js";
import { LiveIfstated } from "../../../lib/simulator/node/live-ifstated.js";

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

/** A daemon whose commands end when the test says so. */
function daemon() {
  const events: string[] = [];
  const running = new Map<string, (status: number | undefined) => void>();
  const links = new Map<string, RawLink>([
    ["vio0", "up"],
    ["carp0", "down"],
  ]);
  /** Commands that end by themselves at once, with their status. */
  const atOnce = new Map<string, number | undefined>();
  const live = new LiveIfstated({
    environment: {
      wallSeconds: () => Math.floor(Date.now() / 1000),
      loopTime: () => Date.now(),
      links: () => links,
    },
    start: (command) => {
      events.push(command);
      return {
        ended: new Promise((resolve) => {
          if (atOnce.has(command)) resolve(atOnce.get(command));
          else running.set(command, resolve);
        }),
        kill: () => {
          events.push(`kill ${command}`);
          running.get(command)?.(undefined);
        },
      };
    },
    log: (text) => events.push(`log ${text}`),
    died: (why) => events.push(`died ${why}`),
  });
  /** Lets everything happen that needs no time. */
  const settle = () => vi.advanceTimersByTimeAsync(0);
  const end = async (command: string, status: number | undefined = 0) => {
    running.get(command)?.(status);
    await settle();
  };
  const take = () => events.splice(0);
  return { live, links, atOnce, end, settle, take };
}

const ON_CARP = 'state s {\n\tif carp0.link.up\n\t\trun "up"\n\tif carp0.link.down\n\t\trun "down"\n}\n';

describe("a daemon that waits for a command", () => {
  it("takes the changes of links that come meanwhile afterwards, one by one", async () => {
    const { live, end, settle, take } = daemon();
    void live.start(ON_CARP);
    await settle();
    expect(take()).toEqual(["log initial state: s", "log changing state to s", "down"]);
    for (const state of ["up", "down", "up"] as const) live.linkChanged("carp0", state);
    await settle();
    expect(take()).toEqual([]);
    await end("down");
    expect(take()).toEqual(["log started", "up"]);
    await end("up");
    expect(take()).toEqual(["down"]);
    await end("down");
    expect(take()).toEqual(["up"]);
  });

  it("does nothing more when it is stopped meanwhile", async () => {
    const { live, end, settle, take } = daemon();
    void live.start(ON_CARP);
    await settle();
    live.stop();
    take();
    live.linkChanged("carp0", "up");
    await end("down");
    expect(take()).toEqual([]);
  });
});

describe("a daemon with a test", () => {
  const POLL = 'state s {\n\tif "poll" every 10\n\t\trun "good"\n}\n';

  it("runs it at its start, waits for it, and then begins it at each interval", async () => {
    const { live, end, settle, take } = daemon();
    void live.start(POLL);
    await settle();
    expect(take()).toEqual(["log initial state: s", "log changing state to s", "poll"]);
    await end("poll", 1);
    expect(take()).toEqual(["log started"]);
    await vi.advanceTimersByTimeAsync(9999);
    expect(take()).toEqual([]);
    await vi.advanceTimersByTimeAsync(1);
    expect(take()).toEqual(["poll"]);
    await end("poll", 0);
    expect(take()).toEqual(["good"]);
    await end("good");
    await vi.advanceTimersByTimeAsync(10_000);
    expect(take()).toEqual(["poll"]);
  });

  it("acts only when its status changes", async () => {
    const { live, atOnce, settle, take } = daemon();
    atOnce.set("poll", 0).set("good", 0);
    void live.start(POLL);
    await settle();
    take();
    await vi.advanceTimersByTimeAsync(30_000);
    expect(take()).toEqual(["poll", "poll", "poll"]);
    atOnce.set("poll", 1);
    await vi.advanceTimersByTimeAsync(10_000);
    atOnce.set("poll", 0);
    await vi.advanceTimersByTimeAsync(10_000);
    expect(take()).toEqual(["poll", "poll", "good"]);
  });

  it("kills one that still runs at its next tick, and begins another", async () => {
    const { live, end, settle, take } = daemon();
    void live.start(POLL);
    await settle();
    await end("poll", 1);
    take();
    await vi.advanceTimersByTimeAsync(20_000);
    expect(take()).toEqual(["poll", "kill poll", "poll"]);
  });

  it("kills one that runs when it is stopped or leaves the state", async () => {
    const stopped = daemon();
    void stopped.live.start(POLL);
    await stopped.settle();
    await stopped.end("poll", 1);
    await vi.advanceTimersByTimeAsync(10_000);
    stopped.take();
    stopped.live.stop();
    expect(stopped.take()).toEqual(["kill poll"]);
    await vi.advanceTimersByTimeAsync(60_000);
    expect(stopped.take()).toEqual([]);

    const left = daemon();
    void left.live.start(
      'state s {\n\tif "poll" every 10\n\t\trun "good"\n\tif carp0.link.up\n\t\tset-state t\n}\nstate t {\n\tif vio0.link.up\n\t\trun "there"\n}\n',
    );
    await left.settle();
    await left.end("poll", 1);
    await vi.advanceTimersByTimeAsync(10_000);
    left.take();
    left.live.linkChanged("carp0", "up");
    await left.settle();
    expect(left.take()).toEqual(["kill poll", "log changing state to t", "there"]);
  });
});

describe("a daemon whose file is bad", () => {
  it("ends at its start, and takes nothing more", async () => {
    const { live, settle, take } = daemon();
    await live.start("state\n");
    expect(take()).toEqual(["log /etc/ifstated.conf:1: syntax error", "died unable to load config"]);
    live.linkChanged("carp0", "up");
    await settle();
    expect(take()).toEqual([]);
  });

  it("keeps what it has when that comes with a reload", async () => {
    const { live, atOnce, settle, take } = daemon();
    atOnce.set("up", 0).set("down", 0);
    await live.start(ON_CARP);
    take();
    await live.reload("state\n");
    expect(take()).toEqual([
      "log reloading config",
      "log /etc/ifstated.conf:1: syntax error",
      "log unable to reload config",
    ]);
    live.linkChanged("carp0", "up");
    await settle();
    expect(take()).toEqual(["up"]);
  });
});

describe("a daemon that hears of interfaces", () => {
  it("takes one that went away for down, and looks at all when one comes", async () => {
    const { live, links, atOnce, settle, take } = daemon();
    atOnce.set("up", 0).set("down", 0);
    links.set("carp0", "up");
    await live.start(ON_CARP);
    take();
    links.delete("carp0");
    live.departed("carp0");
    await settle();
    expect(take()).toEqual(["log interface carp0 departed", "down"]);
    links.set("carp0", "up");
    live.arrived("carp0");
    await settle();
    expect(take()).toEqual(["log interface carp0 arrived", "up"]);
  });
});
