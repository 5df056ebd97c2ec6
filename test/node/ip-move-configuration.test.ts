import { describe, expect, it, vi } from "vitest";
import { HOST, LOOK, POST, SECRETS, useBench } from "./bench.js";

vi.setConfig({ testTimeout: 20_000 });

const bench = useBench();
const USAGE = `usage: ip-move claim [-n] [-deadline seconds] [-settle seconds] [carp [address ...]]
       ip-move check
       ip-move status
       ip-move [-n] [-force] -project description | -project-id id
           -ip address | -ip-id id -instance name | -instance-id id
`;
const write = (file: string, text: string, mode = 0o600) => bench.machine.sandbox.write(file, text, mode);

/** What goes wrong is said, and nothing is asked of OVH. */
async function refuses(command: string, message: string) {
  expect(await bench.run(command)).toEqual({ status: 1, stdout: "", stderr: `ip-move: ${message}\n` });
  await bench.quiet();
  expect(bench.log()).toEqual([`ip-move: ${message}`]);
  expect(bench.requests()).toEqual([]);
}

describe("the command line of ip-move", () => {
  it.each(["-h", "--help", "claim -h", "check --help"])("explains itself with %s", async (flags) => {
    expect(await bench.run(`ip-move ${flags}`)).toEqual({ status: 0, stdout: USAGE, stderr: "" });
    expect(bench.requests()).toEqual([]);
  });

  it.each([
    "",
    "move",
    "-n",
    "claim now",
    "claim -x",
    "claim -x 1",
    "claim -deadline",
    "claim -ip 1.2.3.4",
    "check -project-id p",
    "-instance",
    "-bogus x",
    "-project-id p extra",
  ])("explains itself on standard error with %j: exit 1", async (flags) => {
    expect(await bench.run(`ip-move ${flags}`)).toEqual({ status: 1, stdout: "", stderr: USAGE });
    expect(bench.requests()).toEqual([]);
  });

  it("leaves no process behind when it is told wrong flags, though it has dialled already", async () => {
    await bench.run("ip-move claim -x 1");
    expect(bench.processes()).toEqual([]);
  });

  it.each([
    ["-deadline", "soon"],
    ["-deadline", "-1"],
    ["-deadline", "12345"],
    ["-settle", "1e3"],
    ["-settle", "1.2345"],
  ])("%s takes seconds, not %s", async (flag, value) => {
    await refuses(`ip-move claim ${flag} ${value}`, `${flag} must be a number of seconds, got ${value}`);
  });

  it("takes -flag=value and --flag too", async () => {
    await bench.become("MASTER");
    expect(await bench.run("ip-move claim --deadline=60 -settle=0.5")).toMatchObject({ status: 0 });
  });
});

describe("/etc/ovh.conf", () => {
  const whole = `[default]
endpoint=ovh-eu

[ovh-eu]
application_key=${SECRETS.applicationKey}
application_secret=${SECRETS.applicationSecret}
consumer_key=${SECRETS.consumerKey}
`;

  it.each([
    "0640",
    "0604",
    "0644",
    "0660",
    "0601",
    "0777",
  ])("must be readable by its owner alone, not %s", async (mode) => {
    bench.credentials("edge", Number.parseInt(mode, 8));
    await refuses(
      "ip-move check",
      `/etc/ovh.conf must be readable by its owner alone, it has mode ${mode}; chmod 600 /etc/ovh.conf`,
    );
  });

  it.each(["0600", "0400", "0700"])("can be %s", async (mode) => {
    bench.credentials("edge", Number.parseInt(mode, 8));
    expect(await bench.run("ip-move check")).toMatchObject({ status: 6, stderr: "" });
  });

  it("must be there", async () => {
    await bench.run("rm /etc/ovh.conf");
    await refuses(
      "ip-move check",
      "/etc/ovh.conf cannot be read: No such file or directory; a deploy writes it",
    );
  });

  it.each([
    ["must not be empty", "", "/etc/ovh.conf must name an endpoint in [default]; ovh-eu, ovh-ca or ovh-us"],
    [
      "must name its endpoint in [default]",
      whole.replace("[default]", "[defaults]"),
      "/etc/ovh.conf must name an endpoint in [default]; ovh-eu, ovh-ca or ovh-us",
    ],
    [
      "must not have lines that are neither",
      `${whole}consumer key = x\n`,
      "/etc/ovh.conf:8: neither a section nor key=value",
    ],
    [
      "must not have a key before the first section",
      `endpoint=ovh-eu\n${whole}`,
      "/etc/ovh.conf:1: neither a section nor key=value",
    ],
    [
      "tells the first of several such lines",
      `${whole}x\ny\n`,
      "/etc/ovh.conf:8: neither a section nor key=value",
    ],
    [
      "must not have a section that is not closed",
      whole.replace("[ovh-eu]", "[ovh-eu"),
      "/etc/ovh.conf:4: neither a section nor key=value",
    ],
    [
      "must have the keys in the endpoint's own section",
      whole.replace("[ovh-eu]", "[ovh-ca]"),
      "/etc/ovh.conf must hold application_key, application_secret and consumer_key, or client_id and client_secret," +
        " in [ovh-eu]; missing: application_key application_secret consumer_key",
    ],
    [
      "must have each of the three keys",
      whole.replace(/consumer_key=.*\n/, ""),
      "/etc/ovh.conf must hold application_key, application_secret and consumer_key, or client_id and client_secret," +
        " in [ovh-eu]; missing: consumer_key",
    ],
    [
      "must not have an empty key",
      whole.replace(/application_secret=.*\n/, "application_secret=\n"),
      "/etc/ovh.conf must hold application_key, application_secret and consumer_key, or client_id and client_secret," +
        " in [ovh-eu]; missing: application_secret",
    ],
    [
      "must not have half of a service account",
      "[default]\nendpoint=ovh-eu\n[ovh-eu]\nclient_id=x\n",
      "/etc/ovh.conf must hold application_key, application_secret and consumer_key, or client_id and client_secret," +
        " in [ovh-eu]; missing: application_key application_secret consumer_key",
    ],
    [
      "must not have a blank in a key",
      whole.replace("consumer_key=", "consumer_key=a b"),
      "consumer_key must be printable text without blanks",
    ],
  ])("%s", async (_, text, message) => {
    write("/etc/ovh.conf", text);
    await refuses("ip-move check", message);
  });

  it.each([
    [
      "comments, blank lines and blanks",
      `# one\n; two\n\n  [default]  \n endpoint = ovh-eu \n${whole.slice(whole.indexOf("[ovh-eu]")).replaceAll("=", " = ")}`,
    ],
    ["lines that end as on other systems", whole.replaceAll("\n", "\r\n")],
    ["no end of its last line", whole.trimEnd()],
    ["other sections", `${whole}[ovh-ca]\napplication_key=x\n`],
  ])("can have %s", async (_, text) => {
    write("/etc/ovh.conf", text);
    expect(await bench.run("ip-move check")).toMatchObject({ status: 6, stderr: "" });
  });
});

