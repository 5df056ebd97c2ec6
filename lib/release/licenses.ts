/** Licenses that what is installed with the package may have. */
export const ALLOWED_LICENSES: readonly string[] = [
  "0BSD",
  "Apache-2.0",
  "BSD-2-Clause",
  "BSD-3-Clause",
  "BlueOak-1.0.0",
  "ISC",
  "MIT",
  "MPL-2.0",
  "Public Domain",
  "Unlicense",
];

/** What old package.json files state in a list, which a lock leaves out, of optional packages that may not be installed here. */
const STATED_IN_A_LIST: Readonly<Record<string, string>> = { buildcheck: "MIT", "cpu-features": "MIT" };

/** A package-lock.json, as far as it tells what is installed with the package. */
export interface Lock {
  readonly packages: Readonly<
    Record<
      string,
      {
        readonly version?: string;
        readonly license?: string;
        readonly dev?: boolean;
        readonly devOptional?: boolean;
        readonly link?: boolean;
      }
    >
  >;
}

/** A license as package.json files state it; some old ones have a list. */
export interface Licensed {
  readonly license?: string | { readonly type?: string };
  readonly licenses?: readonly { readonly type?: string }[];
}

/**
 * Rules about the licenses of all production dependencies.
 *
 * @param manifest package.json of what lies at a path of the lock, or undefined where it is not installed
 */
export function licenseFindings(lock: Lock, manifest: (path: string) => Licensed | undefined): string[] {
  return Object.entries(lock.packages).flatMap(([path, { dev, link, license, version }]) => {
    if (!path.includes("node_modules/") || dev === true || link === true) return [];
    const name = path.slice(path.lastIndexOf("node_modules/") + "node_modules/".length);
    const stated = license ?? statedBy(manifest(path)) ?? STATED_IN_A_LIST[name];
    if (stated !== undefined && isAllowed(stated)) return [];
    return [
      `${name} ${version} must have a license among ${ALLOWED_LICENSES.join(", ")}, got ${stated ?? "none"}; do without it, or allow its license in lib/release/licenses.ts`,
    ];
  });
}

function statedBy(manifest: Licensed | undefined): string | undefined {
  const { license, licenses } = manifest ?? {};
  return typeof license === "string" ? license : (license?.type ?? licenses?.[0]?.type);
}

/** `(MIT OR GPL-3.0)` leaves the choice, `MIT AND GPL-3.0` does not. */
function isAllowed(stated: string): boolean {
  const plain = stated.replace(/^\((.*)\)$/, "$1");
  if (plain.includes(" OR ")) return plain.split(" OR ").some((one) => isAllowed(one));
  return plain.split(" AND ").every((one) => ALLOWED_LICENSES.includes(one));
}
