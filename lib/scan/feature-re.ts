import { runBaseline } from "./baseline-run.ts";
import type { MethodContext, MethodOutcome } from "./method-run.ts";

/** FeatureRE for regression (docs/decisions/0008): a generator and a mask over the features of the head. */
export function runFeatureReverse(context: MethodContext): Promise<MethodOutcome> {
  const { starts, steps, batchSize, ...method } = context.plan.featureRe;
  return runBaseline(context, {
    kind: "feature-score",
    family: "encoder-decoder",
    method: { kind: "feature-re", ...method },
    starts,
    steps,
    batchSize,
    // It has no tolerance of its own: its success is a share of images, and only the progress reads this.
    tolerance: context.plan.contrast.tolerance,
  });
}
