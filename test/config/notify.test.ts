import { describe, expect, it } from "vitest";
import { parseConfig } from "../../lib/config/load.js";
import { errorsOf, example } from "./example.js";

const EVENTS = ["failover", "claim-failed", "partition", "hold", "drill"];
const MAIL = "ops@example.org";

describe("notify", () => {
  it("is nobody's business where it is left out", () => {
    expect(parseConfig(example()).notify).toBeUndefined();
  });

  it("tells everything unless it says what", () => {
    expect(parseConfig(example({ notify: { mail: MAIL } })).notify).toEqual({
      webhook: false,
      mail: MAIL,
      events: EVENTS,
    });
    expect(parseConfig(example({ notify: { webhook: true, events: ["hold"] } })).notify).toEqual({
      webhook: true,
      events: ["hold"],
    });
  });

  it.each([
    [{}, "notify must have a webhook or a mail address, got neither; set one or leave notify out"],
    [
      { webhook: false },
      "notify must have a webhook or a mail address, got neither; set one or leave notify out",
    ],
    [
      { webhook: "https://hooks.example/x" },
      'notify.webhook must be true or false, got "https://hooks.example/x"; leave it out for false',
    ],
    [
      { mail: "ops@example.org, me@example.org" },
      'notify.mail must be one mail address, got "ops@example.org, me@example.org"; use one such as ops@example.org, a list of yours for several people',
    ],
    [
      { mail: "ops@example.org\nBcc: all@example.org" },
      'notify.mail must be one mail address, got "ops@example.org\\nBcc: all@example.org"; use one such as ops@example.org, a list of yours for several people',
    ],
    [{ mail: MAIL, events: [] }, "notify.events must have at least one event, got 0; leave it out for all"],
    [
      { mail: MAIL, events: ["failover", "lunch"] },
      `notify.events[1] must be one of ${EVENTS.join(", ")}, got "lunch"; leave events out for all`,
    ],
    [
      { mail: MAIL, events: "failover" },
      `notify.events must be a list of ${EVENTS.join(", ")}; leave it out for all`,
    ],
    [{ mail: MAIL, events: ["hold", "hold"] }, 'notify.events must differ, got "hold" twice; name each once'],
  ])("fails: %j", (notify, message) => {
    expect(errorsOf(example({ notify }))).toEqual([message]);
  });
});

describe("metrics", () => {
  const rule =
    "metrics.file must be an absolute path that ends in .prom and is not in /var/run/edge-sync, which only root can read";
  const next = "use a file in the folder of node_exporter's textfile collector";

  it("go to a file of the collector's", () => {
    const file = "/var/db/node_exporter/edge.prom";
    expect(parseConfig(example({ metrics: { file } })).metrics).toEqual({ file });
  });

  it.each([
    "edge.prom",
    "/var/run/edge-sync/edge.prom",
    "/var/db/../etc/edge.prom",
    "/var//edge.prom",
    "/var/db/edge.txt",
    "/var/db/a b.prom",
  ])("fail: %s", (file) => {
    expect(errorsOf(example({ metrics: { file } }))).toEqual([`${rule}, got "${file}"; ${next}`]);
  });
});
