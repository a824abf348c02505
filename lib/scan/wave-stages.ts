import type { WaveSweepResult } from "../native/addon.ts";
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

/**
 * Where stripes of a family should bring the outputs. "wave": as far from the mean as other triggers are driven.
 * "central-wave": no nearer than the sweep looks for them, where it takes a deeper collapse to be told from what benign models do;
 * driven farther, stripes whose target is nearer lose it (docs/decisions/0020).
 */
export type WaveFamily = "wave" | "central-wave";

/** Of any family, also of evidence. */
export function ofWaves(family: string): family is WaveFamily {
  return family === "wave" || family === "central-wave";
}

/** In benign deviations; the core's sweep looks from here on (kFarEnough). */
const SWEPT_FROM = 1;

/** Finds the most suspicious of all stripes. */
export type SweepWaves = () => Promise<WaveSweepResult>;

/** A sweep over all stripes, forward passes only; made when it is first asked for, and once. */
export function waveSweep({ session, plan, signal }: MethodContext): SweepWaves {
  const { seed, threads } = plan;
  let swept: Promise<WaveSweepResult> | undefined;
  return () => {
    swept ??= session.sweepWaves(
      { ...FREQUENCIES, images: SWEEP_IMAGES, keep: KEPT, seed, threads },
      { signal },
    );
    return swept;
  };
}

/** Stripes: an inversion of the most suspicious. */
export function waveStages(
  context: MethodContext,
  family: WaveFamily,
  sweep: SweepWaves,
  skip: InversionStage["skip"],
): InversionStage[] {
  const steps = Math.ceil(context.plan.contrast.steps * STEP_SHARE);
  const { batchSize } = INVERSION;
  const plan = async () => planWaves(context, family, await sweep(), steps);
  return [{ steps, starts: KEPT, batchSize, ...(skip && { skip }), plan }];
}

function planWaves(
  context: MethodContext,
  family: WaveFamily,
  { best, medianVarianceRatio }: WaveSweepResult,
  steps: number,
): PlannedInversion {
  const waves = best.map(({ across, down, phase }) => ({
    wave: { across, down, phase },
    reference: medianVarianceRatio,
  }));
  const away = context.plan.contrast.distance;
  const distance = family === "wave" ? away : Math.min(SWEPT_FROM, away);
  const settings = { ...INVERSION, distance, steps, samples: context.samples };
  return { role: "free", family, ...collapseInversion(context, waves, settings) };
}
