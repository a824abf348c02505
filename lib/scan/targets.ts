import type { SessionFacts } from "../native/addon.ts";
import {
  benignDeviations,
  benignOutput,
  directionOf,
  farthestFirst,
  inDeviations,
  indexOfLargest,
  outputAt,
  radius,
} from "./deviations.ts";

/** Where a spread target lies: at about one benign deviation from the mean, root mean square over the outputs. */
const SHELL = { inner: 0.5, outer: 1.25 } as const;

/**
 * Targets spread over the benign output range, at about one deviation from the mean: where the baselines begin.
 * They are real outputs: where outputs depend on each other (landmarks), a point made up per output may be one that
 * no image has. Chosen farthest-first, so that every next one is as far as possible from the mean and the others.
 * Deterministic; fewer than asked for when the model has fewer different outputs.
 */
export function spreadTargets(facts: SessionFacts, count: number): number[][] {
  const rows = benignDeviations(facts).map((output, image) => ({ image, output }));
  const inShell = rows.filter(({ output }) => {
    const own = radius(output);
    return own >= SHELL.inner && own <= SHELL.outer;
  });
  const candidates = inShell.length >= count ? inShell : rows;
  const mean = Array.from({ length: facts.outputs }, () => 0);
  const chosen = farthestFirst(
    candidates.map(({ output }) => output),
    count,
    [mean],
  );
  return chosen.map((index) => benignOutput(facts, candidates[index]?.image ?? 0));
}

/**
 * Targets around the benign mean, all at `distance` from it (benign deviations, root mean square over the outputs), in
 * directions that lie as far apart as possible. The directions are those of benign outputs, again because a direction
 * made up per output may be one that no image has; the first is that of the output farthest from the mean.
 * Deterministic; fewer than asked for when the model has fewer different directions.
 */
export function targetsAroundMean(facts: SessionFacts, count: number, distance: number): number[][] {
  const outputs = benignDeviations(facts);
  const first = directionOf(outputs[indexOfLargest(outputs.map(radius))] ?? []);
  if (first === null || count < 1) return [];
  return [first, ...otherDirections(facts, count - 1, first)].map((unit) => at(facts, unit, distance));
}

/**
 * The yardstick that ρ divides by: targets as far from the benign mean as those that walk around it, because a cost
 * grows with that distance, in directions as far as possible from that of `found`, where the cheapest collapse was, and
 * from each other.
 */
export function yardstickTargets(
  facts: SessionFacts,
  count: number,
  found: readonly number[],
  distance: number,
): number[][] {
  const direction = directionOf(inDeviations(facts, found));
  return otherDirections(facts, count, direction).map((unit) => at(facts, unit, distance));
}

/**
 * Any output at `distance` from the mean: the first of the targets around it, or the mean of a model whose outputs
 * never change. Where targets go with the outputs, only its distance counts.
 */
export function outwardTarget(facts: SessionFacts, distance: number): number[] {
  return targetsAroundMean(facts, 1, distance)[0] ?? [...facts.outputMean];
}

/** The output in the direction of `output` from the mean, at `distance`; null for the mean, which has none. */
export function movedToDistance(
  facts: SessionFacts,
  output: readonly number[],
  distance: number,
): number[] | null {
  const direction = directionOf(inDeviations(facts, output));
  return direction === null ? null : at(facts, direction, distance);
}

/** Directions of benign outputs, farthest-first from `taken`. */
function otherDirections(facts: SessionFacts, count: number, taken: number[] | null): number[][] {
  const directions = benignDeviations(facts).flatMap((output) => {
    const direction = directionOf(output);
    return direction === null ? [] : [direction];
  });
  const chosen = farthestFirst(directions, count, taken === null ? [] : [taken]);
  return chosen.flatMap((index) => (directions[index] === undefined ? [] : [directions[index]]));
}

function at(facts: SessionFacts, direction: readonly number[], distance: number): number[] {
  return outputAt(
    facts,
    direction.map((value) => value * distance),
  );
}
