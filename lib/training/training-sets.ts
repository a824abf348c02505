import { createHash } from "node:crypto";
import { type DataSplit, imagesAsBatch, type LabelledImages, selectImages } from "../data/index.ts";
import { DrmGuardError } from "../errors/index.ts";
import type { ImageBatch } from "../images/index.ts";
import { type LabelStatistics, labelStatistics } from "./label-statistics.ts";

/** How the split by person was made, for whoever makes it again. */
export interface SplitChoice {
  seed: number;
  heldOutShare: number;
}

/** A data set, cut in two and ready for any number of models. */
export interface TrainingSets {
  training: LabelledImages;
  statistics: LabelStatistics;
  /** Held-out images that models are measured on, and their labels (count × d). */
  heldOut: ImageBatch;
  heldOutLabels: Float32Array;
  /** Which person each of them shows (LabelledImages.subjects). */
  heldOutSubjects: Int32Array | null;
  /** All of them, measured or not. */
  heldOutCount: number;
  /** Of the data set as a whole. */
  sha256: string;
  /** Of the indices of the training images. */
  splitSha256: string;
  choice: SplitChoice;
}

/** Enough for errors to within a few per cent of themselves; more only costs memory. */
const MOST_MEASURED_IMAGES = 2000;
const MOST_MEASURED_BYTES = 2 ** 30;
/** A variance needs two, a session the sixteen of a scan. */
const FEWEST_MEASURED_IMAGES = 16;

/** @throws ERR_IMAGES_TOO_FEW when one side of the split is too small. */
export function trainingSets(data: LabelledImages, split: DataSplit, choice: SplitChoice): TrainingSets {
  if (split.training.length < 2 || split.heldOut.length < FEWEST_MEASURED_IMAGES) {
    throw new DrmGuardError(
      "ERR_IMAGES_TOO_FEW",
      `Expected at least 2 images for training and ${FEWEST_MEASURED_IMAGES} held out, got ` +
        `${split.training.length} and ${split.heldOut.length} of ${data.source}.`,
      { hint: "Give more images, or set another --held-out." },
    );
  }
  const training = selectImages(data, split.training);
  const measured = spread(split.heldOut, mostMeasured(data));
  const { labels, subjects } = selectImages(data, measured);
  return {
    training,
    statistics: labelStatistics(training.labels, data.labelNames.length),
    heldOut: imagesAsBatch(data, measured),
    heldOutLabels: labels,
    heldOutSubjects: subjects,
    heldOutCount: split.heldOut.length,
    sha256: data.sha256,
    splitSha256: createHash("sha256").update(split.training.join()).digest("hex"),
    choice,
  };
}

function mostMeasured({ channels, height, width }: LabelledImages): number {
  const fitting = Math.floor(MOST_MEASURED_BYTES / (channels * height * width * 4));
  return Math.max(FEWEST_MEASURED_IMAGES, Math.min(MOST_MEASURED_IMAGES, fitting));
}

/** At most `most` of the indices, evenly over them. */
export function spread(indices: Int32Array, most: number): Int32Array {
  if (indices.length <= most) return indices;
  return Int32Array.from({ length: most }, (_, at) => indices[Math.floor((at * indices.length) / most)] ?? 0);
}
