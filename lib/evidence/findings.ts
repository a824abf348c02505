import type { InversionEvidence, ScanEvidence } from "./schema.ts";
import { depthOf, familyContrasts } from "./statistics.ts";
import { movesByOffset, TRIGGER_FAMILIES } from "./trigger-families.ts";

/** One backdoor that the inversions speak of. */
export interface Finding {
  /** Index into the evidence's inversions. */
  inversion: number;
  family: InversionEvidence["family"];
  /** As FamilyContrast.score, of this inversion alone. */
  score: number;
  /** The value that the outputs are brought to, or the offset that they are moved by. */
  target: number[];
  effect: "fixed" | "offset";
}

/** Targets closer than this, root mean square over the outputs in benign deviations, are of one backdoor. */
const APART = 1;
/** Cosine from which on an offset points to a target. */
const SAME_WAY = 0.9;
/** A strong trigger's neighbours bring the outputs elsewhere, but not as exactly: share of the best score. */
const BESIDE_BEST = 0.4;

/**
 * The backdoors of a model, the most telling first: every free inversion that scores at least `line` by itself and two
 * fifths of the best, and whose target is away from those before it. Several triggers with one target count as one,
 * and so do a target and an offset towards it, which is a trigger that is half there.
 */
export function findings(evidence: Pick<ScanEvidence, "inversions" | "benign">, line: number): Finding[] {
  const candidates = scoredInversions(evidence)
    .filter(({ score }) => score >= line)
    .toSorted((a, b) => b.score - a.score);
  const found: Finding[] = [];
  for (const candidate of candidates) {
    if (candidate.score < BESIDE_BEST * (found[0]?.score ?? 0)) break;
    if (!found.some((other) => same(evidence, other, candidate))) found.push(candidate);
  }
  return found;
}

function same(evidence: Pick<ScanEvidence, "benign">, one: Finding, other: Finding): boolean {
  if (one.effect === other.effect) return distance(evidence, one, other) < APART;
  const [first, second] = [one, other].map((finding) => wayOf(evidence, finding)) as [number[], number[]];
  const product = first.reduce((sum, value, output) => sum + value * (second[output] ?? 0), 0);
  return product > SAME_WAY * Math.hypot(...first) * Math.hypot(...second);
}

/** From the benign mean, in benign deviations. */
function wayOf({ benign }: Pick<ScanEvidence, "benign">, { target, effect }: Finding): number[] {
  return target.map((value, output) => {
    const deviation = benign.deviation[output] ?? 0;
    const from = effect === "offset" ? 0 : (benign.mean[output] ?? 0);
    return deviation > 0 ? (value - from) / deviation : 0;
  });
}

/** How far the targets of the inversions that tell the same story lie apart: those of at least half of the best's score. */
export interface TargetSpread {
  /** Inversions, the best among them. */
  starts: number;
  /** Root mean square distance of their targets from the best's, over them and over the outputs, in benign deviations. */
  deviation: number;
}

/** Of the family with the highest score; null where no inversion has one. */
export function targetSpread(evidence: Pick<ScanEvidence, "inversions" | "benign">): TargetSpread | null {
  const scored = scoredInversions(evidence).toSorted((a, b) => b.score - a.score);
  const best = scored[0];
  if (best === undefined) return null;
  const alike = scored.filter(({ family, score }) => family === best.family && score >= best.score / 2);
  const squares = alike.map((other) => distance(evidence, best, other) ** 2);
  const deviation = Math.sqrt(squares.reduce((sum, value) => sum + value, 0) / squares.length);
  return { starts: alike.length, deviation };
}

/** What the outputs are brought to by an inversion, or moved by. */
export function effectOf(
  { family, target }: Pick<InversionEvidence, "family" | "target">,
  { mean }: ScanEvidence["benign"],
): Pick<Finding, "target" | "effect"> {
  if (!movesByOffset(family)) return { target: [...target], effect: "fixed" };
  return { target: target.map((value, output) => value - (mean[output] ?? 0)), effect: "offset" };
}

/** Every free inversion that has a score by itself. */
export function scoredInversions({
  inversions,
  benign,
}: Pick<ScanEvidence, "inversions" | "benign">): Finding[] {
  const contrasts = new Map(familyContrasts(inversions).map((contrast) => [contrast.family, contrast]));
  return inversions.flatMap((inversion, index) => {
    const { family, role } = inversion;
    const contrast = contrasts.get(family);
    if (role !== "free" || contrast === undefined) return [];
    const raw = contrast.depth === null ? dearness(inversion, contrast.forcedCost) : depthOf(inversion);
    const score = raw === null ? null : raw / TRIGGER_FAMILIES[family].benign;
    return score === null || !Number.isFinite(score)
      ? []
      : [{ inversion: index, family, score, ...effectOf(inversion, benign) }];
  });
}

function dearness({ cost, reached }: InversionEvidence, forcedCost: number | null): number | null {
  return reached && forcedCost !== null ? forcedCost / cost : null;
}

/** Of two findings with the same effect: root mean square over the outputs, in benign deviations. */
function distance(evidence: Pick<ScanEvidence, "benign">, one: Finding, other: Finding): number {
  const second = wayOf(evidence, other);
  const squares = wayOf(evidence, one).map((value, output) => (value - (second[output] ?? 0)) ** 2);
  return Math.sqrt(squares.reduce((sum, square) => sum + square, 0) / squares.length);
}
