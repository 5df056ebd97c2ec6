import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { passesCarp } from "../../../lib/simulator/node/commands/pfctl.js";
import { failure, nodesRun, result, TestNode } from "./nodes.js";

const USAGE = failure(
  "usage: pfctl [-deghNnPqrvz] [-a anchor] [-D macro=value] [-F modifier] [-f file] ...\n",
);
const EDGE_RULE = 'pass quick on vio2 proto carp keep state (no-sync) label "edge"';

let node: TestNode;
const sh = (command: string) => node.sh(command);

beforeAll(async () => {
  if (nodesRun) node = await TestNode.boot();
});
afterAll(() => node?.end());
beforeEach(() => {
  node?.machine.sandbox.write("/etc/pf.edge.conf", `${EDGE_RULE}\n`, 0o600);
});

/** Checks a text as pf.conf. */
const check = async (text: string) => {
  node.machine.sandbox.write("/etc/pf.check", text);
  return sh("pfctl -nf /etc/pf.check");
};

describe.skipIf(!nodesRun)("pfctl that checks a file", () => {
  it.each([
    ["the image's own", "cat /etc/pf.conf"],
    ["an edge's, with its include", "echo block return; echo 'include \"/etc/pf.edge.conf\"'; echo pass"],
    ["a file without its last newline", "printf 'pass all'"],
    ["an empty one", ":"],
    ["comments and blank lines", "printf '# one\\n\\n\\t# two\\n'"],
    ["a comment after a rule", "echo 'pass # all'"],
    ["a # within quotes", "echo 'pass label \"#1\"'"],
    ["a line that goes on", "printf 'pass in \\\\\\n on vio0\\n'"],
    ["macros", "printf 'ext = \"vio0\"\\npass on $ext\\n'"],
    ["an interface that does not exist", "echo 'pass on em7'"],
    ["a table and its use", "printf 'table <bad> persist\\nblock from <bad>\\n'"],
    ["lists", "echo 'pass in on vio0 proto tcp to port { 22 80 443 }'"],
  ])("accepts %s", async (_, make) => {
    await sh(`{ ${make}; } >/etc/pf.check`);
    expect(await sh("pfctl -nf /etc/pf.check")).toEqual(result());
  });

  it.each([
    ["a word that pf has not", "pass\nlet it pass\n", "/etc/pf.check:2: syntax error"],
    ["a list that is not closed", "pass on { vio0\n", "/etc/pf.check:1: syntax error"],
    ["a string that is not closed", 'pass label "x\n', "/etc/pf.check:1: syntax error"],
    ["a macro that is not defined", "\n\npass on $ext\n", "/etc/pf.check:3: macro 'ext' not defined"],
    [
      "an included file that is missing",
      'pass\n\ninclude "/etc/nothing"\n',
      "pfctl: pushfile: /etc/nothing: No such file or directory\n/etc/pf.check:3: failed to include file /etc/nothing",
    ],
  ])("refuses %s", async (_, text, message) => {
    expect(await check(text)).toEqual(failure(`${message}\n`));
  });

  it("names the included file where the error lies in that", async () => {
    node.machine.sandbox.write("/etc/pf.edge.conf", "pass\nwhatever\n");
    expect(await check('include "/etc/pf.edge.conf"\n')).toEqual(
      failure("/etc/pf.edge.conf:2: syntax error\n"),
    );
  });

  it("tells all errors at once", async () => {
    expect(await check("one\npass on $x\nthree\n")).toEqual(
      failure(
        "/etc/pf.check:1: syntax error\n/etc/pf.check:2: macro 'x' not defined\n/etc/pf.check:3: syntax error\n",
      ),
    );
  });

  it("does not find a file that is not there", async () => {
    expect(await sh("pfctl -nf /etc/nothing")).toEqual(
      failure(
        "pfctl: pushfile: /etc/nothing: No such file or directory\n" +
          "pfctl: cannot open the main config file!: No such file or directory\n",
      ),
    );
  });

  it("loads nothing", async () => {
    const before = node.machine.pf;
    await check("block all\n");
    expect(node.machine.pf).toBe(before);
  });

  it("takes the flags together or apart", async () => {
    for (const flags of ["-nf /etc/pf.conf", "-n -f /etc/pf.conf", "-nf/etc/pf.conf"]) {
      expect(await sh(`pfctl ${flags}`), flags).toEqual(result());
    }
  });

  it("reads standard input by the name of -", async () => {
    expect(await node.sh("pfctl -nf -", "pass all\n")).toEqual(result());
  });
});

