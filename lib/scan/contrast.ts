import { familyContrasts } from "../evidence/statistics.ts";
import type { NativeInversionPlan, ProbePatch, ProbeResult, TriggerFamily } from "../native/addon.ts";
import { inversionEvidence } from "./inversion-evidence.ts";
import { runInversions } from "./inversions.ts";
import type {
  InversionRun,
  InversionStage,
  MethodContext,
  MethodOutcome,
  PlannedInversion,
  PlannedStart,
} from "./method-run.ts";
import { patchStages } from "./patch-stages.ts";
import { stopwatch } from "./stopwatch.ts";
import { movedToDistance, targetsAroundMean, yardstickTargets } from "./targets.ts";
import { waveStages } from "./wave-stages.ts";

/** Side lengths of the probe's patches, as shares of the image's shorter side: triggers are small beside the image. */
const PATCH_SHARES = [1 / 13, 1 / 7] as const;

/** Families whose triggers may be as large as they have to be. */
type WalkingFamily = Exclude<TriggerFamily, "wave" | "patch">;

/** Multiples of the plan's learning rate, which is that of a change of colours in [0,1]. */
const FAMILY_RATES: Record<WalkingFamily, number> = {
  "additive-pattern": 1,
  /** Displacements are counted in pixels. */
  "smooth-warp": 5,
  /** Weights of a network. */
  "encoder-decoder": 0.05,
};

/**
 * Family by family. First stripes and patches, small triggers by themselves: how deep do they collapse the outputs? Then
 * the constrained objective (design: contrast): what it costs to drive the outputs to targets in many directions around
 * their mean, each walking to cheaper ones, beside what it costs where they may not walk. A benign model is about as dear
 * everywhere; a backdoored one has a pit. A family that finds one ends the scan.
 */
export async function runContrast(context: MethodContext): Promise<MethodOutcome> {
  const probeSeconds = stopwatch();
  const probe = await sweep(context);
  const seconds = { probe: probeSeconds(), inversion: 0 };
  const inversionSeconds = stopwatch();
  const finished = await runInversions(planContrast(context, probe?.best ?? []), context);
  seconds.inversion = inversionSeconds();
  return { probe, ...finished, seconds };
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

/** The batched inversions of a scan, in the order in which they run: of each family the walks, then the yardstick. */
export function planContrast(context: MethodContext, patches: readonly ProbePatch[]): InversionStage[] {
  const { steps, families, walks, forcedTargets, enough } = context.plan.contrast;
  return families.flatMap((family) => {
    const skip = (runs: readonly InversionRun[]) => highestScore(runs, family) >= enough;
    if (family === "wave") return waveStages(context, skip);
    if (family === "patch") return patchStages(context, skip);
    const stamped = family === "additive-pattern" ? patches : [];
    const walking = { steps, starts: walks + stamped.length, skip };
    const standing = { steps, starts: forcedTargets, skip };
    return [
      { ...walking, plan: () => walkingInversion(context, family, stamped) },
      {
        ...standing,
        // The yardstick stays away from what was found: a target beside the attacker's would be as cheap.
        plan: (runs: readonly InversionRun[]) => standingInversion(context, family, cheapestTarget(runs)),
      },
    ];
  });
}

/** The highest score of the families before this one. */
function highestScore(runs: readonly InversionRun[], family: TriggerFamily): number {
  const earlier = runs.filter((run) => run.family !== family).flatMap(inversionEvidence);
  return Math.max(0, ...familyContrasts(earlier).map(({ score }) => score ?? 0));
}

/** Where the latest walks found the cheapest collapse. */
function cheapestTarget(runs: readonly InversionRun[]): number[] {
  const latest = runs.at(-1)?.result;
  return [...(latest?.outcomes[latest.best]?.target ?? [])];
}

function walkingInversion(
  context: MethodContext,
  family: WalkingFamily,
  patches: readonly ProbePatch[],
): PlannedInversion {
  const { facts } = context.session;
  const { walks, distance } = context.plan.contrast;
  const around = targetsAroundMean(facts, walks, distance);
  const walkFrom = (target: number[]) => ({
    target,
    walk: "around-mean" as const,
    patch: null,
    wave: null,
    reference: 1,
  });
  const starts: PlannedStart[] = [
    // A model whose outputs never change has no directions; the inversion then says what is wrong with it.
    ...(around.length === 0 ? [[...facts.outputMean]] : around).map((target) => ({
      origin: "spread" as const,
      start: walkFrom(target),
    })),
    ...patches.map(({ target, top, left, size, colour }) => ({
      origin: "probe" as const,
      start: {
        ...walkFrom(movedToDistance(facts, target, distance) ?? target),
        patch: { top, left, size, colour },
      },
    })),
  ];
  return { role: "free", starts, plan: { ...nativePlan(context, family, starts), samples: context.samples } };
}

function standingInversion(
  context: MethodContext,
  family: WalkingFamily,
  found: readonly number[],
): PlannedInversion {
  const { forcedTargets, distance } = context.plan.contrast;
  const starts = yardstickTargets(context.session.facts, forcedTargets, found, distance).map((target) => ({
    origin: "spread" as const,
    start: { target, walk: "still" as const, patch: null, wave: null, reference: 1 },
  }));
  return { role: "forced", starts, plan: { ...nativePlan(context, family, starts), samples: [] } };
}

function nativePlan(
  { plan }: MethodContext,
  family: WalkingFamily,
  starts: readonly PlannedStart[],
): Omit<NativeInversionPlan, "samples" | "seconds"> {
  const { tolerance, steps, batchSize, learningRate } = plan.contrast;
  return {
    family,
    objective: { kind: "constrained", tolerance },
    starts: starts.map(({ start }) => start),
    steps,
    batchSize,
    learningRate: learningRate * FAMILY_RATES[family],
    seed: plan.seed,
    threads: plan.threads,
    outcomeImages: 0,
  };
}
