import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import ts from "typescript";
import { describe, expect, it } from "vitest";

const FILE = fileURLToPath(new URL("../../lib/testing/matchers.ts", import.meta.url));
const FOLDER = "/nowhere";
const OPTIONS: ts.CompilerOptions = {
  module: ts.ModuleKind.NodeNext,
  target: ts.ScriptTarget.ES2023,
  lib: ["lib.es2023.d.ts"],
  types: [],
  strict: true,
  noEmit: true,
};

/** The matchers' declarations as a package has them. */
const declarations = ts.transpileDeclaration(readFileSync(FILE, "utf8"), {
  fileName: FILE,
  compilerOptions: OPTIONS,
}).outputText;

/** Sources of the compiler's own library. */
const library = new Map<string, ts.SourceFile>();

/** What the compiler says of a project that has these files and nothing else. */
function complaints(files: Readonly<Record<string, string>>): string[] {
  const all: Record<string, string> = {
    "matchers.d.ts": declarations,
    "picture.d.ts": "export declare const picture: unknown, unrest: unknown;",
    "world.d.ts":
      "export interface EdgeWorld {} export interface WorldView {} export declare const isWorld: unknown;",
    ...files,
  };
  const host = ts.createCompilerHost(OPTIONS);
  const { readFile, fileExists } = host;
  const own = (name: string) => all[name.slice(FOLDER.length + 1)];
  const inside = (name: string) => name.startsWith(`${FOLDER}/`);
  host.getCurrentDirectory = () => FOLDER;
  host.readFile = (name) => (inside(name) ? own(name) : readFile(name));
  host.fileExists = (name) => (inside(name) ? own(name) !== undefined : fileExists(name));
  host.directoryExists = () => true;
  host.getSourceFile = (name, options) => {
    const known = library.get(name);
    if (known !== undefined) return known;
    const text = host.readFile(name);
    if (text === undefined) return undefined;
    const source = ts.createSourceFile(name, text, options);
    if (!inside(name)) library.set(name, source);
    return source;
  };
  const program = ts.createProgram([`${FOLDER}/own.ts`], OPTIONS, host);
  return ts.getPreEmitDiagnostics(program).map(({ messageText, file }) => {
    const text = ts.flattenDiagnosticMessageText(messageText, "\n");
    return file === undefined ? text : `${file.fileName.slice(FOLDER.length + 1)}: ${text}`;
  });
}

const PACKAGE = { "package.json": '{ "type": "module" }' };
const ASSERTIONS = 'of.toRouteTo("edge-a");\nof.toHaveLogged("edge-a", /x/);\nof.toAnswer();\n';

describe("the types of the matchers", () => {
  it("need neither vitest nor jest, even where declarations are checked", () => {
    const own = 'import { matchers } from "./matchers.js";\nexport const { toRouteTo } = matchers;\n';
    expect(complaints({ ...PACKAGE, "own.ts": own })).toEqual([]);
  });

  it("are known to whatever extends jest.Matchers, as vitest and @types/jest do", () => {
    const own = `import "./matchers.js";\ndeclare const of: jest.Matchers<void, unknown>;\n${ASSERTIONS}`;
    expect(complaints({ ...PACKAGE, "own.ts": own })).toEqual([]);
  });

  it("are known to jest's own expect", () => {
    const files = {
      ...PACKAGE,
      "node_modules/expect/package.json": '{ "name": "expect", "types": "index.d.ts" }',
      "node_modules/expect/index.d.ts":
        "export declare interface Matchers<R extends void | Promise<void>, T = unknown> { toBe(expected: T): R }",
      "own.ts": `import "./matchers.js";\nimport type { Matchers } from "expect";\ndeclare const of: Matchers<void>;\nof.toBe(1);\n${ASSERTIONS}`,
    };
    expect(complaints(files)).toEqual([]);
  });

  it("refuse what a matcher does not take", () => {
    const own =
      'import "./matchers.js";\ndeclare const of: jest.Matchers<void, unknown>;\nof.toRouteTo();\nof.toHaveMaster(1);\nof.toFly();\n';
    expect(complaints({ ...PACKAGE, "own.ts": own })).toEqual([
      "own.ts: Expected 1-2 arguments, but got 0.",
      "own.ts: Argument of type 'number' is not assignable to parameter of type 'string'.",
      "own.ts: Property 'toFly' does not exist on type 'Matchers<void, unknown>'.",
    ]);
  });
});
