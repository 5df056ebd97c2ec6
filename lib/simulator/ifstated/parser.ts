import { Lexer, type Token, toBytes } from "./lexer.js";

/** What a link test asks for. */
export type LinkTruth = "up" | "down" | "unknown";

/** A condition. */
export type Expression =
  | { readonly op: "and" | "or"; readonly left: Expression; readonly right: Expression }
  | { readonly op: "not"; readonly operand: Expression }
  | {
      readonly op: "link";
      readonly interface: string;
      readonly truth: LinkTruth;
      /** Belongs to a state whose reading failed in an earlier file: nothing is ever known of it. */
      readonly lost?: true;
    }
  | { readonly op: "test"; readonly command: string; readonly interval: number; readonly lost?: true };

/** Something to do. */
export type Action =
  | { readonly do: "run"; readonly command: string }
  | { readonly do: "set-state"; readonly state: string }
  | { readonly do: "if"; readonly condition: Expression; readonly actions: readonly Action[] };

/** A state, or what stands outside of all states. */
export interface Block {
  readonly name: string;
  readonly init: Action[];
  readonly body: Action[];
  /** Tests named anywhere in it, in the order of their appearance. */
  readonly tests: Expression[];
}

/** A file that was read without an error. */
export interface IfstatedConfig {
  readonly global: Block;
  readonly states: readonly Block[];
  readonly initState: string | undefined;
}

/** What came of reading a file. */
export interface ParseResult {
  readonly config: IfstatedConfig | undefined;
  /** Messages in the order of their appearance, with the file's name in front where the daemon has it. */
  readonly messages: readonly string[];
  /** The init-state that no state bears: the daemon ends. */
  readonly invalidStart: string | undefined;
  /** Why the daemon ends at once, whether it only checks or runs: its last words. */
  readonly fatal: string | undefined;
}

/** What outlives a file in the daemon: definitions from -D, and a state whose reading failed. */
export interface ParserMemory {
  readonly definitions: ReadonlyMap<string, string>;
  openState?: Block;
  initState?: string;
}

/** An error in a rule; its message is out already. */
class Failed extends Error {}

/** The daemon ends. */
class Fatal extends Error {}

/** The longest name that an interface can have, in bytes. */
const INTERFACE_LIMIT = 15;

/** A block with nothing in it. */
export const newBlock = (name: string): Block => ({ name, init: [], body: [], tests: [] });

/** Reads a file as ifstated(8) does; `exists` tells which interfaces there are. */
export function parseIfstated(
  text: string,
  file: string,
  exists: (name: string) => boolean,
  memory: ParserMemory = { definitions: new Map() },
): ParseResult {
  return new Parser(text, file, exists, memory).parse();
}

/**
 * Follows the tables that yacc(1) makes of the daemon's grammar: a token is read only where they
 * need one to go on, as what the lexer says about it would come too early otherwise.
 */
class Parser {
  private readonly messages: string[] = [];
  private readonly macros = new Map<string, string>();
  private readonly states: Block[] = [];
  private readonly global = newBlock("");
  private readonly lexer: Lexer;
  /** The state in whose midst an earlier file ended. */
  private readonly leftOpen: Block | undefined;
  /** The token that was read and is not shifted yet. */
  private ahead: Token | undefined;
  /** Tokens that must be shifted before a syntax error is told again. */
  private quiet = 0;
  private errors = 0;

  constructor(
    text: string,
    private readonly file: string,
    private readonly exists: (name: string) => boolean,
    private readonly memory: ParserMemory,
  ) {
    this.leftOpen = memory.openState;
    this.lexer = new Lexer(
      text,
      (name) => memory.definitions.get(name) ?? this.macros.get(name),
      (message) => this.say(message),
    );
  }

  parse(): ParseResult {
    try {
      this.readAll();
    } catch (error) {
      if (!(error instanceof Fatal)) throw error;
      return this.result(undefined, error.message);
    }
    for (const { init, body } of this.states) this.checkTargets([...init, ...body]);
    const start = this.memory.initState;
    if (start !== undefined && !this.states.some(({ name }) => name === start)) {
      return { ...this.result(undefined, `invalid start state ${start}`), invalidStart: start };
    }
    if (this.errors > 0) return this.result(undefined);
    return this.result({ global: this.global, states: this.states, initState: start });
  }

  private result(config: IfstatedConfig | undefined, fatal?: string): ParseResult {
    return { config, messages: this.messages, invalidStart: undefined, fatal };
  }

  private readAll(): void {
    while (!this.is("end")) {
      try {
        this.topLevel();
      } catch (error) {
        if (!(error instanceof Failed)) throw error;
        if (!this.recover()) break;
      }
    }
  }

  private topLevel(): void {
    if (this.is("newline")) return void this.shift();
    if (this.keyword("init-state")) {
      this.shift();
      this.memory.initState = this.string();
    } else if (this.keyword("state")) {
      this.state();
    } else if (this.is("string")) {
      this.macro();
    } else {
      this.global.body.push(this.action());
    }
    this.newline();
  }

  private macro(): void {
    const { text: name } = this.shift();
    this.char("=");
    const value = this.strings();
    if (!this.is("newline")) throw this.syntaxError();
    if (/[ \t\n\v\f\r]/.test(name.slice(1))) throw this.refused("macro name cannot contain whitespace");
    this.macros.set(name, value);
  }

