import { isThere, type Prerequisite } from "../../playground/prerequisites.js";

/** What the Promela model needs to be run. */
export const SPIN_NEEDS: readonly Prerequisite[] = [
  { command: "spin", probe: ["-V"], install: "apt-get install spin" },
  { command: "gcc", probe: ["--version"], install: "apt-get install gcc libc6-dev" },
];

/** What is missing, each with the command that installs it. */
export function missingForSpin(): readonly string[] {
  return SPIN_NEEDS.filter((need) => !isThere(need)).map(
    ({ command, install }) => `${command} is not on PATH; ${install}`,
  );
}
