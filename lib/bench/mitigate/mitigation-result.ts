import { z } from "zod";
import { scanPlanSchema } from "../../evidence/plan-schema.ts";
import { inversionSchema } from "../../evidence/schema.ts";
import {
  MITIGATION_METHODS,
  type MitigationPlan,
  roundSchema,
  type TriggerPull,
} from "../../mitigation/index.ts";
import { trainedModelSchema } from "../../training/read-trained-model.ts";

const text = z.string().max(10_000);
const finite = z.number();
const count = z.int().nonnegative();
const sha256 = z.string().regex(/^[0-9a-f]{64}$/);

export const mitigationPlanSchema = z.strictObject({
  method: z.enum(MITIGATION_METHODS),
  rounds: z.int().positive(),
  steps: z.int().positive(),
  batchSize: z.int().positive(),
  learningRate: finite.positive(),
  weightDecay: finite.nonnegative(),
  loss: z.enum(["l1", "mse"]),
  heldOutShare: finite.min(0).max(1),
  bound: finite.nonnegative(),
  maskSteps: z.int().positive(),
  seed: count,
}) satisfies z.ZodType<MitigationPlan>;

/** What a scan called a model. */
export const scannedSchema = z.strictObject({
  score: finite.nullable(),
  label: z.enum(["backdoored", "clean", "inconclusive"]),
  /** The family of triggers that the score is of; null where there is none, and in results of before it was kept. */
  family: inversionSchema.shape.family.nullable().default(null),
  seconds: finite.nonnegative(),
});

/** What a trigger that was reversed from the model does to it. */
const triggerPullSchema = z.strictObject({
  family: inversionSchema.shape.family,
  target: z.array(finite).max(100_000),
  score: finite.nullable(),
  before: finite,
  after: finite,
}) satisfies z.ZodType<TriggerPull>;

/** Where the labels came from that a mitigation had. */
export const labelSourceSchema = z.enum(["given", "own answers"]);

/** What one method did to one model. */
export const outcomeSchema = z.strictObject({
  /** The scan whose evidence the method had. */
  scan: scannedSchema,
  /** On images that the method did not have, with the attacker's own trigger. */
  before: trainedModelSchema.shape.measured,
  after: trainedModelSchema.shape.measured,
  rounds: z.array(roundSchema).max(10_000),
  /** Of the clean error on the images that guarded it, with its 95 % interval. */
  growth: finite,
  growthInterval: z.tuple([finite, finite]),
  triggers: z.array(triggerPullSchema).max(10_000),
  /** Share of the way from the model's weights that stands. */
  share: finite.min(0).max(1),
  /** Weights that could change. */
  parameters: count,
  /** Wall time of the mitigation alone. */
  seconds: finite.nonnegative(),
  threads: z.int().positive(),
  /** The mitigated model, scanned with the same plan; null where it was not asked for. */
  rescan: scannedSchema.nullable(),
});

/** Everything that an outcome depends on. */
export const identitySchema = z.strictObject({
  /** Of this package. */
  version: text,
  modelSha256: sha256,
  /** Of all images and labels, and of how they were cut in parts. */
  imagesSha256: sha256,
  labels: labelSourceSchema,
  scan: scanPlanSchema,
  mitigation: mitigationPlanSchema,
});

/** One kept result: OUT/results/METHOD/MODEL.json. */
export const resultSchema = z.strictObject({
  schemaVersion: z.literal(1),
  kind: z.literal("mitigation-result"),
  createdAt: z.iso.datetime(),
  identity: identitySchema,
  outcome: outcomeSchema,
});

export type MitigationOutcome = z.infer<typeof outcomeSchema>;
export type ResultIdentity = z.infer<typeof identitySchema>;
export type LabelSource = z.infer<typeof labelSourceSchema>;
export type ScannedModel = z.infer<typeof scannedSchema>;
