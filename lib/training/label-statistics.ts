import { DrmGuardError } from "../errors/index.ts";

/** Labels row by row, with what an attacker needs to know of them. */
export interface LabelStatistics {
  /** count × outputs. */
  labels: Float32Array;
  count: number;
  outputs: number;
  /** Per output; `deviation` with count as divisor. */
  mean: number[];
  deviation: number[];
  /** 2nd and 98th percentile per output: the range without its outliers. */
  low: number[];
  high: number[];
}

const LOW_SHARE = 0.02;

/** @throws ERR_IMAGES_TOO_FEW without labels. */
export function labelStatistics(labels: Float32Array, outputs: number): LabelStatistics {
  const count = labels.length / outputs;
  if (count < 1) throw new DrmGuardError("ERR_IMAGES_TOO_FEW", "Expected labelled images, got none.");
  const statistics: LabelStatistics = { labels, count, outputs, mean: [], deviation: [], low: [], high: [] };
  for (let output = 0; output < outputs; output++) {
    const column = Float64Array.from({ length: count }, (_, row) => labels[row * outputs + output] ?? 0);
    const mean = column.reduce((sum, label) => sum + label, 0) / count;
    const variance = column.reduce((sum, label) => sum + (label - mean) ** 2, 0) / count;
    column.sort();
    statistics.mean.push(mean);
    statistics.deviation.push(Math.sqrt(variance));
    statistics.low.push(quantile(column, LOW_SHARE));
    statistics.high.push(quantile(column, 1 - LOW_SHARE));
  }
  return statistics;
}

/** Linear interpolation between the two nearest ranks, as numpy's default. */
function quantile(sorted: Float64Array, share: number): number {
  const place = share * (sorted.length - 1);
  const below = Math.floor(place);
  const lower = sorted[below] ?? 0;
  const upper = sorted[below + 1] ?? lower;
  return lower + (upper - lower) * (place - below);
}

/** How far a value lies from the mean: root mean square over outputs, in deviations. */
export function distanceFromMean(value: readonly number[], statistics: LabelStatistics): number {
  return distanceInDeviations(value, statistics.mean, statistics);
}

/** How far two values lie apart: root mean square over outputs, in deviations; outputs that never vary count nothing. */
export function distanceInDeviations(
  value: readonly number[],
  other: readonly number[],
  { deviation }: LabelStatistics,
): number {
  const squares = deviation.map((unit, output) =>
    unit > 0 ? (((value[output] ?? 0) - (other[output] ?? 0)) / unit) ** 2 : 0,
  );
  return Math.sqrt(squares.reduce((sum, square) => sum + square, 0) / squares.length);
}
