import { describe, expect, it } from "vitest";
import type { Action, Answer, Memory, Observation } from "./decider.js";
import { decide, only, SOUND, useDecider } from "./watched-edge.js";

useDecider();

const [A, B, C] = ["192.0.2.1", "192.0.2.2", "192.0.2.8/29"] as const;
type Role = Observation["carp"];

interface SeenIp {
  readonly ip: string;
  readonly alias?: boolean | "some";
  readonly result?: Answer;
}
interface SeenVhid {
  readonly name: string;
  readonly carp: Role;
  readonly ips: readonly SeenIp[];
  readonly claim?: unknown;
}
interface Told {
  readonly known: "here" | "elsewhere" | "?";
  readonly void_before?: number;
}

const { carp: _, alias: __, claim: ___, ...NODE } = SOUND;

/** Asks about an edge with several vhids; what is remembered of each is sound unless it says otherwise. */
async function ask(
  vhids: readonly SeenVhid[],
  known: Readonly<Record<string, Told["known"]>>,
  {
    node = {},
    memory = {},
    of = {},
  }: { node?: object; memory?: object; of?: Readonly<Record<string, object>> } = {},
) {
  const remembered = Object.fromEntries(
    vhids.map(({ name, carp, ips }) => [
      name,
      {
        role: carp,
        role_since: 0,
        ips: Object.fromEntries(ips.map(({ ip }) => [ip, { known: known[ip] ?? "?" }])),
        ...of[name],
      },
    ]),
  );
  const sees = { ...NODE, ...node, vhids: vhids.map((vhid) => ({ claim: null, ...vhid })) };
  const before = { checked_at: SOUND.now, answered: 1, vhids: remembered, ...memory };
  const answer = await decide(sees as unknown as Observation, before as Memory);
  return { do: answer.do, memory: answer.memory, of: (name: string) => vhidOf(answer.memory, name) };
}

interface RememberedVhid {
  readonly tokens: number;
  readonly claim?: unknown;
  readonly recheck?: number;
  readonly retry_at?: number;
  readonly ips: Readonly<Record<string, Told>>;
}

function vhidOf(memory: Memory, name: string): RememberedVhid {
  return (memory.vhids as Record<string, RememberedVhid>)[name] as RememberedVhid;
}

/** Two vhids with an IP each. */
const two = (first: Role, second: Role, more: { first?: object; second?: object } = {}): SeenVhid[] => [
  { name: "carp0", carp: first, ips: [{ ip: A, alias: false }], ...more.first },
  { name: "carp1", carp: second, ips: [{ ip: B, alias: false }], ...more.second },
];
const check = (...results: readonly (readonly [string, Answer])[]) => ({
  check: { started: SOUND.now - 1 },
  results: Object.fromEntries(results),
});
const names = (actions: readonly Action[]) => actions.map(([what]) => what);

