import { setTimeout as sleep } from "node:timers/promises";
import { getopt } from "../flags.js";
import type { Command } from "../machine.js";
import { rejects } from "../routes.js";

const ICMP_ECHO = 64;

/** ping(8) for IPv4: exit 0 after an answer, 1 in every other case. */
export const ping: Command = async (call, machine) => {
  const parsed = getopt(call.args, "DEI:LRS:c:defgHi:l:np:qs:T:t:V:vw:");
  const [host] = parsed?.operands ?? [];
  if (parsed === undefined || host === undefined) {
    call.stderr("usage: ping [-DEefgHLnqRv] [-c count] [-I sourceaddr] [-i interval] ... host\n");
    return 1;
  }
  const count = Number(parsed.flags.get("c") ?? 1);
  const wait = Number(parsed.flags.get("w") ?? 10);
  let gone = false;
  call.onGone(() => {
    gone = true;
  });
  let answers = 0;
  for (let sent = 0; sent < count && !gone; sent++) {
    if (sent > 0) await sleep(machine.scaled(1000));
    if (rejects(machine, host)) {
      call.stderr("ping: sendmsg: No route to host\n");
      call.stdout(`ping: wrote ${host} ${ICMP_ECHO} chars, ret=-1\n`);
    } else if (machine.world.answersPing(machine, host)) answers++;
  }
  if (answers < count && !gone) await sleep(machine.scaled(1000 * wait));
  call.stdout(
    `--- ${host} ping statistics ---\n${count} packets transmitted, ${answers} packets received, ` +
      `${(100 * (1 - answers / count)).toFixed(1)}% packet loss\n`,
  );
  return answers > 0 ? 0 : 1;
};

/** netstat(1): the counters of carp. */
export const netstat: Command = async (call, machine) => {
  if (call.args.join(" ") !== "-s -p carp") {
    call.stderr("usage: netstat [-AaBbdFgilmnqrSstuvW] ...\n");
    return 1;
  }
  const { received, badAuthentication, unknownVhid, sent, transitions } = machine.counters;
  const lines = [
    `\t${many(received, "packet")} received (IPv4)`,
    "\t0 packets received (IPv6)",
    "\t\t0 packets discarded for bad interface",
    "\t\t0 packets discarded for wrong TTL",
    "\t\t0 packets shorter than header",
    "\t\t0 discarded for bad checksums",
    "\t\t0 discarded packets with a bad version",
    "\t\t0 discarded because packet too short",
    `\t\t${badAuthentication} discarded for bad authentication`,
    `\t\t${unknownVhid} discarded for unknown vhid`,
    "\t\t0 discarded because of a bad address list",
    `\t${many(sent, "packet")} sent (IPv4)`,
    "\t0 packets sent (IPv6)",
    "\t\t0 send failed due to mbuf memory error",
    `\t${many(transitions, "transition")} to master`,
  ];
  call.stdout(`carp:\n${lines.map((line) => `${line}\n`).join("")}`);
  return 0;
};

function many(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? "" : "s"}`;
}
