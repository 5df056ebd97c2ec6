import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import ipaddr from "ipaddr.js";
import type { EdgeConfig, EdgeSettings } from "../../lib/config/schema.js";
import { settleTime } from "../../lib/edge/edge-conf.js";
import type { RenderedEdge } from "../../lib/edge/file.js";
import { fill, type Placeholder } from "../../lib/edge/placeholders.js";
import { renderEdge } from "../../lib/edge/render.js";
import { staticPath } from "../../lib/edge/static-files.js";
import { parseIfstated } from "../../lib/simulator/ifstated/parser.js";
import { loadPf, passesCarp } from "../../lib/simulator/node/commands/pfctl.js";
import { filled, STAND_INS } from "../edge/bundles.js";
import { has } from "../edge/node.js";

/** One edge's files as they arrive, with what they are meant to say. */
export interface Delivered {
  readonly config: EdgeConfig;
  readonly edge: EdgeSettings;
  readonly rendered: RenderedEdge;
  readonly values: Readonly<Record<Placeholder, string>>;
  /** Text of each file, by path. */
  readonly files: Readonly<Record<string, string>>;
  /** The bundle that brings them. */
  readonly text: string;
}

/** What a reader found in a file that is not what was meant. */
export interface Misread {
  readonly reader: string;
  readonly detail: string;
}

/** Every edge of a configuration, rendered, with its secrets and ids filled in. */
export function deliveries(
  config: EdgeConfig,
  values: Readonly<Record<Placeholder, string>>,
  tamper: (edge: RenderedEdge) => RenderedEdge = (edge) => edge,
): Delivered[] {
  return config.edges.map((edge) => {
    const rendered = tamper(renderEdge(config, edge.name, STAND_INS));
    return {
      config,
      edge,
      rendered,
      values,
      files: Object.fromEntries(rendered.files.map(({ path, content }) => [path, fill(content, values)])),
      text: filled(rendered, values),
    };
  });
}

/** Readers that are processes of their own. */
export const PROCESSES = ["shell", "edge-sync", "ip-move", "sh -n"];

/** Asks all readers about some deliveries, or without processes. @returns what each of these was misread as */
export function readBack(all: readonly Delivered[], processes = true): Misread[][] {
  const none = all.map(() => []);
  const shell = processes ? readByShell(all) : none;
  const perl = processes ? readByPerl(all) : none;
  return all.map((one, index) => [
    ...readIfstated(one),
    ...readPf(one),
    ...readBundle(one),
    ...readLines(one),
    ...(shell[index] as Misread[]),
    ...(perl[index] as Misread[]),
  ]);
}

function differing(reader: string, got: unknown, meant: unknown): Misread[] {
  const [a, b] = [JSON.stringify(got), JSON.stringify(meant)];
  return a === b ? [] : [{ reader, detail: `read ${a}, meant ${b}` }];
}

const file = ({ files }: Delivered, path: string) => files[path] as string;

/** (a) ifstated.conf, by the model of the daemon's own parser. */
function readIfstated(one: Delivered): Misread[] {
  const { interfaces, probe } = one.config;
  const links = [interfaces.external, interfaces.internal, "carp0"];
  const { config, messages } = parseIfstated(file(one, "/etc/ifstated.conf"), "ifstated.conf", (name) =>
    links.includes(name),
  );
  const commands = (config?.states ?? [])
    .flatMap(({ body }) => body)
    .filter(({ do: what }) => what === "run");
  return [
    ...differing("ifstated", messages, []),
    ...differing(
      "ifstated",
      config?.states.map(({ name, tests }) => [name, tests]),
      [["watch", links.map((name) => ({ op: "link", interface: name, truth: "up" }))]],
    ),
    ...differing("ifstated", config?.global.tests, [
      { op: "test", command: "/usr/local/sbin/edge-sync poll", interval: probe.interval },
    ]),
    ...differing("ifstated", commands, [
      { do: "run", command: "/usr/local/sbin/edge-sync pass >/dev/null 2>&1 &" },
    ]),
  ];
}

