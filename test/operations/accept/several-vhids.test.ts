import { describe, expect, it } from "vitest";
import { vhidsOf } from "../../../lib/config/failover-ips.js";
import { parseConfig } from "../../../lib/config/load.js";
import type { EdgeConfig, EdgeSettings } from "../../../lib/config/schema.js";
import { accept, type Finding } from "../../../lib/operations/accept/accept.js";
import type { Answered, Judged, Stage } from "../../../lib/operations/accept/assumption.js";
import { assumptionsNamed } from "../../../lib/operations/accept/assumptions.js";
import type { OvhClient } from "../../../lib/operations/ovh-client.js";
import type { RemoteEdge, RemoteResult } from "../../../lib/operations/remote-edge.js";
import { example } from "../../config/example.js";
import { CARP0, counters, NETSTART, said, vio } from "./answers.js";

const [FIRST, SECOND] = ["146.59.143.231", "146.59.143.232"];
const one = parseConfig(example());
const spread = (changes: Record<string, unknown> = {}) =>
  parseConfig(
    example({
      failoverIp: undefined,
      failoverIps: [{ address: FIRST }, { address: SECOND, vhid: 8 }],
      ...changes,
    }),
  );
const two = spread();
const edge = two.edges[0] as EdgeSettings;
const howOf = (id: string) => assumptionsNamed([id])[0]?.how as never;

/** The second carp interface of the first edge, as what is told of the first one is of that. */
const second = (text: string) =>
  text
    .replaceAll("carp0", "carp1")
    .replace("vhid 1 ", "vhid 8 ")
    .replace("00:01:01", "00:01:08")
    .replace("10.25.0.10", "10.25.0.11")
    .replace("advskew 1\n", `advskew ${vhidsOf(two)[1]?.advskews[edge.name]}\n`);
const role = (text: string, state: string) => text.replace("carp: MASTER", `carp: ${state}`);
const CARP1 = role(second(CARP0), "BACKUP");

function judge(id: string, stdout: string): Judged {
  const how: { judge: (answer: RemoteResult, about: object) => Judged } = howOf(id);
  return how.judge(said(stdout), { config: two, edge });
}
function command(id: string, config: EdgeConfig): string {
  const how: { kind: string; command: (about: object) => string } = howOf(id);
  return how.command(how.kind === "cluster" ? config : { config, edge });
}

