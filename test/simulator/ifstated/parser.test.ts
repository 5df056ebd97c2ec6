import { describe, expect, it } from "vitest";
import {
  type Action,
  type Expression,
  type ParseResult,
  type ParserMemory,
  parseIfstated,
} from "../../../lib/simulator/ifstated/parser.js";

const INTERFACES = ["vio0", "vio1", "carp0"];

function read(text: string, memory?: ParserMemory): ParseResult {
  return parseIfstated(text, "conf", (name) => INTERFACES.includes(name), memory);
}

/** What is wrong with a text; nothing if it is accepted. */
const problems = (text: string) => {
  const { config, messages, invalidStart } = read(text);
  expect(config === undefined).toBe(messages.length > 0 || invalidStart !== undefined);
  return messages;
};

/** A condition with all of its parentheses. */
function show(expression: Expression): string {
  switch (expression.op) {
    case "link":
      return `${expression.interface}.${expression.truth}`;
    case "test":
      return `${JSON.stringify(expression.command)}/${expression.interval}`;
    case "not":
      return `!${show(expression.operand)}`;
    default:
      return `(${show(expression.left)} ${expression.op} ${show(expression.right)})`;
  }
}

/** Actions on one line. */
function showAll(actions: readonly Action[]): string {
  return actions
    .map((action) => {
      if (action.do === "run") return `run ${JSON.stringify(action.command)}`;
      if (action.do === "set-state") return `-> ${action.state}`;
      return `if ${show(action.condition)} { ${showAll(action.actions)} }`;
    })
    .join("; ");
}

/** All of a configuration on a few lines; it must be accepted. */
function shown(text: string, memory?: ParserMemory): string[] {
  const { config, messages, invalidStart } = read(text, memory);
  expect(messages).toEqual([]);
  expect(invalidStart).toBeUndefined();
  if (config === undefined) throw new Error("no configuration and no message");
  const { global, states, initState } = config;
  return [
    ...(global.body.length === 0 ? [] : [showAll(global.body)]),
    ...states.map(({ name, init, body }) => `${name}: ${showAll(init)} | ${showAll(body)}`),
    ...(initState === undefined ? [] : [`begins with ${initState}`]),
  ];
}

/** The condition of an `if`, after some lines that stand before it. */
function condition(text: string, before = ""): string {
  const [line] = shown(`${before}if ${text}\n\trun "x"\n`) as [string];
  return line.replace(/^if (.*) \{ run "x" \}$/, "$1");
}

/** The command of a `run`. */
const command = (text: string, before = "") => {
  const [line] = shown(`${before}run ${text}\n`) as [string];
  return JSON.parse(line.replace(/^run /, ""));
};

describe("a condition", () => {
  it.each([
    ["vio0.link.up", "vio0.up"],
    ["vio0.link.down", "vio0.down"],
    ["vio0.link.unknown", "vio0.unknown"],
    ["vio0 . link . up", "vio0.up"],
    ['"vio0".link.up', "vio0.up"],
    ['"ping -c 1 x" every 10', '"ping -c 1 x"/10'],
    ["probe every 1", '"probe"/1'],
    ['"" every 4294967295', '""/4294967295'],
    ["! vio0.link.up", "!vio0.up"],
    ["!vio0.link.up", "!vio0.up"],
    ["! ! vio0.link.up", "!!vio0.up"],
    ["!(vio0.link.up)", "!vio0.up"],
    ["((vio0.link.up))", "vio0.up"],
    ["vio0.link.up && vio1.link.up", "(vio0.up and vio1.up)"],
    ["vio0.link.up || vio1.link.up && carp0.link.up", "((vio0.up or vio1.up) and carp0.up)"],
    ["vio0.link.up && vio1.link.up || carp0.link.up", "((vio0.up and vio1.up) or carp0.up)"],
    ["vio0.link.up || (vio1.link.up && carp0.link.up)", "(vio0.up or (vio1.up and carp0.up))"],
    ["! vio0.link.up && vio1.link.up", "(!vio0.up and vio1.up)"],
    ["!(vio0.link.up && vio1.link.up)", "!(vio0.up and vio1.up)"],
    ["vio0.link.up && ! vio1.link.up", "(vio0.up and !vio1.up)"],
    ["vio0.link.up \\\n\t|| vio1.link.up", "(vio0.up or vio1.up)"],
    ['"a" every 5 || vio0.link.up && ! "b" every 6', '(("a"/5 or vio0.up) and !"b"/6)'],
  ])("%j is read as %s", (text, expected) => {
    expect(condition(text)).toBe(expected);
  });

  it.each([
    ["without blanks around &&", "vio0.link.up&&vio1.link.up"],
    ["without blanks around ||", "vio0.link.up||vio1.link.up"],
    ["that ends with an operator", "vio0.link.up ||"],
    ["that begins with an operator", "|| vio0.link.up"],
    ["with a parenthesis that is not closed", "(vio0.link.up"],
    ["with a parenthesis too many", "vio0.link.up)"],
    ["of nothing", ""],
    ["of an interface alone", "vio0"],
    ["of a state that links have not", "carp0.link.master"],
    ["of a test without an interval", '"ping"'],
    ["with an interval in other units", '"ping" every 10s'],
    ["with an interval that is a fraction", '"ping" every 1.5'],
    ["with an interval in quotes", '"ping" every "10"'],
    ["with a keyword for a command", "up every 10"],
    ["with a newline in the midst", "vio0.link.up\n\t|| vio1.link.up"],
  ])("%s is refused", (_, text) => {
    const [first] = problems(`if ${text}\n\trun "x"\n`);
    expect(first).toMatch(/^conf:[12]: syntax error$/);
  });
});

