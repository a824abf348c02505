import type { ScanEvidence } from "../evidence/schema.ts";

/**
 * What a scan did not look at, one plain phrase each: what was left out of this scan first, then what the method
 * never sees. A clean verdict says nothing about these.
 */
export function notChecked(evidence: ScanEvidence): string[] {
  const { plan, model } = evidence;
  const gaps: string[] = [];
  if (!evidence.complete) {
    gaps.push(
      evidence.incompleteReason === ""
        ? "the scan stopped early"
        : `the scan stopped early: ${evidence.incompleteReason}`,
    );
  }
  if (model.head === null) {
    const why = model.headReason === "" ? "" : `: ${model.headReason}`;
    gaps.push(`feature angles (RAV) and norms (RNV), as no last linear layer was used${why}`);
  }
  if (evidence.images.count < evidence.images.available) {
    gaps.push(
      `${evidence.images.available - evidence.images.count} of ${evidence.images.available} images, left out by the limit`,
    );
  }
  if (plan.method === "contrast") {
    if (evidence.probe === null) gaps.push("small patches by the probe sweep, which was off");
    if (!ran(evidence, "encoder-decoder"))
      gaps.push("input-aware triggers (encoder–decoder inversion), which were off");
    if (!ran(evidence, "additive-pattern"))
      gaps.push("input-independent triggers (additive-pattern inversion)");
  } else {
    gaps.push("the probe sweep and the comparison with forced targets, which the contrast method has");
    if (evidence.baseline !== null) gaps.push("other models: the line of this baseline is not calibrated");
  }
  gaps.push("triggers that shift or scale the outputs instead of fixing them");
  gaps.push("code hidden in the model file beyond the operators that a scan runs");
  return gaps;
}

function ran(evidence: ScanEvidence, family: ScanEvidence["inversions"][number]["family"]): boolean {
  return evidence.inversions.some((inversion) => inversion.family === family);
}
