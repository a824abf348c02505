// Run as a process by inversion.test.ts, in one of these ways:
//   exit       ends the process with status 7 while an inversion runs
//   terminate  terminates a worker thread while its inversion runs, then inverts in this thread
//   worker     (as the worker) inverts until it is terminated
import { parentPort, Worker, workerData } from "node:worker_threads";
import { endlessPlan, openResnetSession, shortPlan } from "./resnet-session.ts";

async function invertEndlessly(onStarted: () => void): Promise<void> {
  const session = await openResnetSession();
  await session.invert(endlessPlan, { onProgress: onStarted });
}

/** Node 20 hands --import on to workers, but tsx leaves them alone: the worker sets it up for itself. */
const workerCode = `import(${JSON.stringify(import.meta.resolve("tsx/esm/api"))}).then(({ register }) => {
  register();
  return import(${JSON.stringify(import.meta.url)});
});`;

async function terminateWorker(): Promise<void> {
  const worker = new Worker(workerCode, { eval: true, workerData: "worker" });
  await new Promise((resolve, reject) => {
    worker.once("message", resolve);
    worker.once("error", reject);
  });
  console.log(`worker ended with ${await worker.terminate()}`);
  const session = await openResnetSession();
  const { outcomes } = await session.invert(shortPlan);
  session.dispose();
  console.log(`${outcomes.length} outcomes afterwards`);
}

const way = workerData ?? process.argv[2];
if (way === "exit") await invertEndlessly(() => process.exit(7));
else if (way === "worker") await invertEndlessly(() => parentPort?.postMessage("running"));
else await terminateWorker();