describe("a macro", () => {
  it.each([
    ["ext = vio0\n", "$ext.link.up", "vio0.up"],
    ["both = 'vio0.link.up && vio1.link.up'\n", "$both", "(vio0.up and vio1.up)"],
    ["both = 'vio0.link.up && vio1.link.up'\n", "! $both", "(!vio0.up and vio1.up)"],
    ["both = 'vio0.link.up && vio1.link.up'\n", "!($both)", "!(vio0.up and vio1.up)"],
    ["one = 'vio0.link.up'\n", "$one || vio1.link.up", "(vio0.up or vio1.up)"],
    ["op = '||'\n", "vio0.link.up $op vio1.link.up", "(vio0.up or vio1.up)"],
    ["n = '10'\n", '"x" every $n', '"x"/10'],
    ["t = '\"ping -c 1 x >/dev/null\" every 15'\n", "$t", '"ping -c 1 x >/dev/null"/15'],
    ['t = "\\"ping x\\" every 15"\n', "$t", '"ping x"/15'],
    ['t = "\'ping \\"x\\"\' every 15"\n', "$t", '"ping \\"x\\""/15'],
    ["a = vio0\na = vio1\n", "$a.link.up", "vio1.up"],
    ["a = vio0\nb = $a\na = vio1\n", "$b.link.up", "vio0.up"],
    ["a0 = vio0\n", "$a\\\n0.link.up", "vio0.up"],
    ["9_x = vio0\n", "$9_x.link.up", "vio0.up"],
    ['"q" = vio0\n', "$q.link.up", "vio0.up"],
    ["a=vio0\n", "$a.link.up", "vio0.up"],
  ])("%j makes %j read as %s", (before, text, expected) => {
    expect(condition(text, before)).toBe(expected);
  });

  it("of several words is one text, which is several words where it is used", () => {
    expect(condition("$both", "both = vio0 '.link.up'\n")).toBe("vio0.up");
    expect(problems("m = one two\nrun $m\n")).toEqual(["conf:2: syntax error"]);
    expect(command("$m", "m = '\"one two\"'\n")).toBe("one two");
  });

  it("goes on with what follows it, as it adds no blank", () => {
    expect(command("$m/ip-move", "m = a\n")).toBe("a/ip-move");
    expect(command("$m$m", "m = a\n")).toBe("a$m");
  });

  it.each([
    ["in double quotes", 'm = x\nrun "a $m"\n', 'run "a $m"'],
    ["in single quotes", "m = x\nrun 'a $m'\n", 'run "a $m"'],
  ])("stays as it is %s", (_, text, expected) => {
    expect(shown(text)).toEqual([expected]);
  });

  it("is not replaced within another's value", () => {
    expect(problems('a = vio0\nb = "$a.link.up"\nif $b\n\trun "x"\n')[0]).toBe("conf:3: syntax error");
  });

  it("by -D wins over the file's", () => {
    const memory = { definitions: new Map([["a", "vio1"]]) };
    expect(shown('a = vio0\nif $a.link.up\n\trun "x"\n', memory)).toEqual(['if vio1.up { run "x" }']);
  });

  it.each([
    ["was never defined", "run $m\n", "conf:1: macro 'm' not defined"],
    ["is defined later", 'run $m\nm = "x"\n', "conf:1: macro 'm' not defined"],
    ["has no name", "run $ x\n", "conf:1: macro '' not defined"],
    ["is named like a keyword", 'up = "x"\n', "conf:1: syntax error"],
    ["has a blank in its name", '"a b" = "x"\n', "conf:1: macro name cannot contain whitespace"],
    ["is a number", "n = 10\n", "conf:1: syntax error"],
    ["is nothing", "n =\n", "conf:1: syntax error"],
  ])("is refused when it %s", (_, text, message) => {
    expect(problems(text)[0]).toBe(message);
  });
});

