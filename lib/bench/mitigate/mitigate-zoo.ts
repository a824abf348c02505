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
import { type BenignReference, measureReference } from "./benign-reference.ts";
import type { ImageParts } from "./image-parts.ts";
import { keepReference, keptReference, type ReferenceIdentity, referencePath } from "./kept-reference.ts";
import { evidencePath, keepResult, keptResult, resultPath } from "./kept-result.ts";
import { BENIGN_REFERENCE } from "./mitigation-bench.ts";
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

/** A backdoored model whose attacks were measured on the benign models, or could not be. */
export type FinishedReference = { model: ZooModel } & (
  | { reference: BenignReference; error: null }
  | { reference: null; error: DrmGuardError }
);

/** Is told of all that is over, in any order. */
export interface MitigateZooListener {
  /** Of every model and method. */
  mitigation: (finished: FinishedMitigation) => void;
  /** Of every backdoored model, where there are benign ones. */
  reference: (finished: FinishedReference) => void;
}

export interface MitigateZooRequest {
  /** The zoo's folder. */
  folder: string;
  models: readonly KnownModel[];
  /** Models that never had a backdoor, on which attacks are measured as well; there may be none. */
  benign: readonly ZooModel[];
  parts: ImageParts;
  labels: LabelSource;
  /** Of the scan that the evidence comes from, and of those after the mitigation. */
  scanPlan: ScanPlan;
  /** One per method. */
  plans: readonly MitigationPlan[];
  /** Whether mitigated models are scanned again. */
  rescan: boolean;
  /** Where evidence/MODEL.json, benign-reference/MODEL.json and results/METHOD/MODEL.json go. */
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

/** A model with what is still to be done. */
interface WaitingModel extends KnownModel {
  /** Those without a result. */
  plans: MitigationPlan[];
  /** Whether its attacks are to be measured on the benign models. */
  reference: boolean;
}

/** A model as an earlier run left it. */
interface FoundModel {
  waiting: WaitingModel;
  mitigations: FinishedMitigation[];
  reference: FinishedReference | null;
}

/** What all methods need of a model. */
interface PreparedModel {
  work: ModelWork;
  before: MeasuredErrors;
  evidence: ScanEvidence;
}

/**
 * Takes the backdoor out of every model with every method, and measures every attack on the benign models. Evidence,
 * references and results are kept as soon as they are there, and those of an earlier run are taken over, so that an
 * interrupted bench goes on where it was.
 * @throws ERR_CONFIG before any work when the folder holds files of another bench; ERR_CANCELLED; ERR_FILE_WRITE. The
 *   error of a single model, reference or mitigation is given to the listener.
 */
export async function mitigateZoo(request: MitigateZooRequest, listener: MitigateZooListener): Promise<void> {
  const { models, plans, out, signal } = request;
  const methods = plans.map(({ method }) => join("results", method));
  for (const folder of ["evidence", "benign-reference", ...methods]) await makeFolder(join(out, folder));
  const found: FoundModel[] = [];
  for (const known of models) {
    throwIfCancelled(signal);
    found.push(await foundModel(request, known));
  }
  for (const { mitigations, reference } of found) {
    for (const finished of mitigations) listener.mitigation(finished);
    if (reference !== null) listener.reference(reference);
  }
  const waiting = found.map((model) => model.waiting).filter((model) => pieces(model) > 0);
  await new MitigationsOfZoo(request, waiting, listener).run();
}

async function foundModel(request: MitigateZooRequest, known: KnownModel): Promise<FoundModel> {
  const { plans, out, rescan } = request;
  const { model, facts } = known;
  const missing: MitigationPlan[] = [];
  const mitigations: FinishedMitigation[] = [];
  for (const plan of plans) {
    const path = resultPath(out, plan.method, model.name);
    const outcome = await keptResult(path, resultIdentity(request, model, plan), rescan);
    if (outcome === null) missing.push(plan);
    else mitigations.push({ model, plan, outcome, error: null });
  }
  // Read here to refuse another bench's before any work; too much to hold for all models.
  if (missing.length > 0) await keptEvidence(evidencePath(out, model.name), scanIdentity(request, model));
  const wanted = hasReference(request, model);
  const kept = wanted
    ? await keptReference(
        referencePath(out, model.name),
        referenceIdentity(request, model),
        facts.attacks.length,
      )
    : null;
  return {
    waiting: { ...known, plans: missing, reference: wanted && kept === null },
    mitigations,
    reference: kept && { model, reference: kept, error: null },
  };
}

/** Whether a model has attacks to be measured on benign models, and there are any. */
function hasReference({ benign }: Pick<MitigateZooRequest, "benign">, { backdoored }: ZooModel): boolean {
  return backdoored && benign.length > 0;
}

/** Pieces of work: preparing the model is one, like each of its mitigations, and so is its reference. */
function pieces({ plans, reference }: Pick<WaitingModel, "plans" | "reference">): number {
  return (plans.length === 0 ? 0 : 1 + plans.length) + (reference ? 1 : 0);
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

function referenceIdentity(
  { version, parts, benign }: MitigateZooRequest,
  { sha256: modelSha256 }: ZooModel,
): ReferenceIdentity {
  return { version, modelSha256, imagesSha256: parts.sha256, benign };
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
  readonly #listener: MitigateZooListener;
  readonly #jobs: BenchJobs;

  constructor(request: MitigateZooRequest, waiting: WaitingModel[], listener: MitigateZooListener) {
    const { models, plans, jobs, signal, onProgress } = request;
    this.#request = request;
    this.#waiting = waiting;
    this.#listener = listener;
    const sum = (all: readonly number[]) => all.reduce((a, b) => a + b, 0);
    const total = sum(
      models.map(({ model }) => pieces({ plans: [...plans], reference: hasReference(request, model) })),
    );
    const done = total - sum(waiting.map(pieces));
    this.#jobs = new BenchJobs({ total, done, jobs, signal, onProgress });
  }

  run(): Promise<void> {
    return this.#jobs.run(this.#waiting, (model) => this.#one(model));
  }

  async #one(waiting: WaitingModel): Promise<void> {
    const { model, plans } = waiting;
    const work = await this.#opened(waiting);
    if (waiting.reference) await this.#reference(model, work);
    if (plans.length === 0) return;
    const prepared = work instanceof DrmGuardError ? work : await this.#prepared(model, work);
    this.#jobs.over();
    for (const plan of plans) {
      const outcome =
        prepared instanceof DrmGuardError ? prepared : await this.#mitigated(model, plan, prepared);
      if (outcome instanceof DrmGuardError) {
        this.#listener.mitigation({ model, plan, outcome: null, error: outcome });
      } else {
        const path = resultPath(this.#request.out, plan.method, model.name);
        await keepResult(path, resultIdentity(this.#request, model, plan), outcome);
        this.#listener.mitigation({ model, plan, outcome, error: null });
      }
      this.#jobs.over();
    }
  }

  #opened({ model, facts }: WaitingModel): Promise<ModelWork | DrmGuardError> {
    const { folder, parts, labels, scanPlan, rescan, openWork = openModelWork } = this.#request;
    const { signal } = this.#jobs;
    return this.#jobs.attempt(`open/${model.name}`, () =>
      openWork({ folder, model, facts, parts, labels, scanPlan, rescan, signal }),
    );
  }

  /** Measures the model's attacks on the benign models, where it could be read. */
  async #reference(model: ZooModel, work: ModelWork | DrmGuardError): Promise<void> {
    const { benign, out } = this.#request;
    const name = `${BENIGN_REFERENCE}/${model.name}`;
    const reference =
      work instanceof DrmGuardError
        ? work
        : await this.#jobs.attempt(name, (onProgress) => measureReference(work, benign, onProgress));
    if (reference instanceof DrmGuardError) {
      this.#listener.reference({ model, reference: null, error: reference });
    } else {
      const path = referencePath(out, model.name);
      await keepReference(path, referenceIdentity(this.#request, model), reference);
      this.#listener.reference({ model, reference, error: null });
    }
    this.#jobs.over();
  }

  /** The model measured and scanned, or why that cannot be. */
  async #prepared(model: ZooModel, work: ModelWork): Promise<PreparedModel | DrmGuardError> {
    const path = evidencePath(this.#request.out, model.name);
    const prepared = await this.#jobs.attempt(`scan/${model.name}`, async (onProgress) => {
      const before = await work.measure();
      const kept = await keptEvidence(path, scanIdentity(this.#request, model));
      return { work, before, evidence: kept ?? (await work.scan(onProgress)), isNew: kept === null };
    });
    if (!(prepared instanceof DrmGuardError) && prepared.isNew) {
      await writeFileAtomically(path, `${JSON.stringify(prepared.evidence)}\n`);
    }
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
