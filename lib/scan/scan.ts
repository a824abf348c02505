import { resolvePlan, type ScanPlan, type ScanSettings } from "../config/index.ts";
import { DrmGuardError } from "../errors/index.ts";
import type { ScanEvidence } from "../evidence/schema.ts";
import type { ImageBatch } from "../images/image-batch.ts";
import { Session } from "../native/session.ts";
import { assembleEvidence } from "./assemble-evidence.ts";
import { attends } from "./attention.ts";
import { Budget, type ScanLimits } from "./budget.ts";
import { runContrast } from "./contrast.ts";
import { runFeatureReverse } from "./feature-re.ts";
import type { MethodContext } from "./method-run.ts";
import type { Model } from "./model.ts";
import { runNeuralCleanse } from "./neural-cleanse.ts";
import { runPaper } from "./paper.ts";
import type { ProgressListener } from "./progress.ts";
import { sampleIndices } from "./samples.ts";
import { stopwatch } from "./stopwatch.ts";
import { NO_UNSEEN_IMAGES, unseenImages } from "./unseen-images.ts";

export interface ScanOptions {
  /** Settings laid over the defaults, or a plan from resolvePlan. */
  plan?: ScanSettings | undefined;
  /** What the scan may spend: one that needs more ends with what it has. Not for the baselines. */
  limits?: ScanLimits | undefined;
  /** Aborting makes the scan reject with ERR_CANCELLED within a second. */
  signal?: AbortSignal | undefined;
  /** Called several times a second while the scan runs. */
  onProgress?: ProgressListener | undefined;
}

const METHODS = {
  contrast: runContrast,
  drmguard: runPaper,
  "neural-cleanse": runNeuralCleanse,
  "feature-re": runFeatureReverse,
} as const;

/**
 * Measures how cheaply the model's outputs collapse. The result holds numbers and pictures, no decision: judge()
 * decides.
 * @param images benign images of the model's task, at the model's input size.
 * @throws DrmGuardError ERR_CANCELLED, ERR_CONFIG, ERR_DISPOSED, ERR_DEVICE*, ERR_IMAGES_*, ERR_MODEL_*,
 *   ERR_HEAD_NOT_FOUND, ERR_NONFINITE.
 */
export async function scan(
  model: Model,
  images: ImageBatch,
  options: ScanOptions = {},
): Promise<ScanEvidence> {
  const { signal, onProgress, limits } = options;
  const plan = resolvePlan(options.plan ?? {});
  requireLimitable(plan, limits);
  const budget = new Budget(limits);
  requireFittingImages(images, plan);
  const totalSeconds = stopwatch();
  onProgress?.({ stage: "load", done: 0, total: 1, fraction: 0 });
  const session = await openSession(model, images, plan, signal);
  try {
    const load = totalSeconds();
    onProgress?.({ stage: "load", done: 1, total: 1, fraction: 1 });
    const { count, height, width } = images;
    const samples = sampleIndices(count);
    const unseen = isBaseline(plan) ? NO_UNSEEN_IMAGES : unseenImages(images, plan.seed);
    const context: MethodContext = {
      session,
      plan,
      budget,
      shape: { count, height, width },
      attends: attends(model.description.operators),
      samples,
      unseen,
      signal,
      onProgress,
    };
    const outcome = await METHODS[plan.method](context);
    const seconds = { load, ...outcome.seconds, total: totalSeconds() };
    const { facts } = session;
    const { heldOut } = unseen;
    return await assembleEvidence({ model, images, plan, facts, samples, heldOut, outcome, seconds });
  } finally {
    session.dispose();
  }
}

/** A session for a plan's input. */
export async function openSession(
  model: Model,
  images: ImageBatch,
  plan: ScanPlan,
  signal: AbortSignal | undefined,
): Promise<Session> {
  const { count, channels, height, width } = images;
  const options = {
    device: plan.device,
    threads: plan.threads,
    count,
    channels,
    height,
    width,
    pixels: plan.input.pixels,
    featureValue: plan.head.featureValue,
    outputOnly: plan.head.outputOnly,
  };
  return Session.open(model.native, options, images.pixels, signal);
}

function isBaseline({ method }: ScanPlan): boolean {
  return method !== "contrast" && method !== "drmguard";
}

/** The baselines' scores mean nothing before their last step. */
function requireLimitable(plan: ScanPlan, limits: ScanLimits | undefined): void {
  if (limits === undefined || !isBaseline(plan)) return;
  throw new DrmGuardError(
    "ERR_CONFIG",
    `A budget is for contrast and drmguard, not for the baseline ${plan.method}.`,
  );
}

function requireFittingImages(images: ImageBatch, plan: ScanPlan): void {
  const { channels, size } = plan.input;
  if (images.count < plan.images.minimum) {
    throw new DrmGuardError(
      "ERR_IMAGES_TOO_FEW",
      `Expected at least ${plan.images.minimum} images, got ${images.count} from ${images.source}.`,
    );
  }
  if (images.channels !== channels) {
    throw new DrmGuardError(
      "ERR_IMAGES_CHANNELS",
      `Expected images with ${channels} channels, as the plan says, got ${images.channels}.`,
      { hint: "Load the images with the channels that the plan's input.channels names." },
    );
  }
  if (size !== null && (size.height !== images.height || size.width !== images.width)) {
    throw new DrmGuardError(
      "ERR_MODEL_INPUT",
      `Expected images of ${size.height}x${size.width}, as the plan says, got ${images.height}x${images.width}.`,
      { hint: "Load the images with the size that the plan's input.size names." },
    );
  }
}
