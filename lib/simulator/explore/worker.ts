import { parentPort, workerData } from "node:worker_threads";
import type { IfstatedConfs } from "./confs.js";
import { explore } from "./explore.js";
import type { Job } from "./job.js";
import { Workshop } from "./tools.js";

/** A thread that explores one job after the other. */
const workshop = new Workshop(workerData as IfstatedConfs);
parentPort?.on("message", (job: Job | null) => {
  if (job === null) {
    workshop.close();
    parentPort?.close();
    return;
  }
  parentPort?.postMessage(explore(job, workshop.toolsFor(job)));
});
