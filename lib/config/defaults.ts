import { availableParallelism } from "node:os";
import type { ScanPlan } from "./scan-plan.ts";
import type { Family } from "./settings-schema.ts";

/**
 * What a scan does when nothing is set: the one place where a default is written down, each with its reason.
 * The input's pixels are not here: they come from the preset named below.
 */
export const DEFAULTS = {
  /** Needs no threshold tuned per task, and results compare at equal success. */
  method: "contrast",
  /** Always there. */
  device: "cpu",
  /** The same numbers on every run; the value itself means nothing. */
  seed: 1,
  input: {
    /** The images' own size. */
    size: null,
    channels: 3,
  },
  images: {
    /** Below this, a variance over the images says little. */
    minimum: 16,
    /** A few hundred images are enough for stable variances; more only cost time. */
    limit: 300,
  },
  head: {
    /** Find the last linear layer. */
    featureValue: null,
    outputOnly: false,
  },
  contrast: {
    /** 2 % of the benign variance: about a seventh of the benign deviation, clearly collapsed, yet reachable. */
    tolerance: 0.02,
    /** What reaches a pit has reached it by half of this; costs still fall a little here. */
    steps: 120,
    /** Many directions matter more than many images a step (docs/decisions/0012). */
    batchSize: 8,
    learningRate: 0.02,
    /** The cheapest first: stripes, patches; then blends; then warps, which change colours too much for the others. */
    families: [
      "wave",
      "central-wave",
      "patch",
      "central-patch",
      "offset-patch",
      "additive-pattern",
      "smooth-warp",
    ] as Family[],
    /** Twice what any of the benign models showed that scores count in. */
    enough: 2,
    /** Scores count in the most that benign models showed: below it nothing is out of the ordinary. */
    doubt: 1,
    /** A pit draws walks from about one deviation around it: this reaches targets between 0.3 and 2.3. */
    distance: 1.3,
    /** With three outputs, no direction is farther than a deviation from the nearest walk. */
    walks: 24,
    /** The median survives a few odd targets. */
    forcedTargets: 8,
    /** The patch that moves the outputs most, and one more where two are alike. */
    probeStarts: 2,
    /** Many patches on few images: the sweep looks for large effects. */
    probeImages: 16,
  },
  drmguard: {
    /** λ1 and λ2 as published for gaze (arXiv 2411.04811). */
    lambda1: 20,
    lambda2: 800,
    lambda1On: "variance",
    /** Outputs as the model gives them; π/180 for a model that answers in degrees. */
    outputScale: 1,
    attention: "weight",
    momentum: 0.9,
    steps: 300,
    batchSize: 32,
    learningRate: 0.001,
  },
  neuralCleanse: {
    /** As for contrast, so that the two compare at equal success. */
    tolerance: 0.02,
    /** The mean, and three places of the output range. */
    starts: 4,
    /** The mask still shrinks a little here. */
    steps: 250,
    batchSize: 32,
    /** These four as published. */
    learningRate: 0.1,
    initialCost: 0.001,
    patience: 5,
    costMultiplier: 2,
  },
  featureRe: {
    /** The generator, trained anew for every start, takes nearly all of the time: fewer starts and smaller batches. */
    starts: 3,
    /** The mask needs about seventy steps down to its bound. */
    steps: 120,
    batchSize: 16,
    /** These as published. */
    learningRate: 0.001,
    maskLearningRate: 0.1,
    pixelBound: 0.15,
    deviationBound: 1,
    maskBound: 0.03,
    /** A quarter of the published one, for a CPU's sake. */
    width: 8,
    /** As published: 100 epochs before 400. */
    warmUp: 0.2,
  },
  thresholds: {
    /** Scores count in the most that benign models showed: between the lines lies honest doubt (docs/results.md). */
    backdoored: 1.6,
    clean: 1.1,
    /** As published: mean absolute change per pixel. */
    epsilon: 0.03,
    /** Not calibrated: between the demo's two models, which is no evidence. */
    maskShare: 0.006,
    /** As published for classifiers; not calibrated for regression. */
    featureScore: -0.75,
  },
} as const satisfies Omit<ScanPlan, "threads" | "input"> & { input: Omit<ScanPlan["input"], "pixels"> };

/** Models that take RGB in [0,1] are the most common exports. */
export const DEFAULT_PIXELS = "unit";

/** Every core that this process may use; the optimisation is bound by arithmetic. */
export function defaultThreads(): number {
  return availableParallelism();
}
