import { Ifstated, type RawLink, type Steps } from "../ifstated/machine.js";

/** Links that ifstated watches on an edge. */
export interface WatchedLinks {
  readonly external: boolean;
  readonly internal: boolean;
  readonly carp: RawLink;
  /** carp1 and so on, where there are several. */
  readonly more?: readonly RawLink[];
}

/** What ifstated starts at some moment: a pass, a poll, or both. */
export interface Started {
  readonly pass: boolean;
  readonly poll: boolean;
}

/** What the daemon does with the generated ifstated.conf, asked from the model of the daemon. */
export class Trigger {
  private readonly known = new Map<string, Started>();

  constructor(private readonly ifstatedConf: string) {}

  /** At its start and after a reload. */
  started(links: WatchedLinks): Started {
    return this.once(`start ${text(links)}`, () => {
      const daemon = this.daemon(() => links);
      return effects(daemon.start(this.ifstatedConf));
    });
  }

  /** When a link changes. */
  changed(before: WatchedLinks, after: WatchedLinks): Started {
    return this.once(`${text(before)} ${text(after)}`, () => {
      let links = before;
      const daemon = this.daemon(() => links);
      effects(daemon.start(this.ifstatedConf));
      links = after;
      const now = table(after);
      return [...table(before)]
        .filter(([name, raw]) => now.get(name) !== raw)
        .map(([name]) => effects(daemon.linkChanged(name, now.get(name) as RawLink)))
        .reduce((all, one) => ({ pass: all.pass || one.pass, poll: all.poll || one.poll }), {
          pass: false,
          poll: false,
        });
    });
  }

  /** When the timer of its test runs out. */
  ticked(links: WatchedLinks): Started {
    return this.once(`tick ${text(links)}`, () => {
      const daemon = this.daemon(() => links);
      effects(daemon.start(this.ifstatedConf));
      const test = daemon.nextDue();
      return test === undefined ? { pass: false, poll: false } : effects(daemon.tick(test));
    });
  }

  private daemon(links: () => WatchedLinks): Ifstated {
    return new Ifstated({ wallSeconds: () => 0, loopTime: () => 0, links: () => table(links()) });
  }

  private once(key: string, work: () => Started): Started {
    let found = this.known.get(key);
    if (found === undefined) {
      found = work();
      this.known.set(key, found);
    }
    return found;
  }
}

function text({ external, internal, carp, more }: WatchedLinks): string {
  return more === undefined ? `${external} ${internal} ${carp}` : `${external} ${internal} ${carp} ${more}`;
}

function table({ external, internal, carp, more = [] }: WatchedLinks): Map<string, RawLink> {
  return new Map<string, RawLink>([
    ["vio0", external ? "up" : "down"],
    ["vio1", internal ? "up" : "down"],
    ["vio2", "up"],
    ["carp0", carp],
    ...more.map((link, index) => [`carp${index + 1}`, link] as const),
  ]);
}

/** Runs the daemon's steps to their end; every test that it waits for succeeds. */
function effects(steps: Steps): Started {
  let started: Started = { pass: false, poll: false };
  for (let step = steps.next(); !step.done; step = steps.next(0)) {
    const effect = step.value;
    const command =
      effect.effect === "run" || effect.effect === "test"
        ? effect.command
        : effect.effect === "start"
          ? effect.test.command
          : "";
    if (/edge-sync pass\b/.test(command)) started = { ...started, pass: true };
    if (/edge-sync poll\b/.test(command)) started = { ...started, poll: true };
  }
  return started;
}