const PF_CONF = 'set skip on lo\nblock\ninclude "/etc/pf.edge.conf"\npass out on egress\n';

/** (c) pf.edge.conf below a user's pf.conf that blocks, by the model of pf's grammar. */
function readPf(one: Delivered): Misread[] {
  const errors: string[] = [];
  const texts: Record<string, string | undefined> = { "/etc/pf.conf": PF_CONF, ...one.files };
  const sandbox = { read: (path: string) => texts[path] };
  const rules = loadPf({ sandbox } as unknown as Parameters<typeof loadPf>[0], "/etc/pf.conf", errors);
  const { external, internal, carp } = one.config.interfaces;
  return [
    ...differing("pf", errors, []),
    ...differing("pf", rules.rules, [
      "block",
      `pass quick on ${carp} proto carp keep state (no-sync) label "edge"`,
      "pass out on egress",
    ]),
    ...differing(
      "pf",
      [carp, external, internal].map((name) => passesCarp(rules, name)),
      [true, false, false],
    ),
  ];
}

/** The bundle, by the rules of its header. */
function readBundle(one: Delivered): Misread[] {
  const { rendered, text, files, values } = one;
  const lines = text.split("\n");
  const [, version, count] = (lines[0] as string).split(" ");
  const end = lines.indexOf("--");
  const header = (key: string) =>
    lines.slice(1, end).flatMap((line) => (line.startsWith(`${key} `) ? [line.slice(key.length + 1)] : []));
  const found = header("file").map((entry) => {
    const [mode, owner, group, sum, first, last, ...path] = entry.split(" ") as [string, ...string[]];
    const content = `${lines.slice(Number(first) - 1, Number(last)).join("\n")}\n`;
    const whole = createHash("sha256").update(content).digest("hex") === sum;
    return [path.join(" "), mode, owner, group, whole, content];
  });
  return [
    ...differing("bundle", [version, count, text.endsWith("\n")], ["1", String(lines.length - 1), true]),
    ...differing(
      "bundle",
      found,
      rendered.files.map(({ path, mode, owner, group }) => [
        path,
        mode.toString(8).padStart(4, "0"),
        owner,
        group,
        true,
        files[path],
      ]),
    ),
    ...differing(
      "bundle",
      [header("edge"), header("carp"), header("carpdev")],
      [[one.edge.name], ["carp0"], [one.config.interfaces.carp]],
    ),
    ...differing("bundle", header("mac"), [
      `${one.config.interfaces.external} ${values.macExternal}`,
      `${one.config.interfaces.internal} ${values.macInternal}`,
      `${one.config.interfaces.carp} ${values.macCarp}`,
    ]),
    ...differing(
      "bundle",
      [header("sysctl"), header("cron")],
      [
        rendered.lines.filter(({ in: where }) => where === "sysctl").map((line) => line.text),
        rendered.lines.filter(({ in: where }) => where === "cron").map((line) => line.text),
      ],
    ),
  ];
}

/** Our lines in sysctl.conf and root's crontab: crontab(5) makes a newline of each percent sign. */
function readLines({ rendered, config }: Delivered): Misread[] {
  const text = (where: string) => rendered.lines.filter((line) => line.in === where).map((line) => line.text);
  const cron = text("cron").map((line) => {
    const [, when, command] = /^((?:\S+ ){5})(.*)$/.exec(line) ?? [];
    return [when?.trim(), command?.split("%")];
  });
  return [
    ...differing("sysctl", text("sysctl"), [`net.inet.carp.preempt=${config.carp.preempt ? 1 : 0}`]),
    ...differing("cron", cron, [["* * * * *", ["/usr/local/sbin/edge-sync cron >/dev/null 2>&1"]]]),
  ];
}

const here = (name: string) => fileURLToPath(new URL(name, import.meta.url));
const SHELL = has("mksh") ? "mksh" : "sh";