describe("a string", () => {
  it.each([
    ['"x"', "x"],
    ["'x'", "x"],
    ['""', ""],
    ["reboot", "reboot"],
    ["a:b_c&d|e", "a:b_c&d|e"],
    ['a"b"', 'a"b"'],
    ['"it\'s"', "it's"],
    ["'say \"x\"'", 'say "x"'],
    ['"say \\"x\\""', 'say "x"'],
    ["'it\\'s'", "it's"],
    ['"a\\ b\\\tc"', "a b\tc"],
    ['"a\\nb"', "a\\nb"],
    ['"a\\\\b"', "a\\\\b"],
    ['"$HOME ${x} %{y} `z`"', "$HOME ${x} %{y} `z`"],
    ['"first\nsecond"', "firstsecond"],
    ['"first \\\nsecond"', "first second"],
    ['"a # b"', "a # b"],
    ['"caf\u00e9"', "caf\u00e9"],
    ['\\"x"', "x"],
    ["up_and_down", "up_and_down"],
    ['"up"', "up"],
  ])("%j is the command %j", (text, expected) => {
    expect(command(text)).toBe(expected);
  });

  it.each([
    ["cannot end in a backslash", 'run "a\\"\n', "conf:1: reached end of file while parsing quoted string"],
    ["cannot be left open", 'run "a\nrun "b"\n', "conf:2: syntax error"],
    ["without quotes cannot begin with a slash", "run /bin/true\n", "conf:1: syntax error"],
    ["without quotes cannot be a keyword", "run up\n", "conf:1: syntax error"],
    ["cannot be two", "run x y\n", "conf:1: syntax error"],
    ["cannot hold a NUL", 'run "a\0b"\n', "conf:1: syntax error"],
  ])("%s", (_, text, message) => {
    expect(problems(text)[0]).toBe(message);
  });
});

describe("limits", () => {
  it.each([
    ["a quoted string of 8094 characters", `run "${"a".repeat(8094)}"\n`],
    ["a word of 8095 characters", `run ${"a".repeat(8095)}\n`],
    ["an interval of 1", 'if "t" every 1\n\trun "x"\n'],
    ["an interval of 4294967295", 'if "t" every 4294967295\n\trun "x"\n'],
    [
      "a thousand states",
      Array.from({ length: 1000 }, (_, index) => `state s${index} {\n\trun "x"\n}\n`).join(""),
    ],
    ["a hundred parentheses", `if ${"(".repeat(100)}vio0.link.up${")".repeat(100)}\n\trun "x"\n`],
  ])("%s is accepted", (_, text) => {
    expect(problems(text)).toEqual([]);
  });

  it.each([
    ["a quoted string of 8095 characters", `run "${"a".repeat(8095)}"\n`, "string too long"],
    ["a word of 8096 characters", `run ${"a".repeat(8096)}\n`, "string too long"],
    ["an interval of 0", 'if "t" every 0\n\trun "x"\n', "invalid interval: 0"],
    ["a negative interval", 'if "t" every -5\n\trun "x"\n', "invalid interval: -5"],
    ["an interval of 4294967296", 'if "t" every 4294967296\n\trun "x"\n', "invalid interval: 4294967296"],
    [
      "a number of more than 64 bits",
      'if "t" every 9223372036854775808\n\trun "x"\n',
      '"9223372036854775808" invalid number: too large',
    ],
    [
      "a negative number of more than 64 bits",
      'if "t" every -9223372036854775809\n\trun "x"\n',
      '"-9223372036854775809" invalid number: too small',
    ],
    ["an interface that does not exist", 'if vio9.link.up\n\trun "x"\n', "unknown interface vio9"],
    ["an interface with a dot", 'if vlan0.100.link.up\n\trun "x"\n', "unknown interface vlan0"],
  ])("%s is refused", (_, text, message) => {
    expect(problems(text)[0]).toBe(`conf:1: ${message}`);
  });
});

