import { describe, expect, it } from "vitest";
import { parseConfig } from "../../../lib/config/load.js";
import {
  accept,
  exitStatus,
  type Finding,
  type Greeting,
  greet,
} from "../../../lib/operations/accept/accept.js";
import { assumptionsNamed } from "../../../lib/operations/accept/assumptions.js";
import { tapHead, tapPoint, tapTail } from "../../../lib/operations/accept/tap.js";
import type { OvhClient } from "../../../lib/operations/ovh-client.js";
import type { RemoteEdge, RemoteResult } from "../../../lib/operations/remote-edge.js";
import { example } from "../../config/example.js";
import { CARP0, said } from "./answers.js";
import { parseTap } from "./tap.js";

const config = parseConfig(example());
const [first, second] = config.edges.map(({ name }) => name) as [string, string];
const UNAME = "OpenBSD edge 7.8 GENERIC#1 amd64\n";

/** An edge that answers each command in one way, or cannot be reached. */
function edge(name: string, answer: (command: string) => RemoteResult | Error | Promise<never>): RemoteEdge {
  const run = async (command: string) => {
    const result =
      command === "uname -a" && !(answer("") instanceof Error) ? said(UNAME) : await answer(command);
    if (result instanceof Error) throw result;
    return result;
  };
  return { name, address: { name, host: `${name}.example`, instanceId: name }, run } as unknown as RemoteEdge;
}

async function findings(
  ids: readonly string[],
  edges: readonly RemoteEdge[],
  {
    ovh = "OVH_CONSUMER_KEY is not set; OVH is not asked" as string | OvhClient,
    disruptive = false,
    deadline = 1000,
  } = {},
): Promise<{ found: Finding[]; greetings: readonly Greeting[]; report: string }> {
  const sources = { config, edges, ovh, disruptive, deadline };
  const greetings = await greet(sources);
  const found: Finding[] = [];
  for await (const one of accept(assumptionsNamed(ids), greetings, sources)) found.push(one);
  const report =
    tapHead(found.length, greetings) +
    found.map((one, index) => tapPoint(index + 1, one)).join("") +
    tapTail(found);
  return { found, greetings, report };
}

const right = (name: string) => edge(name, () => said("OpenBSD\n"));
const lost = (name: string) =>
  edge(name, () => new Error(`${name} cannot be reached at ${name}.example:22: no route`));

