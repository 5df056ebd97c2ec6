/** One sample of a metric. */
export interface Sample {
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

const NAME = "[a-zA-Z_:][a-zA-Z0-9_:]*";
const LABEL = String.raw`[a-zA-Z_][a-zA-Z0-9_]*="(?:[^"\\\n]|\\["\\n])*"`;
const SAMPLE = new RegExp(`^(${NAME})(?:\\{(${LABEL}(?:,${LABEL})*)\\})? (-?[0-9.]+(?:e[+-]?[0-9]+)?)$`);

/**
 * Reads version 0.0.4 of Prometheus' text format as the textfile collector does: HELP, TYPE and then the samples
 * of a metric, each metric once, no sample twice, no time stamps.
 *
 * @throws Error for whatever the format does not know
 */
export function parseExposition(text: string): ReadonlyMap<string, readonly Sample[]> {
  if (!text.endsWith("\n")) throw new Error("the last line has no end");
  const metrics = new Map<string, Sample[]>();
  let current = "";
  let help = "";
  for (const line of text.slice(0, -1).split("\n")) {
    const comment = new RegExp(`^# (HELP|TYPE) (${NAME}) (.+)$`).exec(line);
    if (comment !== null) {
      const [, kind, name = "", rest = ""] = comment;
      if (kind === "HELP") {
        if (metrics.has(name)) throw new Error(`metric twice: ${name}`);
        help = name;
      } else {
        if (help !== name) throw new Error(`TYPE without HELP: ${name}`);
        if (!/^(counter|gauge|histogram|summary|untyped)$/.test(rest)) throw new Error(`no type: ${rest}`);
        current = name;
        metrics.set(name, []);
      }
      continue;
    }
    const sample = SAMPLE.exec(line);
    if (sample === null) throw new Error(`no sample: ${line}`);
    const [, name = "", inner = "", number] = sample;
    if (name !== current) throw new Error(`sample of ${name} among those of ${current}`);
    const labels = Object.fromEntries(
      [...inner.matchAll(/([a-zA-Z_]\w*)="((?:[^"\\]|\\.)*)"/g)].map(([, key, value]) => [
        key as string,
        value as string,
      ]),
    );
    const samples = metrics.get(name) as Sample[];
    if (samples.some((other) => JSON.stringify(other.labels) === JSON.stringify(labels))) {
      throw new Error(`sample twice: ${line}`);
    }
    samples.push({ labels, value: Number(number) });
  }
  return metrics;
}
