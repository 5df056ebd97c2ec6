import { runnable } from "../../config/command-line.js";
import { ACCESS_ASSUMPTIONS } from "./access.js";
import { ACCOUNT_ASSUMPTIONS } from "./account.js";
import { type Assumption, bySight } from "./assumption.js";
import { CARP_ASSUMPTIONS } from "./carp.js";
import { CREDENTIAL_ASSUMPTIONS } from "./credentials.js";
import { DAEMON_ASSUMPTIONS } from "./daemons.js";
import { DEPLOYMENT_ASSUMPTIONS } from "./deployment.js";
import { DRILL_ASSUMPTIONS } from "./drills.js";
import { ELECTION_ASSUMPTIONS } from "./elections.js";
import { OVH_ASSUMPTIONS } from "./ovh.js";
import { PROGRAM_ASSUMPTIONS } from "./programs.js";
import { SYSTEM_ASSUMPTIONS } from "./system.js";

const TABLE: readonly Assumption[] = [
  ...SYSTEM_ASSUMPTIONS,
  ...ACCESS_ASSUMPTIONS,
  ...DRILL_ASSUMPTIONS,
  ...PROGRAM_ASSUMPTIONS,
  ...DAEMON_ASSUMPTIONS,
  ...CARP_ASSUMPTIONS,
  ...ELECTION_ASSUMPTIONS,
  ...OVH_ASSUMPTIONS,
  ...ACCOUNT_ASSUMPTIONS,
  ...CREDENTIAL_ASSUMPTIONS,
  ...DEPLOYMENT_ASSUMPTIONS,
];

/** All assumptions, in the order in which they are asserted and documented; their commands can be run here. */
export const ASSUMPTIONS: readonly Assumption[] = TABLE.map(
  ({ matters, otherwise, how, ...rest }): Assumption => ({
    ...rest,
    matters: runnable(matters),
    otherwise: runnable(otherwise),
    how: how.kind === "sight" ? bySight(runnable(how.how)) : how,
  }),
);

/** The assumptions of these ids, in the table's order. @throws Error for an id that there is none of */
export function assumptionsNamed(ids: readonly string[]): readonly Assumption[] {
  const unknown = ids.filter((id) => !ASSUMPTIONS.some((one) => one.id === id));
  if (unknown.length > 0) {
    throw new Error(
      `there is no assumption ${unknown.join(", ")}; ${runnable("npm run accept -- --list")} shows all`,
    );
  }
  return ASSUMPTIONS.filter(({ id }) => ids.includes(id));
}
