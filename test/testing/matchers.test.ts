import { expect as jestExpect } from "expect";
import { beforeAll, describe, expect, it } from "vitest";
import { type EdgeWorld, matchers } from "../../lib/testing.js";
import { type Look, SERVED, worldOf } from "./worlds.js";

beforeAll(() => {
  expect.extend(matchers);
  jestExpect.extend(matchers);
});

/** Nobody serves: the master is dead, and the other edge has lost its way out. */
const LOST: Look = {
  edges: [
    { name: "edge-a", running: false, role: "NONE" },
    { name: "edge-b", role: "MASTER", wayOut: false, reachesApi: false, linked: false, edgefault: 64 },
  ],
};
/** Both are master, and one of them is asking for the IP. */
const TORN: Look = {
  routedTo: "edge-a",
  moving: true,
  edges: [
    { name: "edge-a", role: "MASTER", alias: true, reachesApi: false, onCarp: false, held: true },
    { name: "edge-b", role: "MASTER", alias: true, claims: 1, edgedrain: 16 },
  ],
  log: [{ seconds: 100, edge: "edge-b", text: "ip-move: claim phase=post ms=3" }],
};

/** Each edge is master of one IP. */
const SHARED: Look = {
  ...SERVED,
  more: {
    routedTo: "edge-b",
    answering: "edge-b",
    edges: [{ name: "edge-a" }, { name: "edge-b", role: "MASTER", alias: true }],
  },
};
const OTHER = "146.59.143.232";

const PICTURES = new Map([
  [
    SHARED,
    `OVH routes 146.59.143.231 to edge-a; edge-a answers for it.
OVH routes 146.59.143.232 to edge-b; edge-b answers for it.

edge    146.59.143.231  146.59.143.232  trouble
──────  ──────────────  ──────────────  ───────
edge-a  MASTER, alias   BACKUP          none
edge-b  BACKUP          MASTER, alias   none

Logged last:
    9.6 s  edge-a  kernel: carp0: state transition: INIT -> MASTER
    9.7 s  edge-a  edge-sync: alias=on ip=146.59.143.231 reason="master"`,
  ],
  [
    SERVED,
    `OVH routes 146.59.143.231 to edge-a; edge-a answers for it.

edge    carp0   alias  trouble
──────  ──────  ─────  ───────
edge-a  MASTER  on     none
edge-b  BACKUP  off    none

Logged last:
    9.6 s  edge-a  kernel: carp0: state transition: INIT -> MASTER
    9.7 s  edge-a  edge-sync: alias=on ip=146.59.143.231 reason="master"`,
  ],
  [
    LOST,
    `OVH routes 146.59.143.231 to none of the edges; nobody answers for it.

edge    carp0   alias  trouble
──────  ──────  ─────  ─────────────────────────────────────────────────────────────────────────────
edge-a  off     off    not running
edge-b  MASTER  off    external or internal link down, nothing outside answers, demoted as unhealthy

Nothing was logged.`,
  ],
  [
    TORN,
    `OVH routes 146.59.143.231 to edge-a, and is moving it; nobody answers for it.

edge    carp0   alias  trouble
──────  ──────  ─────  ───────────────────────────────────────────────
edge-a  MASTER  on     CARP link down, OVH's API out of reach, on hold
edge-b  MASTER  on     drained, claiming

Logged last:
  100.0 s  edge-b  ip-move: claim phase=post ms=3`,
  ],
]);

