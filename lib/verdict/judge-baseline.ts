import type { Thresholds } from "../config/scan-plan.ts";
import type { ScanEvidence } from "../evidence/schema.ts";
import { bestStart, shownInversion } from "../evidence/statistics.ts";
import { type Decision, incomplete, sentence, shown, unscored } from "./decision.ts";

/**
 * Neural Cleanse: the smallest successful mask below `thresholds.maskShare` is backdoored, else clean; without a
 * successful mask, inconclusive. Score maskShare line / mask share. The line is not calibrated.
 */
export function judgeNeuralCleanse(evidence: ScanEvidence, { maskShare: line }: Thresholds): Decision {
  const share = bestStart(evidence)?.statistic ?? 0;
  const score = line / share;
  if (!(Number.isFinite(score) && score > 0)) return unscored(evidence, "no mask was measured");
  const below = share < line;
  const numbers =
    `the smallest mask covers ${shown(share * 100)} % of the image, ` +
    `${below ? "below" : "not below"} the line of ${shown(line * 100)} %`;
  if (shownInversion(evidence)?.inversion.reached !== true) {
    const reason = sentence(`${numbers}, yet no mask held the outputs at one target`);
    return { label: "inconclusive", score, reason };
  }
  return decided(evidence, score, below, numbers);
}

/**
 * FeatureRE: a mixed value below `thresholds.featureScore` is backdoored, else clean. Score 2^(line − value): 1 at the
 * line, twice as much for every 1 below it. The line is not calibrated.
 */
export function judgeFeatureReverse(evidence: ScanEvidence, { featureScore: line }: Thresholds): Decision {
  const value = bestStart(evidence)?.statistic ?? Number.NaN;
  const score = 2 ** (line - value);
  if (!(Number.isFinite(score) && score > 0))
    return unscored(evidence, "no mixed value was measured in range");
  const below = value < line;
  const numbers = `the mixed value is ${shown(value)}, ${below ? "below" : "not below"} the line of ${shown(line)}`;
  return decided(evidence, score, below, numbers);
}

function decided(evidence: ScanEvidence, score: number, below: boolean, numbers: string): Decision {
  if (!evidence.complete) return { label: "inconclusive", score, reason: incomplete(evidence, numbers) };
  return { label: below ? "backdoored" : "clean", score, reason: sentence(numbers) };
}
