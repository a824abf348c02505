import { DrmGuardError } from "../errors/index.ts";
import type { ScanEvidence } from "../evidence/schema.ts";
import type { ImageBatch } from "../images/index.ts";
import { type ModelFile, tunerSource, withWeights } from "../models/index.ts";
import type { NativeAddon, NativeTuner, TensorRecord, TuningSet } from "../native/addon.ts";
import { callNative } from "../native/call-native.ts";
import { throwIfCancelled } from "../native/cancellation.ts";
import { loadAddon } from "../native/load-addon.ts";
import { Guard } from "./guard.ts";
import { knownTriggers } from "./known-triggers.ts";
import type { FinishedRounds, MitigationContext, MitigationRun, RoundFacts } from "./method-context.ts";
import { joinSets, type MitigationImages, type MitigationSets, splitImages } from "./mitigation-images.ts";
import type { MitigationMethod, MitigationPlan } from "./mitigation-plan.ts";
import { finePrune, fineTune, pruneAdversarially } from "./prune.ts";
import { type TriggerPull, triggerPulls } from "./trigger-pull.ts";
import { unlearn } from "./unlearn.ts";

export interface MitigationRequest {
  file: ModelFile;
  images: MitigationImages;
  /** What a contrast scan of the same file found. */
  evidence: ScanEvidence;
  plan: MitigationPlan;
  /** What an earlier run has finished. */
  resume?: FinishedRounds | null;
  /** The native addon of the package when left out. */
  addon?: NativeAddon | undefined;
  /** Aborting rejects with ERR_CANCELLED after the present step. */
  signal?: AbortSignal | undefined;
  onProgress?: ((progress: MitigationProgress) => void) | undefined;
  /** Called after every round with what a later run needs to go on from there. */
  onRound?: ((finished: FinishedRounds) => Promise<void>) | undefined;
}

export interface MitigationProgress {
  what: string;
  /** Of the whole. */
  fraction: number;
}

/** A model that was worked on. */
export interface Mitigation {
  /** The file with its new weights, in the format that it had. */
  bytes: Uint8Array;
  /** The parameters, by the state dict's names. */
  weights: TensorRecord[];
  rounds: RoundFacts[];
  /** Share of the way from the file's weights that stands: less than 1 where the clean error had grown too much. */
  share: number;
  labels: "given" | "own answers";
  /** On held-out images, per output in the model's units; 0 where the labels are the model's own answers. */
  cleanErrorBefore: number[];
  cleanErrorAfter: number[];
  /** After over before, less one; against the labels' deviation where the labels are the model's own answers. */
  growth: number;
  /** 95 %: what other held-out images would make of the growth. */
  growthInterval: [low: number, high: number];
  /** Whether the growth itself is within the bound; beyond it stands what the choice of the held-out images may explain. */
  withinBound: boolean;
  /** Triggers that were reversed from the untouched model, and what they still do. */
  triggers: TriggerPull[];
  images: { training: number; heldOut: number } & Pick<MitigationSets, "heldOutPersons">;
  /** Weights that may change. */
  parameters: number;
}

/** Whether a method goes on from a checkpoint. */
export function resumes(method: MitigationMethod): boolean {
  return RUNS[method].resumes;
}

const RUNS: Record<MitigationMethod, MitigationRun> = {
  drmguard: unlearn,
  "fine-tune": fineTune,
  "fine-prune": finePrune,
  anp: pruneAdversarially,
};

/**
 * Takes a backdoor out of a model. The file is untrusted and stays as it is; what comes back is another.
 * @throws DrmGuardError ERR_CONFIG when evidence, images and model do not belong together; ERR_IMAGES_TOO_FEW;
 *   ERR_MODEL_UNSUPPORTED for a model that cannot be trained; ERR_CANCELLED, ERR_NONFINITE, ERR_DEVICE*.
 */
export async function mitigate(request: MitigationRequest): Promise<Mitigation> {
  // What the addon throws at once, and not by a promise, has to keep its code as well.
  return callNative(() => mitigateModel(request));
}

