import { join } from "node:path";
import type { ScanPlan } from "../../config/index.ts";
import { DrmGuardError } from "../../errors/index.ts";
import type { ScanEvidence } from "../../evidence/schema.ts";
import { makeFolder, writeFileAtomically } from "../../files/index.ts";
import type { MitigationPlan } from "../../mitigation/index.ts";
import { throwIfCancelled } from "../../native/cancellation.ts";
import type { MeasuredErrors, TrainedModelFacts } from "../../training/index.ts";
import type { ZooModel } from "../../zoo/index.ts";
import { BenchJobs, type BenchProgress } from "../bench-jobs.ts";
import { keptEvidence } from "../identify/kept-evidence.ts";
import type { ImageParts } from "./image-parts.ts";
import { evidencePath, keepResult, keptResult, resultPath } from "./kept-result.ts";
import {
  type LabelSource,
  type MitigationOutcome,
  outcomeSchema,
  type ResultIdentity,
} from "./mitigation-result.ts";
import { type ModelWork, type ModelWorkRequest, openModelWork, scannedModel } from "./model-work.ts";

/** A model of the zoo with everything that is known of it. */
export interface KnownModel {
  model: ZooModel;
  facts: TrainedModelFacts;
}

/** A mitigation of the bench that is over: one model by one method. */
export type FinishedMitigation = { model: ZooModel; plan: MitigationPlan } & (
  | { outcome: MitigationOutcome; error: null }
  | { outcome: null; error: DrmGuardError }
);

export interface MitigateZooRequest {
  /** The zoo's folder. */
  folder: string;
  models: readonly KnownModel[];
  parts: ImageParts;
  labels: LabelSource;
  /** Of the scan that the evidence comes from, and of those after the mitigation. */
  scanPlan: ScanPlan;
  /** One per method. */
  plans: readonly MitigationPlan[];
  /** Whether mitigated models are scanned again. */
  rescan: boolean;
  /** Where evidence/MODEL.json and results/METHOD/MODEL.json go. */
  out: string;
  /** Models that are worked on at once. */
  jobs: number;
  /** Of this package; what another version made is not taken over. */
  version: string;
  signal?: AbortSignal | undefined;
  onProgress?: ((progress: BenchProgress) => void) | undefined;
  /** openModelWork when left out. */
  openWork?: ((request: ModelWorkRequest) => Promise<ModelWork>) | undefined;
}

/** A model with the plans that it has no result of. */
interface WaitingModel extends KnownModel {
  plans: MitigationPlan[];
}

/** What all methods need of a model. */
interface PreparedModel {
  work: ModelWork;
  before: MeasuredErrors;
  evidence: ScanEvidence;
}

/**
 * Takes the backdoor out of every model with every method. Evidence and results are kept as soon as they are there, and
 * those of an earlier run are taken over, so that an interrupted bench goes on where it was.
 * @param finish called for every model and method, in any order.
 * @throws ERR_CONFIG before any work when the folder holds evidence or results of another bench; ERR_CANCELLED;
 *   ERR_FILE_WRITE. The error of a single model or mitigation is given to `finish`.
 */
export async function mitigateZoo(
  request: MitigateZooRequest,
  finish: (finished: FinishedMitigation) => void,
): Promise<void> {
  const { models, plans, out, rescan, signal } = request;
  await makeFolder(join(out, "evidence"));
  for (const { method } of plans) await makeFolder(join(out, "results", method));
  const waiting: WaitingModel[] = [];
  const done: FinishedMitigation[] = [];
  for (const known of models) {
    throwIfCancelled(signal);
    const { model } = known;
    const missing: MitigationPlan[] = [];
    for (const plan of plans) {
      const path = resultPath(out, plan.method, model.name);
      const outcome = await keptResult(path, resultIdentity(request, model, plan), rescan);
      if (outcome === null) missing.push(plan);
      else done.push({ model, plan, outcome, error: null });
    }
    if (missing.length === 0) continue;
    // Read here to refuse another bench's before any work; too much to hold for all models.
    await keptEvidence(evidencePath(out, model.name), scanIdentity(request, model));
    waiting.push({ ...known, plans: missing });
  }
  for (const finished of done) finish(finished);
  await new MitigationsOfZoo(request, waiting, finish).run();
}

