/** One call that a key of OVH's API may make; a `*` in its path stands for any text, slashes too. */
export interface AccessRule {
  readonly method: string;
  readonly path: string;
}

/** Whether a rule covers a call, or all the calls of another rule. */
export function covers(rule: AccessRule, { method, path }: AccessRule): boolean {
  if (rule.method !== method) return false;
  const parts = rule.path.split("*").map((part) => part.replace(/[.+?^${}()|[\]\\]/g, "\\$&"));
  return new RegExp(`^${parts.join(".*")}$`).test(path);
}

/** Those of the calls that no rule covers. */
export function uncovered<Call extends AccessRule>(
  calls: readonly Call[],
  rules: readonly AccessRule[],
): Call[] {
  return calls.filter((call) => !rules.some((rule) => covers(rule, call)));
}

/** `GET /me`, for people. */
export function ruleText({ method, path }: AccessRule): string {
  return `${method} ${path}`;
}
