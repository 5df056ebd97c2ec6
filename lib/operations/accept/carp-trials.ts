import { vhidsOf } from "../../config/failover-ips.js";
import type { EdgeConfig } from "../../config/schema.js";
import { CARP_INTERFACE } from "../../edge/hostname-if.js";
import type { RemoteResult } from "../remote-edge.js";
import { type Assumption, printed, type Stage, type Trial } from "./assumption.js";

const topic = "carp";
const GROUPS = ["carp", "edgefault", "edgedrain"];
const MARK = "---";
/** Seconds that a backup may take to be one again. */
const PATIENCE = 20;

/** A script that goes on to its end when the connection is lost: what it changes it changes back. */
const script = (...lines: readonly string[]) => ["trap '' HUP INT TERM PIPE", ...lines].join("\n");

function onBackup(
  does: string,
  text: (stage: Stage) => string,
  expected: string,
  judge: (answer: RemoteResult, config: EdgeConfig) => boolean,
): Trial {
  return {
    kind: "trial",
    does,
    expected,
    run: (stage) => stage.backup.run(text(stage)),
    judge: (answer: RemoteResult, config) => (judge(answer, config) ? undefined : printed(answer)),
  };
}

const carpLines = (text: string) =>
  [...text.matchAll(/^\tcarp: (\S+) .*advskew (\d+)/gm)].map(([, state, advskew]) => ({
    state,
    advskew: Number(advskew),
  }));
const counters = (text: string) =>
  [...text.matchAll(/carp demote count (\d+)/g)].map(([, count]) => Number(count));

/** What of carp(4) only a change of a backup shows. */
export const CARP_TRIALS: readonly Assumption[] = [
  {
    id: "demotion-counter",
    topic,
    statement:
      "`carpdemote N` and `-carpdemote N` add to a group's counter and take from it; a counter never falls below 0",
    matters: "rule 2 of edge-sync: a reason is added and taken back as a whole",
    otherwise: "an edge stays demoted, or takes somebody else's demotion away",
    source: "sys/net/if.c if_setgroupattribs",
    how: onBackup(
      "puts carp0 of a backup into a group of its own for a moment, and demotes it by that",
      () =>
        script(
          "group=edgeaccept",
          `ifconfig ${CARP_INTERFACE} group $group`,
          "ifconfig -g $group carpdemote 16; ifconfig -g $group",
          'ifconfig -g $group -carpdemote 128; echo "below $?"',
          "ifconfig -g $group -carpdemote 16; ifconfig -g $group",
          `ifconfig ${CARP_INTERFACE} -group $group`,
          `ifconfig ${CARP_INTERFACE}`,
        ),
      "16 after `carpdemote 16`, an error for `-carpdemote 128`, 0 after `-carpdemote 16`; carp0 stays BACKUP",
      ({ stdout }) =>
        counters(stdout).join() === "16,0" &&
        /^below [1-9]/m.test(stdout) &&
        carpLines(stdout)[0]?.state === "BACKUP",
    ),
  },
  {
    id: "carpdev-loss",
    topic,
    statement:
      "A carpdev that goes down makes carp0 INIT and adds 1 to every group's counter; both end when it is up again",
    matters: "the weights of edge-sync, which leave the low bits to the kernel",
    otherwise: "a counter is misread: a demotion stays, or is taken back too early",
    source: "sys/netinet/ip_carp.c carp_carpdev_state",
    how: {
      ...onBackup(
        "takes the CARP interface of a backup down for a second",
        ({ config }) => {
          const { carp } = config.interfaces;
          const all = vhidsOf(config).map((vhid) => `ifconfig ${vhid.interface}`);
          const serves = `[ $( (${all.join("; ")}) | grep -c "carp: BACKUP") -eq ${all.length} ]`;
          const backup = all.length === 1 ? `${all[0]} | grep -q "carp: BACKUP"` : serves;
          return script(
            `counters() { for group in ${GROUPS.join(" ")}; do ifconfig -g $group; done; }`,
            "counters",
            `echo ${MARK}; ifconfig ${carp} down; sleep 1; counters; ${all.join("; ")}`,
            `echo ${MARK}; ifconfig ${carp} up; n=0`,
            `until ${backup} || [ $n -ge ${PATIENCE} ]; do sleep 1; n=$((n + 1)); done`,
            `counters; ${all.join("; ")}`,
          );
        },
        "each counter one more and carp0 INIT while it is down, the counters as before and BACKUP afterwards",
        ({ stdout }, config) => {
          const [before = "", down = "", after = ""] = stdout.split(`${MARK}\n`);
          const first = counters(before);
          // Each carp interface on it adds its own to the counters.
          const vhids = vhidsOf(config).length;
          const all = (text: string, state: string) =>
            carpLines(text).length === vhids && carpLines(text).every((line) => line.state === state);
          return (
            first.length === GROUPS.length &&
            counters(down).join() === first.map((count) => count + vhids).join() &&
            counters(after).join() === first.join() &&
            all(down, "INIT") &&
            all(after, "BACKUP")
          );
        },
      ),
      everyVhid: true,
    },
  },
  {
    id: "live-interval",
    topic,
    statement: "`ifconfig carp0 advskew N` changes the skew of a running carp0 without a change of its state",
    matters: "a deploy with other skews moves no role",
    otherwise: "such a deploy is an unclean failover; the installer waits for the role that was before",
    source: "sys/netinet/ip_carp.c SIOCSVH",
    how: onBackup(
      "changes the skew of a backup by one, and changes it back",
      () =>
        script(
          `skew=$(ifconfig ${CARP_INTERFACE} | sed -n 's/^.carp: .* advskew \\([0-9]*\\).*/\\1/p')`,
          `other=$((skew < 254 ? skew + 1 : skew - 1))`,
          `ifconfig ${CARP_INTERFACE}; ifconfig ${CARP_INTERFACE} advskew $other`,
          `ifconfig ${CARP_INTERFACE}; ifconfig ${CARP_INTERFACE} advskew $skew; ifconfig ${CARP_INTERFACE}`,
        ),
      "three looks at carp0: BACKUP each time, with the skew, one beside it, and the skew again",
      ({ stdout }) => {
        const [first, second, third, ...more] = carpLines(stdout);
        return (
          more.length === 0 &&
          [first, second, third].every((line) => line?.state === "BACKUP") &&
          first?.advskew === third?.advskew &&
          Math.abs((first?.advskew ?? 0) - (second?.advskew ?? 0)) === 1
        );
      },
    ),
  },
];
