import type { Family } from "../config/settings-schema.ts";
import { familyContrasts } from "../evidence/statistics.ts";
import { bounded } from "../evidence/trigger-families.ts";
import type { ProbePatch, ProbeResult } from "../native/addon.ts";
import { inversionEvidence } from "./inversion-evidence.ts";
import { runInversions } from "./inversions.ts";
import type {
  InversionRun,
  InversionStage,
  MethodContext,
  MethodOutcome,
  PlannedInversion,
  PlannedStart,
  StagePlan,
} from "./method-run.ts";
import { offsetStages } from "./offset-stages.ts";
import type { PatchFamily } from "./patch-finalist.ts";
import { patchSizes } from "./patch-sizes.ts";
import { patchStages } from "./patch-stages.ts";
import { plainStart } from "./plain-start.ts";
import { stopwatch } from "./stopwatch.ts";
import { movedToDistance, targetsAroundMean, yardstickTargets } from "./targets.ts";
import { ofWaves, type WaveFamily, waveStages, waveSweep } from "./wave-stages.ts";

/** Families whose triggers may be as large as they have to be. */
export type WalkingFamily = Exclude<Family, WaveFamily | PatchFamily | "offset-patch">;

/**
 * Walks that all leave this many times the tolerance halfway have never reached it (docs/decisions/0014). 0 lets them go
 * on: nobody has looked at when networks learn.
 */
const HOPELESS: Record<WalkingFamily, number> = {
  "additive-pattern": 5,
  "smooth-warp": 5,
  "encoder-decoder": 0,
};

/** Multiples of the plan's learning rate, which is that of a change of colours in [0,1]. */
export const FAMILY_RATES: Record<WalkingFamily, number> = {
  "additive-pattern": 1,
  /** Displacements are counted in pixels. */
  "smooth-warp": 5,
  /** Weights of a network. */
  "encoder-decoder": 0.05,
};

/**
 * Family by family. First stripes and patches, small triggers by themselves: how deep do they collapse the outputs, or
 * how exactly do they move them? Then the constrained objective (design: contrast): what it costs to drive the outputs
 * to targets in many directions around their mean, each walking to cheaper ones, beside what it costs where they may
 * not walk. A benign model is about as dear everywhere; a backdoored one has a pit. A family that finds one ends the
 * scan, and these dear ones run only where the others leave doubt.
 */
export async function runContrast(context: MethodContext): Promise<MethodOutcome> {
  const total = stopwatch();
  const swept: { probe: ProbeResult | null; seconds: number } = { probe: null, seconds: 0 };
  // Only when the families before patterns have found nothing clear.
  const probePatches = async () => {
    const seconds = stopwatch();
    swept.probe = await sweep(context);
    swept.seconds = seconds();
    return swept.probe?.best ?? [];
  };
  const finished = await runInversions(planContrast(context, probePatches), context);
  const seconds = { probe: swept.seconds, inversion: total() - swept.seconds };
  return { probe: swept.probe, ...finished, seconds };
}

async function sweep(context: MethodContext): Promise<ProbeResult | null> {
  const { plan, session, signal } = context;
  const { probeStarts, probeImages } = plan.contrast;
  if (probeStarts === 0) return null;
  return session.probe(
    {
      images: Math.min(probeImages, context.shape.count),
      sizes: patchSizes(context.shape),
      keep: probeStarts,
      leastOffset: null,
      seed: plan.seed,
      threads: plan.threads,
    },
    { signal },
  );
}

/** The batched inversions of a scan, in the order in which they run: of each family the walks, then the yardstick. */
export function planContrast(
  context: MethodContext,
  probePatches: () => Promise<readonly ProbePatch[]>,
): InversionStage[] {
  const { steps, batchSize, families, walks, probeStarts, forcedTargets, enough, doubt } =
    context.plan.contrast;
  const sweepWaves = waveSweep(context);
  return families.flatMap((family) => {
    const decided = (runs: readonly InversionRun[]) => highestScore(context, runs, family) >= enough;
    if (ofWaves(family)) return waveStages(context, family, sweepWaves, decided);
    if (family === "patch" || family === "central-patch") return patchStages(context, family, decided);
    if (family === "offset-patch") return offsetStages(context, decided);
    const skip = (runs: readonly InversionRun[]) => {
      const score = highestScore(context, runs, family);
      return score >= enough || (score < doubt && anyBounded(runs));
    };
    const stamped = family === "additive-pattern";
    const walking = { steps, batchSize, starts: walks + (stamped ? probeStarts : 0), skip };
    const standing = {
      steps,
      batchSize,
      starts: forcedTargets,
      // Without a collapse there is nothing to compare other targets with.
      skip: (runs: readonly InversionRun[]) => skip(runs) || !anyReached(runs.at(-1)),
    };
    return [
      {
        ...walking,
        plan: async () => walkingInversion(context, family, stamped ? await probePatches() : []),
      },
      {
        ...standing,
        // The yardstick stays away from what was found: a target beside the attacker's would be as cheap.
        plan: (runs: readonly InversionRun[]) => standingInversion(context, family, cheapestTarget(runs)),
      },
    ];
  });
}

/** The highest score of the families before this one. */
function highestScore({ session }: MethodContext, runs: readonly InversionRun[], family: Family): number {
  const earlier = runs
    .filter((run) => run.family !== family)
    .flatMap((run) => inversionEvidence(run, session.facts));
  return Math.max(0, ...familyContrasts(earlier).map(({ score }) => score ?? 0));
}

/** Without a family of small triggers before, there was nothing that could have raised doubt. */
function anyBounded(runs: readonly InversionRun[]): boolean {
  return runs.some(({ family, role }) => role === "free" && bounded(family));
}

function anyReached(run: InversionRun | undefined): boolean {
  return run?.result.outcomes.some(({ reached }) => reached) ?? false;
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
  const walkFrom = (target: number[]) => plainStart(target, "around-mean");
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
  return {
    role: "free",
    family,
    starts,
    plan: {
      ...nativePlan(context, family, starts),
      hopelessCollapse: HOPELESS[family] * context.plan.contrast.tolerance,
      samples: context.samples,
    },
  };
}

function standingInversion(
  context: MethodContext,
  family: WalkingFamily,
  found: readonly number[],
): PlannedInversion {
  const { forcedTargets, distance } = context.plan.contrast;
  const starts = yardstickTargets(context.session.facts, forcedTargets, found, distance).map((target) => ({
    origin: "spread" as const,
    start: plainStart(target, "still"),
  }));
  return {
    role: "forced",
    family,
    starts,
    plan: { ...nativePlan(context, family, starts), hopelessCollapse: 0, samples: [] },
  };
}

function nativePlan(
  { plan }: MethodContext,
  family: WalkingFamily,
  starts: readonly PlannedStart[],
): Omit<StagePlan, "hopelessCollapse" | "samples"> {
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
