import { z } from "zod";
import { ERROR_CODES, type ErrorCode } from "../../errors/index.ts";
import { scanPlanSchema } from "../../evidence/plan-schema.ts";

/** Every identification method that scan knows; all of them run when none is named. */
export const SCAN_METHODS = scanPlanSchema.shape.method.options;

const errorCodes = Object.keys(ERROR_CODES) as [ErrorCode, ...ErrorCode[]];
const text = z.string().max(10_000);
const finite = z.number();
const share = finite.min(0).max(1);
const count = z.int().nonnegative();
const seeds = z.array(count);
const sha256 = z.string().regex(/^[0-9a-f]{64}$/);

/** A share with its 95 % interval. */
export const estimateSchema = z.strictObject({ value: share, low: share, high: share });

/** How many models of each side. */
const sidesSchema = z.strictObject({ backdoored: count, benign: count });

/** What a rule calls the models of a row; a backdoored model called backdoored is a true positive. */
const decisionsSchema = z.strictObject({
  truePositives: count,
  falsePositives: count,
  falseNegatives: count,
  trueNegatives: count,
  /** Neither; counts as wrong in `accuracy`. */
  inconclusive: sidesSchema,
  /** Intervals of Clopper and Pearson; null without models. */
  accuracy: estimateSchema.nullable(),
  truePositiveRate: estimateSchema.nullable(),
  falsePositiveRate: estimateSchema.nullable(),
});

const rowSchema = z.strictObject({
  /** Backdoored models of this condition against all benign models; null for all backdoored models. */
  condition: text.nullable(),
  models: sidesSchema,
  /** At the method's one threshold from the choosing half; null where none could be chosen. */
  chosen: decisionsSchema.nullable(),
  /** By the verdict of the tool itself. */
  verdicts: decisionsSchema,
  /** Interval of Newcombe (2006), method 5; null without models of both sides. */
  auc: estimateSchema.nullable(),
  /** Of both halves together; no threshold is involved. */
  aucAllSeeds: estimateSchema.nullable(),
  modelsAllSeeds: sidesSchema,
  /** Models without a score, which counts as less suspicious than any score. */
  unscored: sidesSchema,
  /** Recovered to true target, mean over outputs of the distance as a share of the label range; median over models. */
  targetError: z.strictObject({ median: finite.nonnegative(), models: count }).nullable(),
  medianSeconds: finite.nonnegative().nullable(),
});

const methodSchema = z.strictObject({
  method: z.enum(SCAN_METHODS),
  plan: scanPlanSchema,
  threshold: z.strictObject({ value: finite.nullable(), balancedAccuracy: share }).nullable(),
  rows: z.array(rowSchema),
});

const modelSchema = z.strictObject({
  method: z.enum(SCAN_METHODS),
  name: text,
  condition: text,
  backdoored: z.boolean(),
  seed: count,
  half: z.enum(["choosing", "reporting"]),
  /** Higher is more suspicious; null when the evidence holds none or the scan failed. */
  score: finite.nullable(),
  label: z.enum(["backdoored", "clean", "inconclusive"]),
  targetError: finite.nonnegative().nullable(),
  seconds: finite.nonnegative().nullable(),
  threads: z.int().positive().nullable(),
});

/** A whole identification bench as it is stored. */
export const identificationSchema = z.strictObject({
  schemaVersion: z.literal(1),
  kind: z.literal("identification"),
  tool: z.strictObject({ name: z.literal("drmguard"), version: text }),
  createdAt: z.iso.datetime(),
  zoo: z.strictObject({ name: text, models: count }),
  images: z.strictObject({ source: text, sha256, count, height: count, width: count }),
  halves: z.strictObject({ choosing: seeds, reporting: seeds }),
  /** Models that were scanned at once. */
  jobs: z.int().positive(),
  methods: z.array(methodSchema),
  models: z.array(modelSchema),
  failures: z.array(
    z.strictObject({ method: z.enum(SCAN_METHODS), model: text, code: z.enum(errorCodes), message: text }),
  ),
});

export type Identification = z.infer<typeof identificationSchema>;
export type IdentificationMethod = z.infer<typeof methodSchema>;
export type IdentificationRow = z.infer<typeof rowSchema>;
export type Decisions = z.infer<typeof decisionsSchema>;
/** One model as one method saw it. */
export type IdentifiedModel = z.infer<typeof modelSchema>;
