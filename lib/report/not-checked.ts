import type { Family } from "../config/settings-schema.ts";
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
    if (plan.contrast.probeStarts === 0) gaps.push("small patches by the probe sweep, which was off");
    for (const [family, kind] of FAMILY_GAPS) {
      if (evidence.inversions.some((inversion) => inversion.family === family)) continue;
      const why = plan.contrast.families.includes(family) ? reasonToLeaveOut(evidence) : "which were off";
      gaps.push(`${kind}, ${why}`);
    }
  } else {
    gaps.push("the probe sweep and the comparison between targets, which the contrast method has");
    if (evidence.baseline !== null) gaps.push("other models: the line of this baseline is not calibrated");
  }
  gaps.push("triggers that scale the outputs, and others than small patches that move them by an offset");
  gaps.push("code hidden in the model file beyond the operators that a scan runs");
  return gaps;
}

/** Of families that were on and did not run. */
function reasonToLeaveOut({ complete, statistics, plan }: ScanEvidence): string {
  if (!complete) return "the scan ended before them";
  return (statistics.score ?? 0) < plan.contrast.enough
    ? `as no family before them gave reason to doubt (a score of ${plan.contrast.doubt}; setting contrast.doubt)`
    : "the scan ended before them with a clear finding";
}

/** The kinds of trigger that a scan may leave out, by the family of inversions that looks for them. */
const FAMILY_GAPS = [
  ["wave", "stripes"],
  ["central-wave", "stripes with a target near the mean"],
  ["patch", "patches"],
  ["central-patch", "patches with a target near the mean"],
  ["offset-patch", "patches that move the outputs by an offset"],
  ["additive-pattern", "blends and other patterns (additive pattern)"],
  ["smooth-warp", "warps (smooth warp)"],
  ["encoder-decoder", "triggers that differ from image to image (encoder–decoder)"],
] as const satisfies [Family, string][];
