import { availableParallelism } from "node:os";
import { join } from "node:path";
import type { ScanMethod, ScanPlan } from "../../config/index.ts";
import { asDrmGuardError, DrmGuardError } from "../../errors/index.ts";
import type { ScanEvidence } from "../../evidence/schema.ts";
import { makeFolder, writeFileAtomically } from "../../files/index.ts";
import type { ImageBatch } from "../../images/index.ts";
import { throwIfCancelled } from "../../native/cancellation.ts";
import { loadModel, scan } from "../../scan/index.ts";
import type { ZooModel } from "../../zoo/index.ts";
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

/** How far a bench is. */
export interface BenchProgress {
  /** Scans that are over, of all; those of earlier runs included. */
  done: number;
  total: number;
  /** Unfinished scans counted by their share. */
  fraction: number;
  /** Scans that are running, as METHOD/MODEL. */
  running: string[];
}

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

/** What the jobs of one bench share. */
class ScansOfZoo {
  readonly #request: ScanZooRequest;
  readonly #finish: (scan: FinishedScan) => void;
  readonly #total: number;
  readonly #running = new Map<string, number>();
  /** Stops all jobs when one meets an error that is not a model's own. */
  readonly #stop = new AbortController();
  readonly #signal: AbortSignal;
  #done: number;

  constructor(request: ScanZooRequest, done: number, finish: (scan: FinishedScan) => void) {
    this.#request = request;
    this.#finish = finish;
    this.#done = done;
    this.#total = request.models.length * request.plans.length;
    this.#signal = AbortSignal.any([this.#stop.signal, ...(request.signal ? [request.signal] : [])]);
  }

  async run(waiting: BenchScan[]): Promise<void> {
    this.#report();
    let fatal: unknown = null;
    const work = async () => {
      try {
        for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
          throwIfCancelled(this.#signal);
          await this.#one(next);
        }
      } catch (error) {
        fatal ??= error;
        this.#stop.abort();
      }
    };
    await Promise.all(Array.from({ length: Math.min(this.#request.jobs, waiting.length) }, work));
    if (fatal !== null) throw fatal;
  }

  async #one(scan: BenchScan): Promise<void> {
    const { method, model } = scan;
    const name = `${method}/${model.name}`;
    this.#progress(name, 0);
    let finished: FinishedScan;
    try {
      finished = { ...scan, evidence: await this.#scanned(scan, name), error: null };
    } catch (thrown) {
      throwIfCancelled(this.#signal);
      finished = { ...scan, evidence: null, error: asDrmGuardError(thrown) };
    } finally {
      this.#running.delete(name);
    }
    if (finished.evidence !== null) await this.#keep(finished);
    this.#done += 1;
    this.#finish(finished);
    this.#report();
  }

  #scanned({ plan, model }: BenchScan, name: string): Promise<ScanEvidence> {
    const { folder, images, scanOne = scanFile } = this.#request;
    return scanOne(join(folder, model.model), model.sha256, images, {
      plan,
      signal: this.#signal,
      onProgress: (fraction) => this.#progress(name, fraction),
    });
  }

  async #keep({ method, model, evidence }: FinishedScan): Promise<void> {
    const path = evidencePath(this.#request.out, method, model.name);
    await writeFileAtomically(path, `${JSON.stringify(evidence)}\n`);
  }

  #progress(name: string, fraction: number): void {
    this.#running.set(name, fraction);
    this.#report();
  }

  #report(): void {
    const share = [...this.#running.values()].reduce((sum, fraction) => sum + fraction, 0);
    const total = this.#total;
    this.#request.onProgress?.({
      done: this.#done,
      total,
      fraction: total === 0 ? 1 : (this.#done + share) / total,
      running: [...this.#running.keys()],
    });
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
