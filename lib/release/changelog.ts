const VERSION = /^(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)(-[0-9A-Za-z-]+(\.[0-9A-Za-z-]+)*)?$/;
const KINDS = ["Added", "Changed", "Deprecated", "Removed", "Fixed", "Security"];

/**
 * Rules about versions: CHANGELOG.md is in the form of keepachangelog.com, and its newest release is the package's.
 *
 * @param tag git's tag of the release, such as `v1.2.3`. @default - none is looked at
 */
export function changelogFindings(changelog: string, version: string, tag?: string): string[] {
  const findings: string[] = [];
  if (!VERSION.test(version)) {
    findings.push(
      `version of package.json must be a semantic version such as 1.2.3, got ${version}; correct it`,
    );
  }
  if (tag !== undefined && tag !== `v${version}`) {
    findings.push(
      `the tag must be v${version} as package.json's version, got ${tag}; correct one of the two`,
    );
  }
  const headings = changelog.split("\n").filter((line) => line.startsWith("## "));
  if (headings[0] !== "## [Unreleased]") {
    findings.push(
      `the first section of CHANGELOG.md must be ## [Unreleased], got ${headings[0] ?? "none"}; add it`,
    );
  }
  const releases = headings.filter((line) => line !== "## [Unreleased]").map((line) => line.slice(3));
  const newest = releases[0];
  for (const release of releases) {
    const [, number = "", date = ""] = /^\[(.*)\] - (\d{4}-\d{2}-\d{2})$/.exec(release) ?? [];
    if (!VERSION.test(number) || Number.isNaN(Date.parse(date))) {
      findings.push(
        `a section of CHANGELOG.md must be [version] - YYYY-MM-DD with a semantic version, got ${release}; correct it`,
      );
    }
  }
  if (newest === undefined || !newest.startsWith(`[${version}] `)) {
    findings.push(
      `the newest release of CHANGELOG.md must be package.json's version ${version}, got ${newest ?? "none"}; name what is released`,
    );
  }
  const numbers = releases.flatMap((release) => /^\[(\d[^\]]*)\]/.exec(release)?.[1] ?? []);
  for (const [index, number] of numbers.entries()) {
    const next = numbers[index + 1];
    if (next === undefined || isNewer(number, next)) continue;
    findings.push(
      `CHANGELOG.md must have its newest release first, got ${number} before ${next}; reorder it`,
    );
  }
  const kinds = changelog.split("\n").filter((line) => line.startsWith("### "));
  const strange = kinds.map((line) => line.slice(4)).filter((kind) => !KINDS.includes(kind));
  for (const kind of new Set(strange)) {
    findings.push(`a part of CHANGELOG.md must be one of ${KINDS.join(", ")}, got ${kind}; rename it`);
  }
  return findings;
}

/** A release is newer than its own previews; previews go by their names. */
function isNewer(one: string, other: string): boolean {
  const [number = "", preview = "~"] = one.split(/-(.*)/);
  const [before = "", previewBefore = "~"] = other.split(/-(.*)/);
  const order = { numeric: true };
  const numbers = number.localeCompare(before, "en", order);
  if (numbers !== 0) return numbers > 0;
  if (preview === "~" || previewBefore === "~") return preview === "~" && previewBefore !== "~";
  return preview.localeCompare(previewBefore, "en", order) > 0;
}
