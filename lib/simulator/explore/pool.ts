import { cpus } from "node:os";
import { Worker } from "node:worker_threads";
import type { IfstatedConfs } from "./confs.js";
import type { Job, Report } from "./job.js";

/**
 * Explores jobs on all cores, the largest first as they are given; each report is handed over when it is there.
 *
 * @param threads @default - one for each core
 */
export async function exploreAll(
  jobs: readonly Job[],
  ifstatedConfs: IfstatedConfs,
  done: (report: Report) => void = () => {},
  threads = cpus().length,
): Promise<Report[]> {
  const reports: (Report | undefined)[] = jobs.map(() => undefined);
  let next = 0;
  const thread = () =>
    new Promise<void>((resolve, reject) => {
      const worker = startWorker(ifstatedConfs);
      let current = -1;
      const go = () => {
        current = next++;
        worker.postMessage(jobs[current] ?? null);
      };
      worker.on("message", (report: Report) => {
        reports[current] = report;
        done(report);
        go();
      });
      worker.once("error", reject);
      worker.once("exit", (code) =>
        code === 0 ? resolve() : reject(new Error(`a thread ended with ${code}`)),
      );
      go();
    });
  await Promise.all(Array.from({ length: Math.min(threads, jobs.length) }, thread));
  return reports as Report[];
}

/** TypeScript sources need a loader in a thread as well. */
function startWorker(workerData: IfstatedConfs): Worker {
  const options = { workerData, resourceLimits: { maxOldGenerationSizeMb: 4096 } };
  if (!import.meta.url.endsWith(".ts")) return new Worker(new URL("./worker.js", import.meta.url), options);
  const [loader, file] = [import.meta.resolve("tsx/esm/api"), new URL("./worker.ts", import.meta.url).href];
  const code = `import(${JSON.stringify(loader)}).then(({ register }) => { register(); return import(${JSON.stringify(file)}); })`;
  return new Worker(code, { ...options, eval: true });
}
