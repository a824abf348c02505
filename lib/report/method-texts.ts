import type { ScanMethod, Thresholds } from "../config/scan-plan.ts";
import type { ScanEvidence } from "../evidence/schema.ts";
import { bestInversion, bestStart } from "../evidence/statistics.ts";
import { familyText } from "../evidence/trigger-families.ts";
import { significant } from "./number-format.ts";

/** A number that decides, with what it means. */
export type Figure = [label: string, value: string, note: string];

interface MethodTexts {
  /** What the score is, as one sentence. */
  score: string;
  /** The plan's lines in words. */
  lines(thresholds: Thresholds): string;
  /** The settings of the plan that the method reads. */
  settings(plan: ScanEvidence["plan"]): object;
  /** What was measured, most telling first. */
  figures(evidence: ScanEvidence, thresholds: Thresholds): Figure[];
}

/** How a report speaks of each method. */
export const METHOD_TEXTS: Record<ScanMethod, MethodTexts> = {
  contrast: {
    score:
      "Score: how many times dearer it is to drive the outputs to other targets than to the cheapest one (patterns, warps), or how many times narrower the best small trigger makes them than others of its kind (stripes, patches), over what benign models show; of the trigger family where that is highest.",
    lines: ({ backdoored, clean }) => `backdoored ${significant(backdoored)}, clean ${significant(clean)}`,
    settings: ({ contrast }) => contrast,
    figures: ({ statistics, inversions }) => {
      const { name, costUnit, measure } = familyText(statistics.family);
      const family: Figure = ["Trigger family", name, "with the highest score"];
      if (measure === "depth") {
        const best = bestInversion(inversions)?.inversion;
        return [
          ["Variance left", optional(best?.collapse), "by the best small trigger, of the outputs’ own"],
          ["By others", optional(best?.reference), "of its kind"],
          family,
        ];
      }
      return [
        ["Cheapest target", optional(statistics.freeCost), costUnit],
        ["Other targets", optional(statistics.forcedCost), "median, as far from the mean"],
        family,
      ];
    },
  },
  drmguard: {
    score: "Score ε/L1: the threshold over the mean absolute change per pixel of the reversed trigger.",
    lines: ({ epsilon }) => `ε ${significant(epsilon)}`,
    settings: ({ drmguard }) => drmguard,
    figures: ({ statistics }, { epsilon }) => [
      ["Mean L1", optional(statistics.meanL1), `ε = ${significant(epsilon)}`],
    ],
  },
  "neural-cleanse": {
    score:
      "Score of Neural Cleanse: the line over the share of the image that the smallest successful mask covers. The line is not calibrated.",
    lines: ({ maskShare }) => `mask share ${significant(maskShare)} (not calibrated)`,
    settings: ({ neuralCleanse }) => neuralCleanse,
    figures: (evidence, { maskShare }) => [
      [
        "Mask share",
        optional(bestStart(evidence)?.statistic),
        `line ${significant(maskShare)}, not calibrated`,
      ],
      ["Mean L1", optional(evidence.statistics.meanL1), "mean change per pixel in [0,1]"],
    ],
  },
  "feature-re": {
    score: "Score of FeatureRE: 2 to the power of the line less the mixed value. The line is not calibrated.",
    lines: ({ featureScore }) => `mixed value ${significant(featureScore)} (not calibrated)`,
    settings: ({ featureRe }) => featureRe,
    figures: (evidence, { featureScore }) => {
      const start = bestStart(evidence);
      return [
        ["Mixed value", optional(start?.statistic), `line ${significant(featureScore)}, not calibrated`],
        ["Similarity", optional(start?.feature?.similarity), "of features with those of the target"],
        ["Success", optional(start?.feature?.success), "share of blended features at the target"],
        ["Feature mask", optional(start?.maskShare), "share of the features"],
      ];
    },
  },
};

function optional(value: number | null | undefined): string {
  return value === null || value === undefined ? "–" : significant(value);
}
