import { describe, expect, it } from "vitest";
import { getopt } from "../../../lib/simulator/node/flags.js";

const read = (line: string, allowed: string) => {
  const parsed = getopt(line === "" ? [] : line.split(" "), allowed);
  return parsed === undefined ? undefined : [Object.fromEntries(parsed.flags), parsed.operands];
};

describe("a command line", () => {
  it.each([
    ["", "ab:", [{}, []]],
    ["-a", "ab:", [{ a: "" }, []]],
    ["-a x", "ab:", [{ a: "" }, ["x"]]],
    ["-b 1", "ab:", [{ b: "1" }, []]],
    ["-b1", "ab:", [{ b: "1" }, []]],
    ["-ab 1 x y", "ab:", [{ a: "", b: "1" }, ["x", "y"]]],
    ["-ab1 -a x", "ab:", [{ a: "", b: "1" }, ["x"]]],
    ["-b -a", "ab:", [{ b: "-a" }, []]],
    ["-b 1 -b 2", "ab:", [{ b: "2" }, []]],
    ["-a -- -b 1", "ab:", [{ a: "" }, ["-b", "1"]]],
    ["-a -", "ab:", [{ a: "" }, ["-"]]],
    ["- -a", "ab:", [{}, ["-", "-a"]]],
    ["x -a", "ab:", [{}, ["x", "-a"]]],
  ])("`%s` with %s is read as getopt reads it", (line, allowed, expected) => {
    expect(read(line, allowed)).toEqual(expected);
  });

  it.each([
    ["a flag that is not in the list", "-c", "ab:"],
    ["one within others", "-ac", "ab:"],
    ["a long flag", "--a", "ab:"],
    ["a flag whose argument is missing", "-b", "ab:"],
    ["one whose argument is missing within others", "-ab", "ab:"],
    ["a colon", "-:", "ab:"],
  ])("is refused with %s", (_, line, allowed) => {
    expect(read(line, allowed)).toBeUndefined();
  });
});
