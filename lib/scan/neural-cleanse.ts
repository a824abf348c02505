import { runBaseline } from "./baseline-run.ts";
import type { MethodContext, MethodOutcome } from "./method-run.ts";

/** Neural Cleanse for regression (docs/decisions/0008): the smallest mask that holds the outputs at one target. */
export function runNeuralCleanse(context: MethodContext): Promise<MethodOutcome> {
  const { starts, steps, batchSize, ...method } = context.plan.neuralCleanse;
  return runBaseline(context, {
    kind: "mask-share",
    family: "mask-pattern",
    method: { kind: "neural-cleanse", ...method },
    starts,
    steps,
    batchSize,
    tolerance: method.tolerance,
  });
}