describe("an acceptance", () => {
  it("is one test point an assumption, ok where every edge gives the answer", async () => {
    const { report, found, greetings } = await findings(["openbsd"], [right(first), right(second)]);
    expect(report).toBe(
      "TAP version 14\n1..1\n" +
        `# ${first} at ${first}.example: ${UNAME}# ${second} at ${second}.example: ${UNAME}` +
        "ok 1 - openbsd: The edges run OpenBSD\n" +
        "# 1 hold, 0 do not, 0 could not be found out, 0 skipped\n",
    );
    expect(exitStatus(found, greetings)).toBe(0);
  });

  it("is not ok where one edge gives another, and tells which, what it means and where it matters", async () => {
    const { report, found, greetings } = await findings(
      ["openbsd"],
      [right(first), edge(second, () => said('Free"BSD\n'))],
    );
    expect(report.split("\n").slice(4).join("\n")).toBe(
      "not ok 1 - openbsd: The edges run OpenBSD\n" +
        "  ---\n" +
        '  expected: "OpenBSD"\n' +
        "  got:\n" +
        `    "${second}": "Free\\"BSD"\n` +
        '  means: "nothing of this was made for what runs there"\n' +
        '  matters: "everything here"\n' +
        '  source: "uname(1)"\n' +
        "  ...\n" +
        "# 0 hold, 1 do not, 0 could not be found out, 0 skipped\n",
    );
    expect(exitStatus(found, greetings)).toBe(1);
  });

  it("goes on with the edges that answer, and ends with 2 for the one that does not", async () => {
    const { report, found, greetings } = await findings(
      ["openbsd", "one-master"],
      [right(first), lost(second)],
    );
    const { comments, points } = parseTap(report);
    expect(comments[1]).toBe(
      `${second} at ${second}.example: cannot be asked: ${second} cannot be reached at ${second}.example:22: no route`,
    );
    expect(points.map(({ ok, skip }) => [ok, skip])).toEqual([
      [true, undefined],
      [true, "it takes two edges that can be reached"],
    ]);
    expect(exitStatus(found, greetings)).toBe(2);
  });

  it("cannot find anything out from edges that do not answer, which is not ok and ends with 2", async () => {
    const { report, found, greetings } = await findings(["openbsd"], [lost(first), lost(second)]);
    expect(parseTap(report).points[0]).toMatchObject({
      ok: false,
      diagnostics: { unknown: "no edge can be reached", expected: "OpenBSD" },
    });
    expect(exitStatus(found, greetings)).toBe(2);
  });

  it("says why an answer did not come", async () => {
    let asked = 0;
    const silent = edge(first, () => (asked++ === 0 ? said("") : new Promise<never>(() => {})));
    const { found } = await findings(["openbsd"], [silent], { deadline: 20 });
    expect(found).toMatchObject([{ verdict: "unknown", reason: `${first}: no answer within 0.02 s` }]);
  });

  it("says why OVH was not asked", async () => {
    const { found } = await findings(["ovh-time"], [right(first), right(second)]);
    expect(found).toMatchObject([
      { verdict: "unknown", reason: "OVH_CONSUMER_KEY is not set; OVH is not asked" },
    ]);
  });

  it("does not ask a judge about an error that is none of OVH's", async () => {
    const ovh = { time: () => Promise.reject(new Error("OVH's API at x cannot be reached: refused")) };
    const { found } = await findings(["ovh-time"], [right(first)], { ovh: ovh as unknown as OvhClient });
    expect(found).toMatchObject([
      { verdict: "unknown", reason: "OVH's API at x cannot be reached: refused" },
    ]);
  });

  it("skips what only a person can see, and says how", async () => {
    const { report } = await findings(["bow-out"], [right(first), right(second)]);
    expect(parseTap(report).points[0]?.skip).toBe(
      "only a person can see it: `npm run drill -- --live carp-down` shows the milliseconds until the backup is master.",
    );
  });

  it("skips what the configuration does not have, and says what that is", async () => {
    const { report } = await findings(["doas-rule", "bastion-ssh"], [right(first), right(second)]);
    expect(parseTap(report).points.map(({ ok, skip }) => [ok, skip])).toEqual([
      [true, "the configuration is without `ssh.become`"],
      [true, "the configuration is without `ssh.bastion`"],
    ]);
  });

  it("asks as the user who logs in what only that user can tell", async () => {
    const doas = parseConfig(example({ "ssh.user": "deploy", "ssh.become": "doas" }));
    const asked: string[] = [];
    const edges = [first, second].map((name) => ({
      ...edge(name, (command) => new Error(`asked as root: ${command}`)),
      runAsLogin: async (command: string) => {
        asked.push(command);
        return said("status 1\n", 0, "doas: Operation not permitted\n");
      },
    })) as unknown as RemoteEdge[];
    const greetings = edges.map(({ name }) => ({ edge: name, host: name, system: UNAME }));
    const sources = { config: doas, edges, ovh: "not asked", disruptive: false };
    const found: Finding[] = [];
    for await (const one of accept(assumptionsNamed(["doas-refusal"]), greetings, sources)) found.push(one);
    expect(found).toMatchObject([{ verdict: "ok" }]);
    expect(asked).toEqual(Array(2).fill('doas -n /usr/bin/true; echo "status $?"'));
  });

  it("skips what disturbs the edges, and says what it would do", async () => {
    const { report } = await findings(["carpdev-loss"], [right(first), right(second)]);
    expect(parseTap(report).points[0]?.skip).toBe(
      "it disturbs the edges, --disruptive allows that: it takes the CARP interface of a backup down for a second",
    );
  });

  it("disturbs no edges that are not sound", async () => {
    const commands: string[] = [];
    const edges = [first, second].map((name) =>
      edge(name, (command) => {
        commands.push(command);
        return said(CARP0);
      }),
    );
    const ovh = { get: () => Promise.reject(new Error("OVH is down")) } as unknown as OvhClient;
    const { config: wanted } = { config };
    const sources = { config: wanted, edges, ovh, disruptive: true, patience: 0 };
    const found: Finding[] = [];
    for await (const one of accept(assumptionsNamed(["carpdev-loss"]), await greet(sources), sources))
      found.push(one);
    expect(found).toMatchObject([{ verdict: "unknown", reason: "OVH is down" }]);
    expect(commands.filter((command) => !/^$|uname|edge-sync status --json$/.test(command))).toEqual([]);
  });

  it("escapes what would be a directive of TAP", () => {
    const [assumption] = assumptionsNamed(["openbsd"]) as [Finding["assumption"]];
    const odd = { ...assumption, statement: "a # SKIP \\ b" };
    const line = tapPoint(1, { assumption: odd, verdict: "ok", got: {} });
    expect(line).toBe("ok 1 - openbsd: a \\# SKIP \\\\ b\n");
  });
});
