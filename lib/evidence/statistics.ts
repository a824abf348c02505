import type { BaselineEvidence, InversionEvidence, ScanEvidence } from "./schema.ts";
import { TRIGGER_FAMILIES } from "./trigger-families.ts";

/** Below this share of the tolerance, a collapse was overpaid. */
const OVERPAID_SHARE = 0.5;

/** An inversion and its place in the evidence's list. */
export interface RankedInversion {
  index: number;
  inversion: InversionEvidence;
}

/**
 * What a family of triggers says: what it costs where the outputs may go anywhere, beside other targets; or, where all
 * of its triggers are small, how deep they collapse the outputs. The numbers of the one kind are null for the other.
 */
export interface FamilyContrast {
  family: InversionEvidence["family"];
  /**
   * The cheapest free inversion that reached the tolerance, or the cheapest of all when none did. Of small triggers,
   * that which collapses the outputs most beside its reference.
   */
  best: RankedInversion;
  /** Its cost; null when it did not reach. */
  freeCost: number | null;
  /** Median cost of the forced inversions, every cost taken as it is; null without any. */
  forcedCost: number | null;
  /**
   * The same median with the costs of those that stopped short unbounded; Infinity when too many did. Equal to
   * forcedCost when that is certain.
   */
  forcedCostAtMost: number | null;
  /** freeCost / forcedCost; null where it does not exist. */
  rho: number | null;
  /** √(reference / collapse) of the best: by how much an optimised trigger narrows the outputs' deviation further; the reference counts mostReference at most. */
  depth: number | null;
  /** What families compare by: 1/ρ or the depth, over what benign models show of it; null where it does not exist. */
  score: number | null;
}

/** One entry per family with a free inversion, in the order in which they ran. */
export function familyContrasts(inversions: readonly InversionEvidence[]): FamilyContrast[] {
  const families = new Set(inversions.map(({ family }) => family));
  return [...families].flatMap((family) => {
    const { measure, benign } = TRIGGER_FAMILIES[family];
    if (measure === "depth") return depthContrast(inversions, family, benign);
    const best = cheapestFree(inversions, (inversion) => inversion.family === family);
    if (best === null) return [];
    const forced = inversions.filter(
      (inversion) => inversion.family === family && inversion.role === "forced",
    );
    const freeCost = best.inversion.reached ? best.inversion.cost : null;
    const forcedCost = median(forced.map(({ cost }) => cost));
    const rho = freeCost === null || forcedCost === null ? null : finiteOrNull(freeCost / forcedCost);
    return {
      family,
      best,
      freeCost,
      forcedCost,
      forcedCostAtMost: median(
        forced.map(({ cost, reached }) => (reached ? cost : Number.POSITIVE_INFINITY)),
      ),
      rho,
      depth: null,
      score: rho === null ? null : finiteOrNull(1 / rho / benign),
    };
  });
}

/** As deep as any collapse: below it, single-precision outputs say nothing. */
const LEAST_COLLAPSE = 1e-6;

/** Of an inversion of small triggers (FamilyContrast.depth). */
export function depthOf({
  family,
  reference,
  collapse,
}: Pick<InversionEvidence, "family" | "reference" | "collapse">): number {
  const counted = Math.min(reference ?? 1, TRIGGER_FAMILIES[family].mostReference);
  return Math.sqrt(counted / Math.max(collapse, LEAST_COLLAPSE));
}

function depthContrast(
  inversions: readonly InversionEvidence[],
  family: InversionEvidence["family"],
  benign: number,
): FamilyContrast[] {
  let best: (RankedInversion & { depth: number }) | null = null;
  for (const [index, inversion] of inversions.entries()) {
    if (inversion.family !== family || inversion.role !== "free") continue;
    const depth = depthOf(inversion);
    if (best === null || depth > best.depth) best = { index, inversion, depth };
  }
  if (best === null) return [];
  const { index, inversion, depth } = best;
  const costs = { freeCost: null, forcedCost: null, forcedCostAtMost: null, rho: null };
  return [{ family, best: { index, inversion }, ...costs, depth, score: depth / benign }];
}

/**
 * The free inversion that a report shows and whose target the verdict names: that of the family with the highest score;
 * where no family has one, the cheapest that reached the tolerance, or the cheapest of all when none did. The first
 * wins a tie. null without a free inversion.
 */
export function bestInversion(inversions: readonly InversionEvidence[]): RankedInversion | null {
  return mostTelling(familyContrasts(inversions))?.best ?? cheapestFree(inversions, () => true);
}

/** The family with the highest score; null when none has one. */
function mostTelling(contrasts: readonly FamilyContrast[]): FamilyContrast | null {
  const telling = contrasts.filter(({ score }) => score !== null);
  return telling.toSorted((a, b) => (b.score as number) - (a.score as number))[0] ?? null;
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
 * Whether a forced cost can be compared: one that ended far below the tolerance paid for more collapse than was asked,
 * and bounds nothing from below. One that stopped short does.
 */
export function bounding(inversion: InversionEvidence, tolerance: number): boolean {
  return inversion.collapse >= OVERPAID_SHARE * tolerance;
}

/**
 * The numbers that a verdict reads, from the inversions alone. Costs are those of one family (see
 * InversionEvidence.cost). `forcedCost` takes every forced inversion as it ended; FamilyContrast and bounding() say how
 * far that can be trusted. `meanL1` is the cost of the best inversion, collapsed or not.
 * @param shown the inversion that is read; a baseline's is not the cheapest.
 */
export function statisticsOf(
  inversions: readonly InversionEvidence[],
  shown: RankedInversion | null = bestInversion(inversions),
): ScanEvidence["statistics"] {
  const best = shown?.inversion ?? null;
  const contrast = familyContrasts(inversions).find(({ family }) => family === best?.family);
  // A small trigger's cost is that of its size, and no other target has one to compare with.
  const counted = contrast === undefined || contrast.depth === null;
  const freeCost = best?.reached && counted ? best.cost : null;
  const forcedCost = contrast?.forcedCost ?? null;
  return {
    family: best?.family ?? null,
    freeCost,
    forcedCost,
    rho: freeCost === null || forcedCost === null ? null : finiteOrNull(freeCost / forcedCost),
    score: contrast?.score ?? null,
    meanL1: best?.cost ?? null,
    rav: best?.rav ? mean(best.rav) : null,
    rnv: best?.rnv ? mean(best.rnv) : null,
  };
}

function cheapestFree(
  inversions: readonly InversionEvidence[],
  wanted: (inversion: InversionEvidence) => boolean,
): RankedInversion | null {
  const free = inversions
    .map((inversion, index) => ({ index, inversion }))
    .filter(({ inversion }) => inversion.role === "free" && wanted(inversion));
  return cheapest(free.filter(({ inversion }) => inversion.reached)) ?? cheapest(free);
}

function cheapest(candidates: readonly RankedInversion[]): RankedInversion | null {
  let best: RankedInversion | null = null;
  for (const candidate of candidates) {
    if (best === null || candidate.inversion.cost < best.inversion.cost) best = candidate;
  }
  return best;
}

/** null without values. */
function median(values: readonly number[]): number | null {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle];
  if (upper === undefined) return null;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] as number) + upper) / 2;
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

function finiteOrNull(value: number): number | null {
  return Number.isFinite(value) ? value : null;
}
