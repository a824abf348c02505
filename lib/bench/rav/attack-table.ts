import { z } from "zod";
import { trainedModelSchema } from "../../training/read-trained-model.ts";

const text = z.string().max(10_000);
const finite = z.number();
const count = z.int().nonnegative();

const spreadSchema = z.strictObject({ median: finite, minimum: finite, maximum: finite });

/** A quantity with one number per output: its mean over outputs over the models, and each output's median. */
const perOutputSchema = z.strictObject({ mean: spreadSchema, medianPerOutput: z.array(finite) });

/** How many models pass a check. */
const checkSchema = z.strictObject({ passed: count, of: count });

const conditionSchema = z.strictObject({
  condition: text,
  models: count,
  /** Of all models together; more than `models` where a model has several. */
  attacks: count,
  /** AE, in the labels' unit. */
  attackError: perOutputSchema,
  /** AE as a share of the label deviation, mean over outputs. */
  attackErrorShare: spreadSchema,
  /** DAE, in the labels' unit. */
  defendingAttackError: perOutputSchema,
  /** Degrees between directions; null where labels are none. */
  attackAngularError: spreadSchema.nullable(),
  defendingAttackAngularError: spreadSchema.nullable(),
  cleanError: perOutputSchema,
  /** Clean error, mean over outputs, over that of the median benign model; null without benign models. */
  cleanErrorRatio: spreadSchema.nullable(),
  varianceRatio: perOutputSchema,
  /** RAV_j and RNV_j; null for models without a linear head. */
  rav: perOutputSchema.nullable(),
  rnv: perOutputSchema.nullable(),
  /** Mean |A(x) − x| per pixel in [0,1]. */
  triggerMeanL1: spreadSchema,
  checks: z.strictObject({
    /** AE below a third of the label deviation, or below 2.5 degrees. */
    attackWorks: checkSchema,
    /** Output-variance ratio below 0.1, mean over outputs. */
    outputsCollapse: checkSchema,
    /** Clean error at most 1.1 times the median benign one's. */
    cleanErrorKept: checkSchema.nullable(),
    /** RAV below 0.1, mean over outputs, as the paper's Table 1. */
    anglesCollapse: checkSchema.nullable(),
  }),
});

/** What the attacks of a zoo do, per condition. */
export const attackTableSchema = z.strictObject({
  schemaVersion: z.literal(1),
  kind: z.literal("attacks"),
  tool: z.strictObject({ name: z.literal("drmguard"), version: text }),
  createdAt: z.iso.datetime(),
  zoo: z.strictObject({ name: text, models: count }),
  data: z.strictObject({ source: text, unit: text, labelNames: z.array(text) }),
  /** null without benign models. */
  benign: z
    .strictObject({ models: count, cleanError: perOutputSchema, constantError: perOutputSchema })
    .nullable(),
  conditions: z.array(conditionSchema),
  models: z.array(
    z.strictObject({
      name: text,
      condition: text,
      backdoored: z.boolean(),
      seed: count,
      measured: trainedModelSchema.shape.measured,
    }),
  ),
});

export type AttackTable = z.infer<typeof attackTableSchema>;
export type AttackCondition = z.infer<typeof conditionSchema>;
export type PerOutput = z.infer<typeof perOutputSchema>;
