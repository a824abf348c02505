import { availableParallelism } from "node:os";
import { join } from "node:path";
import type { ScanMethod, ScanPlan } from "../../config/index.ts";
import { DrmGuardError } from "../../errors/index.ts";
import type { ScanEvidence } from "../../evidence/schema.ts";
import { makeFolder, writeFileAtomically } from "../../files/index.ts";
import type { ImageBatch } from "../../images/index.ts";
import { throwIfCancelled } from "../../native/cancellation.ts";
import { loadModel, scan } from "../../scan/index.ts";
import type { ZooModel } from "../../zoo/index.ts";
import { BenchJobs, type BenchProgress } from "../bench-jobs.ts";
import { evidencePath, keptEvidence } from "./kept-evidence.ts";

/** A method with everything that its scans are made with. */
export interface MethodPlan {
  method: ScanMethod;
  plan: ScanPlan;
}

/** One scan of the bench: one model by one method. */
export interface BenchScan extends MethodPlan {
  model: ZooModel;
}

/** A scan of the bench that is over. */
export type FinishedScan = BenchScan &
  ({ evidence: ScanEvidence; error: null } | { evidence: null; error: DrmGuardError });

/** Scans one model file that must have this SHA-256. */
export type ScanOneModel = (
  path: string,
  sha256: string,
  images: ImageBatch,
  options: { plan: ScanPlan; signal: AbortSignal; onProgress: (fraction: number) => void },
) => Promise<ScanEvidence>;

export interface ScanZooRequest {
  /** The zoo's folder. */
  folder: string;
  models: readonly ZooModel[];
  images: ImageBatch;
  plans: readonly MethodPlan[];
  /** Where evidence/METHOD/MODEL.json goes. */
  out: string;
  /** Models that are scanned at once. */
  jobs: number;
  /** Of this package; evidence of another version is not taken over. */
  version: string;
  signal?: AbortSignal | undefined;
  onProgress?: ((progress: BenchProgress) => void) | undefined;
  /** Loads the model and scans it when left out. */
  scanOne?: ScanOneModel | undefined;
}

/** Threads of one scan when so many run at once: together no more than there are cores, whose spinning threads would only wait for each other. */
export function threadsPerJob(jobs: number): number {
  return Math.max(1, Math.floor(availableParallelism() / jobs));
}

/**
 * Scans every model with every method. Evidence is kept as soon as it is there, and evidence of an earlier run is
 * taken over, so that an interrupted bench goes on where it was.
 * @param finish called for every scan, in any order; what it needs of the evidence it takes, for the rest is not kept
 *   in memory.
 * @throws ERR_CONFIG before anything is scanned when the folder holds evidence of another bench; ERR_CANCELLED;
 *   ERR_FILE_WRITE. The error of a single scan is given to `finish`.
 */
export async function scanZoo(request: ScanZooRequest, finish: (scan: FinishedScan) => void): Promise<void> {
  const { models, plans, images, out, version, signal } = request;
  const waiting: BenchScan[] = [];
  let done = 0;
  for (const { method, plan } of plans) {
    await makeFolder(join(out, "evidence", method));
    for (const model of models) {
      throwIfCancelled(signal);
      const identity = { plan, modelSha256: model.sha256, imagesSha256: images.sha256, version };
      const evidence = await keptEvidence(evidencePath(out, method, model.name), identity);
      if (evidence === null) {
        waiting.push({ method, plan, model });
        continue;
      }
      done += 1;
      finish({ method, plan, model, evidence, error: null });
    }
  }
  await new ScansOfZoo(request, done, finish).run(waiting);
}

/** The work of one bench. */
class ScansOfZoo {
  readonly #request: ScanZooRequest;
  readonly #finish: (scan: FinishedScan) => void;
  readonly #jobs: BenchJobs;

  constructor(request: ScanZooRequest, done: number, finish: (scan: FinishedScan) => void) {
    const { models, plans, jobs, signal, onProgress } = request;
    this.#request = request;
    this.#finish = finish;
    this.#jobs = new BenchJobs({ total: models.length * plans.length, done, jobs, signal, onProgress });
  }

  run(waiting: readonly BenchScan[]): Promise<void> {
    return this.#jobs.run(waiting, (scan) => this.#one(scan));
  }

  async #one(scan: BenchScan): Promise<void> {
    const { method, model, plan } = scan;
    const { folder, images, out, scanOne = scanFile } = this.#request;
    const { signal } = this.#jobs;
    const evidence = await this.#jobs.attempt(`${method}/${model.name}`, (onProgress) =>
      scanOne(join(folder, model.model), model.sha256, images, { plan, signal, onProgress }),
    );
    if (evidence instanceof DrmGuardError) this.#finish({ ...scan, evidence: null, error: evidence });
    else {
      await writeFileAtomically(evidencePath(out, method, model.name), `${JSON.stringify(evidence)}\n`);
      this.#finish({ ...scan, evidence, error: null });
    }
    this.#jobs.over();
  }
}

const scanFile: ScanOneModel = async (path, sha256, images, { plan, signal, onProgress }) => {
  const model = await loadModel(path, { signal });
  try {
    if (model.origin.sha256 !== sha256) {
      throw new DrmGuardError("ERR_CONFIG", `${path} is not the file that the zoo's manifest names.`, {
        hint: "Put the file back, or make the zoo again.",
      });
    }
    return await scan(model, images, {
      plan,
      signal,
      // Loading and probing are a small part of the work.
      onProgress: ({ stage, fraction }) => onProgress(stage === "inversion" ? fraction : 0),
    });
  } finally {
    model.dispose();
  }
};