describe("what is asked of an edge with several vhids", () => {
  it.each([
    ["carp-line", "ifconfig carp0", "ifconfig carp0; ifconfig carp1"],
    ["virtual-mac", "ifconfig carp0", "ifconfig carp0; ifconfig carp1"],
    [
      "carpdev-without-address",
      "ifconfig vio2; ifconfig carp0",
      "ifconfig vio2; ifconfig carp0; ifconfig carp1",
    ],
    [
      "advertisements",
      "ifconfig carp0; echo ---; netstat -s -p carp; sleep 4; echo ---; netstat -s -p carp",
      "ifconfig carp0; ifconfig carp1; echo ---; netstat -s -p carp; sleep 4; echo ---; netstat -s -p carp",
    ],
    [
      "netstart-line",
      "sh /etc/netstart -n carp0 | sed 's/ pass [^ ]*/ pass hidden/'",
      "sh /etc/netstart -n carp0 | sed 's/ pass [^ ]*/ pass hidden/'; sh /etc/netstart -n carp1 | sed 's/ pass [^ ]*/ pass hidden/'",
    ],
  ])("%s asks of each carp interface, and of one as ever", (id, alone, both) => {
    expect([command(id, one), command(id, two)]).toEqual([alone, both]);
  });

  it.each([
    ["carp-line", CARP0 + CARP1, [CARP0, CARP0 + CARP1.replace("vhid 8", "vhid 9")]],
    ["virtual-mac", CARP0 + CARP1, [CARP0, CARP0 + CARP1.replace("01:08", "01:01")]],
    ["carpdev-without-address", vio(2) + CARP0 + CARP1, [vio(2) + CARP0 + role(second(CARP0), "INIT")]],
    [
      "interface-list",
      [0, 1, 2].map((n) => vio(n)).join("") + CARP0 + CARP1,
      [vio(0) + vio(1) + vio(2) + CARP0],
    ],
    [
      "netstart-line",
      NETSTART + second(NETSTART),
      [NETSTART, NETSTART + second(NETSTART).replace("vhid 8", "vhid 1")],
    ],
  ])("%s holds where each of them answers so", (id, sound, wrong) => {
    expect(judge(id, sound)).toBeUndefined();
    for (const text of wrong) expect(judge(id, text)).toBeTypeOf("string");
  });

  const listened = (carps: string, received: number, sent: number): Answered => ({
    edge: "edge-a",
    answer: said(`${carps}---\n${counters(5, 100)}---\n${counters(5 + received, 100 + sent)}`),
  });
  it.each([
    [CARP0 + CARP1, 4, 4, undefined],
    [CARP0 + CARP1, 0, 4, "edge-a is BACKUP by carp1 and heard no advertisement"],
    [role(CARP0, "BACKUP") + second(CARP0), 4, 0, "edge-a is MASTER by carp1 and sent no advertisement"],
    [CARP0 + role(second(CARP0), "INIT"), 0, 4, "edge-a is INIT by carp1 and heard no advertisement"],
    [CARP0 + second(CARP0), 0, 4, undefined],
  ])("advertisements must go and come as each vhid's role wants: %#", (carps, received, sent, said_) => {
    const how: { judge: (answers: readonly Answered[], config: EdgeConfig) => Judged } =
      howOf("advertisements");
    expect(how.judge([listened(carps, received, sent)], two)).toBe(said_);
  });
});

describe("the trial that takes the CARP interface of a backup down", () => {
  const how: {
    run: (stage: Stage) => Promise<RemoteResult>;
    judge: (answer: RemoteResult, config: EdgeConfig) => Judged;
  } = howOf("carpdev-loss");
  const counted = (count: number) =>
    ["carp", "edgefault", "edgedrain"].map((group) => `${group}: carp demote count ${count}\n`).join("");
  const carps = (first: string, other: string) => role(CARP0, first) + role(second(CARP0), other);
  const printed = (down: number, first = "INIT", after = "BACKUP") =>
    said(
      `${counted(0)}---\n${counted(down)}${carps(first, "INIT")}---\n${counted(0)}${carps("BACKUP", after)}`,
    );

  it("wants the counters to grow by one for each vhid, and all of them to be backups again", () => {
    expect(how.judge(printed(2), two)).toBeUndefined();
    for (const answer of [printed(1), printed(2, "BACKUP"), printed(2, "INIT", "MASTER")])
      expect(how.judge(answer, two)).toBeTypeOf("string");
  });

  it("waits for all of them, and with one vhid does what it did", async () => {
    const script = async (config: EdgeConfig) => {
      let text = "";
      const run = async (asked: string) => {
        text = asked;
        return said("");
      };
      const backup = { run } as unknown as RemoteEdge;
      await how.run({ config, backup } as Stage);
      return text.split("\n").slice(3);
    };
    expect(await script(one)).toEqual([
      "echo ---; ifconfig vio2 down; sleep 1; counters; ifconfig carp0",
      "echo ---; ifconfig vio2 up; n=0",
      'until ifconfig carp0 | grep -q "carp: BACKUP" || [ $n -ge 20 ]; do sleep 1; n=$((n + 1)); done',
      "counters; ifconfig carp0",
    ]);
    expect(await script(two)).toEqual([
      "echo ---; ifconfig vio2 down; sleep 1; counters; ifconfig carp0; ifconfig carp1",
      "echo ---; ifconfig vio2 up; n=0",
      'until [ $( (ifconfig carp0; ifconfig carp1) | grep -c "carp: BACKUP") -eq 2 ] || [ $n -ge 20 ]; do sleep 1; n=$((n + 1)); done',
      "counters; ifconfig carp0; ifconfig carp1",
    ]);
  });
});