  private state(): void {
    this.shift();
    const name = this.strings();
    if (!this.is("newline") && !this.isChar("{")) throw this.syntaxError();
    if (this.states.some((state) => state.name === name)) {
      throw this.refused(`state ${name} already exists`);
    }
    const block = newBlock(name);
    this.memory.openState = block;
    this.newlines();
    this.char("{");
    this.newlines();
    do {
      if (this.keyword("init")) {
        this.shift();
        block.init.push(...this.block());
      } else {
        block.body.push(this.action());
      }
      this.newline();
      this.newlines();
    } while (!this.isChar("}"));
    this.shift();
    this.states.push(block);
    this.memory.openState = undefined;
  }

  private block(): Action[] {
    this.newlines();
    if (!this.isChar("{")) return [this.action()];
    this.shift();
    this.newlines();
    const actions: Action[] = [];
    do {
      actions.push(this.action());
      this.newline();
      this.newlines();
    } while (!this.isChar("}"));
    this.shift();
    return actions;
  }

  private action(): Action {
    if (this.keyword("run")) {
      this.shift();
      return { do: "run", command: this.string() };
    }
    if (this.keyword("set-state")) {
      this.shift();
      const state = this.string();
      if (this.memory.openState === undefined) throw this.refused("set-state must be used inside 'if'");
      return { do: "set-state", state };
    }
    if (this.keyword("if")) {
      this.shift();
      const condition = this.expression();
      return { do: "if", condition, actions: this.block() };
    }
    throw this.syntaxError();
  }

  /** `&&` and `||` bind alike, from left to right. */
  private expression(): Expression {
    let left = this.negation();
    for (;;) {
      const op = this.keyword("&&") ? "and" : this.keyword("||") ? "or" : undefined;
      if (op === undefined) return left;
      this.shift();
      left = { op, left, right: this.negation() };
    }
  }

  private negation(): Expression {
    if (this.isChar("!")) {
      this.shift();
      return { op: "not", operand: this.negation() };
    }
    if (this.isChar("(")) {
      this.shift();
      const inner = this.expression();
      this.char(")");
      return inner;
    }
    return this.test();
  }

  private test(): Expression {
    const text = this.string();
    if (this.keyword("every")) {
      this.shift();
      if (!this.is("number")) throw this.syntaxError();
      const { text: digits } = this.shift();
      const interval = Number(digits);
      if (interval <= 0 || interval > 4294967295) throw this.refused(`invalid interval: ${digits}`);
      return this.remember({ op: "test", command: text, interval });
    }
    if (!this.isChar(".")) throw this.syntaxError();
    if (!this.exists(text)) throw this.refused(`unknown interface ${text}`);
    this.shift();
    if (!this.keyword("link")) throw this.syntaxError();
    this.shift();
    this.char(".");
    const truth = (["up", "down", "unknown"] as const).find((word) => this.keyword(word));
    if (truth === undefined) throw this.syntaxError();
    this.shift();
    if (toBytes(text).length > INTERFACE_LIMIT) throw new Fatal("ifname strlcpy truncation");
    return this.remember({ op: "link", interface: text, truth });
  }

  /** A state whose reading failed, in this file or an earlier one, still collects tests. */
  private remember(test: Expression & { op: "link" | "test" }): Expression {
    const { openState } = this.memory;
    (openState ?? this.global).tests.push(test);
    return openState !== undefined && openState === this.leftOpen ? { ...test, lost: true } : test;
  }

  private checkTargets(actions: readonly Action[]): void {
    for (const action of actions) {
      if (action.do === "if") this.checkTargets(action.actions);
      if (action.do === "set-state" && !this.states.some(({ name }) => name === action.state)) {
        this.messages.push(`error: state '${action.state}' not declared`);
        this.errors++;
      }
    }
  }

  private strings(): string {
    const words = [this.string()];
    while (this.is("string")) words.push(this.shift().text);
    return words.join(" ");
  }

  private string(): string {
    if (!this.is("string")) throw this.syntaxError();
    return this.shift().text;
  }

  private newline(): void {
    if (!this.is("newline")) throw this.syntaxError();
    this.shift();
  }

  private newlines(): void {
    while (this.is("newline")) this.shift();
  }

  private char(text: string): void {
    if (!this.isChar(text)) throw this.syntaxError();
    this.shift();
  }

  private is(kind: Token["kind"]): boolean {
    return this.token.kind === kind;
  }

  private isChar(text: string): boolean {
    return this.token.kind === "char" && this.token.text === text;
  }

  private keyword(text: string): boolean {
    return this.token.kind === "keyword" && this.token.text === text;
  }

  private get token(): Token {
    this.ahead ??= this.lexer.next();
    return this.ahead;
  }

  private shift(): Token {
    const { token } = this;
    if (this.quiet > 0) this.quiet--;
    this.ahead = undefined;
    return token;
  }

  private say(message: string): void {
    this.messages.push(`${this.file}:${this.lexer.line}: ${message}`);
    this.errors++;
  }

  private syntaxError(): Failed {
    if (this.quiet === 0) this.say("syntax error");
    return this.failed();
  }

  private refused(message: string): Failed {
    this.say(message);
    return this.failed();
  }

  private failed(): Failed {
    this.errors++;
    this.quiet = 3;
    return new Failed();
  }

  /** Drops everything that is open and goes on after the line's end, at the top level. */
  private recover(): boolean {
    while (!this.is("newline")) {
      if (this.is("end")) return false;
      this.ahead = undefined;
    }
    this.shift();
    return true;
  }
}
