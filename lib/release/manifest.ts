/** What is looked at of a package.json. */
export interface Manifest {
  readonly name: string;
  readonly version: string;
  readonly license?: string;
  readonly main?: string;
  readonly types?: string;
  readonly typesVersions?: Readonly<Record<string, Readonly<Record<string, readonly string[]>>>>;
  readonly exports?: Readonly<Record<string, string | Readonly<Record<string, string>>>>;
  readonly bin?: Readonly<Record<string, string>>;
  readonly scripts?: Readonly<Record<string, string>>;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
  readonly peerDependencies?: Readonly<Record<string, string>>;
  readonly bundleDependencies?: readonly string[];
  readonly private?: boolean;
  readonly workspaces?: readonly string[];
}

/** Every file that a manifest leads to, from the package's root. */
export function filesNamed({ main, types, typesVersions = {}, exports = {}, bin = {} }: Manifest): string[] {
  const named = [
    ...(main === undefined ? [] : [main]),
    ...(types === undefined ? [] : [types]),
    ...Object.values(typesVersions).flatMap((paths) => Object.values(paths).flat()),
    ...Object.values(exports).flatMap((target) =>
      typeof target === "string" ? [target] : Object.values(target),
    ),
    ...Object.values(bin),
  ];
  return [...new Set(named.map((path) => path.replace(/^\.\//, "")))].sort();
}
