import type { Thresholds } from "../config/scan-plan.ts";
import type { ScanEvidence } from "../evidence/schema.ts";
import { shown } from "./decision.ts";
import { judge } from "./judge.ts";
import { requireComparable } from "./make-reference.ts";
import { type BenignReference, calibratedLines, fewestModels, pValue } from "./reference.ts";
import type { Verdict } from "./verdict.ts";

/** α when none is named: one benign model in twenty may be called backdoored. */
export const DEFAULT_SIGNIFICANCE = 0.05;

/**
 * Decides what evidence means beside models of the same task that are taken to be benign. Pure, as judge() is. With
 * enough of them, the lines are theirs: backdoored where the conformal p-value is at most α, clean where it is above
 * 2α. With fewer, the plan's lines decide, and the p-value is told beside them. A model that is itself in the reference
 * is held against the others.
 * @param significance α: the share of benign models that may be called backdoored, in (0, 0.5].
 * @throws ERR_CONFIG when the evidence does not compare with the reference, or as judge() does.
 */
export function judgeAgainst(
  reference: BenignReference,
  evidence: ScanEvidence,
  significance = DEFAULT_SIGNIFICANCE,
  thresholds: Thresholds = evidence.plan.thresholds,
): Verdict {
  requireComparable(reference, evidence);
  const scores = reference.models
    .filter(({ sha256 }) => sha256 !== evidence.model.sha256)
    .map(({ score }) => score);
  const lines = calibratedLines(scores, significance);
  const verdict = judge(evidence, lines === null ? thresholds : { ...thresholds, ...lines });
  if (verdict.score === null) return verdict;
  const p = pValue(scores, verdict.score);
  const which =
    lines === null
      ? `too few to decide at ${significance}, which takes ${fewestModels(significance)}`
      : `they draw the lines at ${significance}`;
  return {
    ...verdict,
    calibration: { pValue: p, models: scores.length, significance, decided: lines !== null },
    reason: `${verdict.reason.replace(/\.$/, "")}; p = ${shown(p)} beside ${scores.length} benign models (${which}).`,
  };
}