describe("a layout", () => {
  it.each([
    ["nothing", "", []],
    ["blank lines and comments", "\n \t\n# one\n\t# two\n", []],
    ["an action on the line of its if", 'if vio0.link.up run "x"\n', ['if vio0.up { run "x" }']],
    ["an action on the next line", 'if vio0.link.up\n\n\trun "x"\n', ['if vio0.up { run "x" }']],
    ["a brace on the line of its if", 'if vio0.link.up {\n\trun "x"\n}\n', ['if vio0.up { run "x" }']],
    ["a brace on the next line", 'if vio0.link.up\n{\n\n\trun "x"\n\n}\n', ['if vio0.up { run "x" }']],
    ["an action behind a brace", 'if vio0.link.up { run "x"\n}\n', ['if vio0.up { run "x" }']],
    [
      "an if within an if",
      'if vio0.link.up\n\tif vio1.link.up\n\t\trun "x"\nrun "y"\n',
      ['if vio0.up { if vio1.up { run "x" } }; run "y"'],
    ],
    ["a state", 'state a {\n\trun "x"\n}\n', ['a:  | run "x"']],
    ["a state's brace on the next line", 'state a\n\n{\n\trun "x"\n}\n', ['a:  | run "x"']],
    ["an action behind a state's brace", 'state a { run "x"\n}\n', ['a:  | run "x"']],
    ["a state of several words", 'state a "b c" {\n\trun "x"\n}\n', ['a b c:  | run "x"']],
    ["a state named like a keyword", 'state "up" {\n\trun "x"\n}\n', ['up:  | run "x"']],
    ["an init of one action", 'state a {\n\tinit run "x"\n}\n', ['a: run "x" | ']],
    ["an init on two lines", 'state a {\n\tinit\n\t\trun "x"\n}\n', ['a: run "x" | ']],
    [
      "several inits, which are one",
      'state a {\n\tinit {\n\t\trun "x"\n\t}\n\trun "y"\n\tinit run "z"\n}\n',
      ['a: run "x"; run "z" | run "y"'],
    ],
    ["a set-state straight in a state", "state a {\n\tset-state a\n}\n", ["a:  | -> a"]],
    [
      "a state that comes later",
      'state a {\n\tif vio0.link.up\n\t\tset-state b\n}\nstate b {\n\trun "x"\n}\n',
      ["a:  | if vio0.up { -> b }", 'b:  | run "x"'],
    ],
    [
      "an init-state before its state",
      'init-state a\nstate a {\n\trun "x"\n}\n',
      ['a:  | run "x"', "begins with a"],
    ],
    [
      "two init-states, of which the last counts",
      'init-state a\nstate a {\n\trun "x"\n}\nstate b {\n\trun "y"\n}\ninit-state b\n',
      ['a:  | run "x"', 'b:  | run "y"', "begins with b"],
    ],
    [
      "global actions between states",
      'run "g"\nstate a {\n\trun "x"\n}\nrun "h"\n',
      ['run "g"; run "h"', 'a:  | run "x"'],
    ],
    ["a comment behind each line", 'state a { # c\n\trun "x" # c\n} # c\n', ['a:  | run "x"']],
    ["a comment right behind a word", "run x#c\n", ['run "x"']],
    ["a comment that goes on", 'run "x" # c \\\nrun "lost"\nrun "y"\n', ['run "x"; run "y"']],
    ["a line that goes on", 'run \\\n\t"x"\n', ['run "x"']],
    ["words of a file after its end", 'run "x"\n\0 whatever { this is', ['run "x"']],
  ])("of %s is accepted", (_, text, expected) => {
    expect(shown(text)).toEqual(expected);
  });

  it.each([
    [
      "an action before a closing brace",
      'state a {\n\tif vio0.link.up { run "x" }\n}\n',
      ["conf:2: syntax error"],
    ],
    ["an action before a state's closing brace", 'state a { run "x" }\n', ["conf:1: syntax error"]],
    ["an empty state", "state a {\n}\n", ["conf:2: syntax error"]],
    ["an empty if", "state a {\n\tif vio0.link.up {\n\t}\n}\n", ["conf:3: syntax error"]],
    ["an empty init", "state a {\n\tinit {\n\t}\n}\n", ["conf:3: syntax error"]],
    ["no newline at the end", 'state a {\n\trun "x"\n}', ["conf:3: syntax error"]],
    ["carriage returns", 'state a {\r\n\trun "x"\r\n}\r\n', ["conf:1: syntax error", "conf:2: syntax error"]],
    [
      "an init outside of a state",
      'init {\n\trun "x"\n}\n',
      ["conf:1: syntax error", "conf:3: syntax error"],
    ],
    ["a state within a state", "state a {\n\tstate b {\n", ["conf:2: syntax error"]],
    ["an else", 'if vio0.link.up\n\trun "x"\nelse\n\trun "y"\n', ["conf:3: syntax error"]],
    ["an include", 'include "/etc/x"\n', ["conf:1: syntax error"]],
    ["a state without a name", "state {\n", ["conf:1: syntax error"]],
    [
      "a state twice",
      'state a {\n\trun "x"\n}\nstate a {\n\trun "y"\n}\n',
      ["conf:4: state a already exists", "conf:6: syntax error"],
    ],
    ["a state that does not exist", "state a {\n\tset-state b\n}\n", ["error: state 'b' not declared"]],
    [
      "states that do not exist, each as often as it is named",
      "state a {\n\tinit set-state b\n\tset-state c\n\tif vio0.link.up\n\t\tset-state b\n}\n",
      ["error: state 'b' not declared", "error: state 'c' not declared", "error: state 'b' not declared"],
    ],
    ["a set-state outside of states", "set-state a\n", ["conf:1: set-state must be used inside 'if'"]],
    [
      "a set-state in an if outside of states",
      'if vio0.link.up\n\tset-state a\nstate a {\n\trun "x"\n}\n',
      ["conf:2: set-state must be used inside 'if'"],
    ],
    [
      "several errors, all of which are told",
      'if vio8.link.up\n\trun "x"\nif vio9.link.up\n\trun "y"\nstate t {\n\tset-state nope\n}\n',
      [
        "conf:1: unknown interface vio8",
        "conf:3: unknown interface vio9",
        "error: state 'nope' not declared",
      ],
    ],
  ])("of %s is refused", (_, text, messages) => {
    expect(problems(text)).toEqual(messages);
  });
});

