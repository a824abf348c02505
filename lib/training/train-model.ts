import { unlink } from "node:fs/promises";
import type { DataSplit, LabelledImages } from "../data/index.ts";
import { DrmGuardError } from "../errors/index.ts";
import { makeFolder } from "../files/index.ts";
import type { NativeAddon, NativeTrainer, TrainingPlan } from "../native/addon.ts";
import { callNative } from "../native/call-native.ts";
import { throwIfCancelled } from "../native/cancellation.ts";
import { loadAddon } from "../native/load-addon.ts";
import {
  type CheckpointFacts,
  readCheckpoint,
  requireReplaceableCheckpoint,
  writeCheckpoint,
} from "./checkpoint.ts";
import { existingFiles, type ModelPaths, modelPaths } from "./model-files.ts";
import { planHash } from "./plan-hash.ts";
import { runEpoch } from "./run-epoch.ts";
import { saveModel } from "./save-model.ts";
import type { TrainedModelFacts } from "./trained-model.ts";
import { type SplitChoice, type TrainingSets, trainingSets } from "./training-sets.ts";

/** How far a model is. */
export interface TrainModelProgress {
  stage: "train" | "measure";
  /** Batches of the whole training. */
  done: number;
  total: number;
  /** done / total. */
  fraction: number;
  /** Mean training loss of the present epoch. */
  loss?: number;
}

export interface TrainModelOptions {
  /** MODEL or MODEL.pt; the folder is made. */
  out: string;
  /** Replaces a model that is there; without it that is an error. */
  force?: boolean | undefined;
  /** Starts over although a checkpoint is there, and replaces it; without it the checkpoint is resumed. */
  restart?: boolean | undefined;
  /** Aborting rejects with ERR_CANCELLED after the present batch; finished epochs are kept in the checkpoint. */
  signal?: AbortSignal | undefined;
  onProgress?: ((progress: TrainModelProgress) => void) | undefined;
  /** The native addon of the package when left out. */
  addon?: NativeAddon | undefined;
}

/**
 * Trains a model, measures it on the held-out images and saves it: MODEL.pt, MODEL.safetensors, one
 * MODEL.attack-N.safetensors per attack, and MODEL.json last. A run that was interrupted goes on from the last whole
 * epoch and gives the same weights as one that was not.
 * @throws DrmGuardError ERR_CANCELLED, ERR_CONFIG, ERR_IMAGES_TOO_FEW, ERR_FILE_WRITE, ERR_DEVICE*, ERR_NONFINITE.
 */
export async function trainModel(
  plan: TrainingPlan,
  data: LabelledImages,
  split: DataSplit & { choice: SplitChoice },
  options: TrainModelOptions,
): Promise<TrainedModelFacts> {
  return trainOnSets(plan, trainingSets(data, split, split.choice), options);
}

/** trainModel for sets that several models share. */
export async function trainOnSets(
  plan: TrainingPlan,
  sets: TrainingSets,
  options: TrainModelOptions,
): Promise<TrainedModelFacts> {
  const { out, signal } = options;
  throwIfCancelled(signal);
  requireFitting(plan, sets);
  const paths = modelPaths(out);
  await makeFolder(paths.folder);
  const run = { plan: planHash(plan), data: sets.sha256, split: sets.splitSha256 };
  // Read before anything is asked of the device: a checkpoint that does not fit ends the run at once.
  if (options.restart) await requireReplaceableCheckpoint(paths.checkpoint);
  const checkpoint = options.restart ? null : await readCheckpoint(paths.checkpoint, run);
  if (!options.force && checkpoint === null) await requireFree(paths, plan.attacks.length);
  const addon = options.addon ?? loadAddon();
  const { pixels, labels, count } = sets.training;
  const trainer = await callNative(() => addon.createTrainer(plan, { pixels, labels, count }));
  try {
    if (checkpoint !== null) await callNative(() => trainer.restore(checkpoint.state));
    const start = checkpoint?.facts.seconds ?? 0;
    const seconds = await trainEpochs(trainer, plan, paths, run, start, options);
    options.onProgress?.({ stage: "measure", done: 0, total: 1, fraction: 0 });
    const facts = await saveModel(addon, trainer, plan, sets, paths, seconds, signal);
    options.onProgress?.({ stage: "measure", done: 1, total: 1, fraction: 1 });
    await unlink(paths.checkpoint).catch(() => {});
    return facts;
  } finally {
    trainer.dispose();
  }
}

/** @returns seconds spent on training, earlier runs included. */
async function trainEpochs(
  trainer: NativeTrainer,
  plan: TrainingPlan,
  paths: ModelPaths,
  run: Pick<CheckpointFacts, "plan" | "data" | "split">,
  earlierSeconds: number,
  { signal, onProgress }: TrainModelOptions,
): Promise<number> {
  let seconds = earlierSeconds;
  while (trainer.epoch < plan.epochs) {
    const finished = trainer.epoch;
    const began = performance.now();
    await runEpoch(
      trainer,
      ({ batch, batches, loss }) => {
        const total = plan.epochs * batches;
        const done = finished * batches + batch;
        onProgress?.({ stage: "train", done, total, fraction: done / total, loss });
      },
      signal,
    );
    if (trainer.epoch !== finished + 1) {
      throw new DrmGuardError("ERR_INTERNAL", `Expected epoch ${finished + 1}, got ${trainer.epoch}.`);
    }
    seconds += (performance.now() - began) / 1000;
    await writeCheckpoint(paths.checkpoint, { ...run, epoch: trainer.epoch, seconds }, trainer.state());
  }
  return seconds;
}

async function requireFree(paths: ModelPaths, attacks: number): Promise<void> {
  const [there] = await existingFiles(paths, attacks);
  if (there === undefined) return;
  throw new DrmGuardError("ERR_FILE_WRITE", `${there} exists already; nothing was trained.`, {
    hint: "Give another --out, or --force to replace the model.",
    details: { path: there },
  });
}

function requireFitting({ architecture }: TrainingPlan, { training }: TrainingSets): void {
  const { channels, height, width, outputs } = architecture;
  const labels = training.labelNames.length;
  if (outputs !== labels) {
    throw new DrmGuardError(
      "ERR_CONFIG",
      `Expected a model of ${labels} outputs, one per label, got ${outputs}.`,
    );
  }
  if (channels !== training.channels || height !== training.height || width !== training.width) {
    const images = `${training.channels}x${training.height}x${training.width}`;
    const input = `${channels}x${height}x${width}`;
    throw new DrmGuardError("ERR_CONFIG", `Expected a model for images of ${images}, got ${input}.`);
  }
}
