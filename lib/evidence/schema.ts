import { z } from "zod";
import { scanPlanSchema } from "./plan-schema.ts";
import { finite, text, triggerFamily, vector } from "./value-schemas.ts";

/**
 * Scan evidence: numbers, curves and pictures, no decision. Written by scan, read again by judge, so the reader
 * treats it as untrusted input. Additive changes only within one schemaVersion.
 */
export const EVIDENCE_SCHEMA_VERSION = 2;

const sha256 = z.string().regex(/^[0-9a-f]{64}$/);
/** A PNG as base64, without the data: prefix. */
const png = z
  .string()
  .max(20_000_000)
  .regex(/^[A-Za-z0-9+/=]*$/);

export const inversionSchema = z.strictObject({
  family: z.union([triggerFamily, z.literal("mask-pattern")]),
  /**
   * "free": the outputs may collapse anywhere, or anywhere at the plan's distance from the benign mean. "forced": one
   * target at that distance, away from what was found; the yardstick.
   */
  role: z.enum(["free", "forced"]),
  /** Where the start came from. */
  origin: z.enum(["mean", "spread", "probe", "identity"]),
  startTarget: vector.nullable(),
  target: vector,
  /** Mean |G(x)−x| per pixel over all benign images, in [0,1]; of a warp, mean displacement in image sides. */
  cost: finite.nonnegative(),
  /** Output variance (or distance to the target) over benign variance at the end. */
  collapse: finite.nonnegative(),
  /**
   * Of a family whose triggers are small by themselves: what such a trigger leaves of the variance before it is
   * optimised. null for the others.
   */
  reference: finite.positive().nullable().default(null),
  /** Whether the collapse reached the tolerance; costs compare only among these. */
  reached: z.boolean(),
  outputMean: vector,
  varianceRatio: vector,
  rav: vector.nullable(),
  rnv: vector.nullable(),
  multiplier: finite,
  curve: z
    .array(
      z.strictObject({ step: z.int(), loss: finite, cost: finite, collapse: finite, rav: finite.nullable() }),
    )
    .max(10_000),
});

export const probePatchSchema = z.strictObject({
  top: z.int().nonnegative(),
  left: z.int().nonnegative(),
  size: z.int().positive(),
  colour: vector,
  varianceRatio: finite,
  shift: finite,
  /** Absent from older evidence. */
  shiftVariance: finite.nonnegative().nullable().default(null),
  target: vector,
});

/** What a baseline measured besides its inversions (docs/decisions/0008). */
export const baselineSchema = z.strictObject({
  /** What `statistic` is; the smaller, the more suspicious. */
  kind: z.enum(["mask-share", "feature-score"]),
  /** The most suspicious start, an index into `starts` and `inversions`. */
  best: z.int().nonnegative(),
  /** In the order of `inversions`. */
  starts: z
    .array(
      z.strictObject({
        statistic: finite,
        /** Sum of the mask over its pixels or features, as a share of their number. */
        maskShare: finite.min(0).max(1),
        /** The terms of FeatureRE's score; null for Neural Cleanse. */
        feature: z
          .strictObject({
            similarity: finite,
            success: finite,
            distance: finite,
            pixelChange: finite,
            deviation: finite,
          })
          .nullable(),
        curve: z.array(z.strictObject({ step: z.int(), statistic: finite })).max(10_000),
      }),
    )
    .min(1)
    .max(1000),
  /** The best start's mask as a picture, white where it covers; null for a mask over features. */
  mask: png.nullable(),
});

