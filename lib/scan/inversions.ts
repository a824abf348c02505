import type { InversionRun, MethodContext, PlannedInversion } from "./method-run.ts";
import { joinedProgress } from "./progress.ts";

/** Runs batched inversions one after the other: each fills the device by itself. */
export async function runInversions(
  planned: readonly PlannedInversion[],
  { session, plan, signal, onProgress }: MethodContext,
): Promise<InversionRun[]> {
  const shares = planned.map((inversion) => ({
    steps: inversion.plan.steps,
    starts: inversion.starts.length,
  }));
  const listeners = joinedProgress(shares, plan.contrast.tolerance, onProgress);
  const runs: InversionRun[] = [];
  for (const [index, inversion] of planned.entries()) {
    const listener = listeners[index];
    const result = await session.invert(inversion.plan, { signal, onProgress: listener });
    runs.push({ ...inversion, result });
  }
  return runs;
}
