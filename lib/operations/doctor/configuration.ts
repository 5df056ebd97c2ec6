import { type ConfigIssue, formatIssue } from "../../config/errors.js";
import { type Check, found, wrong } from "./check.js";

/** What was gathered of the configuration. */
export interface ConfigFacts {
  readonly file: string;
  readonly issues: readonly ConfigIssue[];
}

/** Checks of the configuration. */
export const CONFIG_CHECKS: readonly Check<ConfigFacts>[] = [
  {
    name: "configuration",
    judge: ({ file, issues }) =>
      found(
        issues.map((issue) =>
          wrong(
            formatIssue(issue),
            "nothing is deployed or looked at with it",
            `correct it in ${file}; npm run config:check`,
          ),
        ),
        file,
      ),
  },
];
