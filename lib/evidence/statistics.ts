import type { BaselineEvidence, InversionEvidence, ScanEvidence } from "./schema.ts";

/** The inverse of the 1.25 that the core allows above the tolerance. */
const SETTLED_SHARE = 0.8;

/** An inversion and its place in the evidence's list. */
export interface RankedInversion {
  index: number;
  inversion: InversionEvidence;
}

/** What is known about the median forced cost when some forced inversions stopped short of the tolerance. */
export interface ForcedCostBounds {
  /** Median with every cost taken as it is. */
  lower: number;
  /** Median with the costs of those that stopped short unbounded; Infinity when too many did. Equal to `lower` when the median is certain. */
  upper: number;
}

/**
 * The free inversion that a report shows and whose target the verdict names, of the family that was also forced:
 * the cheapest that reached the tolerance, or the cheapest of all when none did. The first wins a tie. null without a free inversion.
 */
export function bestInversion(inversions: readonly InversionEvidence[]): RankedInversion | null {
  // ρ compares costs of one generator: another family's free cost has no forced cost to stand beside.
  const yardstick = inversions.find((inversion) => inversion.role === "forced")?.family;
  const comparable = (inversion: InversionEvidence) =>
    yardstick === undefined || inversion.family === yardstick;
  const free = inversions
    .map((inversion, index) => ({ index, inversion }))
    .filter(({ inversion }) => inversion.role === "free" && comparable(inversion));
  const reached = free.filter(({ inversion }) => inversion.reached);
  return cheapest(reached) ?? cheapest(free);
}

/** The inversion that a report shows: the most suspicious start of a baseline, the best inversion otherwise. */
export function shownInversion({
  baseline,
  inversions,
}: Pick<ScanEvidence, "baseline" | "inversions">): RankedInversion | null {
  if (baseline === null) return bestInversion(inversions);
  const inversion = inversions[baseline.best];
  return inversion === undefined ? null : { index: baseline.best, inversion };
}

/** The most suspicious start of a baseline; null for the other methods. */
export function bestStart({
  baseline,
}: Pick<ScanEvidence, "baseline">): BaselineEvidence["starts"][number] | null {
  return baseline?.starts[baseline.best] ?? null;
}

/**
 * Whether an inversion's cost can be compared: it ended at the tolerance, neither short of it nor far below, where it
 * paid for more collapse than was asked.
 */
export function settled(inversion: InversionEvidence, tolerance: number): boolean {
  return inversion.reached && inversion.collapse >= SETTLED_SHARE * tolerance;
}

/** Bounds of the median forced cost; null without a forced inversion. */
export function forcedCostBounds(inversions: readonly InversionEvidence[]): ForcedCostBounds | null {
  const forced = inversions.filter((inversion) => inversion.role === "forced");
  if (forced.length === 0) return null;
  return {
    lower: median(forced.map((inversion) => inversion.cost)),
    upper: median(forced.map((inversion) => (inversion.reached ? inversion.cost : Number.POSITIVE_INFINITY))),
  };
}

/**
 * The numbers that a verdict reads, from the inversions alone.
 * Costs are mean |G(x)−x| per pixel in [0,1]. `forcedCost` takes every forced inversion as it ended; forcedCostBounds
 * and settled say how far that can be trusted. `meanL1` is the cost of the best inversion, collapsed or not.
 * @param shown the inversion that is read; a baseline's is not the cheapest.
 */
export function statisticsOf(
  inversions: readonly InversionEvidence[],
  shown: RankedInversion | null = bestInversion(inversions),
): ScanEvidence["statistics"] {
  const best = shown?.inversion ?? null;
  const freeCost = best?.reached ? best.cost : null;
  const forcedCost = forcedCostBounds(inversions)?.lower ?? null;
  return {
    freeCost,
    forcedCost,
    rho: freeCost === null || forcedCost === null ? null : finiteOrNull(freeCost / forcedCost),
    meanL1: best?.cost ?? null,
    rav: best?.rav ? mean(best.rav) : null,
    rnv: best?.rnv ? mean(best.rnv) : null,
  };
}

function cheapest(candidates: readonly RankedInversion[]): RankedInversion | null {
  let best: RankedInversion | null = null;
  for (const candidate of candidates) {
    if (best === null || candidate.inversion.cost < best.inversion.cost) best = candidate;
  }
  return best;
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] as number;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] as number) + upper) / 2;
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

function finiteOrNull(value: number): number | null {
  return Number.isFinite(value) ? value : null;
}
