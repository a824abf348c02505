import type { SessionFacts } from "../native/addon.ts";

// Outputs in units of their benign deviation from their benign mean: the space in which targets are chosen.

/** Points closer than this are one. */
const SAME = 1e-6;

/** f(x) of one benign image, in the model's own units. */
export function benignOutput(facts: SessionFacts, image: number): number[] {
  return rowOf(facts.benignOutputs, image, facts.outputs);
}

/** One row of a matrix that is stored row by row. */
export function rowOf(matrix: Float32Array, row: number, width: number): number[] {
  return Array.from(matrix.subarray(row * width, (row + 1) * width));
}

/** Every benign image's output in deviations. */
export function benignDeviations(facts: SessionFacts): number[][] {
  const images = facts.benignOutputs.length / facts.outputs;
  return Array.from({ length: images }, (_, image) => inDeviations(facts, benignOutput(facts, image)));
}

/** Distance of every output from its benign mean, in benign deviations; 0 for an output that never changes. */
export function inDeviations(facts: SessionFacts, outputs: readonly number[]): number[] {
  return outputs.map((value, index) => {
    const deviation = facts.outputDeviation[index] ?? 0;
    return deviation > 0 ? (value - (facts.outputMean[index] ?? 0)) / deviation : 0;
  });
}

/** The output, in the model's own units, that lies at `point`. */
export function outputAt(facts: SessionFacts, point: readonly number[]): number[] {
  return point.map(
    (value, index) => (facts.outputMean[index] ?? 0) + value * (facts.outputDeviation[index] ?? 0),
  );
}

/** Root mean square over the outputs: how far a point lies from the mean. */
export function radius(point: readonly number[]): number {
  return Math.sqrt(point.reduce((sum, value) => sum + value ** 2, 0) / point.length);
}

/** The point in the same direction at a radius of 1; null for the mean, which has no direction. */
export function directionOf(point: readonly number[]): number[] | null {
  const own = radius(point);
  return own > SAME ? point.map((value) => value / own) : null;
}

/**
 * Indices of `count` points, each as far as possible from `taken` and from those chosen before it; fewer when there are
 * no more different points.
 */
export function farthestFirst(
  points: readonly (readonly number[])[],
  count: number,
  taken: readonly (readonly number[])[],
): number[] {
  const chosen: number[] = [];
  const nearest = points.map((point) =>
    taken.reduce((least, other) => Math.min(least, distanceBetween(point, other)), Number.POSITIVE_INFINITY),
  );
  while (chosen.length < count) {
    const farthest = indexOfLargest(nearest);
    const added = points[farthest];
    if (added === undefined || (nearest[farthest] ?? 0) <= SAME) break;
    chosen.push(farthest);
    points.forEach((point, index) => {
      nearest[index] = Math.min(nearest[index] ?? 0, distanceBetween(point, added));
    });
  }
  return chosen;
}

export function indexOfLargest(values: readonly number[]): number {
  return values.reduce((best, value, index) => (value > (values[best] ?? -1) ? index : best), 0);
}

function distanceBetween(left: readonly number[], right: readonly number[]): number {
  return radius(left.map((value, index) => value - (right[index] ?? 0)));
}