function inFolder<T>(work: (folder: string) => T): T {
  const folder = mkdtempSync(join(tmpdir(), "edge-read-"));
  try {
    return work(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** (b) hostname.if(5), evaluated as netstart(8) does, for all deliveries in one shell. */
function readByShell(all: readonly Delivered[]): Misread[][] {
  const questions = all.flatMap((one) =>
    [one.config.interfaces.carp, "carp0"].map((name) => [name, file(one, `/etc/hostname.${name}`)] as const),
  );
  const input = questions.map(
    ([name, text]) => `file ${name}\n${text.replace(/^/gm, "|").replace(/\n\|$/, "\n")}`,
  );
  const output = inFolder((folder) =>
    execFileSync(SHELL, [here("netstart-eval.sh"), folder], {
      input: input.join(""),
      encoding: "utf8",
      stdio: ["pipe", "pipe", "pipe"],
      maxBuffer: 1 << 30,
    }),
  );
  const [stray, ...answers] = output.split(/^file /m);
  const left = /^left .*$/m.exec(output)?.[0];
  return all.map((one, index) => {
    const [carpdev, carp] = answers.slice(2 * index, 2 * index + 2).map(callsOf);
    return [
      ...differing("shell", [stray, left], ["", undefined]),
      ...differing("shell", carpdev, [one.config.interfaces.carp, ...carpdevCalls(one)]),
      ...differing("shell", carp, ["carp0", ...carpCalls(one)]),
    ];
  });
}

/** `=carp0\n=up\n.\n` is one call with two words. */
function callsOf(answer: string): unknown[] {
  const [name, ...lines] = answer.split("\n");
  const calls = lines
    .join("\n")
    .split("\n.\n")
    .slice(0, -1)
    .map((call) => call.split("\n").map((word) => word.replace(/^=/, "")));
  return [name, ...calls];
}

/** Words by which ifconfig(8) gives an interface an address. */
function inet(address: string, prefix: string): string[] {
  const all = 2 ** 32 - 1;
  const number = ipaddr.IPv4.parse(address)
    .toByteArray()
    .reduce((sum, byte) => sum * 256 + byte, 0);
  const hosts = 2 ** (32 - Number(prefix)) - 1;
  const dotted = (n: number) => [24, 16, 8, 0].map((shift) => Math.floor(n / 2 ** shift) % 256).join(".");
  const broadcast = Math.floor(number / (hosts + 1)) * (hosts + 1) + hosts;
  return ["inet", address, "netmask", dotted(all - hosts), "broadcast", dotted(broadcast)];
}

function carpdevCalls({ config: { carp, carpNetwork, interfaces }, edge }: Delivered): string[][] {
  const own = carp.unicast
    ? [[interfaces.carp, ...inet(edge.carpAddress as string, carpNetwork.cidr.split("/")[1] as string)]]
    : [];
  return [...own, [interfaces.carp, "up"]];
}

function carpCalls({ config: { carp, edges, interfaces }, edge, values }: Delivered): string[][] {
  const [address, prefix] = carp.address.split("/") as [string, string];
  const other = edges.find(({ name }) => name !== edge.name)?.carpAddress as string;
  return [
    ["carp0", "group", "edgefault"],
    ["carp0", "group", "edgedrain"],
    [
      ...["carp0", ...inet(address, prefix), "vhid", `${carp.vhid}`, "carpdev", interfaces.carp],
      ...(carp.unicast ? ["carppeer", other] : []),
      ...["pass", values.carpPassword],
      ...["advbase", `${carp.advertisementInterval}`, "advskew", `${edge.advskew}`],
    ],
    ["carp0", "up"],
  ];
}

/** (d) edge.conf and ovh.conf, by edge-sync and ip-move themselves, for all deliveries in one Perl. */
function readByPerl(all: readonly Delivered[]): Misread[][] {
  const input = all.map((one) =>
    JSON.stringify({ edge: file(one, "/etc/edge.conf"), ovh: file(one, "/etc/ovh.conf") }),
  );
  const output = inFolder((folder) =>
    execFileSync("perl", [here("readers.pl"), staticPath("edge-sync"), staticPath("ip-move"), folder], {
      input: `${input.join("\n")}\n`,
      encoding: "utf8",
      maxBuffer: 1 << 30,
    }),
  );
  const answers = output.split("\n").map((line) => (line === "" ? {} : JSON.parse(line)));
  return all.map((one, index) => {
    const { edge_sync, ip_move, ovh } = answers[index] as Record<string, Record<string, string>>;
    const { name, error } = ovh ?? {};
    // Numbers and flags that the program adds are not of the file.
    const keys = ["application_key", "application_secret", "consumer_key", "client_id", "client_secret"];
    const account = one.config.credentials.serviceAccounts.length > 0;
    const { applicationKey, applicationSecret, consumerKey, clientId, clientSecret } = one.values;
    const sorted = (of: Record<string, string> | undefined) => Object.entries(of ?? {}).sort();
    return [
      ...differing("edge-sync", sorted(edge_sync), sorted(edgeSettings(one))),
      ...differing("ip-move", sorted(ip_move), sorted(edgeSettings(one))),
      ...differing(
        "ip-move",
        [name, ...keys.map((key) => ovh?.[key]), error],
        [
          one.config.ovh.endpoint,
          ...(account
            ? [undefined, undefined, undefined, clientId, clientSecret]
            : [applicationKey, applicationSecret, consumerKey, undefined, undefined]),
          undefined,
        ],
      ),
    ];
  });
}

function edgeSettings({ config, edge, values }: Delivered): Record<string, string> {
  const { claim, failoverIps, interfaces, metrics, notify, probe } = config;
  return {
    name: edge.name,
    project: config.project,
    ip: failoverIps[0].order === undefined ? failoverIps[0].address : values.failoverIp,
    ip_id: values.failoverIpId,
    instance: values.instanceId,
    external: interfaces.external,
    internal: interfaces.internal,
    carpdev: interfaces.carp,
    carp: "carp0",
    settle: `${settleTime(config, edge)}`,
    deadline: `${claim.deadline}`,
    check_interval: `${claim.checkInterval}`,
    healthy_for: `${claim.healthyFor}`,
    poll: `${probe.interval}`,
    probe: probe.targets.join(" "),
    probe_attempts: `${probe.attempts}`,
    ...(notify === undefined ? {} : { notify_events: notify.events.join(" ") }),
    ...(notify?.mail === undefined ? {} : { notify_mail: notify.mail }),
    ...(notify?.webhook ? { notify_webhook: values.webhookUrl } : {}),
    ...(metrics === undefined ? {} : { metrics: metrics.file }),
  };
}

/** What ends in an error where a quote is open: two open ones in a row would close each other. */
const GUARD = `: '"' ")" ')' "'"`;

/** Whether a shell finds every line of the commands that the files hold well formed: its status and messages. */
export function shellAccepts(all: readonly Delivered[]): string {
  const lines = all.flatMap((one) => [
    ...[one.config.interfaces.carp, "carp0"].flatMap((name) =>
      file(one, `/etc/hostname.${name}`)
        .split("\n")
        .map((line) => `ifconfig ${name} ${line}`),
    ),
    ...one.rendered.lines.flatMap(({ in: where, text }) =>
      where === "cron" ? [text.replace(/^(\S+ ){5}/, "")] : [],
    ),
    ...[...file(one, "/etc/ifstated.conf").matchAll(/"([^"]*)"/g)].map(([, command]) => command),
  ]);
  const input = lines.map((line) => `${line}\n${GUARD}\n`).join("");
  return execFileSync("sh", ["-c", "sh -n 2>&1; echo $?"], { input, encoding: "utf8" }).trim();
}