/** Assertions that fail, on what, and what each says before the picture. */
const FAILING: readonly (readonly [look: Look, assert: (world: Asserted) => void, message: string])[] = [
  [
    SERVED,
    (is) => is.toRouteTo("edge-b"),
    "expected 146.59.143.231 to be routed to edge-b, but it is routed to edge-a",
  ],
  [
    LOST,
    (is) => is.toRouteTo("edge-b"),
    "expected 146.59.143.231 to be routed to edge-b, but it is routed to none of the edges",
  ],
  [
    SERVED,
    (is) => is.not.toRouteTo("edge-a"),
    "expected 146.59.143.231 not to be routed to edge-a, but it is routed to edge-a",
  ],
  [LOST, (is) => is.toAnswer(), "expected 146.59.143.231 to be answered, but nobody answers"],
  [
    SERVED,
    (is) => is.toAnswer("edge-b"),
    "expected 146.59.143.231 to be answered by edge-b, but edge-a answers",
  ],
  [SERVED, (is) => is.not.toAnswer(), "expected 146.59.143.231 not to be answered, but edge-a answers"],
  [
    SERVED,
    (is) => is.not.toAnswer("edge-a"),
    "expected 146.59.143.231 not to be answered by edge-a, but edge-a answers",
  ],
  [SERVED, (is) => is.toHaveMaster("edge-b"), "expected edge-b to be MASTER alone, but edge-a is"],
  [
    TORN,
    (is) => is.toHaveMaster("edge-a"),
    "expected edge-a to be MASTER alone, but MASTER are edge-a, edge-b",
  ],
  [TORN, (is) => is.toHaveMaster(), "expected one edge to be MASTER alone, but MASTER are edge-a, edge-b"],
  [SERVED, (is) => is.not.toHaveMaster("edge-a"), "expected edge-a not to be MASTER alone, but edge-a is"],
  [SERVED, (is) => is.not.toHaveMaster(), "expected one edge not to be MASTER alone, but edge-a is"],
  [
    SERVED,
    (is) => is.toHaveAlias("edge-b"),
    "expected edge-b to have the alias 146.59.143.231, but these have it: edge-a",
  ],
  [
    LOST,
    (is) => is.toHaveAlias("edge-b"),
    "expected edge-b to have the alias 146.59.143.231, but these have it: none",
  ],
  [
    SERVED,
    (is) => is.not.toHaveAlias("edge-a"),
    "expected edge-a not to have the alias 146.59.143.231, but these have it: edge-a",
  ],
  [
    SERVED,
    (is) => is.toBeDemoted("edge-a"),
    "expected edge-a to be demoted, but its counters are edgefault 0, edgedrain 0",
  ],
  [
    LOST,
    (is) => is.not.toBeDemoted("edge-b"),
    "expected edge-b not to be demoted, but its counters are edgefault 64, edgedrain 0",
  ],
  [
    TORN,
    (is) => is.not.toBeDemoted("edge-b"),
    "expected edge-b not to be demoted, but its counters are edgefault 0, edgedrain 16",
  ],
  [SERVED, (is) => is.not.toBeAtRest(), "expected the edges not to be at rest, but they are"],
  [LOST, (is) => is.toBeAtRest(), "expected the edges to be at rest, but no edge can serve"],
  [TORN, (is) => is.toBeAtRest(), "expected the edges to be at rest, but edge-a on hold; edge-b claiming"],
  [
    { ...SERVED, edges: [...SERVED.edges, { name: "edge-c", role: "MASTER" }] },
    (is) => is.toBeAtRest(),
    "expected the edges to be at rest, but not exactly one MASTER that holds the route, with nothing on its way and no sound edge demoted",
  ],
  [
    SERVED,
    (is) => is.toHaveLogged("edge-b", "claim"),
    'expected edge-b to have logged "claim", but none of its 0 lines has it',
  ],
  [
    SERVED,
    (is) => is.toHaveLogged("edge-a", /claim/),
    "expected edge-a to have logged /claim/, but none of its 2 lines has it",
  ],
  [
    TORN,
    (is) => is.toHaveLogged("edge-b", "alias"),
    'expected edge-b to have logged "alias", but none of its 1 line has it',
  ],
  [
    TORN,
    (is) => is.not.toHaveLogged("edge-b", /phase=post/g),
    "expected edge-b not to have logged /phase=post/g, but it has: ip-move: claim phase=post ms=3",
  ],
  [
    SHARED,
    (is) => is.toRouteTo("edge-a", OTHER),
    "expected 146.59.143.232 to be routed to edge-a, but it is routed to edge-b",
  ],
  [
    SHARED,
    (is) => is.toAnswer("edge-a", OTHER),
    "expected 146.59.143.232 to be answered by edge-a, but edge-b answers",
  ],
  [
    SHARED,
    (is) => is.not.toHaveMaster("edge-b", OTHER),
    "expected edge-b not to be MASTER alone for 146.59.143.232, but edge-b is",
  ],
  [
    SHARED,
    (is) => is.toHaveAlias("edge-a", OTHER),
    "expected edge-a to have the alias 146.59.143.232, but these have it: edge-b",
  ],
  [SHARED, (is) => is.not.toBeAtRest(), "expected the edges not to be at rest, but they are"],
  [
    {
      ...SHARED,
      more: {
        routedTo: "edge-a",
        edges: [{ name: "edge-a" }, { name: "edge-b", role: "MASTER", claims: 1 }],
      },
    },
    (is) => is.toBeAtRest(),
    "expected the edges to be at rest, but 146.59.143.232: the FailOver IP is not served by a sound edge; 146.59.143.232: not exactly one MASTER that holds the route, with nothing on its way and no sound edge demoted; 146.59.143.232: the edge that the FailOver IP is routed to has no alias; edge-b claiming",
  ],
];