describe("an init-state that no state bears", () => {
  it("is no message but the daemon's end", () => {
    expect(read('init-state b\nstate a {\n\trun "x"\n}\n')).toEqual({
      config: undefined,
      messages: [],
      invalidStart: "b",
      fatal: "invalid start state b",
    });
  });

  it("is remembered by the daemon although the next file does not name it", () => {
    const memory: ParserMemory = { definitions: new Map() };
    expect(read('init-state a\nstate a {\n\trun "x"\n}\n', memory).config?.initState).toBe("a");
    expect(read('state b {\n\trun "x"\n}\nstate a {\n\trun "x"\n}\n', memory).config?.initState).toBe("a");
    expect(read('state b {\n\trun "x"\n}\n', memory).invalidStart).toBe("a");
  });
});

describe("tests", () => {
  it("belong to the state that names them, those in init and in nested ifs too", () => {
    const { config } = read(
      'if vio0.link.up\n\trun "g"\nstate a {\n\tinit {\n\t\tif "t" every 5\n\t\t\trun "i"\n\t}\n\tif vio1.link.up\n\t\tif carp0.link.down\n\t\t\trun "x"\n}\n',
    );
    expect(config?.global.tests.map(show)).toEqual(["vio0.up"]);
    expect(config?.states[0]?.tests.map(show)).toEqual(['"t"/5', "vio1.up", "carp0.down"]);
  });

  it("of a global if belong to a state whose reading failed before it", () => {
    const memory: ParserMemory = { definitions: new Map() };
    read("state a {\n\tnonsense\n", memory);
    const { config } = read('if vio0.link.up\n\trun "g"\nstate b {\n\trun "x"\n}\n', memory);
    expect(config?.global.tests).toEqual([]);
  });
});
