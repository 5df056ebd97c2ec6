import { type Assumption, bySight, onEdge } from "./assumption.js";

const topic = "pf and ifstated";
/** What ifstated -n says of a text. */
const asked = (text: string) =>
  `printf '${text.replaceAll("\n", "\\n")}' | ifstated -nf /dev/stdin; echo "status $?"`;
/** Not for want of the file, but for a line of it. */
const refused = ({ stdout, stderr }: { stdout: string; stderr: string }) =>
  /^status 1$/m.test(stdout) && /(^|\s)\/dev\/stdin:\d+: /m.test(stdout + stderr);

/** What pf(4) and ifstated(8) are taken to do. */
export const DAEMON_ASSUMPTIONS: readonly Assumption[] = [
  {
    id: "pf-enabled",
    topic,
    statement: "pf runs; `pfctl -s info` says so in `Status: Enabled`",
    matters: "the edge's one rule",
    otherwise: "the rule is not needed, and the block rules that it goes before are not there either",
    source: "pfctl(8)",
    how: onEdge("pfctl -s info", "`Status: Enabled`", ({ stdout }) => /^Status: Enabled\b/m.test(stdout)),
  },
  {
    id: "pf-rule",
    topic,
    statement:
      "The included rule is loaded, is shown by `pfctl -s rules`, and comes before every `block … quick`",
    matters: "carp's packets pass whatever else pf.conf says",
    otherwise: "an edge that hears nobody: a second master",
    source: "pf.conf(5)",
    how: onEdge(
      "pfctl -s rules",
      '`pass quick on CARPDEV … proto carp … label "edge"`, and no `block … quick` above it',
      ({ stdout }, { config }) => {
        const rules = stdout.split("\n");
        const ours = rules.findIndex((rule) =>
          new RegExp(`^pass quick on ${config.interfaces.carp} .*\\bproto carp\\b.* label "edge"$`).test(
            rule,
          ),
        );
        return ours >= 0 && !rules.slice(0, ours).some((rule) => /^block .*\bquick\b/.test(rule));
      },
    ),
  },
  {
    id: "pf-label",
    topic,
    statement: "`pfctl -s labels` shows the rule's label",
    matters: "`npm run doctor` finds the rule by the first word of such a line",
    otherwise: "it takes a loaded rule for a missing one",
    source: "pfctl(8)",
    how: onEdge("pfctl -s labels", "a line that begins with `edge`", ({ stdout }) =>
      /^edge \d/m.test(stdout),
    ),
  },
  {
    id: "pf-check",
    topic,
    statement: "`pfctl -nf` says nothing about a file that would load",
    matters: "the installer asks it before it changes anything",
    otherwise: "a deploy stops with what pfctl said",
    source: "pfctl(8)",
    how: onEdge("pfctl -nf /etc/pf.conf", "exit status 0", ({ status }) => status === 0),
  },
  {
    id: "pf-refuses",
    topic,
    statement:
      "`pfctl -nf` ends with another status than 0 for a syntax error and for a missing included file",
    matters: "the same; and why the included file goes in before the line that names it",
    otherwise: "a deploy leaves rc's block rules behind at the next boot",
    source: "pfctl(8), sbin/pfctl/parse.y",
    how: onEdge(
      `echo 'pas quick' | pfctl -nf -; echo "syntax $?"; echo 'include "/var/empty/nothing"' | pfctl -nf -; echo "include $?"`,
      "exit status 1 both times",
      ({ stdout }) => /^syntax 1$/m.test(stdout) && /^include 1$/m.test(stdout),
    ),
  },
  {
    id: "ifstated-accepts",
    topic,
    statement: "ifstated accepts the delivered file: one state without external tests, a test at top level",
    matters: "every trigger",
    otherwise: "the installer stops before it changes anything",
    source: "ifstated.conf(5); recordings of the daemon built elsewhere",
    how: onEdge(
      "ifstated -nf /etc/ifstated.conf",
      "exit status 0 and `configuration OK`",
      ({ status, stdout, stderr }) => status === 0 && /configuration OK/.test(stdout + stderr),
    ),
  },
  {
    id: "ifstated-interface",
    topic,
    statement: "`ifstated -n` refuses an interface that does not exist",
    matters: "the installer creates carp0 before it asks",
    otherwise: "a file with a wrong interface is found out only by its silence",
    source: "usr.sbin/ifstated/parse.y; recording n16",
    how: onEdge(
      asked('state a {\n\tif vio999.link.up\n\t\trun ":"\n}\n'),
      "exit status 1, and a message with the line's number",
      refused,
    ),
  },
  {
    id: "ifstated-layout",
    topic,
    statement: "`ifstated -n` refuses an action and its closing brace on one line",
    matters: "the model that all explorations use has this grammar",
    otherwise: "the model is stricter than the daemon; nothing else",
    source: "usr.sbin/ifstated/parse.y; recordings n01 to n10",
    how: onEdge(
      asked('state a {\n\tif lo0.link.up { run ":" }\n}\n'),
      "exit status 1, and a message with the line's number",
      refused,
    ),
  },
  {
    id: "ifstated-macro",
    topic,
    statement: "`ifstated -n` refuses a macro that is not defined",
    matters: "the same",
    otherwise: "the same",
    source: "usr.sbin/ifstated/parse.y; recording n11",
    how: onEdge(
      asked("state a {\n\trun $nothing\n}\n"),
      "exit status 1, and a message with the line's number",
      refused,
    ),
  },
  {
    id: "rcctl-check",
    topic,
    statement: "`rcctl check ifstated` ends with 0 while the daemon runs",
    matters: "edge-sync warns of a dead daemon; the installer reloads a living one",
    otherwise: "a warning each minute, or none when it is needed",
    source: "rcctl(8)",
    how: onEdge("rcctl check ifstated", "exit status 0", ({ status }) => status === 0),
  },
  {
    id: "rcctl-status",
    topic,
    statement: "`rcctl get ifstated status` ends with 0 where ifstated starts at boot",
    matters: "`npm run doctor`",
    otherwise: "it says of every edge that ifstated is not enabled",
    source: "rcctl(8)",
    how: onEdge("rcctl get ifstated status", "exit status 0", ({ status }) => status === 0),
  },
  {
    id: "ifstated-polls",
    topic,
    statement: "ifstated runs the test at top level every N seconds",
    matters: "the poll: probes, checks, and whatever no link change tells of",
    otherwise: "passes come once a minute, by cron",
    source: "ifstated.conf(5); recordings of the daemon built elsewhere",
    how: onEdge(
      `perl -e 'my @s = stat("/var/run/edge-sync/probe.json") or exit 1; print time() - $s[9], "\\n"'`,
      "a probe that ended no longer than three polls ago",
      ({ status, stdout }, { config }) => {
        const age = Number(stdout);
        // A probe to silent targets takes its time too.
        return status === 0 && age <= 3 * config.probe.interval + config.probe.attempts + 5
          ? true
          : status === 0
            ? `the last probe ended ${age} s ago`
            : "no probe has ended since the boot";
      },
    ),
  },
  {
    id: "ifstated-links",
    topic,
    statement:
      "ifstated evaluates a state at each change of a link that it names, MASTER taken as up, BACKUP and INIT as down",
    matters: "a new master claims at once, not at the next poll",
    otherwise: "claims come up to a poll later",
    source: "usr.sbin/ifstated/ifstated.c; recordings of the daemon built elsewhere",
    how: bySight(
      "`npm run drill -- --live carp-down`: the alias is on long before the poll's interval is over.",
    ),
  },
];
