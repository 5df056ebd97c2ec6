import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { checkPrerequisites, SIMULATOR_NEEDS, simulatorNeeds } from "../../lib/playground/prerequisites.js";

const ELSEWHERE =
  "simulated nodes need Linux's namespaces, this is darwin; what starts no node works here: deploy, status, doctor, drill -- --live, render, explore and the tests of the models";
const absent = (command: string) => ({ command, probe: ["-v"], install: `apt-get install ${command}` });

describe("what the simulated region needs", () => {
  it("is Linux; elsewhere one message says what works all the same", () => {
    expect(() => checkPrerequisites([absent("no-such-perl")], "darwin")).toThrow(new Error(ELSEWHERE));
  });

  it("is told there in docs/platforms.md in the same words", () => {
    const page = readFileSync(new URL("../../docs/platforms.md", import.meta.url), "utf8");
    expect(page).toContain(`\n${ELSEWHERE}\n`);
  });

  it("is named with the command that installs it, all of it at once", () => {
    expect(() => checkPrerequisites([absent("no-such-perl"), absent("no-such-ssh")], "linux")).toThrow(
      new Error(
        "no-such-perl is not on PATH; apt-get install no-such-perl\nno-such-ssh is not on PATH; apt-get install no-such-ssh",
      ),
    );
  });

  it("is here", () => expect(() => checkPrerequisites()).not.toThrow());

  it("is no advice of the doctor's where it cannot be had", () => {
    expect(simulatorNeeds("darwin")).toEqual([]);
    expect(simulatorNeeds("linux")).toBe(SIMULATOR_NEEDS);
  });
});
