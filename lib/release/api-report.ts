import { createHash } from "node:crypto";
import { join, sep } from "node:path";
import ts from "typescript";

/** What others can import, as text that changes only with it. */
export interface ApiReport {
  /** Markdown, one block of declarations for each entry. */
  readonly text: string;
  /** Digest of the declarations with their documentation, in hex. */
  readonly digest: string;
  /** Exports without documentation, as `entry: name`. */
  readonly undocumented: readonly string[];
}

/** Where the report and the documentation lie, from the package's root. */
export const apiFiles = { report: "api/cdktf-ovh-edge.api.md", documentation: "docs/api/README.md" };

/** Reports on the package that was built at `root`, be it a checkout or an installed package. */
export function packageReport(root: string): ApiReport {
  const entry = (name: string) => join(root, "dist", "lib", `${name}.d.ts`);
  return apiReport(
    { "cdktf-ovh-edge": entry("index"), "cdktf-ovh-edge/testing": entry("testing") },
    join(root, "dist"),
  );
}

interface Declared {
  readonly name: string;
  readonly text: string;
  readonly documentation: string;
}

/**
 * Reports on built declarations.
 *
 * @param entries files of declarations by the names under which they are imported
 * @param built folder of the package's own declarations; what lies elsewhere is named, not shown
 */
export function apiReport(entries: Readonly<Record<string, string>>, built: string): ApiReport {
  const program = ts.createProgram(Object.values(entries), {
    module: ts.ModuleKind.NodeNext,
    moduleResolution: ts.ModuleResolutionKind.NodeNext,
    target: ts.ScriptTarget.ES2023,
    types: [],
    noEmit: true,
  });
  const checker = program.getTypeChecker();
  const reporter = new Reporter(checker, built.endsWith(sep) ? built : built + sep);
  const parts: string[] = [];
  const undocumented: string[] = [];
  const digest = createHash("sha256");
  for (const [name, file] of Object.entries(entries)) {
    const source = program.getSourceFile(file);
    const module = source === undefined ? undefined : checker.getSymbolAtLocation(source);
    if (module === undefined)
      throw new Error(`${file} must declare a module, it does not; build the package`);
    const exported = checker.getExportsOfModule(module).filter((symbol) => reporter.isOwn(symbol));
    const declared = exported.map((symbol) => reporter.declared(symbol)).sort(byName);
    undocumented.push(
      ...declared.filter(({ documentation }) => documentation === "").map((one) => `${name}: ${one.name}`),
    );
    for (const { text, documentation } of declared) digest.update(`${documentation}\0${text}\0`);
    parts.push(block(`\`${name}\``, declared));
  }
  const named = reporter.named();
  for (const { text, documentation } of named) digest.update(`${documentation}\0${text}\0`);
  if (named.length > 0) parts.push(block("Named by these, and not exported", named));
  return { text: `${HEAD}\n${parts.join("\n")}`, digest: digest.digest("hex"), undocumented };
}

const HEAD = `# Public API

What others can import, and so what a change of may break them. \`npm run api\` writes this file; a test compares it.
`;

const byName = (a: Declared, b: Declared) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0);

function block(title: string, declared: readonly Declared[]): string {
  return `## ${title}\n\n\`\`\`ts\n${declared.map(({ text }) => text).join("\n\n")}\n\`\`\`\n`;
}

class Reporter {
  private readonly shown = new Set<ts.Symbol>();
  private readonly waiting = new Set<ts.Symbol>();

  constructor(
    private readonly checker: ts.TypeChecker,
    private readonly built: string,
  ) {}

  /** Whether the package declares it itself; what it hands on from others has their documentation. */
  isOwn(symbol: ts.Symbol): boolean {
    return this.declarations(this.resolved(symbol)).length > 0;
  }

  declared(symbol: ts.Symbol): Declared {
    const resolved = this.resolved(symbol);
    this.shown.add(resolved);
    const declarations = this.declarations(resolved);
    const text = declarations.map((declaration) => this.print(declaration)).join("\n");
    const documentation = ts.displayPartsToString(resolved.getDocumentationComment(this.checker));
    const inner = declarations.map((declaration) => commentsOf(declaration)).join("\n");
    return {
      name: symbol.name,
      text,
      documentation: documentation === "" ? "" : `${documentation}\n${inner}`,
    };
  }

