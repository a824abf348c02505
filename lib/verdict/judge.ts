import type { ScanMethod, Thresholds } from "../config/scan-plan.ts";
import { effectOf, type Finding, findings } from "../evidence/findings.ts";
import type { ScanEvidence } from "../evidence/schema.ts";
import { bestInversion, bounding, familyContrasts, shownInversion } from "../evidence/statistics.ts";
import { bounded, familyText, movesByOffset } from "../evidence/trigger-families.ts";
import { type Decision, incomplete, sentence, shown, unscored } from "./decision.ts";
import { judgeFeatureReverse, judgeNeuralCleanse } from "./judge-baseline.ts";
import { requireThresholds, scoreLines } from "./score-lines.ts";
import type { Verdict } from "./verdict.ts";

/**
 * Decides what evidence means. Pure: the same evidence and thresholds give the same verdict, so old evidence can be
 * judged again.
 * contrast: the score (FamilyContrast.score) of the family where it is highest, at or above `thresholds.backdoored`, is
 * backdoored, even when the evidence is incomplete (a finding stands), unless most of that family's forced inversions
 * paid for more collapse than was asked; at or below `thresholds.clean` and complete is clean, unless forced inversions
 * stopped short of the tolerance and could lift a family's score over the line; all else is inconclusive.
 * drmguard: meanL1 below `thresholds.epsilon` is backdoored, else clean; incomplete is inconclusive, and so is an
 * inversion whose features did not collapse: a trigger that does nothing is small as well.
 * neural-cleanse and feature-re: judge-baseline.ts.
 * @throws ERR_CONFIG when the thresholds are not positive or clean lies above backdoored.
 */
export function judge(evidence: ScanEvidence, thresholds: Thresholds = evidence.plan.thresholds): Verdict {
  requireThresholds(thresholds);
  const { method } = evidence.plan;
  const decision = RULES[method](evidence, thresholds);
  const lines = scoreLines(method, thresholds);
  const backdoors = decision.label === "backdoored" ? backdoorsOf(evidence, decision, thresholds) : [];
  return {
    label: decision.label,
    method,
    score: decision.score,
    threshold: decision.label === "clean" ? lines.clean : lines.backdoored,
    margin: decision.score === null ? null : finiteOrNull(Math.log2(decision.score / lines.backdoored)),
    thresholds: { ...thresholds },
    target: backdoors[0]?.target ?? null,
    backdoors,
    calibration: null,
    reason: decision.reason,
  };
}

const RULES: Record<ScanMethod, (evidence: ScanEvidence, thresholds: Thresholds) => Decision> = {
  contrast: judgeContrast,
  drmguard: judgePaper,
  "neural-cleanse": judgeNeuralCleanse,
  "feature-re": judgeFeatureReverse,
};

function judgeContrast(evidence: ScanEvidence, thresholds: Thresholds): Decision {
  const { family } = evidence.statistics;
  const measured = family !== null && bounded(family) ? depthOf(evidence) : contrastOfCosts(evidence);
  if ("missing" in measured) return unscored(evidence, measured.missing);
  const { score, text: costs } = measured;
  const lines = `backdoored from ${shown(thresholds.backdoored)}, clean up to ${shown(thresholds.clean)}`;
  if (score >= thresholds.backdoored) {
    if (mostOverpaid(evidence)) {
      const reason = sentence(
        `${costs} (${lines}), yet most forced targets ended far below the tolerance, dearer than they had to be: more steps`,
      );
      return { label: "inconclusive", score, reason };
    }
    const early = evidence.complete ? "" : "; the scan was not complete, but what it found stands";
    return { label: "backdoored", score, reason: sentence(`${costs} (${lines})${early}`) };
  }
  if (!evidence.complete)
    return { label: "inconclusive", score, reason: incomplete(evidence, `${costs} (${lines})`) };
  if (score > thresholds.clean) {
    return { label: "inconclusive", score, reason: sentence(`${costs}, between the two lines (${lines})`) };
  }
  if (couldBeHigher(evidence, thresholds.clean)) {
    return {
      label: "inconclusive",
      score,
      reason: sentence(`${costs} at least, as forced targets stopped short of the tolerance (${lines})`),
    };
  }
  return { label: "clean", score, reason: sentence(`${costs} (${lines})`) };
}

/** A score and what it says, or why there is none. */
type Measured = { score: number; text: string } | { missing: string };

function contrastOfCosts(evidence: ScanEvidence): Measured {
  const { freeCost, forcedCost, family } = evidence.statistics;
  if (!isCost(freeCost)) return { missing: whyNoFreeCost(evidence) };
  if (!isCost(forcedCost)) return { missing: "no other target gave a cost to compare with" };
  const { name, costUnit, benign } = familyText(family);
  const ratio = forcedCost / freeCost;
  const score = ratio / benign;
  if (!Number.isFinite(score) || score <= 0) return { missing: "the costs are too far apart for a ratio" };
  const text =
    `the cheapest target costs ${shown(freeCost)} (${name}, ${costUnit}), others as far from the mean ` +
    `${shown(forcedCost)}: ${shown(ratio)} times as much, ${shown(score)} times what benign models show`;
  return { score, text };
}

