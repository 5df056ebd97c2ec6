import type { Job } from "../job.js";
import type { Mutation } from "../mutations.js";
import type { FaultKind } from "../schedule.js";

const two = (kinds: readonly FaultKind[], more: Partial<Job> = {}): Job => ({
  edges: 2,
  faults: 1,
  vhids: 2,
  kinds,
  coarse: true,
  ...more,
});

/** What only several FailOver IPs can show: things that each has for itself, and that one takes from another. */
export const VHID_MUTATIONS: readonly Mutation[] = [
  {
    name: "what OVH says of the first IP is taken for all",
    rule: "known",
    replace: [["my ($ip, $result) = @$_;", "my ($ip, $result) = ($_->[0], $told[0][1]);"]],
    jobs: [two(["power-off"])],
  },
  {
    name: "the tokens of all vhids are the same ones",
    rule: "9",
    replace: [
      [
        "learn_claim($_, \\%m, $now, $c->{poll}) for @vhids;",
        "learn_claim($_, \\%m, $now, $c->{poll}) for @vhids; my ($least) = sort map { $_->{memory}{tokens} } @vhids; $_->{memory}{tokens} = $least for @vhids;",
      ],
    ],
    jobs: [two(["power-off"])],
  },
  {
    name: "one claim at a time, whatever vhid it is for",
    rule: "5",
    jobs: [
      two(["power-off"], {
        edges: 3,
        faults: 2,
        order: ["power-off", "power-off"],
        at: [0, 1],
        states: 6_000,
        vhidMutations: { oneLock: true },
      }),
    ],
  },
  {
    name: "an alias that is to go is that of the first IP",
    rule: "6",
    replace: [
      [
        "push @do, map { alias($_, $v, $o->{hold}) } @{ $v->{ips} }",
        "push @do, map { my @a = alias($_, $v, $o->{hold}); $a[0][3] = $vhids[0]{ips}[0]{ip} if @a && $a[0][1] eq 'off'; @a } @{ $v->{ips} }",
      ],
    ],
    jobs: [two(["drain"])],
  },
  {
    name: "the master of the first vhid is that of all",
    rule: "5",
    replace: [
      ["master => $_->{carp} eq 'MASTER',", "master => ($o->{vhids} // [$o])->[0]{carp} eq 'MASTER',"],
    ],
    jobs: [two(["power-off"])],
  },
  {
    name: "only the first vhid claims",
    rule: "7",
    replace: [
      ["push @do, map { claim($_, $now) } @vhids if", "push @do, map { claim($_, $now) } $vhids[0] if"],
    ],
    jobs: [two(["power-off"])],
  },
  {
    name: "the fault of an edge demotes its first vhid alone",
    rule: "2",
    jobs: [two(["cut-external"], { vhidMutations: { demotesFirst: true } })],
  },
];
