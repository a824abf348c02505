import { turningPoint } from "./bisection.ts";
import type { Estimate } from "./clopper-pearson.ts";

/** Higher is more suspicious; null, no score, counts as less suspicious than any number. */
export type Score = number | null;

/** One point of a ROC curve. */
export interface RocPoint {
  falsePositiveRate: number;
  truePositiveRate: number;
}

/** 97.5 % quantile of the standard normal distribution. */
const Z = 1.959963984540054;

/** A missing score below all others; two missing ones are a tie. */
export function rankable(score: Score): number {
  return score ?? Number.NEGATIVE_INFINITY;
}

/**
 * Area under the ROC curve: the share of (backdoored, benign) pairs in which the backdoored model has the higher
 * score, ties half (the Mann–Whitney statistic). Below 0.5 the score is turned round: it ranks benign models higher.
 * @returns null when one side is empty.
 */
export function rocAuc(backdoored: readonly Score[], benign: readonly Score[]): number | null {
  if (backdoored.length === 0 || benign.length === 0) return null;
  const negatives = benign.map(rankable).sort((a, b) => (a < b ? -1 : a > b ? 1 : 0));
  let doubled = 0;
  for (const score of backdoored.map(rankable)) {
    doubled += countBelow(negatives, score) + countUpTo(negatives, score);
  }
  return doubled / (2 * backdoored.length * negatives.length);
}

function countBelow(sorted: readonly number[], score: number): number {
  const index = sorted.findIndex((other) => other >= score);
  return index === -1 ? sorted.length : index;
}

function countUpTo(sorted: readonly number[], score: number): number {
  const index = sorted.findIndex((other) => other > score);
  return index === -1 ? sorted.length : index;
}

/**
 * ROC-AUC with a 95 % interval: Newcombe's method 5 (Statistics in Medicine 25:559–573, 2006), the areas θ for which
 * (AUC − θ)² = z² V(θ) with the variance of Hanley and McNeil (Radiology 143:29–36, 1982) at mean sample size.
 * Asymptotic, not exact; chosen because DeLong's interval has no width where the classes separate completely, which
 * is the case that small populations meet.
 */
export function aucEstimate(backdoored: readonly Score[], benign: readonly Score[]): Estimate | null {
  const value = rocAuc(backdoored, benign);
  if (value === null) return null;
  const [m, n] = [backdoored.length, benign.length];
  const inside = (area: number) => (value - area) ** 2 <= Z * Z * aucVariance(area, m, n);
  // At 0 and 1 the variance is 0, so that an end at the estimate itself is found as well.
  const low = value === 0 ? 0 : turningPoint(0, value, inside);
  const high = value === 1 ? 1 : 1 - turningPoint(0, 1 - value, (rest) => inside(1 - rest));
  return { value, low, high };
}

function aucVariance(area: number, m: number, n: number): number {
  const others = (m + n) / 2 - 1;
  const pairs = 1 + others * ((1 - area) / (2 - area) + area / (1 + area));
  return (area * (1 - area) * pairs) / (m * n);
}

/**
 * The ROC curve from (0,0) to (1,1), one point per distinct score from the highest down. Models without a score come
 * in with the last step.
 * @returns null when one side is empty.
 */
export function rocCurve(backdoored: readonly Score[], benign: readonly Score[]): RocPoint[] | null {
  if (backdoored.length === 0 || benign.length === 0) return null;
  const [positives, negatives] = [backdoored.map(rankable), benign.map(rankable)];
  const cuts = [...new Set([...positives, ...negatives])].sort((a, b) => (a > b ? -1 : 1));
  const share = (scores: number[], cut: number) =>
    scores.filter((score) => score >= cut).length / scores.length;
  const points = cuts.map((cut) => ({
    falsePositiveRate: share(negatives, cut),
    truePositiveRate: share(positives, cut),
  }));
  return [{ falsePositiveRate: 0, truePositiveRate: 0 }, ...points];
}
