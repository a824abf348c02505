import type { TuningSet } from "../native/addon.ts";

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
  const perOutput = Array.from({ length: width }, (_, output) =>
    meanOver(count, (row) => Math.abs(at(outputs, row, output, width) - at(labels, row, output, width))),
  );
  const deviations = deviationsOf(labels, count);
  const shares = perOutput.map((error, output) => error / (deviations[output] || 1));
  return { perOutput, relative: meanOver(width, (output) => shares[output] ?? 0) };
}

/** Per output, with the count as divisor. */
export function deviationsOf(labels: Float32Array, count: number): number[] {
  const width = labels.length / count;
  return Array.from({ length: width }, (_, output) => {
    const mean = meanOver(count, (row) => at(labels, row, output, width));
    return Math.sqrt(meanOver(count, (row) => (at(labels, row, output, width) - mean) ** 2));
  });
}

function at(rows: Float32Array, row: number, column: number, width: number): number {
  return rows[row * width + column] ?? 0;
}

function meanOver(count: number, value: (index: number) => number): number {
  let sum = 0;
  for (let index = 0; index < count; index++) sum += value(index);
  return sum / count;
}
