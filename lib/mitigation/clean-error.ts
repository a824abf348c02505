import type { TuningSet } from "../native/addon.ts";
import { labelStatistics, meanAbsolute } from "../training/index.ts";

/** How far a model's answers lie from what they should be. */
export interface CleanError {
  /** Mean absolute error per output, in the model's units. */
  perOutput: number[];
  /** Mean over the outputs of the error in deviations of the labels: what models are compared by. */
  relative: number;
}

/** @param outputs f(x) of the set's images, count × d. */
export function cleanErrorOf(outputs: Float32Array, { labels, count }: TuningSet): CleanError {
  const width = labels.length / count;
  const perOutput = meanAbsolute(outputs, labels, width);
  const { deviation } = labelStatistics(labels, width);
  const shares = perOutput.map((error, output) => error / (deviation[output] || 1));
  return { perOutput, relative: shares.reduce((sum, share) => sum + share, 0) / width };
}
