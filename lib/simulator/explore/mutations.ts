import type { Job } from "./job.js";
import type { FaultKind } from "./schedule.js";

/** One rule of the design left out or weakened. */
export interface Mutation {
  readonly name: string;
  /** Rule of edge-sync(8) that it breaks, or what it breaks beside them. */
  readonly rule: string;
  /** Texts of edge-sync, each of which is there exactly once, and what stands in its place. */
  readonly replace?: readonly (readonly [text: string, by: string])[];
  /** What is explored, smallest first. */
  readonly jobs: readonly Job[];
  /** No invariant speaks of it: what the rule buys is told by figures, of the last job. */
  readonly byFigures?: "posts" | "unsoundMasters" | "rounds";
}

const LINKS: readonly FaultKind[] = ["power-off", "cut-external", "cut-internal", "cut-carp"];
const job = (edges: number, faults: number, kinds: readonly FaultKind[], more: Partial<Job> = {}): Job => ({
  edges,
  faults,
  kinds,
  ...more,
});

/** Each mutation, with the jobs that are to catch it. */
export const MUTATIONS: readonly Mutation[] = [
  {
    name: "the probe alone decides health",
    rule: "1",
    replace: [["$links && ($probe || $api) ? 1 : 0", "$links && $probe ? 1 : 0"]],
    jobs: [job(2, 1, ["probe-lost"]), job(2, 2, ["probe-lost"])],
  },
  {
    name: "a link that is down is no fault",
    rule: "1",
    replace: [["my $links = $o->{external} eq 'up' && $o->{internal} eq 'up';", "my $links = 1;"]],
    jobs: [job(2, 1, ["cut-internal"])],
  },
  {
    name: "a demotion is never taken back",
    rule: "2",
    replace: [["} elsif ($faulty && $good &&", "} elsif (0 && $faulty && $good &&"]],
    jobs: [job(2, 1, ["cut-external"])],
  },
  {
    name: "never blind",
    rule: "3",
    replace: [["$m{unanswered} >= UNANSWERED", "0"]],
    jobs: [job(2, 3, ["reboot", "api-unreachable", "route-lost"], { coarse: true })],
  },
  {
    name: "backups do not check",
    rule: "4",
    replace: [
      [
        "my @free = grep { !$_->{claiming} } @$vhids;",
        "my @free = grep { !$_->{claiming} && $_->{master} } @$vhids;",
      ],
    ],
    jobs: [job(2, 1, LINKS), job(2, 2, ["reboot", "api-unreachable", "route-lost"], { coarse: true })],
  },
  {
    name: "no check but at a change of role",
    rule: "4",
    replace: [
      [
        "|| !defined $m->{checked_at} || $now - $m->{checked_at} >= $interval;",
        "|| !defined $m->{checked_at};",
      ],
    ],
    jobs: [job(2, 1, ["route-lost"])],
  },
  {
    name: "the alias on masters only",
    rule: "5",
    replace: [["($known eq 'here' || ($v->{master} && !$hold))", "($v->{master} && !$hold)"]],
    jobs: [job(2, 2, ["power-off", "api-refuses"], { coarse: true })],
  },
  {
    name: "alias off after a minute",
    rule: "6",
    replace: [
      [
        "$ip->{alias} && !$v->{master} && $known eq 'elsewhere' && !$hold",
        "$ip->{alias} && !$v->{master} && $v->{seen}{now} - $v->{memory}{role_since} >= 20 && !$hold",
      ],
    ],
    jobs: [job(2, 1, LINKS, { keepsSince: true }), job(2, 1, ["drain"], { keepsSince: true })],
  },
  {
    name: "alias off at once",
    rule: "6",
    replace: [
      [
        "$ip->{alias} && !$v->{master} && $known eq 'elsewhere' && !$hold",
        "$ip->{alias} && !$v->{master} && !$hold",
      ],
    ],
    jobs: [job(2, 1, LINKS)],
  },
  {
    name: "alias off while its own claim runs",
    rule: "6",
    replace: [[" && !$hold && !$v->{claiming}) {", " && !$hold) {"]],
    jobs: [job(2, 2, ["partition", "api-down"], { coarse: true })],
  },
  {
    name: "the alias stays for ever",
    rule: "6",
    replace: [["return ['alias', 'off', 'routed elsewhere', @named];", "return ();"]],
    jobs: [job(2, 1, ["power-off", "cut-external"])],
  },
  {
    name: "claim whatever OVH says",
    rule: "7",
    replace: [
      [
        "grep { $_->{memory}{known} eq 'elsewhere' } @{ $v->{ips} };",
        "grep { $_->{memory}{known} ne 'here' } @{ $v->{ips} };",
      ],
    ],
    jobs: [job(2, 2, ["cut-external", "api-down"], { coarse: true })],
    byFigures: "rounds",
  },
  {
    name: "claim without being healthy",
    rule: "7",
    replace: [["@vhids if $good && !$o->{hold};", "@vhids if !$o->{hold};"]],
    jobs: [
      job(2, 2, ["cut-internal", "route-lost", "power-off"], {
        coarse: true,
        mutations: { healthIgnored: true },
      }),
    ],
  },
  {
    name: "known kept over a POST",
    rule: "8",
    replace: [
      ["{posted} = 1;\n\t\t@{ $ip->{memory} }{qw(known void_before)} = ('?', $now);", "{posted} = 1;"],
    ],
    jobs: [job(2, 1, LINKS), job(2, 2, ["partition", "claim-killed"])],
  },
  {
    name: "checks from before a POST count",
    rule: "8",
    replace: [["|| defined $void && $check->{started} <= $void;", ";"]],
    jobs: [job(2, 1, LINKS), job(2, 2, ["drain", "power-off", "claim-killed"])],
  },
  {
    name: "no look before the POST",
    rule: "8",
    jobs: [job(2, 1, ["drain"], { mutations: { noLook: true }, coarse: true })],
  },
  {
    name: "no settle with three edges",
    rule: "8",
    jobs: [job(3, 1, ["drain"], { settles: false, coarse: true })],
  },
  {
    name: "back-off that a change of role resets",
    rule: "9",
    replace: [
      ["delete $m->{pause_until};\n\t}", "delete $m->{pause_until};\n\t\t$m->{tokens} = TOKENS;\n\t}"],
    ],
    jobs: [job(2, 2, ["partition"], { coarse: true })],
  },
  {
    name: "no tokens",
    rule: "9",
    replace: [["$own->{tokens}-- if $own->{tokens} > 0;\n\t\t$own->{refused} = 0;", "$own->{refused} = 0;"]],
    jobs: [job(2, 1, ["partition"])],
  },
  {
    name: "hold ignored by edge-sync",
    rule: "10",
    replace: [["if (!$o->{hold} && defined $o->{edgefault}) {", "if (defined $o->{edgefault}) {"]],
    jobs: [job(2, 2, ["hold", "cut-external"], { coarse: true })],
  },
  {
    name: "hold ignored by ip-move",
    rule: "10",
    jobs: [job(2, 2, ["hold", "route-lost"], { mutations: { holdIgnored: true } })],
  },
  {
    name: "drain ignored",
    rule: "11",
    replace: [
      ["push @do, ['demote', 'edgedrain', $WEIGHT{edgedrain}, 'drain'] if $o->{drain} && !$drained;", ";"],
    ],
    jobs: [job(2, 1, ["drain"])],
  },
  {
    name: "no fault at boot",
    rule: "12",
    replace: [["|| ($first && $o->{boot})))", "))"]],
    jobs: [job(2, 2, ["power-off"], { coarse: true })],
    byFigures: "unsoundMasters",
  },
  {
    name: "a claim right after a boot",
    rule: "12",
    replace: [["$m->{booted} = $now if $v->{first} && $boot;", ";"]],
    jobs: [job(2, 2, ["power-off"], { coarse: true })],
    byFigures: "posts",
  },
  {
    name: "demotion of the group carp",
    rule: "weights",
    replace: [
      [
        "push @do, ['demote', 'edgefault', $WEIGHT{edgefault},",
        "push @do, ['demote', 'carp', $WEIGHT{edgefault},",
      ],
    ],
    jobs: [job(2, 1, ["cut-external"])],
  },
  {
    name: "a weight of one",
    rule: "weights",
    replace: [["my %WEIGHT = (edgefault => 64,", "my %WEIGHT = (edgefault => 1,"]],
    jobs: [job(2, 1, ["cut-carp"])],
  },
  {
    name: "equal skews",
    rule: "carp",
    jobs: [job(2, 1, ["partition"], { advskews: [50, 50], coarse: true })],
  },
];

/** edge-sync with a mutation. @throws Error where a text is not there exactly once */
export function mutated(edgeSync: string, { name, replace = [] }: Mutation): string {
  return replace.reduce((text, [from, by]) => {
    if (text.split(from).length !== 2)
      throw new Error(`${name}: edge-sync must have this exactly once: ${from}`);
    return text.replace(from, () => by);
  }, edgeSync);
}