function scanIdentity({ scanPlan, parts, version }: MitigateZooRequest, model: ZooModel) {
  return { plan: scanPlan, modelSha256: model.sha256, imagesSha256: parts.scanned.sha256, version };
}

function resultIdentity(
  { version, parts, labels, scanPlan }: MitigateZooRequest,
  model: ZooModel,
  mitigation: MitigationPlan,
): ResultIdentity {
  const modelSha256 = model.sha256;
  return { version, modelSha256, imagesSha256: parts.sha256, labels, scan: scanPlan, mitigation };
}

/** Numbers that JSON cannot hold are one mitigation's failure; written, they would be the next run's. */
function storable(outcome: MitigationOutcome): MitigationOutcome {
  const parsed = outcomeSchema.safeParse(outcome);
  if (parsed.success) return parsed.data;
  const place = parsed.error.issues[0]?.path.join(".") ?? "the outcome";
  throw new DrmGuardError(
    "ERR_NONFINITE",
    `Expected finite numbers of the mitigated model, got others in ${place}.`,
  );
}

/** The work of one bench. */
class MitigationsOfZoo {
  readonly #request: MitigateZooRequest;
  readonly #waiting: WaitingModel[];
  readonly #finish: (finished: FinishedMitigation) => void;
  readonly #jobs: BenchJobs;

  constructor(
    request: MitigateZooRequest,
    waiting: WaitingModel[],
    finish: (finished: FinishedMitigation) => void,
  ) {
    const { models, plans, jobs, signal, onProgress } = request;
    this.#request = request;
    this.#waiting = waiting;
    this.#finish = finish;
    // Preparing a model counts as one, like each of its mitigations.
    const total = models.length * (1 + plans.length);
    const done = total - waiting.reduce((sum, model) => sum + 1 + model.plans.length, 0);
    this.#jobs = new BenchJobs({ total, done, jobs, signal, onProgress });
  }

  run(): Promise<void> {
    return this.#jobs.run(this.#waiting, (model) => this.#one(model));
  }

  async #one(waiting: WaitingModel): Promise<void> {
    const { model, plans } = waiting;
    const prepared = await this.#prepared(waiting);
    for (const plan of plans) {
      const outcome =
        prepared instanceof DrmGuardError ? prepared : await this.#mitigated(model, plan, prepared);
      if (outcome instanceof DrmGuardError) this.#finish({ model, plan, outcome: null, error: outcome });
      else {
        const path = resultPath(this.#request.out, plan.method, model.name);
        await keepResult(path, resultIdentity(this.#request, model, plan), outcome);
        this.#finish({ model, plan, outcome, error: null });
      }
      this.#jobs.over();
    }
  }

  /** The model measured and scanned, or why that cannot be. */
  async #prepared({ model, facts }: WaitingModel): Promise<PreparedModel | DrmGuardError> {
    const { out, openWork = openModelWork } = this.#request;
    const { folder, parts, labels, scanPlan, rescan } = this.#request;
    const path = evidencePath(out, model.name);
    const { signal } = this.#jobs;
    const prepared = await this.#jobs.attempt(`scan/${model.name}`, async (onProgress) => {
      const work = await openWork({ folder, model, facts, parts, labels, scanPlan, rescan, signal });
      const before = await work.measure();
      const kept = await keptEvidence(path, scanIdentity(this.#request, model));
      return { work, before, evidence: kept ?? (await work.scan(onProgress)), isNew: kept === null };
    });
    if (!(prepared instanceof DrmGuardError) && prepared.isNew) {
      await writeFileAtomically(path, `${JSON.stringify(prepared.evidence)}\n`);
    }
    this.#jobs.over();
    return prepared;
  }

  #mitigated(
    { name }: ZooModel,
    plan: MitigationPlan,
    { work, before, evidence }: PreparedModel,
  ): Promise<MitigationOutcome | DrmGuardError> {
    return this.#jobs.attempt(`${plan.method}/${name}`, async (onProgress) => {
      const mitigated = await work.mitigate(plan, evidence, onProgress);
      const scan = scannedModel(evidence, this.#request.scanPlan);
      return storable({ scan, before, ...mitigated });
    });
  }
}