describe.skipIf(!nodesRun)("pfctl that loads a file", () => {
  it("loads it, and shows its rules and labels", async () => {
    await sh("printf 'block return\\ninclude \"/etc/pf.edge.conf\"\\npass\\n' >/etc/pf.conf");
    expect(await sh("pfctl -f /etc/pf.conf")).toEqual(result());
    expect(await sh("pfctl -sr")).toEqual(result({ stdout: `block return\n${EDGE_RULE}\npass\n` }));
    for (const words of ["-sl", "-s labels", "-s lab"]) {
      expect(await sh(`pfctl ${words}`), words).toEqual(result({ stdout: "edge 0 0 0 0 0 0 0 0\n" }));
    }
    expect((await sh("pfctl -s info")).stdout).toMatch(/^Status: Enabled for /);
  });

  it("keeps the rules that it has where the file is broken", async () => {
    const before = node.machine.pf;
    node.machine.sandbox.write("/etc/pf.check", "let it pass\n");
    expect(await sh("pfctl -f /etc/pf.check")).toEqual(
      failure("/etc/pf.check:1: syntax error\npfctl: Syntax error in config file: pf rules not loaded\n"),
    );
    expect(node.machine.pf).toBe(before);
  });

  it.each(["", "--check", "-n -f", "-Q", "-f /etc/pf.conf extra"])("refuses `pfctl %s`", async (words) => {
    expect(await sh(`pfctl ${words}`)).toEqual(USAGE);
  });

  it("refuses to show what it does not have", async () => {
    expect((await sh("pfctl -s nonsense")).status).toBe(1);
  });
});

describe("a ruleset lets carp pass on vio2", () => {
  it.each<[string, string[], boolean]>([
    ["without any rule", [], true],
    ["by rc's own rules", ["block all", "pass proto carp"], true],
    ["by the edge's rule before a block", [EDGE_RULE, "block all"], true],
    ["not with a block quick before the edge's rule", ["block quick", EDGE_RULE], false],
    ["not with a block quick of proto carp before it", ["block quick proto carp", EDGE_RULE], false],
    ["not when all is blocked", ["block all"], false],
    ["by the last rule that matches", ["pass", "block", "pass"], true],
    ["not by the last rule that matches", ["block", "pass", "block drop"], false],
    ["with a block of another interface", ["pass", "block on vio0"], true],
    ["not by a rule for carp0, where pf does not see it", ["block", "pass on carp0 proto carp"], false],
    ["by a rule for several interfaces", ["block", "pass on { vio1 vio2 } proto carp"], true],
    ["by a rule for several protocols", ["block", "pass proto { carp esp }"], true],
    ["not by a rule for another protocol", ["block", "pass on vio2 proto tcp"], false],
    ["whatever a match rule says", ["pass", "match on vio2 proto carp tag x"], true],
    ["with a block of one sender", ["pass", "block from 10.0.0.1"], true],
    ["not with a block from any", ["pass", "block from any to any"], false],
    ["with a block on all but it", ["pass", "block on ! vio2"], true],
    [
      "not by a rule for another protocol whose label says carp",
      ["block", 'pass proto tcp label "carp"'],
      false,
    ],
  ])("%s", (_, rules, passes) => {
    expect(passesCarp({ rules }, "vio2")).toBe(passes);
  });

  it.each<[string, string[], boolean]>([
    ["not by a rule for other interfaces", ["block", "pass on { vio0 vio1 } proto carp"], false],
    ["not with a block on all but another one", ["pass", "block on ! vio0 proto carp"], false],
  ])("%s", (_, rules, passes) => {
    expect(passesCarp({ rules }, "vio2")).toBe(passes);
  });
});
