import { TerraformStack } from "cdktf";
import { describe, expect, it } from "vitest";
import { parseConfig } from "../../lib/config/load.js";
import { FailoverEdge } from "../../lib/constructs/failover-edge.js";
import { edgeConf } from "../../lib/edge/edge-conf.js";
import { example } from "../config/example.js";
import { synthesize, synthesizeStack } from "./synthesized.js";

const WEBHOOK = { notify: { webhook: true, mail: "ops@example.org", events: ["failover", "hold"] } };

describe("the URL of a webhook", () => {
  it("is asked for only where a webhook is told", () => {
    expect(synthesize(example()).json.variable).not.toHaveProperty("edge_webhook_url");
    expect(synthesize(example({ notify: { mail: "ops@example.org" } })).json.variable).not.toHaveProperty(
      "edge_webhook_url",
    );
  });

  it("is a sensitive variable without a default", () => {
    expect(synthesize(example(WEBHOOK)).json.variable.edge_webhook_url).toEqual({
      description: "URL of the webhook that the edges tell",
      nullable: false,
      sensitive: true,
      type: "string",
    });
  });

  it("is held to a rule that does not show it", () => {
    const rules = synthesize(example(WEBHOOK)).block("edge/edge/salt").lifecycle.precondition;
    expect(rules.map(({ error_message }: { error_message: string }) => error_message)).toContain(
      "the webhook's URL must be an https URL with a path, of printable characters without blanks and @; correct it where it is set",
    );
    for (const { condition } of rules)
      expect(condition).toMatch(/^\$\{nonsensitive\(can\(regex\(.*\)\)\)\}$/);
  });

  it("must be given to the construct that needs it", () => {
    const credentials = { applicationKey: "a", applicationSecret: "b", consumerKey: "c" };
    const config = parseConfig(example(WEBHOOK));
    expect(() =>
      synthesizeStack((app) => {
        const stack = new TerraformStack(app, "stack");
        new FailoverEdge(stack, "edge", { config, carpPassword: "p", credentials });
        return stack;
      }),
    ).toThrow(new Error("webhookUrl must be given when notify.webhook is true; pass a sensitive variable"));
  });
});

describe("edge.conf", () => {
  const lines = (changes: Record<string, unknown>) => {
    const config = parseConfig(example(changes));
    return edgeConf(config, config.edges[0] as (typeof config.edges)[number])
      .content.split("\n")
      .filter((line) => /^(notify|metrics)/.test(line));
  };

  it("says nothing of messages and metrics where nobody asks for them", () => {
    expect(lines({})).toEqual([]);
  });

  it("has what is told, to whom, and the URL as a placeholder", () => {
    expect(lines({ ...WEBHOOK, metrics: { file: "/var/db/node_exporter/edge.prom" } })).toEqual([
      "notify_events=failover hold",
      "notify_mail=ops@example.org",
      "notify_webhook=@@webhook_url@@",
      "metrics=/var/db/node_exporter/edge.prom",
    ]);
  });
});
