import type { RemoteResult } from "../../../lib/operations/remote-edge.js";

/** What a command came to; a text is standard output of one that succeeded. */
export function said(stdout: string, status = 0, stderr = ""): RemoteResult {
  return { status, stdout, stderr };
}

/** carp0 of the example's first edge as ifconfig(8) prints it. */
export const CARP0 = `carp0: flags=8843<UP,BROADCAST,RUNNING,SIMPLEX,MULTICAST> mtu 1500
	lladdr 00:00:5e:00:01:01
	index 5 priority 15 llprio 3
	carp: MASTER carpdev vio2 vhid 1 advbase 1 advskew 1
	groups: carp edgefault edgedrain
	status: master
	inet 10.25.0.10 netmask 0xffff0000 broadcast 10.25.255.255
`;
export const BACKUP0 = CARP0.replace("carp: MASTER", "carp: BACKUP").replace(
  "status: master",
  "status: backup",
);

/** An interface as ifconfig(8) prints it. */
export const vio = (
  number: number,
  inet = "",
) => `vio${number}: flags=8843<UP,BROADCAST,RUNNING,SIMPLEX,MULTICAST> mtu 1500
	lladdr fa:16:3e:00:00:0${number}
	index ${number + 1} priority 0 llprio 3
	media: Ethernet autoselect
	status: active
${inet}`;

/** Counters of carp as netstat(1) prints them. */
export const counters = (received: number, sent: number, bad = 0) => `carp:
	${received} packets received (IPv4)
	0 packets received (IPv6)
		0 packets discarded for bad interface
		0 packets discarded for wrong TTL
		0 packets shorter than header
		0 discarded for bad checksums
		0 discarded packets with a bad version
		0 discarded because packet too short
		${bad} discarded for bad authentication
		0 discarded for unknown vhid
		0 discarded because of a bad address list
	${sent} packets sent (IPv4)
	0 packets sent (IPv6)
		0 send failed due to mbuf memory error
	1 transition to master
`;

/** Lines of /etc/rc that matter, in their order. */
export const RC = `if [[ $1 == shutdown ]]; then
	ifconfig | while read _if _junk; do
		[[ $_if == carp+([0-9]): ]] && ifconfig \${_if%:} down
	done
	exit 0
fi
	RULES="
	block all
	pass on lo0"
	RULES="$RULES
	pass in proto carp keep state (no-sync)
	pass out proto carp !received-on any keep state (no-sync)"
ifconfig -g carp carpdemote 128
sh /etc/netstart
		pfctl -f /etc/pf.conf
(cd /var/run && { rm -rf -- *; install -c -m 664 -g utmp /dev/null utmp; })
start_daemon ldomd sshd snmpd ldpd ripd ospfd ospf6d bgpd ifstated
ifconfig -g carp -carpdemote 128
start_daemon apmd sensorsd hotplugd watchdogd cron wsmoused xenodm
`;

/** What `netstart -n carp0` prints, the password hidden. */
export const NETSTART = `ifconfig carp0 group edgefault
ifconfig carp0 group edgedrain
ifconfig carp0 inet 10.25.0.10 netmask 255.255.0.0  vhid 1 carpdev vio2 pass hidden advbase 1 advskew 1
ifconfig carp0 up
`;