describe("credentials in the environment", () => {
  const environment = {
    OVH_ENDPOINT: "ovh-eu",
    OVH_APPLICATION_KEY: SECRETS.applicationKey,
    OVH_APPLICATION_SECRET: SECRETS.applicationSecret,
    OVH_CONSUMER_KEY: SECRETS.consumerKey,
  };

  it("stand in for the file, as for OVH's own clients", async () => {
    await bench.run("rm /etc/ovh.conf");
    expect(await bench.run("ip-move check", environment)).toMatchObject({ status: 6, stderr: "" });
    await bench.become("MASTER");
    expect(await bench.run("ip-move claim -q", environment)).toMatchObject({ status: 0 });
    expect(bench.requests()).toEqual([LOOK, POST]);
  });

  it("need an endpoint", async () => {
    await bench.run("rm /etc/ovh.conf");
    const { OVH_ENDPOINT: _, ...keys } = environment;
    expect(await bench.run("ip-move check", keys)).toMatchObject({
      status: 1,
      stderr: "ip-move: /etc/ovh.conf must name an endpoint in [default]; ovh-eu, ovh-ca or ovh-us\n",
    });
  });
});

describe("/etc/edge.conf", () => {
  it("must be there", async () => {
    await bench.run("rm /etc/edge.conf");
    await refuses(
      "ip-move check",
      "/etc/edge.conf cannot be read: No such file or directory; a deploy writes it",
    );
  });

  it.each(["project", "ip", "ip_id", "instance", "carp"])("must name %s", async (key) => {
    bench.configure({ [key]: undefined });
    await refuses("ip-move check", `/etc/edge.conf must name ${key}`);
  });

  it("must not leave one empty", async () => {
    bench.configure({ instance: "" });
    await refuses("ip-move check", "/etc/edge.conf must name instance");
  });

  it.each([
    ["project", "a/b"],
    ["ip_id", "a b"],
    ["instance", 'x"y'],
    ["instance", "@@instanceId@@"],
  ])("must have an id for %s, not %j", async (key, value) => {
    bench.configure({ [key]: value });
    await refuses("ip-move check", `${key} must be an id, got ${value}`);
  });

  it.each([
    ["a line without =", "project\n"],
    ["a key with a blank", "my project=x\n"],
    ["a last line that was cut", "project=x"],
  ])("must not have %s", async (_, text) => {
    write("/etc/edge.conf", `# comment\n\n${text}`);
    await refuses("ip-move check", "/etc/edge.conf:3: must be key=value");
  });

  it("can have more than it needs, and values with = in them", async () => {
    bench.configure({ later: "a=b=c" });
    expect(await bench.run("ip-move check")).toMatchObject({ status: 6, stderr: "" });
  });
});

describe("what is secret", () => {
  it("is in no argument list while a claim runs", async () => {
    await bench.become("MASTER");
    bench.project.failoverIps.behaviour.moveDuration = 500;
    bench.project.faults.fail("*", "/failover", { delay: 100 });
    const claimed = bench.run("ip-move claim -settle 2");
    const seen = new Set<string>();
    let ended = false;
    void claimed.then(() => {
      ended = true;
    });
    await bench.until(() => {
      for (const { words } of bench.processes()) seen.add(words.join(" "));
      return ended;
    }, "the claim ends");
    expect([...seen].filter((words) => words.includes(`/usr/bin/nc -c -v -w 30 ${HOST} 443`))).not.toEqual(
      [],
    );
    for (const secret of Object.values(SECRETS)) expect([...seen].join("\n")).not.toContain(secret);
    expect([...seen].join("\n")).not.toMatch(/\$1\$|X-Ovh|Bearer/i);
  });

  it("is in no file that others can read", async () => {
    await bench.become("MASTER");
    await bench.run("ip-move claim -result /var/run/claim.json");
    expect((await bench.run("find /var/run /tmp /var/db -type f ! -name .keep -perm /077")).stdout).toBe("");
  });

  it("is not said, even where OVH repeats it", async () => {
    await bench.become("MASTER");
    bench.project.faults.fail("POST", "/attach", {
      status: 400,
      body: JSON.stringify({ message: "Invalid signature" }),
    });
    expect((await bench.run("ip-move claim")).stderr).toContain("OVH refuses: HTTP 400: Invalid signature");
  });
});
