import { collapseInversion } from "./collapse-inversion.ts";
import type { InversionStage, MethodContext, PlannedInversion } from "./method-run.ts";

/** Cycles across the image. Slower waves are light and shade, faster ones are lost in small images. */
const FREQUENCIES = { lowest: 3, highest: 12 } as const;
/** Of the first look at every wave; on four, those of a backdoor got lost (docs/decisions/0019). */
const SWEEP_IMAGES = 8;
/** Waves that are optimised: a stripe's neighbours in frequency and phase come with it. */
const KEPT = 12;
/** Share of the plan's steps: a wave has ten numbers. */
const STEP_SHARE = 0.5;
/** What the core is asked, but for sizes and starts. */
export const INVERSION = {
  family: "wave",
  effect: "fixed",
  batchSize: 4,
  learningRate: 0.02,
  outcomeImages: 0,
} as const;

/** Stripes: a sweep over all of them, forward passes only, then an inversion of the most suspicious. */
export function waveStages(context: MethodContext, skip: InversionStage["skip"]): InversionStage[] {
  const steps = Math.ceil(context.plan.contrast.steps * STEP_SHARE);
  const { batchSize } = INVERSION;
  return [{ steps, starts: KEPT, batchSize, ...(skip && { skip }), plan: () => planWaves(context, steps) }];
}

async function planWaves(context: MethodContext, steps: number): Promise<PlannedInversion> {
  const { session, plan, samples, signal } = context;
  const { seed, threads } = plan;
  const sweep = await session.sweepWaves(
    { ...FREQUENCIES, images: SWEEP_IMAGES, keep: KEPT, seed, threads },
    { signal },
  );
  const waves = sweep.best.map(({ across, down, phase }) => ({
    wave: { across, down, phase },
    reference: sweep.medianVarianceRatio,
  }));
  const settings = { ...INVERSION, distance: plan.contrast.distance, steps, samples };
  return { role: "free", family: "wave", ...collapseInversion(context, waves, settings) };
}
