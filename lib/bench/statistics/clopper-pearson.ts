import { turningPoint } from "./bisection.ts";
import { incompleteBeta } from "./incomplete-beta.ts";

/** An estimate with its 95 % interval. */
export interface Estimate {
  value: number;
  low: number;
  high: number;
}

/** Both tails of a 95 % interval together. */
const ALPHA = 0.05;

/**
 * A share of successes with its exact 95 % interval (Clopper and Pearson, Biometrika 26, 1934): the shares that a
 * two-sided binomial test of this size does not reject. It covers at least 95 %, usually more.
 * @param successes whole number in [0, trials].
 * @param trials how many were tried; null comes back for none.
 */
export function clopperPearson(successes: number, trials: number): Estimate | null {
  if (trials === 0) return null;
  const failures = trials - successes;
  // P(X ≥ k) = I_p(k, n − k + 1) rises with p, and P(X ≤ k) = 1 − I_p(k + 1, n − k) falls.
  const low =
    successes === 0
      ? 0
      : turningPoint(0, 1, (share) => incompleteBeta(share, successes, failures + 1) >= ALPHA / 2);
  const high =
    failures === 0
      ? 1
      : turningPoint(0, 1, (share) => incompleteBeta(1 - share, failures, successes + 1) <= ALPHA / 2);
  return { value: successes / trials, low, high };
}
