import { z } from "zod";
import { DEFAULTS } from "../config/defaults.ts";
import { finite, text, triggerFamily, vector } from "./value-schemas.ts";

const pixelTransform = z.strictObject({
  channelOrder: z.enum(["rgb", "bgr"]),
  scale: finite.positive(),
  mean: vector,
  deviation: vector,
});

const size = z.strictObject({ height: z.int().positive(), width: z.int().positive() });

/** The settings of a scan, as evidence repeats them: those that it was made with. */
export const scanPlanSchema = z.strictObject({
  method: z.enum(["contrast", "drmguard", "neural-cleanse", "feature-re"]),
  device: text,
  threads: z.int().positive(),
  seed: z.int().nonnegative(),
  input: z.strictObject({
    size: size.nullable(),
    channels: z.union([z.literal(1), z.literal(3)]),
    pixels: pixelTransform,
  }),
  images: z.strictObject({ minimum: z.int().positive(), limit: z.int().positive() }),
  head: z.strictObject({ featureValue: text.nullable(), outputOnly: z.boolean() }),
  contrast: z.strictObject({
    tolerance: finite.positive(),
    steps: z.int().positive(),
    batchSize: z.int().positive(),
    learningRate: finite.positive(),
    families: z.array(triggerFamily).min(1).max(100),
    enough: finite.positive(),
    // Before there was this setting, doubt was not asked for.
    doubt: finite.nonnegative().default(0),
    distance: finite.positive(),
    walks: z.int().positive(),
    forcedTargets: z.int().positive(),
    probeStarts: z.int().nonnegative(),
    probeImages: z.int().positive(),
  }),
  drmguard: z.strictObject({
    lambda1: finite.nonnegative(),
    lambda2: finite.nonnegative(),
    lambda1On: z.enum(["variance", "perturbation"]),
    outputScale: finite.positive(),
    attention: z.enum(["weight", "gate", "none"]),
    momentum: finite.min(0).max(1),
    steps: z.int().positive(),
    batchSize: z.int().positive(),
    learningRate: finite.positive(),
  }),
  // Evidence from before the baselines lacks their settings: none of them played a part in it.
  neuralCleanse: z
    .strictObject({
      tolerance: finite.positive(),
      starts: z.int().positive(),
      steps: z.int().positive(),
      batchSize: z.int().positive(),
      learningRate: finite.positive(),
      initialCost: finite.positive(),
      patience: z.int().positive(),
      costMultiplier: finite.positive(),
    })
    .default(() => ({ ...DEFAULTS.neuralCleanse })),
  featureRe: z
    .strictObject({
      starts: z.int().positive(),
      steps: z.int().positive(),
      batchSize: z.int().positive(),
      learningRate: finite.positive(),
      maskLearningRate: finite.positive(),
      width: z.int().positive(),
      warmUp: finite.min(0).max(1),
      pixelBound: finite.positive(),
      deviationBound: finite.positive(),
      maskBound: finite.positive(),
    })
    .default(() => ({ ...DEFAULTS.featureRe })),
  thresholds: z.strictObject({
    backdoored: finite,
    clean: finite,
    epsilon: finite,
    maskShare: finite.default(DEFAULTS.thresholds.maskShare),
    featureScore: finite.default(DEFAULTS.thresholds.featureScore),
  }),
});
