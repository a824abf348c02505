import type { SessionFacts } from "../native/addon.ts";

/** Where a spread target lies: at about one benign deviation from the mean, root mean square over the outputs. */
const SHELL = { inner: 0.5, outer: 1.25 } as const;

/**
 * Where forced targets lie: about as far from the mean as what was found, because a benign model's cost grows with that
 * distance; a yardstick farther out would make every model look cheap to collapse at its mean.
 */
const YARDSTICK = { inner: 0.75, outer: 1.25, nearest: 0.3 } as const;

/**
 * Targets spread over the benign output range, at about one deviation from the mean.
 * They are real outputs: where outputs depend on each other (landmarks), a point made up per output may be one that
 * no image has. Chosen farthest-first, so that every next one is as far as possible from the mean and the others.
 * Deterministic; fewer than asked for when the model has fewer different outputs.
 */
export function spreadTargets(facts: SessionFacts, count: number): number[][] {
  return farthestFirst(facts, count, facts.outputMean, SHELL);
}

/**
 * Benign outputs whose collapse cost is the yardstick that ρ divides by: about as far from the mean as `found`, where
 * the free starts found the cheapest collapse, and as far as possible from it and from each other.
 */
export function forcedTargets(facts: SessionFacts, count: number, found: readonly number[]): number[][] {
  const origin = Array.from({ length: facts.outputs }, () => 0);
  const radius = Math.max(YARDSTICK.nearest, distance(inDeviations(facts, found), origin));
  return farthestFirst(facts, count, found, {
    inner: YARDSTICK.inner * radius,
    outer: YARDSTICK.outer * radius,
  });
}

function farthestFirst(
  facts: SessionFacts,
  count: number,
  origin: readonly number[],
  shell: { inner: number; outer: number },
): number[][] {
  const rows = standardised(facts);
  const inShell = rows.filter(({ radius }) => radius >= shell.inner && radius <= shell.outer);
  const candidates = inShell.length >= count ? inShell : rows;
  const chosen: number[][] = [];
  const start = inDeviations(facts, origin);
  const nearest = candidates.map(({ output }) => distance(output, start));
  while (chosen.length < count) {
    const farthest = indexOfLargest(nearest);
    const candidate = candidates[farthest];
    if (candidate === undefined || (nearest[farthest] ?? 0) <= 0) break;
    chosen.push(benignOutput(facts, candidate.image));
    candidates.forEach((other, index) => {
      nearest[index] = Math.min(nearest[index] ?? 0, distance(other.output, candidate.output));
    });
  }
  return chosen;
}

function benignOutput(facts: SessionFacts, image: number): number[] {
  return Array.from(facts.benignOutputs.subarray(image * facts.outputs, (image + 1) * facts.outputs));
}

/** Distance of every output from its benign mean, in benign deviations; 0 for an output that never changes. */
function inDeviations(facts: SessionFacts, outputs: readonly number[]): number[] {
  return outputs.map((value, index) => {
    const deviation = facts.outputDeviation[index] ?? 0;
    return deviation > 0 ? (value - (facts.outputMean[index] ?? 0)) / deviation : 0;
  });
}

interface StandardisedOutput {
  image: number;
  /** In deviations from the mean. */
  output: number[];
  /** Root mean square over the outputs. */
  radius: number;
}

function standardised(facts: SessionFacts): StandardisedOutput[] {
  const images = facts.benignOutputs.length / facts.outputs;
  const origin = Array.from({ length: facts.outputs }, () => 0);
  return Array.from({ length: images }, (_, image) => {
    const output = inDeviations(facts, benignOutput(facts, image));
    return { image, output, radius: distance(output, origin) };
  });
}

function distance(left: readonly number[], right: readonly number[]): number {
  const squares = left.reduce((sum, value, index) => sum + (value - (right[index] ?? 0)) ** 2, 0);
  return Math.sqrt(squares / left.length);
}

function indexOfLargest(values: readonly number[]): number {
  return values.reduce((best, value, index) => (value > (values[best] ?? -1) ? index : best), 0);
}
