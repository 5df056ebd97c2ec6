/** A token of ifstated.conf(5). */
export interface Token {
  readonly kind: "string" | "number" | "keyword" | "newline" | "char" | "end" | "error";
  readonly text: string;
  /** Line on which the token begins. */
  readonly line: number;
}

const KEYWORDS = new Set([
  "&&",
  "||",
  "down",
  "every",
  "if",
  "init",
  "init-state",
  "link",
  "run",
  "set-state",
  "state",
  "unknown",
  "up",
]);
const WORD_START = /[A-Za-z0-9:_&|]/;
const WORD_REST = /[!-~]/;
const NOT_IN_WORD = "(){}!=#,.";
const AFTER_NUMBER = /[\s),/}=]/;
const STRING_LIMIT = 8094;
const WORD_LIMIT = 8095;

/** What the lexer tells about a token it could not read; the token itself is `error`. */
export type Report = (line: number, message: string) => void;

/** Reads tokens; macros are replaced by what they stand for, which is read as tokens again. */
export class Lexer {
  private at = 0;
  private line = 1;
  /** Text of the macro that is being read, and how much of it has been. */
  private macro: { readonly text: string; at: number } | undefined;

  constructor(
    private readonly text: string,
    private readonly macros: (name: string) => string | undefined,
    private readonly report: Report,
  ) {}

  next(): Token {
    for (;;) {
      let char = this.get();
      while (char === " " || char === "\t") char = this.get();
      const line = this.line;
      if (char === "#") {
        do char = this.get();
        while (char !== "\n" && char !== "");
      }
      if (char === "" || char === "\0") return { kind: "end", text: "", line };
      if (char === "\n") {
        this.line++;
        return { kind: "newline", text: "\n", line };
      }
      if (char === "$" && this.macro === undefined) {
        const failed = this.expand(line);
        if (failed === undefined) continue;
        return failed;
      }
      if (char === '"' || char === "'") return this.quoted(char, line);
      if (char === "-" || /[0-9]/.test(char)) {
        const number = this.number(char, line);
        if (number !== undefined) return number;
      }
      if (WORD_START.test(char)) return this.word(char, line);
      return { kind: "char", text: char, line };
    }
  }

  /** The next character; outside of macros a backslash joins lines or is dropped. */
  private get(raw = false): string {
    if (this.macro !== undefined) {
      const char = this.macro.text[this.macro.at];
      if (char !== undefined) {
        this.macro.at++;
        return char;
      }
      this.macro = undefined;
    }
    const char = this.text[this.at] ?? "";
    if (char !== "") this.at++;
    if (char !== "\\" || raw) return char;
    const after = this.text[this.at] ?? "";
    if (after !== "") this.at++;
    if (after !== "\n") return after;
    this.line++;
    return this.get();
  }

  private back(char: string): void {
    if (char === "") return;
    if (this.macro !== undefined) this.macro.at--;
    else this.at--;
  }

  private peek(): string {
    if (this.macro !== undefined) {
      const char = this.macro.text[this.macro.at];
      if (char !== undefined) return char;
    }
    return this.text[this.at] ?? "";
  }

  private expand(line: number): Token | undefined {
    let name = "";
    while (/[A-Za-z0-9_]/.test(this.peek())) name += this.get();
    const value = this.macros(name);
    if (value === undefined) return this.fail(line, `macro '${name}' not defined`);
    this.macro = { text: value, at: 0 };
    return undefined;
  }

  private quoted(quote: string, line: number): Token {
    let text = "";
    for (;;) {
      const char = this.get(true);
      if (char === "") {
        this.report(line, "reached end of file while parsing quoted string");
        return { kind: "error", text: "", line };
      }
      if (char === "\n") {
        this.line++;
        continue;
      }
      if (char === "\\") {
        const after = this.get(true);
        if (after === quote || after === " " || after === "\t") text += after;
        else if (after === "\n") this.line++;
        else {
          text += char;
          this.back(after);
        }
      } else if (char === quote) {
        return { kind: "string", text, line };
      } else if (char === "\0") {
        return { kind: "error", text: "", line };
      } else {
        text += char;
      }
      if (text.length > STRING_LIMIT) return this.fail(line, "string too long");
    }
  }

  private number(first: string, line: number): Token | undefined {
    let text = first;
    while (/[0-9]/.test(this.peek())) text += this.get();
    const after = this.peek();
    if (/\d/.test(text) && (after === "" || AFTER_NUMBER.test(after))) {
      const value = BigInt(text);
      if (value > 2n ** 63n - 1n) return this.fail(line, `"${text}" invalid number: too large`);
      if (value < -(2n ** 63n)) return this.fail(line, `"${text}" invalid number: too small`);
      return { kind: "number", text, line };
    }
    for (let i = text.length; i > 1; i--) this.back(text[i - 1] as string);
    return undefined;
  }

  private word(first: string, line: number): Token {
    let text = first;
    for (;;) {
      const char = this.get();
      if (char === "" || !WORD_REST.test(char) || NOT_IN_WORD.includes(char)) {
        this.back(char);
        break;
      }
      text += char;
      if (text.length > WORD_LIMIT) return this.fail(line, "string too long");
    }
    return { kind: KEYWORDS.has(text) ? "keyword" : "string", text, line };
  }

  /** Reports, and leaves the rest of the line unread. */
  private fail(line: number, message: string): Token {
    this.report(line, message);
    this.macro = undefined;
    let char = this.get();
    while (char !== "\n" && char !== "") char = this.get();
    if (char === "\n") this.line++;
    return { kind: "error", text: "", line };
  }
}
