import type { BaselineEvidence, InversionEvidence } from "../evidence/schema.ts";
import type { BaselineProgress, NativeBaselinePlan } from "../native/addon.ts";
import type { MethodContext, MethodOutcome, PlannedStart } from "./method-run.ts";
import { plainStart } from "./plain-start.ts";
import { joinedProgress } from "./progress.ts";
import { stopwatch } from "./stopwatch.ts";
import { spreadTargets } from "./targets.ts";

/** What tells one baseline from the other. */
export interface Baseline {
  kind: BaselineEvidence["kind"];
  family: InversionEvidence["family"];
  method: NativeBaselinePlan["method"];
  starts: number;
  steps: number;
  batchSize: number;
  /** Collapse from which the progress shows the cheapest start rather than the most collapsed. */
  tolerance: number;
}

/** Runs a baseline from the benign mean and from targets spread over the benign outputs, as one batched search. */
export async function runBaseline(context: MethodContext, baseline: Baseline): Promise<MethodOutcome> {
  const { session, plan, samples, signal, onProgress } = context;
  const seconds = stopwatch();
  const { kind, family, method, steps, batchSize } = baseline;
  const starts = plannedStarts(context, baseline.starts);
  const targets = starts.map(({ start }) => start.target ?? []);
  const [listener] = joinedProgress([{ steps, starts: starts.length }], baseline.tolerance, onProgress);
  const result = await session.baseline(
    { method, targets, steps, batchSize, seed: plan.seed, threads: plan.threads, samples },
    { signal, onProgress: (progress: BaselineProgress) => listener?.(progress) },
  );
  const { outcomes, curve, best } = result;
  const unmeasured = new Float32Array(0);
  return {
    probe: null,
    runs: [
      {
        role: "free",
        family,
        starts,
        result: { ...result, hopeless: false, outputs: unmeasured, otherOutputs: unmeasured },
      },
    ],
    incompleteReason: null,
    work: null,
    seconds: { probe: 0, inversion: seconds() },
    baseline: { kind, best, outcomes, curve, mask: result.pattern.length > 0 ? result.mask : null },
  };
}

function plannedStarts({ session }: MethodContext, count: number): PlannedStart[] {
  const { facts } = session;
  const spread = spreadTargets(facts, count - 1);
  // Both methods move their target as they go; they know no patches.
  const from = (target: number[]) => plainStart(target, "anywhere");
  return [
    { origin: "mean", start: from([...facts.outputMean]) },
    ...spread.map((target) => ({ origin: "spread" as const, start: from(target) })),
  ];
}
