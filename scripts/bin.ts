#!/usr/bin/env node
import type { COMMANDS as NAMES } from "../lib/config/command-line.js";
import { endWith } from "./end-with.js";

// The commands for people who have installed the package: npx cdktf-ovh-edge COMMAND in their own folder.
const COMMANDS: Readonly<Record<(typeof NAMES)[number], () => Promise<unknown>>> = {
  accept: () => import("./accept.js"),
  "config:check": () => import("./config-check.js"),
  credentials: () => import("./credentials.js"),
  demo: () => import("./demo.js"),
  diagram: () => import("./diagram.js"),
  "diff-comment": () => import("./diff-comment.js"),
  doctor: () => import("./doctor.js"),
  drill: () => import("./drill.js"),
  eject: () => import("./eject.js"),
  estimate: () => import("./estimate.js"),
  fault: () => import("./fault.js"),
  policy: () => import("./policy.js"),
  render: () => import("./render.js"),
  simulator: () => import("./simulator.js"),
  ssh: () => import("./ssh.js"),
  "state:bootstrap": () => import("./state-bootstrap.js"),
  status: () => import("./status.js"),
};

const [name = ""] = process.argv.slice(2);
const command = Object.entries(COMMANDS).find(([one]) => one === name)?.[1];
if (command !== undefined) {
  process.argv.splice(2, 1);
  await command();
} else {
  await endWith(async () => {
    throw new Error(
      `the first argument must be a command, got ${name === "" ? "nothing" : name}; it is one of ${Object.keys(COMMANDS).join(", ")}, and takes --help`,
    );
  }, 2);
}