describe("two vhids with an IP each", () => {
  it.each([
    ["MASTER", "BACKUP", [["alias", "on", "master", A]]],
    ["BACKUP", "MASTER", [["alias", "on", "master", B]]],
    [
      "MASTER",
      "MASTER",
      [
        ["alias", "on", "master", A],
        ["alias", "on", "master", B],
      ],
    ],
    ["BACKUP", "BACKUP", []],
  ] as const)("%s and %s: the alias is on where this edge is MASTER", async (first, second, aliases) => {
    expect(only((await ask(two(first, second), {})).do, "alias")).toEqual(aliases);
  });

  it("takes only that alias off whose own IP is elsewhere", async () => {
    const on = { first: { ips: [{ ip: A, alias: true }] }, second: { ips: [{ ip: B, alias: true }] } };
    const answer = await ask(two("BACKUP", "BACKUP", on), { [A]: "elsewhere", [B]: "here" });
    expect(answer.do).toEqual([["alias", "off", "routed elsewhere", A]]);
  });

  it("claims for the one vhid and names its IP", async () => {
    const answer = await ask(two("MASTER", "BACKUP"), { [A]: "elsewhere", [B]: "elsewhere" });
    expect(only(answer.do, "claim")).toEqual([["claim", "carp0", A]]);
    expect(answer.of("carp0").claim).toEqual({ started: SOUND.now, ips: { [A]: {} } });
    expect(answer.of("carp1").claim).toBeUndefined();
  });

  it("claims for both at once, each with tokens of its own", async () => {
    const answer = await ask(two("MASTER", "MASTER"), { [A]: "elsewhere", [B]: "elsewhere" });
    expect(only(answer.do, "claim")).toEqual([
      ["claim", "carp0", A],
      ["claim", "carp1", B],
    ]);
    const none = { of: { carp0: { tokens: 0, token_at: SOUND.now } } };
    const spent = await ask(two("MASTER", "MASTER"), { [A]: "elsewhere", [B]: "elsewhere" }, none);
    expect(only(spent.do, "claim", "log")).toEqual([
      ["log", "warning", "carp0: no claim: 3 were made within 15 minutes"],
      ["claim", "carp1", B],
    ]);
  });

  it.each([
    ["hold", { hold: { reason: "upgrade" } }],
    ["a link that is down", { external: "down" }],
  ])("claims for neither under %s", async (_name, node) => {
    const answer = await ask(
      two("MASTER", "MASTER"),
      { [A]: "elsewhere", [B]: "elsewhere" },
      { node, memory: { hold_warned: SOUND.now } },
    );
    expect(only(answer.do, "claim")).toEqual([]);
  });

  it("demotes once for all its carp interfaces", async () => {
    const answer = await ask(
      two("MASTER", "MASTER"),
      { [A]: "here", [B]: "here" },
      { node: { internal: "down" } },
    );
    expect(only(answer.do, "demote")).toEqual([["demote", "edgefault", 64, "internal link"]]);
  });
});

describe("blind", () => {
  const unanswered = { memory: { unanswered: 3, answered: 0 } };

  it.each([
    ["here", "elsewhere", true],
    ["here", "?", true],
    ["elsewhere", "here", true],
    ["here", "here", false],
  ] as const)("is a master of both whose IPs are %s and %s: %s", async (first, second, blind) => {
    const answer = await ask(two("MASTER", "MASTER"), { [A]: first, [B]: second }, unanswered);
    expect(Boolean(answer.memory.blind)).toBe(blind);
    expect(only(answer.do, "demote")).toEqual(blind ? [["demote", "edgefault", 64, "blind"]] : []);
  });

  it("is nobody for an IP whose vhid another edge is MASTER of", async () => {
    const answer = await ask(two("MASTER", "BACKUP"), { [A]: "here", [B]: "elsewhere" }, unanswered);
    expect(answer.memory.blind).toBeUndefined();
  });

  it("goes on serving the IP that is here", async () => {
    const on = { first: { ips: [{ ip: A, alias: true }] } };
    const blind = { memory: { ...unanswered.memory, blind: 1 } };
    for (const role of ["MASTER", "BACKUP"] as const) {
      const answer = await ask(two(role, "MASTER", on), { [A]: "here", [B]: "elsewhere" }, blind);
      expect(only(answer.do, "alias").filter(([, , , ip]) => ip === A)).toEqual([]);
      const lost = await ask(two(role, "MASTER"), { [A]: "here", [B]: "elsewhere" }, blind);
      expect(only(lost.do, "alias")[0]).toEqual([
        "alias",
        "on",
        role === "MASTER" ? "master" : "routed here",
        A,
      ]);
    }
  });
});

