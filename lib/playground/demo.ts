import { Listr, type ListrTaskWrapper } from "listr2";
import { runnable } from "../config/command-line.js";
import { parseConfig } from "../config/load.js";
import type { EdgeConfigInput } from "../config/schema.js";
import { sceneOf } from "../operations/diagram/scene.js";
import { terminalDrawing } from "../operations/diagram/terminal.js";
import { type DrillResult, runDrill } from "../operations/drill/run.js";
import { scenariosNamed } from "../operations/drill/scenarios.js";
import type { Phases } from "../operations/drill/watch.js";
import { table } from "../operations/table.js";
import { Playground } from "./playground.js";
import { checkPrerequisites } from "./prerequisites.js";
import { simulatedCluster } from "./simulated-cluster.js";
import type { Progress } from "./terraform.js";
import { until } from "./until.js";

/** How the demonstration runs. */
export interface DemoOptions {
  readonly config: EdgeConfigInput;
  readonly provider: "embedded" | "installed";
  /** Leaves everything running after the failover. */
  readonly keep: boolean;
  /** Port for the simulated API. @default - a free one */
  readonly port?: number;
  readonly logFile: string;
  readonly write: (text: string) => void;
  /** Whether the terminal can be drawn on. */
  readonly interactive: boolean;
}

// biome-ignore lint/suspicious/noExplicitAny: listr2's renderers are chosen at run time
type Task = ListrTaskWrapper<unknown, any, any>;

/** The whole story on one machine: deploy, diff, failover, diff, change, destroy. */
export class Demo {
  private playground: Playground | undefined;

  constructor(private readonly options: DemoOptions) {}

  /** Runs it. @throws Error with one clear message; `stop` must be called in any case */
  async run(): Promise<void> {
    const { write, keep } = this.options;
    await this.steps([
      ["Check what is needed", async () => checkPrerequisites()],
      ["Start a simulated OVH region", (task) => this.start(task)],
      ["Deploy", (task) => this.deploy(task)],
    ]);
    write(`\n${this.drawing()}\n${await this.edges()}\n\n`);
    await this.steps([["Diff after the deploy", (task) => this.noChanges(task)]]);
    await this.drill(
      "carp-down",
      "The guide's check: ifconfig carp0 down on the master, then up again",
      true,
    );
    await this.steps([
      ["Diff after the failover: a deploy does not take the address back", (task) => this.noChanges(task)],
      ["Change a probe target and deploy again", (task) => this.change(task)],
    ]);
    await this.drill("power-off", "The master loses its power, and boots again", false);
    write(EXPLANATION);
    if (keep) {
      write(this.instructions());
      return;
    }
    await this.steps([["Destroy", (task) => this.destroy(task)]]);
    write(`\nEverything that Terraform printed is in ${this.options.logFile}\n`);
  }

  /** Ends everything that was started. */
  async stop(): Promise<void> {
    await this.playground?.terraform?.interrupt();
    await this.playground?.stop();
    this.playground = undefined;
  }

  private async steps(
    steps: readonly (readonly [string, (task: Task) => Promise<unknown>])[],
  ): Promise<void> {
    const tasks = steps.map(([title, work]) => ({
      title,
      task: async (_: unknown, task: Task) => {
        await work(task);
      },
    }));
    await new Listr(tasks, {
      // An interrupt is the script's business: it has more to clean up than a list of tasks.
      registerSignalListeners: false,
      renderer: this.options.interactive ? "default" : "simple",
      rendererOptions: { collapseErrors: true, showErrorMessage: false } as never,
    }).run();
  }

  private get play(): Playground {
    if (this.playground === undefined) throw new Error("the region is not running");
    return this.playground;
  }

  private async start(task: Task): Promise<void> {
    const { config, provider, port, logFile } = this.options;
    this.playground = await Playground.create({ config, provider, logFile, region: { apiPort: port } });
    task.title += ` at ${this.play.region.api.endpoint}`;
  }

  private async deploy(task: Task): Promise<Progress[]> {
    const told: Progress[] = [];
    task.output = "synthesizing";
    await this.play.synth();
    task.output = "terraform init";
    await this.play.terraform.init();
    await this.play.terraform.apply((progress) => {
      told.push(progress);
      task.output = `${progress.what}: ${progress.text}`;
    });
    const { region } = this.play;
    await until(
      () => region.answering() !== undefined,
      "no edge answers for the FailOver IP after the deploy",
      30_000,
    );
    return told;
  }

  private async noChanges(task: Task): Promise<void> {
    const verdict = await this.play.terraform.plan();
    if (verdict !== "no changes")
      throw new Error(`the diff shows changes where none are expected; see ${this.options.logFile}`);
    task.title += ": No changes";
  }

  private async drill(name: string, title: string, leaveSound: boolean): Promise<void> {
    let result: DrillResult | undefined;
    await this.steps([
      [
        title,
        async (task) => {
          const cluster = simulatedCluster(this.play);
          const [scenario] = scenariosNamed([name]);
          try {
            const config = parseConfig(this.play.readConfig());
            result = await runDrill(scenario as never, { cluster, config, leaveSound });
          } finally {
            await Promise.all(cluster.edges.map((edge) => edge.close()));
          }
          if (result.by === undefined) throw new Error(`no edge took the FailOver IP over: ${result.reason}`);
          task.title += `: the FailOver IP is at ${result.by}`;
        },
      ],
    ]);
    this.options.write(`\n${story(result as DrillResult)}\n\n`);
  }