  /** What the declarations name and no entry exports; what these name in turn as well. */
  named(): Declared[] {
    const found: Declared[] = [];
    for (;;) {
      const next = [...this.waiting].filter((symbol) => !this.shown.has(symbol));
      if (next.length === 0) return found.sort(byName);
      found.push(...next.map((symbol) => this.declared(symbol)));
    }
  }

  private resolved(symbol: ts.Symbol): ts.Symbol {
    return symbol.flags & ts.SymbolFlags.Alias ? this.checker.getAliasedSymbol(symbol) : symbol;
  }

  private declarations(symbol: ts.Symbol): ts.Declaration[] {
    return (symbol.declarations ?? []).filter((one) => one.getSourceFile().fileName.startsWith(this.built));
  }

  private print(declaration: ts.Declaration): string {
    const statement = ts.isVariableDeclaration(declaration) ? declaration.parent.parent : declaration;
    // A type that is taken from a schema says nothing by its text.
    if (
      ts.isTypeAliasDeclaration(declaration) &&
      /\b(?:output|input|infer)<typeof /.test(declaration.getText())
    ) {
      const type = this.checker.typeToTypeNode(this.checker.getTypeAtLocation(declaration), undefined, FLAGS);
      return `type ${declaration.name.text} = ${printed(type as ts.TypeNode, declaration)};`;
    }
    // Behind the region lies the whole simulator, which nobody is promised.
    if (!declaration.getSourceFile().fileName.startsWith(`${this.built}lib/simulator/`))
      this.collect(statement);
    return withoutPrivate(statement)
      .replace(/^export /, "")
      .replace(/^(default )?declare /, "");
  }

  /** Notes down every type of the package that a declaration names, but for what is private. */
  private collect(node: ts.Node): void {
    ts.forEachChild(node, (child) => {
      if (isPrivate(child)) return;
      const name = ts.isTypeReferenceNode(child)
        ? child.typeName
        : ts.isExpressionWithTypeArguments(child)
          ? child.expression
          : ts.isTypeQueryNode(child)
            ? child.exprName
            : undefined;
      const symbol = name === undefined ? undefined : this.checker.getSymbolAtLocation(name);
      if (symbol !== undefined && !(symbol.flags & ts.SymbolFlags.TypeParameter) && this.isOwn(symbol)) {
        this.waiting.add(this.resolved(symbol));
      }
      this.collect(child);
    });
  }
}

const FLAGS =
  ts.NodeBuilderFlags.NoTruncation |
  ts.NodeBuilderFlags.InTypeAlias |
  ts.NodeBuilderFlags.MultilineObjectLiterals;

function printed(node: ts.Node, from: ts.Node): string {
  const printer = ts.createPrinter({ removeComments: true, newLine: ts.NewLineKind.LineFeed });
  return printer.printNode(ts.EmitHint.Unspecified, node, from.getSourceFile());
}

function isPrivate(node: ts.Node): boolean {
  return ts.isClassElement(node) && (ts.getCombinedModifierFlags(node) & ts.ModifierFlags.Private) !== 0;
}

/** The text of a declaration, without comments, and without private members but for a constructor. */
function withoutPrivate(node: ts.Node): string {
  const transformed = ts.transform(node, [
    (context) => (root) => {
      const visit = (child: ts.Node): ts.Node | undefined =>
        isPrivate(child) && !ts.isConstructorDeclaration(child)
          ? undefined
          : ts.visitEachChild(child, visit, context);
      return ts.visitNode(root, visit) as ts.Node;
    },
  ]).transformed[0] as ts.Node;
  return printed(transformed, node);
}

/** All comments within a declaration, as they are part of the documentation. */
function commentsOf(node: ts.Node): string {
  return [...node.getText().matchAll(/\/\*\*[\s\S]*?\*\//g)].map(([comment]) => comment).join("\n");
}