describe("a trial on edges with several vhids", () => {
  const [a, b] = two.edges.map(({ name }) => name) as [string, string];

  /** Sound edges by the names of the masters of both vhids; what disturbs one may move the second vhid. */
  function region(masters: [string, string], disturbed: () => void = () => {}, names = [a, b]) {
    const commands: string[] = [];
    const edges = names.map((name) => {
      const status = () =>
        JSON.stringify({
          healthy: 1,
          hold: null,
          demotion: {},
          vhids: masters.map((master, index) => ({
            name: `carp${index}`,
            carp: master === name ? "MASTER" : "BACKUP",
            tokens: 3,
            settled: 1,
            last_claim: null,
            ips: [{ ip: [FIRST, SECOND][index], alias: master === name ? 1 : 0, known: "?", known_age: 1 }],
          })),
        });
      const run = async (text: string) => {
        if (text.endsWith("status --json")) return said(status());
        commands.push(name);
        disturbed();
        return said("");
      };
      return { name, address: { name, host: name, instanceId: name }, run } as unknown as RemoteEdge;
    });
    const get = async () =>
      [FIRST, SECOND].map((ip, index) => ({ ip, id: ip, routedTo: masters[index], status: "ok" }));
    return { edges, commands, ovh: { get } as unknown as OvhClient };
  }
  async function tried(
    id: string,
    { edges, ovh }: ReturnType<typeof region>,
    config = two,
  ): Promise<Finding> {
    const greetings = edges.map(({ name }) => ({ edge: name, host: name, system: "OpenBSD" }));
    const sources = { config, edges, ovh, disruptive: true, patience: 0 };
    for await (const found of accept(assumptionsNamed([id]), greetings, sources)) return found;
    throw new Error("nothing was found");
  }

  it("takes no edge down that is MASTER of another vhid, and says how one becomes a backup of all", async () => {
    const each = region([a, b]);
    expect(await tried("carpdev-loss", each)).toMatchObject({
      verdict: "skipped",
      reason:
        "each edge is MASTER of a vhid, whose FailOver IPs it would take away; edge-sync drain on one, then edge-sync undrain, makes it a backup of all",
    });
    expect(await tried("carpdev-loss", each, spread({ "carp.preempt": true }))).toMatchObject({
      verdict: "skipped",
      reason:
        "each edge is MASTER of a vhid, whose FailOver IPs it would take away; with carp.preempt it takes an edge that no vhid prefers",
    });
    expect(each.commands).toEqual([]);
  });

  it("takes the edge down that is a backup of all, and where it touches carp0 alone a backup of that", async () => {
    const all = region([a, a]);
    await tried("carpdev-loss", all);
    expect(all.commands).toEqual([b]);
    const three = region([a, b], undefined, [a, b, "edge-c"]);
    await tried("carpdev-loss", three);
    expect(three.commands).toEqual(["edge-c"]);
    const each = region([a, b]);
    await tried("live-interval", each);
    expect(each.commands).toEqual([b]);
  });

  it("begins on no vhid that is not sound", async () => {
    const lost = region([a, "nobody"]);
    expect(await tried("live-interval", lost)).toMatchObject({ verdict: "unknown" });
    expect(lost.commands).toEqual([]);
  });

  it("does not hold where another vhid has moved afterwards", async () => {
    const masters: [string, string] = [a, b];
    const moved = region(masters, () => {
      masters[1] = a;
    });
    expect(await tried("live-interval", moved)).toMatchObject({
      verdict: "not ok",
      got: { edges: `${a} holds ${SECOND} afterwards, not ${b}` },
    });
  });
});
