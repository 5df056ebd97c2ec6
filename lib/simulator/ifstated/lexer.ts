/** A token of ifstated.conf(5). */
export interface Token {
  readonly kind: "string" | "number" | "keyword" | "newline" | "char" | "end" | "error";
  /** Its text; a number's is its value in decimal. */
  readonly text: string;
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
const IN_WORD = /[!-~]/;
const NOT_IN_WORD = "(){}!=#,.";
const AFTER_NUMBER = /[ \t\n\v\f\r),/}=]/;
/** Bytes, of a quoted string or a macro's name. */
const STRING_LIMIT = 8094;
/** Bytes, of anything else. */
const WORD_LIMIT = 8095;
/** What is given back beyond this is lost. */
const GIVEN_BACK_LIMIT = 127;

/** What the lexer tells about a token it could not read; the token itself is `error`. */
export type Report = (message: string) => void;

/** The daemon reads bytes: one character each, whatever they mean together. */
export function toBytes(text: string): string {
  if (!/[^\0-\x7f]/.test(text)) return text;
  return Array.from(new TextEncoder().encode(text), (byte) => String.fromCharCode(byte)).join("");
}

function fromBytes(bytes: string): string {
  if (!/[^\0-\x7f]/.test(bytes)) return bytes;
  return new TextDecoder().decode(Uint8Array.from(bytes, (char) => char.charCodeAt(0)));
}

/** Reads tokens; macros are replaced by what they stand for, which is read as tokens again. */
export class Lexer {
  /** Line that a message of now would name: where the last token began, or where a line went on within it. */
  line = 1;
  private fileLine = 1;
  private at = 0;
  private readonly text: string;
  /** Text of the macro that is being read; before its start while more was given back than it gave. */
  private macro: { readonly text: string; at: number } | undefined;
  private readonly givenBack: string[] = [];

  constructor(
    text: string,
    private readonly macros: (name: string) => string | undefined,
    private readonly report: Report,
  ) {
    this.text = toBytes(text);
  }

  next(): Token {
    for (;;) {
      let char = this.get();
      while (char === " " || char === "\t") char = this.get();
      this.line = this.fileLine;
      if (char === "#") {
        do char = this.get();
        while (char !== "\n" && char !== "");
      }
      if (char === "$" && this.macro === undefined) {
        const failed = this.expand();
        if (failed === undefined) continue;
        return failed;
      }
      if (char === '"' || char === "'") return this.quoted(char);
      if (char === "-" || /[0-9]/.test(char)) {
        const number = this.number(char);
        if (number !== undefined) return number;
      }
      if (WORD_START.test(char)) return this.word(char);
      if (char === "\n") {
        this.line = this.fileLine++;
        return { kind: "newline", text: "\n" };
      }
      if (char === "" || char === "\0") return { kind: "end", text: "" };
      return { kind: "char", text: char };
    }
  }

  /** The next character, empty at the end; in the file a backslash joins lines or is dropped, but not in quotes. */
  private get(quoted = false): string {
    if (this.macro !== undefined) {
      const char = this.macro.text[this.macro.at++];
      if (this.macro.at > 0) {
        if (char !== undefined) return char;
        this.macro = undefined;
      }
    }
    const back = this.givenBack.pop();
    if (back !== undefined) return back;
    for (;;) {
      const char = this.text[this.at] ?? "";
      this.at++;
      if (quoted || char !== "\\") {
        if (quoted && char === "") this.report("reached end of file while parsing quoted string");
        return char;
      }
      const after = this.text[this.at] ?? "";
      this.at++;
      if (after !== "\n") return after;
      this.line = this.fileLine++;
    }
  }

  private back(char: string): void {
    if (char === "") return;
    if (this.macro !== undefined && --this.macro.at >= 0) return;
    if (this.givenBack.length < GIVEN_BACK_LIMIT) this.givenBack.push(char);
  }

  private expand(): Token | undefined {
    let name = "";
    for (;;) {
      const char = this.get();
      if (char === "") return { kind: "end", text: "" };
      if (name.length >= STRING_LIMIT) return this.fail("string too long");
      if (!/[A-Za-z0-9_]/.test(char)) {
        this.back(char);
        break;
      }
      name += char;
    }
    const value = this.macros(name);
    if (value === undefined) return this.fail(`macro '${name}' not defined`);
    this.macro = { text: toBytes(value), at: 0 };
    return undefined;
  }

  private quoted(quote: string): Token {
    let text = "";
    for (;;) {
      let char = this.get(true);
      if (char === "") return { kind: "end", text: "" };
      if (char === "\n") {
        this.fileLine++;
        continue;
      }
      if (char === "\\") {
        const after = this.get(true);
        if (after === "") return { kind: "end", text: "" };
        if (after === "\n") {
          this.fileLine++;
          continue;
        }
        if (after === quote || after === " " || after === "\t") char = after;
        else this.back(after);
      } else if (char === quote) {
        return { kind: "string", text: fromBytes(text) };
      } else if (char === "\0") {
        return this.fail("syntax error");
      }
      if (text.length >= STRING_LIMIT) return this.fail("string too long");
      text += char;
    }
  }

  private number(first: string): Token | undefined {
    let text = "";
    let char = first;
    do {
      text += char;
      if (text.length > WORD_LIMIT) return this.fail("string too long");
      char = this.get();
    } while (/[0-9]/.test(char));
    this.back(char);
    if (text !== "-" && (char === "" || AFTER_NUMBER.test(char))) {
      const value = BigInt(text);
      if (value > 2n ** 63n - 1n) return this.fail(`"${text}" invalid number: too large`);
      if (value < -(2n ** 63n)) return this.fail(`"${text}" invalid number: too small`);
      return { kind: "number", text: String(value) };
    }
    for (let i = text.length - 1; i > 0; i--) this.back(text[i] as string);
    return undefined;
  }

  private word(first: string): Token {
    let text = "";
    let char = first;
    do {
      text += char;
      if (text.length > WORD_LIMIT) return this.fail("string too long");
      char = this.get();
    } while (IN_WORD.test(char) && !NOT_IN_WORD.includes(char));
    this.back(char);
    return { kind: KEYWORDS.has(text) ? "keyword" : "string", text };
  }

  /** Reports, and leaves the rest of the line unread. */
  private fail(message: string): Token {
    this.report(fromBytes(message));
    this.macro = undefined;
    let char = this.get();
    while (char !== "\n" && char !== "") char = this.get();
    if (char === "\n") this.fileLine++;
    return { kind: "error", text: "" };
  }
}
