import type { InversionRun, InversionStage, MethodContext } from "./method-run.ts";
import { joinedProgress } from "./progress.ts";

/** Runs batched inversions one after the other: each fills the device by itself. */
export async function runInversions(
  stages: readonly InversionStage[],
  { session, plan, signal, onProgress }: MethodContext,
): Promise<InversionRun[]> {
  const listeners = joinedProgress(stages, plan.contrast.tolerance, onProgress);
  const runs: InversionRun[] = [];
  for (const [index, stage] of stages.entries()) {
    const listener = listeners[index];
    const inversion = stage.skip?.(runs) ? null : stage.plan(runs);
    // A model with one direction of outputs has no second one to compare with.
    if (inversion === null || inversion.starts.length === 0) {
      listener?.({ step: stage.steps, steps: stage.steps, loss: [], cost: [], collapse: [], rav: [] });
      continue;
    }
    const result = await session.invert(inversion.plan, { signal, onProgress: listener });
    runs.push({ role: inversion.role, family: inversion.plan.family, starts: inversion.starts, result });
  }
  return runs;
}
