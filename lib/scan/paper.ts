import { runInversions } from "./inversions.ts";
import type { MethodContext, MethodOutcome, PlannedInversion } from "./method-run.ts";
import { plainStart } from "./plain-start.ts";
import { stopwatch } from "./stopwatch.ts";

/** The published method (arXiv 2411.04811): one input-aware inversion from the identity with fixed weights. */
export async function runPaper(context: MethodContext): Promise<MethodOutcome> {
  const inversionSeconds = stopwatch();
  const { steps, batchSize } = context.plan.drmguard;
  const stage = { steps, starts: 1, batchSize, plan: () => planPaper(context) };
  const finished = await runInversions([stage], context);
  return { probe: null, ...finished, seconds: { probe: 0, inversion: inversionSeconds() } };
}

export function planPaper({ plan, samples }: MethodContext): PlannedInversion {
  const { steps, batchSize, learningRate, ...objective } = plan.drmguard;
  const start = plainStart(null, "still");
  return {
    role: "free",
    family: "encoder-decoder",
    starts: [{ origin: "identity", start }],
    plan: {
      family: "encoder-decoder",
      objective: { kind: "paper", ...objective },
      starts: [start],
      steps,
      batchSize,
      learningRate,
      seed: plan.seed,
      threads: plan.threads,
      hopelessCollapse: 0,
      outcomeImages: 0,
      samples,
    },
  };
}