describe("one check for all", () => {
  const looked = async (first: Answer, second: Answer, more: object = {}) =>
    ask(
      two("BACKUP", "BACKUP", {
        first: { ips: [{ ip: A, alias: false, result: first }] },
        second: { ips: [{ ip: B, alias: false, result: second }] },
      }),
      {},
      { node: { check: check().check }, ...more },
    );

  it("tells of each IP by itself", async () => {
    const answer = await looked("here", "elsewhere");
    expect(answer.of("carp0").ips[A]).toMatchObject({ known: "here", known_at: SOUND.now });
    expect(answer.of("carp1").ips[B]).toMatchObject({ known: "elsewhere", known_at: SOUND.now });
  });

  it("is answered when OVH told of one", async () => {
    const answer = await looked("none", "elsewhere", { memory: { unanswered: 2 } });
    expect(answer.memory).toMatchObject({ unanswered: 0, answered: 1 });
    expect(answer.of("carp0").ips[A]).toMatchObject({ known: "?" });
  });

  it("counts once when OVH told of none", async () => {
    expect((await looked("none", "none")).memory).toMatchObject({ unanswered: 1, answered: 0 });
  });

  it("looks again at the next poll when one is being moved", async () => {
    const answer = await looked("here", "pending");
    expect(answer.memory).toMatchObject({ recheck_at: SOUND.now + 10 });
    expect(answer.of("carp1").ips[B]).toMatchObject({ known: "?" });
  });

  it("says nothing about an IP whose POST came after it", async () => {
    const void_before = SOUND.now;
    const answer = await looked("here", "here", {
      of: { carp0: { ips: { [A]: { known: "?", void_before } } } },
    });
    expect(answer.of("carp0").ips[A]?.known).toBe("?");
    expect(answer.of("carp1").ips[B]?.known).toBe("here");
  });

  it("begins when one vhid changes its role, and waits for no claim of another", async () => {
    const claim = { running: true, ips: { [A]: { posted: 1 } } };
    const claiming = { claim: { started: 990, ips: { [A]: { posted: 1 } } } };
    const answer = await ask(
      two("MASTER", "MASTER", { first: { claim } }),
      {},
      { of: { carp0: claiming, carp1: { role: "BACKUP" } } },
    );
    expect(names(answer.do)).toContain("check");
  });

  it("waits while every vhid claims", async () => {
    const claim = (ip: string) => ({ running: true, ips: { [ip]: { posted: 1 } } });
    const mine = (ip: string) => ({ recheck: 1, claim: { started: 990, ips: { [ip]: { posted: 1 } } } });
    const answer = await ask(
      two("MASTER", "MASTER", { first: { claim: claim(A) }, second: { claim: claim(B) } }),
      {},
      { of: { carp0: mine(A), carp1: mine(B) }, memory: { checked_at: 0 } },
    );
    expect(names(answer.do)).not.toContain("check");
    expect(answer.of("carp0").recheck).toBe(1);
  });
});

