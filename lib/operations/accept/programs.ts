import type { EdgeConfig } from "../../config/schema.js";
import { API_HOSTS } from "../api-host.js";
import { type Assumption, bySight, onEdge } from "./assumption.js";

const topic = "TLS and Perl";
const hostOf = ({ ovh }: EdgeConfig) => API_HOSTS[ovh.endpoint];
const time = (host: string) =>
  `printf 'GET /1.0/auth/time HTTP/1.1\\r\\nHost: ${host}\\r\\nConnection: close\\r\\n\\r\\n'`;
const MODULES =
  "Digest::SHA Fcntl JSON::PP OpenBSD::Pledge OpenBSD::Unveil POSIX Sys::Syslog Time::HiRes".split(" ");

/** What nc(1) and the Perl of the base system are taken to do. */
export const PROGRAM_ASSUMPTIONS: readonly Assumption[] = [
  {
    id: "nc-answer",
    topic,
    statement:
      "`nc -c -v -w 30 HOST PORT` sends its input after the handshake, reads on until the server closes, and ends with 0",
    matters: "ip-move",
    otherwise: "no claim succeeds; exit status 9 or 5 says which",
    source: "nc(1), usr.bin/nc/netcat.c",
    how: onEdge(
      ({ config }) => `${time(hostOf(config))} | nc -c -v -w 30 ${hostOf(config)} 443`,
      "an answer `HTTP/1.1 200` with OVH's time, and exit status 0",
      ({ status, stdout }) => status === 0 && /^HTTP\/1\.[01] 200\b/.test(stdout) && /\d{9,11}/.test(stdout),
    ),
  },
  {
    id: "nc-verbose",
    topic,
    statement:
      "With -v nc says on standard error `Connection to …` when it is connected, and after the handshake a line that begins neither so nor with `nc: `",
    matters: "ip-move sends nothing before the handshake is done, and knows by that line that it is",
    otherwise: "every claim and check ends with exit status 5, the request not sent",
    source: "usr.bin/nc/netcat.c report_tls",
    how: onEdge(
      // Nothing is sent: it ends when OVH has heard nothing for a while, or when it has.
      ({ config }) => `nc -c -v -w 5 ${hostOf(config)} 443 </dev/null 2>&1 >/dev/null`,
      "a line `Connection to HOST (…) 443 port … succeeded!`, then one that begins neither so nor with `nc: `",
      ({ stdout }) =>
        /^Connection to \S+ \(\S+\) 443 port .* succeeded!\n(?:Connection to .*\n)*(?!nc: |Connection to )./m.test(
          stdout,
        ),
    ),
  },
  {
    id: "nc-input",
    topic,
    statement: "nc reads nothing of its input before the handshake is done",
    matters: "what ip-move has written to a connection that never came was not sent",
    otherwise: "nothing while `nc-verbose` holds: ip-move writes nothing before",
    source: "usr.bin/nc/netcat.c",
    how: onEdge(
      ({ config }) =>
        `echo unread | { nc -c -v -w 30 -e wrong.invalid ${hostOf(config)} 443; echo "nc $?"; cat; }`,
      "exit status 1 for a certificate of another name, and all of the input left for the next program",
      ({ stdout, stderr }) => stdout === "nc 1\nunread\n" && /not present in server certificate/.test(stderr),
    ),
  },
  {
    id: "nc-wrong-name",
    topic,
    statement: "nc refuses a certificate for another name, says so, and ends with 1",
    matters: "nobody but OVH gets a signed request",
    otherwise: "the edges' key could be used by whoever answers for OVH once",
    source: "nc(1), lib/libtls",
    how: onEdge(
      ({ config }) => `${time(hostOf(config))} | nc -c -e wrong.invalid ${hostOf(config)} 443`,
      "no answer, words `not present in server certificate`, exit status 1",
      ({ status, stdout, stderr }) =>
        status === 1 && stdout === "" && /not present in server certificate/.test(stderr),
    ),
  },
  {
    id: "nc-no-authority",
    topic,
    statement: "nc ends with 1 and names the file where it has no authorities",
    matters: "ip-move's message and its exit status 9",
    otherwise: "the message is a general one",
    source: "usr.bin/nc/netcat.c, lib/libtls",
    how: onEdge(
      ({ config }) => `nc -c -R /var/empty/nothing ${hostOf(config)} 443 </dev/null`,
      "words `failed to open CA file`, exit status 1",
      ({ status, stderr }) => status === 1 && /^nc: failed to open CA file/m.test(stderr),
    ),
  },
  {
    id: "nc-no-name",
    topic,
    statement: "nc ends with 1 and a line `nc: getaddrinfo …` for a name that does not resolve",
    matters: "ip-move tells a name from a certificate",
    otherwise: "the message is a general one",
    source: "usr.bin/nc/netcat.c",
    how: onEdge(
      "nc -c no-such-host.invalid 443 </dev/null",
      "a line `nc: getaddrinfo …`, exit status 1",
      ({ status, stderr }) => status === 1 && /^nc: getaddrinfo /m.test(stderr),
    ),
  },
  {
    id: "authorities",
    topic,
    statement: "/etc/ssl/cert.pem holds the authorities that OVH's certificate rests on",
    matters: "nc's verification",
    otherwise: "no claim succeeds; exit status 9 says why",
    source: "ssl(8)",
    how: onEdge(
      "grep -c 'BEGIN CERTIFICATE' /etc/ssl/cert.pem",
      "certificates in /etc/ssl/cert.pem",
      ({ stdout }) => Number(stdout) > 0,
    ),
  },
  {
    id: "perl-modules",
    topic,
    statement: `The base system's Perl has ${MODULES.join(", ")}`,
    matters: "edge-sync, ip-move and edge-notify need no package",
    otherwise: "the installer's `perl -c` stops a deploy before it changes anything",
    source: "perl(1)",
    how: onEdge(
      `perl ${MODULES.map((name) => `-M${name}`).join(" ")} -e 'print "all\\n"'`,
      "all of them load",
      ({ status, stdout }) => status === 0 && stdout === "all\n",
    ),
  },
  {
    id: "monotonic-clock",
    topic,
    statement: "Perl's CLOCK_MONOTONIC never goes back and counts seconds since the boot",
    matters: "everything that edge-sync measures, over steps of the wall clock",
    otherwise: "a step of the clock stops checks and claims for its length",
    source: "clock_gettime(2), Time::HiRes",
    how: onEdge(
      `perl -MTime::HiRes=clock_gettime,CLOCK_MONOTONIC,sleep -e 'my $t = clock_gettime(CLOCK_MONOTONIC); sleep 0.2; printf "%.1f\\n", clock_gettime(CLOCK_MONOTONIC) - $t'`,
      "two tenths of a second, and some, between two looks two tenths of a second apart",
      ({ status, stdout }) => status === 0 && Number(stdout) >= 0.2 && Number(stdout) < 60,
    ),
  },
  {
    id: "pledge",
    topic,
    statement: "pledge(2) takes the promises of ip-move",
    matters: "ip-move gives up what it does not need",
    otherwise: "every claim and check ends with exit status 1",
    source: "pledge(2)",
    how: onEdge(
      "perl -MOpenBSD::Pledge -e 'pledge(qw(rpath wpath cpath flock proc exec)) or die $!; print qq(kept\\n)'",
      "the promises are taken",
      ({ status, stdout }) => status === 0 && stdout === "kept\n",
    ),
  },
  {
    id: "unveil-nc",
    topic,
    statement: "unveil(2) lets nc's run-time linker work when nc is started after it",
    matters: "ip-move's second and later connections",
    otherwise: "a claim is not verified; `check` fails",
    source: "unveil(2), ld.so(1)",
    how: onEdge(
      "/usr/local/sbin/ip-move status",
      "exit status 0, 6 or 8, and carp0's state",
      ({ status, stdout }) => [0, 6, 8].includes(status) && /^carp\d+ is [A-Z]+$/m.test(stdout),
    ),
  },
  {
    id: "edge-key",
    topic,
    statement: "An edge's key may look at the FailOver IP",
    matters: "checks and claims",
    otherwise: "exit status 3 at each check; a master is blind after three",
    source: "ip-move(8)",
    how: onEdge("/usr/local/sbin/ip-move check", "exit status 0, 6 or 8", ({ status }) =>
      [0, 6, 8].includes(status),
    ),
  },
  {
    id: "sendmail",
    topic,
    statement: "`sendmail -oi -t` takes a mail with its recipients in its header",
    matters: "edge-notify's mails",
    otherwise: "no mail comes; the log says why",
    source: "sendmail(8), smtpd(8)",
    how: onEdge(
      "test -x /usr/sbin/sendmail && rcctl check smtpd",
      "/usr/sbin/sendmail, and smtpd that runs, where `notify.mail` is configured",
      ({ status }, { config }) =>
        config.notify?.mail === undefined ? { untold: "notify.mail is not configured" } : status === 0,
    ),
  },
  {
    id: "webhook-fields",
    topic,
    statement: "Chat programs show `text` of a webhook's message and ignore fields that they do not know",
    matters: "edge-notify's messages",
    otherwise: "the message is refused; the log says `not sent … HTTP 400`",
    source: "not documented for every one",
    how: bySight("`edge-notify test` on an edge."),
  },
  {
    id: "tls-words",
    topic,
    statement: "nc's words for an expired certificate and an unknown authority are libtls's",
    matters: "ip-move's messages and its exit status 9",
    otherwise: "the message quotes nc, the exit status is 5",
    source: "lib/libtls, lib/libcrypto/x509",
    how: bySight("`nc -c expired.badssl.com 443` and `nc -c untrusted-root.badssl.com 443` on an edge."),
  },
];