  private async change(task: Task): Promise<void> {
    const config = this.play.readConfig();
    const [first = "9.9.9.9"] = config.probe?.targets ?? [];
    this.play.writeConfig({ ...config, probe: { ...config.probe, targets: [first, "1.1.1.1"] } });
    const told = await this.deploy(task);
    const written = told.filter(({ fromNode, text }) => fromNode && text.endsWith(": written"));
    const files = new Set(written.map(({ text }) => text.replace(/^edge-install: (.*): written$/, "$1")));
    if (written.length !== config.edges.length || files.size !== 1) {
      throw new Error(
        `one file per edge should have changed, these did: ${written.map(({ text }) => text).join(", ")}`,
      );
    }
    task.title += `: ${[...files][0]} on each of ${written.length} edges`;
  }

  private async destroy(task: Task): Promise<void> {
    await this.play.terraform.destroy((progress) => {
      task.output = `${progress.what}: ${progress.text}`;
    });
    const left = this.play.region.project.leftovers();
    if (left.length > 0) throw new Error(`the destroy left behind: ${left.join(", ")}`);
    task.title += ": nothing is left in the region but the adopted FailOver IP";
  }

  /** What was deployed, as npm run diagram draws it. */
  private drawing(): string {
    const edges = [...this.play.region.machines.values()].map(({ name, kernel }) => ({
      name,
      host: kernel.find("vio0")?.addresses[0]?.address,
    }));
    const config = parseConfig(this.options.config);
    return terminalDrawing(sceneOf(config, { deployment: { edges } }), process.stdout.columns ?? 80);
  }

  private async edges(): Promise<string> {
    const { region } = this.play;
    const rows = await Promise.all(
      [...region.machines.values()]
        .sort((a, b) => (a.name < b.name ? -1 : 1))
        .map(async (machine) => {
          const external = machine.kernel.find("vio0")?.addresses[0]?.address ?? "";
          const skew = machine.kernel.find("carp0")?.carp?.advskew ?? "";
          const carp = machine.kernel.carpState("carp0") ?? "none";
          return [
            machine.name,
            external,
            carp,
            String(skew),
            machine.hasAddress(region.failoverAddress) ? "on" : "off",
            region.holder() === machine.name ? region.failoverAddress : "",
          ];
        }),
    );
    return table(["edge", "address", "carp0", "advskew", "alias", "FailOver IP"], rows);
  }

  private instructions(): string {
    const { play } = this;
    const lines = [...play.region.machines.values()].map((machine) => {
      const address = machine.kernel.find("vio0")?.addresses[0]?.address;
      const options = "-o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null -o LogLevel=ERROR";
      return `  ssh ${options} -i ${play.folder}/id_ed25519 -p ${play.region.sshPort} root@${address}   # ${machine.name}`;
    });
    const environment = Object.entries(play.environment()).map(
      ([name, value]) => `  export ${name}='${value}'`,
    );
    const fault = runnable("npm run fault --");
    return [
      "\nIt all keeps running until you press Ctrl-C.",
      "\nThe edges:",
      ...lines,
      `\nThe API: ${play.region.api.endpoint}`,
      `\nFaults: ${fault} --socket ${play.controlSocket} power-off NODE   (${fault} --help lists them)`,
      runnable(
        "\nFor npm run status, doctor, accept, credentials, diagram, npm run ssh -- EDGE, npm run drill -- --live, and terraform in the stack's folder:",
      ),
      ...environment,
      runnable("\nFor npm run deploy and npm run diff, the state of what is deployed as well:"),
      `  mkdir -p cdktf.out/stacks/edge && cp ${play.stackFolder}/terraform.edge.tfstate cdktf.out/stacks/edge/`,
      `\nEverything that Terraform printed is in ${this.options.logFile}\n`,
    ].join("\n");
  }
}

const PHASES: Readonly<Record<keyof Phases, (by: string) => string>> = {
  master: (by) => `${by} is MASTER`,
  alias: (by) => `${by} has the alias`,
  accepted: (by) => `OVH accepts the claim of ${by}`,
  confirmed: (by) => `${by} has seen that OVH routes the address to it`,
  packet: () => "packets are answered again",
};

/** A failover as a short timeline. */
export function story({ what, from, by, phases, lost }: DrillResult): string {
  const moments = (Object.keys(PHASES) as (keyof Phases)[])
    .flatMap((phase) =>
      phases[phase] === undefined ? [] : [{ ms: phases[phase], text: PHASES[phase](by ?? "") }],
    )
    .sort((a, b) => a.ms - b.ms);
  const lines = [{ ms: 0, text: `${what} (${from})` }, ...moments];
  const width = Math.max(...lines.map(({ ms }) => `${ms}`.length));
  const unanswered =
    lost === undefined
      ? "probes of the address were not answered before, so none could be lost"
      : lost === 0
        ? "no probe of the address was lost"
        : `${lost} probes of the address were lost, one each 20 ms`;
  return [...lines.map(({ ms, text }) => `${`${ms}`.padStart(width)} ms  ${text}`), unanswered].join("\n");
}

const EXPLANATION = `What just happened: CARP told the backup of the bow-out at once, and of the silence after three advertisements.
edge-sync on the new master put the alias on and started ip-move, which sent one POST and looked until OVH had moved the address.
The old master came back as backup: nothing takes the address back before the next fault.

`;