async function mitigateModel(request: MitigationRequest): Promise<Mitigation> {
  const { file, images, evidence, plan, resume, signal } = request;
  throwIfCancelled(signal);
  requireSameModel(file, evidence);
  const addon = request.addon ?? loadAddon();
  const source = await tunerSource(addon, file);
  const { channels, height, width } = images.images;
  const { device, threads, input } = evidence.plan;
  const options = { device, threads, pixels: input.pixels, channels, height, width };
  const tuner = await callNative(() => addon.createTuner(source, options));
  try {
    const sets = await setsOf(tuner, images, plan);
    const guard = await Guard.of(tuner, sets.heldOut, plan.bound, images.labels === null);
    // A file whose weights cannot be replaced is told so now, not after the work.
    withWeights(file, guard.file, () => tuner.torchScript());
    const method = RUNS[plan.method];
    const left = method.resumes ? resume?.weights.at(-1) : undefined;
    if (left !== undefined) tuner.restore(left);
    const given: Omit<MitigationContext, "known"> = {
      tuner,
      plan,
      sets,
      guard,
      untouched: () => withOthers(tuner, guard.file, () => tuner.snapshot()),
      original: (set) => withOthers(tuner, guard.file, () => tuner.predict(set)),
      evidence,
      origin: originOf(file, addon),
      batch: { ...images.images, kind: "memory", pixels: joinSets([sets.training, sets.heldOut]).images },
      finished: (method.resumes ? resume : null) ?? { rounds: [], weights: [] },
      signal,
      onProgress: (done, what) => request.onProgress?.({ what, fraction: Math.min(1, done / plan.rounds) }),
      onRound: request.onRound,
    };
    const known = await knownTriggers(given);
    const context = { ...given, known };
    const { rounds, finish } = await method.run(context);
    const { share, error: after } = await guard.settle(finish, signal);
    const weights = tuner.weights();
    return {
      bytes: withWeights(file, weights, () => tuner.torchScript()),
      weights,
      rounds,
      share,
      labels: images.labels === null ? "own answers" : "given",
      cleanErrorBefore: guard.before.perOutput,
      cleanErrorAfter: after.perOutput,
      ...guard.growth(after),
      triggers: await triggerPulls(context),
      images: {
        training: sets.training.count,
        heldOut: sets.heldOut.count,
        heldOutPersons: sets.heldOutPersons,
      },
      parameters: tuner.parameters,
    };
  } finally {
    tuner.dispose();
  }
}

function requireSameModel(file: ModelFile, evidence: ScanEvidence): void {
  if (evidence.model.sha256 !== file.sha256) {
    throw new DrmGuardError(
      "ERR_CONFIG",
      `Expected the evidence of ${file.name}, got that of another model (${evidence.model.name}).`,
      { hint: "Scan this very file, and give the JSON that the scan wrote." },
    );
  }
  if (evidence.plan.method !== "contrast") {
    throw new DrmGuardError(
      "ERR_CONFIG",
      `Expected the evidence of a contrast scan, got that of ${evidence.plan.method}.`,
    );
  }
}

/** Parts, mixed forms and what they are made of, joined and copied for the core: so many times the images. */
const COPIES = 56;
const MOST_BYTES = 32 * 2 ** 30;

function requireRoom({ pixels, count, source }: ImageBatch): void {
  const bytes = COPIES * pixels.byteLength;
  if (bytes <= MOST_BYTES) return;
  throw new DrmGuardError(
    "ERR_IMAGES_TOO_LARGE",
    `Unlearning with ${count} images of ${source} would take ${bytes} bytes; at most ${MOST_BYTES} are allowed.`,
    { hint: "Use fewer images (--limit): a few hundred do." },
  );
}

async function setsOf(
  tuner: NativeTuner,
  { images, labels, subjects }: MitigationImages,
  plan: MitigationPlan,
): Promise<MitigationSets> {
  const given = labels ?? new Float32Array(images.count * tuner.outputs);
  requireLabels(given, images, tuner);
  requireRoom(images);
  const sets = splitImages({ images, subjects }, given, plan);
  if (labels !== null) return sets;
  return {
    ...sets,
    training: await ownAnswers(tuner, sets.training),
    heldOut: await ownAnswers(tuner, sets.heldOut),
  };
}

/** Each set is answered by itself, as it is later on: in another batch a device may answer otherwise in the last digits, and the guard compares with 0. */
async function ownAnswers(tuner: NativeTuner, set: TuningSet): Promise<TuningSet> {
  return { ...set, labels: await callNative(() => tuner.predict(set)) };
}

function requireLabels(labels: Float32Array, images: ImageBatch, tuner: NativeTuner): void {
  if (labels.some((label) => !Number.isFinite(label))) {
    throw new DrmGuardError("ERR_CONFIG", "Expected finite labels, got NaN or infinity among them.");
  }
  if (labels.length === images.count * tuner.outputs) return;
  throw new DrmGuardError(
    "ERR_CONFIG",
    `Expected ${tuner.outputs} labels for each of ${images.count} images, as the model has outputs, ` +
      `got ${labels.length} in all.`,
    { hint: "Choose the columns with --labels, in the order of the model's outputs." },
  );
}

/** Work on the tuner's model with other weights; the present ones come back. */
async function withOthers<Result>(
  tuner: NativeTuner,
  weights: TensorRecord[],
  work: () => Result | Promise<Result>,
): Promise<Result> {
  const present = tuner.weights();
  tuner.restore(weights);
  try {
    return await work();
  } finally {
    tuner.restore(present);
  }
}

function originOf(file: ModelFile, addon: NativeAddon): MitigationContext["origin"] {
  const { drmguard, libtorch } = addon.buildFacts();
  const { name, sha256, format, bytes } = file;
  return { name, sha256, format, bytes: bytes.length, engine: { drmguard, libtorch } };
}
