import type { InversionStage, MethodContext, PlannedInversion, PlannedStart } from "./method-run.ts";
import { outwardTarget } from "./targets.ts";

/** Cycles across the image. Slower waves are light and shade, faster ones are lost in small images. */
const FREQUENCIES = { lowest: 3, highest: 12 } as const;
const SWEEP_IMAGES = 4;
/** Waves that are optimised: a stripe's neighbours in frequency and phase come with it. */
const KEPT = 12;
const BATCH_SIZE = 4;
/** Share of the plan's steps: a wave has ten numbers. */
const STEP_SHARE = 0.5;
const LEARNING_RATE = 0.02;
/** Stripes that leave nothing on the whole would divide by zero. */
const LEAST_REFERENCE = 1e-6;

/** Stripes: a sweep over all of them, forward passes only, then an inversion of the most suspicious. */
export function waveStages(context: MethodContext, skip: InversionStage["skip"]): InversionStage[] {
  const steps = Math.ceil(context.plan.contrast.steps * STEP_SHARE);
  return [{ steps, starts: KEPT, ...(skip && { skip }), plan: () => planWaves(context, steps) }];
}

async function planWaves(
  { session, plan, samples, signal }: MethodContext,
  steps: number,
): Promise<PlannedInversion> {
  const { seed, threads, contrast } = plan;
  const sweep = await session.sweepWaves(
    { ...FREQUENCIES, images: SWEEP_IMAGES, keep: KEPT, seed, threads },
    { signal },
  );
  const target = outwardTarget(session.facts, contrast.distance);
  const starts = sweep.best.map(
    ({ across, down, phase }): PlannedStart => ({
      origin: "probe",
      start: {
        target,
        walk: "outward",
        patch: null,
        wave: { across, down, phase },
        reference: Math.max(LEAST_REFERENCE, sweep.medianVarianceRatio),
      },
    }),
  );
  return {
    role: "free",
    starts,
    plan: {
      family: "wave",
      objective: { kind: "collapse", tolerance: contrast.tolerance },
      starts: starts.map(({ start }) => start),
      steps,
      batchSize: BATCH_SIZE,
      learningRate: LEARNING_RATE,
      seed,
      threads,
      outcomeImages: 0,
      samples,
    },
  };
}