function depthOf({ inversions, statistics }: ScanEvidence): Measured {
  const { family } = statistics;
  const contrast = familyContrasts(inversions).find((candidate) => candidate.family === family);
  if (contrast?.score == null || contrast.depth === null)
    return { missing: "no small trigger was optimised" };
  const { collapse, reference } = contrast.best.inversion;
  const depths = `${shown(contrast.score)} times what benign models show`;
  if (movesByOffset(contrast.family)) {
    const rest = percent(Math.sqrt(collapse));
    const text =
      `a plain patch moves all outputs by one offset, to within ${rest} of their deviation: ` +
      `${shown(contrast.depth)} times as exactly as one that does nothing, ${depths}`;
    return { score: contrast.score, text };
  }
  const { name, mostReference } = familyText(family);
  const others = reference ?? 1;
  const counted = others > mostReference ? ` (counted as ${percent(mostReference)})` : "";
  const text =
    `the best trigger of one family (${name}) leaves ${percent(collapse)} of the outputs' variance, ` +
    `others ${percent(others)}${counted}: a ${shown(contrast.depth)} times smaller deviation, ${depths}`;
  return { score: contrast.score, text };
}

function percent(share: number): string {
  return `${shown(share * 100)} %`;
}

/** A forced target that stopped short costs more than was measured: whether that could lift a family over the line. */
function couldBeHigher({ inversions, statistics }: ScanEvidence, clean: number): boolean {
  return familyContrasts(inversions).some(({ family, freeCost: own, forcedCostAtMost }) => {
    const freeCost = family === statistics.family ? statistics.freeCost : own;
    return (
      freeCost !== null &&
      forcedCostAtMost !== null &&
      !(forcedCostAtMost / freeCost / familyText(family).benign <= clean)
    );
  });
}

/** Forced costs that paid for more collapse than was asked are no yardstick. */
function mostOverpaid({ inversions, plan, statistics }: ScanEvidence): boolean {
  const forced = inversions.filter(
    (inversion) => inversion.role === "forced" && inversion.family === statistics.family,
  );
  const usable = forced.filter((inversion) => bounding(inversion, plan.contrast.tolerance));
  return usable.length * 2 <= forced.length && forced.length > 0;
}

function judgePaper(evidence: ScanEvidence, thresholds: Thresholds): Decision {
  const { meanL1 } = evidence.statistics;
  if (meanL1 === 0) return unscored(evidence, "the inversion changed no pixel");
  if (!isCost(meanL1)) return unscored(evidence, "no inversion gave a mean L1");
  const ratio = thresholds.epsilon / meanL1;
  const score = Number.isFinite(ratio) && ratio > 0 ? ratio : null;
  if (score === null) return unscored(evidence, "the mean L1 is too far from ε for a ratio");
  const backdoored = meanL1 < thresholds.epsilon;
  const numbers =
    `the reversed trigger changes a pixel by ${shown(meanL1)} on average, ` +
    `${backdoored ? "below" : "not below"} ε = ${shown(thresholds.epsilon)}`;
  if (bestInversion(evidence.inversions)?.inversion.reached !== true) {
    return {
      label: "inconclusive",
      score,
      reason: sentence(`${numbers}, yet the features did not collapse`),
    };
  }
  // The inversion starts at no change at all, so an unfinished one always looks cheap.
  if (!evidence.complete) return { label: "inconclusive", score, reason: incomplete(evidence, numbers) };
  return { label: backdoored ? "backdoored" : "clean", score, reason: sentence(numbers) };
}

/** Contrast tells several apart; the other methods have one inversion to show. */
function backdoorsOf(evidence: ScanEvidence, { score }: Decision, { backdoored }: Thresholds): Finding[] {
  if (evidence.plan.method === "contrast") return findings(evidence, backdoored);
  const shownOne = shownInversion(evidence);
  if (shownOne === null || score === null) return [];
  const { index, inversion } = shownOne;
  const { family } = inversion;
  return [{ inversion: index, family, score, ...effectOf(inversion, evidence.benign) }];
}

function whyNoFreeCost(evidence: ScanEvidence): string {
  if (evidence.statistics.freeCost === 0) return "the outputs are collapsed without any change to the images";
  const free = evidence.inversions.filter((inversion) => inversion.role === "free").length;
  const tolerance = shown(evidence.plan.contrast.tolerance);
  return `none of ${free} walks brought the outputs to one target within ${tolerance} of their variance`;
}

function isCost(value: number | null): value is number {
  return value !== null && Number.isFinite(value) && value > 0;
}

function finiteOrNull(value: number): number | null {
  return Number.isFinite(value) ? value : null;
}