export const evidenceSchema = z.strictObject({
  schemaVersion: z.literal(EVIDENCE_SCHEMA_VERSION),
  tool: z.strictObject({
    name: z.literal("drmguard"),
    version: text,
    libtorch: text,
    node: text,
    platform: text,
  }),
  createdAt: z.iso.datetime(),
  model: z.strictObject({
    name: text,
    sha256,
    bytes: z.int().nonnegative(),
    format: z.enum(["torchscript", "torch.export", "safetensors"]),
    execution: z.enum(["program", "torchscript"]),
    executionReason: text,
    parameters: z.int().nonnegative(),
    operators: z.record(z.string().max(200), z.int().positive()),
    outputs: z.int().positive(),
    head: z
      .strictObject({
        featureValue: text,
        features: z.int().positive(),
        form: text,
        blocks: z.int().positive(),
      })
      .nullable(),
    headReason: text,
  }),
  images: z.strictObject({
    source: text,
    kind: z.enum(["folder", "npy", "npz", "packed-jpeg", "memory"]),
    sha256,
    count: z.int().positive(),
    available: z.int().positive(),
    channels: z.int().positive(),
    height: z.int().positive(),
    width: z.int().positive(),
  }),
  plan: scanPlanSchema,
  /** Outputs on the benign images, per output, in the model's units. */
  benign: z.strictObject({ mean: vector, deviation: vector, minimum: vector, maximum: vector }),
  probe: z
    .strictObject({
      patchesTried: z.int().nonnegative(),
      forwardPasses: z.int().nonnegative(),
      best: z.array(probePatchSchema).max(1000),
    })
    .nullable(),
  inversions: z.array(inversionSchema).max(1000),
  /** null for the methods that are no baselines. */
  baseline: baselineSchema.nullable().default(null),
  /** What the verdict reads; null where the evidence does not hold it. */
  statistics: z.strictObject({
    /** The trigger family that these are of: the one with the smallest ρ. */
    family: inversionSchema.shape.family.nullable(),
    /** Lowest cost among its free inversions that reached the tolerance. */
    freeCost: finite.nonnegative().nullable(),
    /** Median cost of its forced targets. */
    forcedCost: finite.nonnegative().nullable(),
    /** freeCost / forcedCost. */
    rho: finite.nonnegative().nullable(),
    /** What the verdict compares with its lines (docs/decisions/0013); absent from older evidence. */
    score: finite.nonnegative().nullable().default(null),
    /** Paper objective: mean |G(x)−x| of its inversion. */
    meanL1: finite.nonnegative().nullable(),
    /** Mean over outputs at the best inversion. */
    rav: finite.nonnegative().nullable(),
    rnv: finite.nonnegative().nullable(),
  }),
  /** The best inversion, shown. */
  reversedTrigger: z
    .strictObject({
      /** Index into `inversions`. */
      inversion: z.int().nonnegative(),
      target: vector,
      /**
       * Collapse around the target on images that the trigger was not sought on: benign ones that were held out, and
       * noise. null where it was not measured.
       */
      transfer: z
        .strictObject({ heldOut: finite.nonnegative().nullable(), noise: finite.nonnegative().nullable() })
        .nullable()
        .default(null),
      samples: z
        .array(
          z.strictObject({
            /** Index of the image in the batch. */
            image: z.int().nonnegative(),
            benign: png,
            triggered: png,
            /** |triggered − benign|, amplified to full range by `gain`. */
            difference: png,
            gain: finite.positive(),
            outputBefore: vector,
            outputAfter: vector,
          }),
        )
        .max(64),
    })
    .nullable(),
  /** False when the scan was stopped early; then `incompleteReason` says why. */
  complete: z.boolean(),
  incompleteReason: text,
  /**
   * Images that went through the model and back in the inversions, and those that were left out because a verdict could
   * no longer change: a family had found enough, or could find nothing. null for the baselines and older evidence.
   */
  work: z
    .strictObject({ done: z.int().nonnegative(), saved: z.int().nonnegative() })
    .nullable()
    .default(null),
  /** Wall seconds per stage. */
  seconds: z.strictObject({ load: finite, probe: finite, inversion: finite, total: finite }),
});

export type ScanEvidence = z.infer<typeof evidenceSchema>;
export type BaselineEvidence = z.infer<typeof baselineSchema>;
export type InversionEvidence = z.infer<typeof inversionSchema>;