describe("IPs that share a vhid", () => {
  const shared = (more: object = {}, role: Role = "MASTER"): SeenVhid[] => [
    {
      name: "carp0",
      carp: role,
      ips: [
        { ip: A, alias: true },
        { ip: C, alias: true },
      ],
      ...more,
    },
  ];
  const claiming = { claim: { started: 990, ips: { [A]: {}, [C]: {} } } };
  const ended = (first: object, second: object) => ({
    claim: { running: false, ips: { [A]: first, [C]: second } },
  });

  it("are claimed together, those that are elsewhere", async () => {
    const both = await ask(shared(), { [A]: "elsewhere", [C]: "elsewhere" });
    expect(only(both.do, "claim")).toEqual([["claim", "carp0", A, C]]);
    const one = await ask(shared(), { [A]: "here", [C]: "elsewhere" });
    expect(only(one.do, "claim")).toEqual([["claim", "carp0", C]]);
    expect(only((await ask(shared(), { [A]: "here", [C]: "?" })).do, "claim")).toEqual([]);
  });

  it("cost one token together", async () => {
    const done = { posted: 1, accepted: 1, status: 0, result: "here" };
    const answer = await ask(shared(ended(done, done)), {}, { of: { carp0: claiming } });
    expect(answer.of("carp0")).toMatchObject({
      tokens: 2,
      ips: { [A]: { known: "here" }, [C]: { known: "here" } },
    });
  });

  it("cost none when all were refused", async () => {
    const refused = { posted: 1, refused: 1, status: 7, result: "none" };
    const answer = await ask(shared(ended(refused, refused)), {}, { of: { carp0: claiming } });
    expect(answer.of("carp0")).toMatchObject({ tokens: 3, refused: 1, retry_at: SOUND.now + 10 });
  });

  it("are told apart where one was accepted and one refused, and the next claim is for the refused one", async () => {
    const accepted = { posted: 1, accepted: 1, status: 0, result: "here" };
    const refused = { posted: 1, refused: 1, status: 7, retry: 40, result: "none" };
    const answer = await ask(shared(ended(accepted, refused)), {}, { of: { carp0: claiming } });
    expect(answer.of("carp0")).toMatchObject({
      tokens: 2,
      retry_at: SOUND.now + 40,
      ips: { [A]: { known: "here" }, [C]: { known: "?" } },
    });
    const later = await ask(
      shared(),
      { [A]: "here", [C]: "elsewhere" },
      { of: { carp0: { tokens: 2, token_at: 900, retry_at: SOUND.now + 40 } } },
    );
    expect(only(later.do, "claim")).toEqual([]);
    const after = await ask(shared(), { [A]: "here", [C]: "elsewhere" }, { of: { carp0: { tokens: 2 } } });
    expect(only(after.do, "claim")).toEqual([["claim", "carp0", C]]);
  });

  it("are unknown from their own POST on, the other one is not", async () => {
    const running = { claim: { running: true, ips: { [A]: { posted: 1 }, [C]: { posted: 0 } } } };
    const of = { carp0: { ...claiming, ips: { [A]: { known: "elsewhere" }, [C]: { known: "elsewhere" } } } };
    const answer = await ask(shared(running), {}, { of });
    expect(answer.of("carp0").ips).toEqual({
      [A]: { known: "?", void_before: SOUND.now },
      [C]: { known: "elsewhere" },
    });
  });

  it("keep their aliases while the claim runs, and each loses it by itself afterwards", async () => {
    const running = { claim: { running: true, ips: { [A]: {}, [C]: {} } } };
    const known = { [A]: "elsewhere", [C]: "here" } as const;
    expect(
      only(
        (await ask(shared(running, "BACKUP"), known, { of: { carp0: { ...claiming, ips: told(known) } } }))
          .do,
        "alias",
      ),
    ).toEqual([]);
    expect(only((await ask(shared({}, "BACKUP"), known)).do, "alias")).toEqual([
      ["alias", "off", "routed elsewhere", A],
    ]);
  });

  it("of a block of which only some addresses are there the rest comes, or goes", async () => {
    const some = { ips: [{ ip: C, alias: "some" as const }] };
    expect(only((await ask(shared(some), {})).do, "alias")).toEqual([["alias", "on", "master", C]]);
    expect(only((await ask(shared(some, "BACKUP"), { [C]: "elsewhere" })).do, "alias")).toEqual([
      ["alias", "off", "routed elsewhere", C],
    ]);
    expect(only((await ask(shared(some, "BACKUP"), {})).do, "alias")).toEqual([]);
  });

  it("are forgotten when they are no longer configured", async () => {
    const before = {
      vhids: { carp0: { role: "MASTER", role_since: 0, ips: { [B]: { known: "here" } } }, carp7: {} },
    };
    const answer = await ask(shared(), {}, { memory: before });
    expect(Object.keys(answer.memory.vhids as object)).toEqual(["carp0"]);
    expect(answer.of("carp0").ips).toEqual({ [A]: { known: "?" }, [C]: { known: "?" } });
  });

  const told = (known: Readonly<Record<string, Told["known"]>>) =>
    Object.fromEntries(Object.entries(known).map(([ip, is]) => [ip, { known: is }]));
});
