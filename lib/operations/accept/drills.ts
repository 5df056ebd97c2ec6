import { type Assumption, bySight } from "./assumption.js";

const topic = "system";

/** What live drills rest on, which only a drill shows. */
export const DRILL_ASSUMPTIONS: readonly Assumption[] = [
  {
    id: "power-cut",
    topic,
    statement: "`reboot -nq` goes down without a bow-out",
    matters: "the live `power-off` drill",
    otherwise: "the drill measures a bow-out, not silence",
    source: "reboot(8)",
    how: bySight(
      "`tcpdump -ni vio2 proto carp` on a backup during `npm run drill -- --live power-off`: no 255.",
    ),
  },
  {
    id: "reject-routes",
    topic,
    statement:
      "`route -qn add -inet -host A 127.0.0.1 -reject`, and `-inet6` with `::1`, silence an address at once; `getent hosts HOST` names all of OVH's",
    matters: "the live drills `probe-lost` and `api-down`",
    otherwise:
      "these drills look for the effect themselves, take their routes back and say that they had none",
    source: "route(8), getent(1)",
    how: bySight("`npm run drill -- --live probe-lost api-down`: the edges' probe and API go silent."),
  },
  {
    id: "external-down-up",
    topic,
    statement:
      "`ifconfig vio0 down` and `up` leave the interface's addresses, the alias and the default route as they were",
    matters: "the live drill `external-lost`",
    otherwise: "the edge is out of reach after the drill, until it boots or netstart runs on its console",
    source: "ifconfig(8), sys/net/route.c, dhcpleased(8)",
    how: bySight(
      "`npm run drill -- --live external-lost`; before and after it `ifconfig vio0` and `route -n show -inet` on the edge that held the IP.",
    ),
  },
  {
    id: "ssh-penalties",
    topic,
    statement: "sshd's PerSourcePenalties lock out for a while who connects and does not log in",
    matters: "a live drill asks port 443 whether the FailOver IP answers, never sshd's",
    otherwise: "nothing is lost; sshd could be asked as well",
    source: "sshd_config(5)",
    how: bySight("`sshd -T | grep -i persourcepenalties` on an edge."),
  },
  {
    id: "background-command",
    topic,
    statement: "`sh -c '…' >/dev/null 2>&1 </dev/null &` outlives its SSH session and does not hold it",
    matters: "live drills that cut off the connection they came by, and faults that an edge mends by itself",
    otherwise: "the drill waits until its fault is over, or the fault stays until somebody mends it",
    source: "sh(1), sshd(8)",
    how: bySight(
      "`ssh EDGE \"sh -c 'sleep 2; logger still here' >/dev/null 2>&1 </dev/null &\"` returns at once; two seconds later the line is in /var/log/messages.",
    ),
  },
];
