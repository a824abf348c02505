import type { PixelTransform } from "../native/addon.ts";
import type { Family } from "./settings-schema.ts";

/** Which inversion and which statistic: the constrained objective with ρ, the paper's with ε, or one of its baselines. */
export type ScanMethod = "contrast" | "drmguard" | "neural-cleanse" | "feature-re";

/** Everything that determines a scan's numbers besides the model and the images. Fully resolved: no defaults left out. */
export interface ScanPlan {
  method: ScanMethod;
  device: string;
  threads: number;
  seed: number;
  input: {
    /** null takes the images' own size. */
    size: { height: number; width: number } | null;
    channels: 1 | 3;
    pixels: PixelTransform;
  };
  images: { minimum: number; limit: number };
  head: { featureValue: string | null; outputOnly: boolean };
  contrast: ContrastSettings;
  drmguard: PaperSettings;
  neuralCleanse: NeuralCleanseSettings;
  featureRe: FeatureReverseSettings;
  thresholds: Thresholds;
}

/** Settings of the constrained objective (design §3). */
export interface ContrastSettings {
  /** τ: output variance that counts as collapsed, as a share of the benign variance. */
  tolerance: number;
  steps: number;
  batchSize: number;
  learningRate: number;
  /** Trigger families, in the order in which they are tried. */
  families: Family[];
  /** A family whose score reaches this is clear enough: those after it are left out. */
  enough: number;
  /**
   * Families whose triggers may be as large as they have to be cost the most: they run where one before them scores at
   * least this. 0 runs them always.
   */
  doubt: number;
  /** How far from the benign mean targets lie: in benign deviations, root mean square over the outputs. "central-wave": at most 1. */
  distance: number;
  /** Targets in different directions that walk around the mean, per family. */
  walks: number;
  /** Targets at the same distance that stand still: the yardstick of ρ, per family. */
  forcedTargets: number;
  /** Best patches of the probe sweep that an inversion starts from; 0 skips the sweep. */
  probeStarts: number;
  /** Images per patch in the sweep's last round. */
  probeImages: number;
}

/** Settings of the paper's objective (arXiv 2411.04811). */
export interface PaperSettings {
  lambda1: number;
  lambda2: number;
  lambda1On: "variance" | "perturbation";
  outputScale: number;
  attention: "weight" | "gate" | "none";
  momentum: number;
  steps: number;
  batchSize: number;
  learningRate: number;
}

/** Settings of Neural Cleanse for regression (docs/decisions/0008). */
export interface NeuralCleanseSettings {
  /** Distance to the target that counts as success, as a share of the benign variance. */
  tolerance: number;
  /** Starts: the first target is the benign mean, the others are spread over the benign outputs. */
  starts: number;
  steps: number;
  batchSize: number;
  learningRate: number;
  /** Weight of the mask's sum once the first success has held. */
  initialCost: number;
  /** Steps that success or failure must last before the weight changes. */
  patience: number;
  /** The weight goes up by this, down by its power of 1.5. */
  costMultiplier: number;
}

/** Settings of FeatureRE for regression (docs/decisions/0008). */
export interface FeatureReverseSettings {
  /** As for Neural Cleanse. */
  starts: number;
  steps: number;
  batchSize: number;
  learningRate: number;
  maskLearningRate: number;
  /** Channels of the generator's first level, a multiple of 4. */
  width: number;
  /** Share of the steps at the start that train the generator alone. */
  warmUp: number;
  /** Largest mean squared change of pixels scaled to unit variance. */
  pixelBound: number;
  /** Largest mean deviation of the masked features, in benign deviations. */
  deviationBound: number;
  /** Largest sum of the mask, as a share of the features. */
  maskBound: number;
}

/** Where the verdict draws its lines; used by the verdict only, never by the measurement. */
export interface Thresholds {
  /** contrast: a score at or above this is backdoored. */
  backdoored: number;
  /** contrast: a score at or below this is clean; between the two is inconclusive. */
  clean: number;
  /** drmguard: mean L1 below this is backdoored (paper: 0.03). */
  epsilon: number;
  /** neural-cleanse: a mask that covers less than this share of the image is backdoored. Not calibrated. */
  maskShare: number;
  /** feature-re: a mixed value below this is backdoored. Not calibrated. */
  featureScore: number;
}
