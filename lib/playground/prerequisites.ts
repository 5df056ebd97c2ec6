import { spawnSync } from "node:child_process";

/** A command that something here needs. */
export interface Prerequisite {
  readonly command: string;
  /** Arguments that only make it tell its version. */
  readonly probe: readonly string[];
  /** What to do where it is missing. */
  readonly install: string;
}

const PERL: Prerequisite = { command: "perl", probe: ["-v"], install: "apt-get install perl" };
const SSH: Prerequisite = { command: "ssh", probe: ["-V"], install: "apt-get install openssh-client" };
const UNSHARE: Prerequisite = {
  command: "unshare",
  probe: ["--version"],
  install: "apt-get install util-linux",
};
const NSENTER: Prerequisite = {
  command: "nsenter",
  probe: ["--version"],
  install: "apt-get install util-linux",
};

/** What the simulated region and its nodes need. */
export const SIMULATOR_NEEDS: readonly Prerequisite[] = [PERL, SSH, UNSHARE, NSENTER];

/** Whether a command can be run. */
export function isThere({ command, probe }: Pick<Prerequisite, "command" | "probe">): boolean {
  const { error } = spawnSync(command, [...probe], { stdio: "ignore" });
  return error === undefined;
}

/** What may be installed on a platform to run the simulated region: nothing where it cannot run at all. */
export function simulatorNeeds(platform: string = process.platform): readonly Prerequisite[] {
  return platform === "linux" ? SIMULATOR_NEEDS : [];
}

/**
 * Finds out at the start what is missing, all of it at once.
 *
 * @throws Error with the command that installs each
 */
export function checkPrerequisites(
  needs: readonly Prerequisite[] = SIMULATOR_NEEDS,
  platform: string = process.platform,
): void {
  if (platform !== "linux") {
    throw new Error(
      `simulated nodes need Linux's namespaces, this is ${platform}; what starts no node works here: ` +
        "deploy, status, doctor, drill -- --live, render, explore and the tests of the models",
    );
  }
  const missing = needs.filter((need) => !isThere(need));
  if (missing.length === 0) return;
  throw new Error(missing.map(({ command, install }) => `${command} is not on PATH; ${install}`).join("\n"));
}