const RUNNERS = {
  vitest: (world: EdgeWorld) => expect(world),
  jest: (world: EdgeWorld) => jestExpect(world),
};
type Asserted = ReturnType<(typeof RUNNERS)["jest"]>;

/** What an assertion says when it fails. */
function said(run: () => void): string {
  try {
    run();
  } catch (error) {
    return (error as Error).message;
  }
  throw new Error("it holds");
}

describe.each(Object.entries(RUNNERS))("the matchers in %s", (_, expecting) => {
  const is = (world: EdgeWorld) => expecting(world) as Asserted;

  it.each(
    FAILING.map(([look, assert, message]) => [message, look, assert] as const),
  )("say: %s", (message, look, assert) => {
    const [first, ...rest] = said(() => assert(is(worldOf(look)))).split("\n\n");
    expect(first).toBe(message);
    if (PICTURES.has(look)) expect(rest.join("\n\n")).toBe(PICTURES.get(look));
  });

  it("hold where they hold", () => {
    // vitest's assertions remember a `not`.
    const served = () => is(worldOf(SERVED));
    const lost = () => is(worldOf(LOST));
    const torn = () => is(worldOf(TORN));
    served().toRouteTo("edge-a");
    served().not.toRouteTo("edge-b");
    lost().not.toRouteTo("edge-b");
    served().toAnswer();
    served().toAnswer("edge-a");
    lost().not.toAnswer();
    served().toHaveMaster();
    served().toHaveMaster("edge-a");
    torn().not.toHaveMaster();
    torn().not.toHaveMaster("edge-a");
    served().toHaveAlias("edge-a");
    served().not.toHaveAlias("edge-b");
    lost().not.toBeAtRest();
    lost().toBeDemoted("edge-b");
    served().not.toBeDemoted("edge-a");
    served().toBeAtRest();
    torn().not.toBeAtRest();
    served().toHaveLogged("edge-a", "alias=on");
    served().toHaveLogged("edge-a", /INIT -> MASTER$/g);
    served().not.toHaveLogged("edge-b", "alias=on");
  });

  it.each([
    ["toRouteTo", (it: Asserted) => it.toRouteTo("edge-z")],
    ["toAnswer", (it: Asserted) => it.not.toAnswer("edge-z")],
    ["toHaveMaster", (it: Asserted) => it.not.toHaveMaster("edge-z")],
    ["toHaveAlias", (it: Asserted) => it.not.toHaveAlias("edge-z")],
    ["toBeDemoted", (it: Asserted) => it.not.toBeDemoted("edge-z")],
    ["toHaveLogged", (it: Asserted) => it.not.toHaveLogged("edge-z", "x")],
  ] as const)("fail for an edge that is not there, also with not: %s", (name, assert) => {
    expect(said(() => assert(is(worldOf(SERVED))))).toBe(
      `${name}: there is no edge edge-z; there are edge-a, edge-b`,
    );
  });

  it("fail for a FailOver IP that is not there, also with not", () => {
    expect(said(() => is(worldOf(SHARED)).not.toRouteTo("edge-a", "146.59.143.233"))).toBe(
      "toRouteTo: there is no FailOver IP 146.59.143.233; there is 146.59.143.231, 146.59.143.232",
    );
  });

  it.each([
    [undefined, "undefined"],
    [null, "null"],
    [{ view: 1 }, "object"],
    ["edge-a", "string"],
  ])("fail for what is no world: %s", (value, kind) => {
    expect(said(() => is(value as never).not.toRouteTo("edge-a"))).toBe(
      `toRouteTo needs a world, as startRegion and startVirtualWorld make it, got ${kind}`,
    );
  });
});
