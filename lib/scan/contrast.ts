import type { NativeInversionPlan, ProbePatch, ProbeResult } from "../native/addon.ts";
import { runInversions } from "./inversions.ts";
import type {
  InversionRun,
  InversionStage,
  MethodContext,
  MethodOutcome,
  PlannedInversion,
  PlannedStart,
} from "./method-run.ts";
import { stopwatch } from "./stopwatch.ts";
import { forcedTargets, spreadTargets } from "./targets.ts";

/** Side lengths of the probe's patches, as shares of the image's shorter side: triggers are small beside the image. */
const PATCH_SHARES = [1 / 13, 1 / 7] as const;

/**
 * The constrained objective (design: contrast): what a collapse of the outputs costs from several starts, beside
 * what it costs to force the same model to other benign outputs.
 */
export async function runContrast(context: MethodContext): Promise<MethodOutcome> {
  const probeSeconds = stopwatch();
  const probe = await sweep(context);
  const seconds = { probe: probeSeconds(), inversion: 0 };
  const inversionSeconds = stopwatch();
  const runs = await runInversions(planContrast(context, probe?.best ?? []), context);
  seconds.inversion = inversionSeconds();
  return { probe, runs, seconds };
}

async function sweep(context: MethodContext): Promise<ProbeResult | null> {
  const { plan, session, signal, onProgress } = context;
  const { probeStarts, probeImages } = plan.contrast;
  if (probeStarts === 0) return null;
  return session.probe(
    {
      images: Math.min(probeImages, context.shape.count),
      sizes: patchSizes(context.shape),
      keep: probeStarts,
      seed: plan.seed,
      threads: plan.threads,
    },
    {
      signal,
      onProgress: ({ done, total }) =>
        onProgress?.({ stage: "probe", done, total, fraction: total > 0 ? done / total : 1 }),
    },
  );
}

/** Different whole sizes of at least two pixels that fit the image. */
export function patchSizes({ height, width }: { height: number; width: number }): number[] {
  const side = Math.min(height, width);
  return [...new Set(PATCH_SHARES.map((share) => Math.min(side, Math.max(2, Math.round(side * share)))))];
}

/** The batched inversions of a scan, in the order in which they run. */
export function planContrast(context: MethodContext, patches: readonly ProbePatch[]): InversionStage[] {
  const { steps, walks, forcedTargets: targets, inputAware } = context.plan.contrast;
  const stages: InversionStage[] = [
    { steps, starts: 1 + walks + patches.length, plan: () => freeInversion(context, patches) },
  ];
  if (inputAware) stages.push({ steps, starts: 1, plan: () => inputAwareInversion(context) });
  // The yardstick stays away from what the free starts found: a forced target beside the attacker's would be as cheap.
  stages.push({ steps, starts: targets, plan: (runs) => forcedInversion(context, cheapestTarget(runs)) });
  return stages;
}

/** Where the free starts found the cheapest collapse. */
function cheapestTarget(runs: readonly InversionRun[]): number[] {
  const outcomes = runs.flatMap(({ result }) => result.outcomes[result.best] ?? []);
  const reached = outcomes.filter((outcome) => outcome.reached);
  const [cheapest] = (reached.length > 0 ? reached : outcomes).toSorted((a, b) => a.cost - b.cost);
  return [...(cheapest?.target ?? [])];
}

function freeInversion(context: MethodContext, patches: readonly ProbePatch[]): PlannedInversion {
  const { facts } = context.session;
  const walkFrom = (target: number[]) => ({ target, walk: true, patch: null });
  const spread = spreadTargets(facts, context.plan.contrast.walks);
  const starts: PlannedStart[] = [
    { origin: "mean", start: walkFrom([...facts.outputMean]) },
    ...spread.map((target) => ({ origin: "spread" as const, start: walkFrom(target) })),
    ...patches.map(({ target, top, left, size, colour }) => ({
      origin: "probe" as const,
      start: { target, walk: true, patch: { top, left, size, colour } },
    })),
  ];
  return {
    role: "free",
    starts,
    plan: { ...nativePlan(context, starts), family: "additive-pattern", samples: context.samples },
  };
}

function inputAwareInversion(context: MethodContext): PlannedInversion {
  const starts: PlannedStart[] = [{ origin: "identity", start: { target: null, walk: false, patch: null } }];
  return {
    role: "free",
    starts,
    plan: {
      ...nativePlan(context, starts),
      // Weights of a network want the rate of the method that always trains one, not that of plain pixels.
      learningRate: context.plan.drmguard.learningRate,
      family: "encoder-decoder",
      samples: context.samples,
    },
  };
}

function forcedInversion(context: MethodContext, found: readonly number[]): PlannedInversion {
  const targets = forcedTargets(context.session.facts, context.plan.contrast.forcedTargets, found);
  const starts = targets.map((target) => ({
    origin: "spread" as const,
    start: { target, walk: false, patch: null },
  }));
  return {
    role: "forced",
    starts,
    plan: { ...nativePlan(context, starts), family: "additive-pattern", samples: [] },
  };
}

function nativePlan(
  { plan }: MethodContext,
  starts: readonly PlannedStart[],
): Omit<NativeInversionPlan, "family" | "samples"> {
  const { tolerance, steps, batchSize, learningRate } = plan.contrast;
  return {
    objective: { kind: "constrained", tolerance },
    starts: starts.map(({ start }) => start),
    steps,
    batchSize,
    learningRate,
    seed: plan.seed,
    threads: plan.threads,
  };
}
