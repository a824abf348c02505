import type { TuningSet } from "../native/addon.ts";
import { labelStatistics, meanAbsolute } from "../training/index.ts";

/** How far a model's answers lie from what they should be. */
export interface CleanError {
  /** Mean absolute error per output, in the model's units. */
  perOutput: number[];
  /** Mean over images and outputs of the error in deviations of the labels: what models are compared by. */
  relative: number;
  /** The same per image. */
  perImage: Float64Array;
}

/** @param outputs f(x) of the set's images, count × d. */
export function cleanErrorOf(outputs: Float32Array, { labels, count }: TuningSet): CleanError {
  const width = labels.length / count;
  const { deviation } = labelStatistics(labels, width);
  const perImage = new Float64Array(count);
  for (const [at, output] of outputs.entries()) {
    const error = Math.abs(output - (labels[at] ?? 0)) / (deviation[at % width] || 1);
    const image = Math.floor(at / width);
    perImage[image] = (perImage[image] ?? 0) + error / width;
  }
  return { perOutput: meanAbsolute(outputs, labels, width), relative: mean(perImage), perImage };
}

/** How much more a model errs than another, as far as some images of all that there could be tell. */
export interface ErrorGrowth {
  /** In deviations of the labels. */
  difference: number;
  /** What other images would make of it: standard error of the ratio of both means, paired by image, times the mean before. */
  standardError: number;
}

/** Both of the same images. */
export function growthOf(after: CleanError, before: CleanError): ErrorGrowth {
  const count = after.perImage.length;
  const difference = after.relative - before.relative;
  const ratio = before.relative > 0 ? difference / before.relative : 0;
  const unexplained = after.perImage.map((error, image) => {
    const own = before.perImage[image] ?? 0;
    return error - own - (before.relative > 0 ? ratio * own : difference);
  });
  const squares = unexplained.reduce((sum, value) => sum + value ** 2, 0);
  return { difference, standardError: Math.sqrt(squares / Math.max(1, count - 1) / count) };
}

function mean(values: Float64Array): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
