import type { ScanEvidence } from "../evidence/schema.ts";
import type { NativeInversionPlan } from "../native/addon.ts";
import type { InversionRun, InversionStage, MethodContext } from "./method-run.ts";
import { joinedProgress } from "./progress.ts";

/** The inversions that ran, and why others did not; null when all of them ran to their end. */
export interface FinishedInversions {
  runs: InversionRun[];
  incompleteReason: string | null;
  work: NonNullable<ScanEvidence["work"]>;
}

/** Runs batched inversions one after the other, as far as the budget reaches: each fills the device by itself. */
export async function runInversions(
  stages: readonly InversionStage[],
  { session, plan, budget, unseen, signal, onProgress }: MethodContext,
): Promise<FinishedInversions> {
  const listeners = joinedProgress(stages, plan.contrast.tolerance, onProgress);
  const planned = stages.reduce((sum, { steps }) => sum + steps, 0);
  const runs: InversionRun[] = [];
  const work = { done: 0, saved: 0 };
  const finished = (incompleteReason: string | null) => ({
    runs: runs.filter(({ role }) => role !== "search"),
    incompleteReason,
    work,
  });
  for (const [index, stage] of stages.entries()) {
    const listener = listeners[index];
    const inversion = stage.skip?.(runs) ? null : await stage.plan(runs);
    // A model with one direction of outputs has no second one to compare with.
    if (inversion === null || inversion.starts.length === 0) {
      work.saved += stage.steps * stage.starts * stage.batchSize;
      listener?.({ step: stage.steps, steps: stage.steps, loss: [], cost: [], collapse: [], rav: [] });
      continue;
    }
    const steps = budget.allowed(stage.steps);
    if (steps === 0) return finished(budget.reason(planned));
    const affordable: NativeInversionPlan = {
      ...inversion.plan,
      ...(inversion.role === "free" ? unseen : { ...unseen, others: new Float32Array(0), otherCount: 0 }),
      steps,
      seconds: budget.secondsLeft ?? 0,
    };
    const result = await session.invert(affordable, { signal, onProgress: listener });
    const { role, family, starts } = inversion;
    runs.push({ role, family, starts, result });
    const done = result.curve.at(-1)?.step ?? steps;
    budget.spend(done);
    work.done += done * starts.length * stage.batchSize;
    if (result.hopeless) work.saved += (stage.steps - done) * starts.length * stage.batchSize;
    else if (done < stage.steps) return finished(budget.reason(planned));
  }
  return finished(null);
}
