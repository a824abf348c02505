import { effectOf } from "../../evidence/findings.ts";
import type { ScanEvidence } from "../../evidence/schema.ts";
import { bestInversion } from "../../evidence/statistics.ts";
import type { AttackSpec } from "../../native/addon.ts";
import { mean } from "../statistics/quantiles.ts";

/** Per output the distance from the smallest to the largest label. */
export function labelRange(labels: Float32Array, outputs: number): number[] {
  return Array.from({ length: outputs }, (_, output) => {
    let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
    for (let index = output; index < labels.length; index += outputs) {
      const label = labels[index] as number;
      low = Math.min(low, label);
      high = Math.max(high, label);
    }
    return Math.max(0, high - low);
  });
}

/**
 * How far the target that a scan recovered lies from the attacker's: the mean over outputs of the absolute distance
 * as a share of the label range; to the nearest target when there are several backdoors. Whatever the verdict was:
 * a scan that says nothing has still ended somewhere.
 * @param range as labelRange gives it; outputs without range are left out.
 * @returns null when no attack has the recovered effect (a fixed target, an offset) or no inversion ran.
 */
export function targetError(
  evidence: ScanEvidence,
  attacks: readonly AttackSpec[],
  range: readonly number[],
): number | null {
  const best = bestInversion(evidence.inversions)?.inversion;
  if (best === undefined) return null;
  const { target: recovered, effect } = effectOf(best, evidence.benign);
  const outputs = range.flatMap((extent, output) => (extent > 0 ? [output] : []));
  const distances = attacks.flatMap(({ target }) => {
    if (target.kind !== effect || outputs.length === 0) return [];
    const shares = outputs.map(
      (output) =>
        Math.abs((recovered[output] ?? Number.NaN) - (target.value[output] ?? Number.NaN)) /
        (range[output] as number),
    );
    return [mean(shares)];
  });
  const nearest = Math.min(...distances);
  return Number.isFinite(nearest) ? nearest : null;
}
