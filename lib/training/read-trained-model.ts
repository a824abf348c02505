import { z } from "zod";
import { DrmGuardError } from "../errors/index.ts";
import { jsonOrNull, readRegularFile } from "../files/index.ts";
import { architectureSchema } from "../weights/index.ts";
import type { TrainedModelFacts } from "./trained-model.ts";

const LARGEST_FACTS_BYTES = 64 * 2 ** 20;

const text = z.string().max(10_000);
const finite = z.number();
const vector = z.array(finite).max(100_000);
const perOutput = vector.min(1);
const sha256 = z.string().regex(/^[0-9a-f]{64}$/);
const seed = z
  .int()
  .min(0)
  .max(2 ** 53 - 1);

/** A file's name and nothing else: no way out of the folder. */
export const plainFileName = z
  .string()
  .max(255)
  .regex(/^(?!\.{1,2}$)[^/\\:\0]+$/, "expected a plain file name");

const trigger = z.discriminatedUnion("kind", [
  z.strictObject({
    kind: z.literal("badnets"),
    top: z.int(),
    left: z.int(),
    size: z.int(),
    colours: z.array(vector).min(1).max(2),
  }),
  z.strictObject({ kind: z.literal("blended"), alpha: finite, grid: z.int(), seed }),
  z.strictObject({
    kind: z.literal("clean-label"),
    amplitude: finite,
    frequency: finite,
    concealment: finite,
    seed,
  }),
  z.strictObject({ kind: z.literal("input-aware"), diversity: finite, density: finite, norm: finite, seed }),
  z.strictObject({ kind: z.literal("wanet"), grid: z.int(), strength: finite, seed }),
]);

export const attackSchema = z.strictObject({
  trigger,
  target: z.strictObject({ kind: z.enum(["fixed", "offset"]), value: perOutput }),
  rate: finite,
  crossRatio: finite,
});
const attacks = z.array(attackSchema).max(100);

const planSchema = z.strictObject({
  architecture: architectureSchema,
  attacks,
  adaptiveWeight: finite,
  loss: z.enum(["l1", "mse"]),
  optimiser: z.enum(["adam", "adamw"]),
  learningRate: finite,
  weightDecay: finite,
  epochs: z.int(),
  batchSize: z.int(),
  mirror: vector.nullable(),
  seed,
  device: text,
  threads: z.int(),
});

const measuredAttack = z.strictObject({
  attackError: perOutput,
  defendingAttackError: perOutput,
  attackAngularError: finite.nullable(),
  defendingAttackAngularError: finite.nullable(),
  varianceRatio: perOutput,
  rav: perOutput.nullable(),
  rnv: perOutput.nullable(),
  triggerMeanL1: finite,
});

const file = z.strictObject({ name: plainFileName, sha256 });

export const trainedModelSchema = z.strictObject({
  schemaVersion: z.literal(1),
  tool: z.strictObject({ name: z.literal("drmguard"), version: text, libtorch: text }),
  architecture: architectureSchema,
  plan: planSchema,
  attacks,
  data: z.strictObject({
    source: text,
    kind: text,
    sha256,
    labelNames: z.array(text).min(1).max(100_000),
    unit: text,
    size: z.strictObject({ height: z.int().positive(), width: z.int().positive() }),
    training: z.int().nonnegative(),
    heldOut: z.int().nonnegative(),
    splitSeed: seed,
    heldOutShare: finite,
  }),
  measured: z.strictObject({
    images: z.int().positive(),
    cleanError: perOutput,
    cleanAngularError: finite.nullable(),
    constantError: perOutput,
    labelDeviation: perOutput,
    attacks: z.array(measuredAttack).max(100),
  }),
  files: z.strictObject({ model: file, weights: file, attacks: z.array(file).max(100) }),
  seconds: finite.nonnegative(),
}) satisfies z.ZodType<TrainedModelFacts>;

/**
 * Reads MODEL.json; the file is untrusted.
 * @throws ERR_FILE_NOT_FOUND, ERR_MODEL_FORMAT
 */
export async function readTrainedModel(path: string): Promise<TrainedModelFacts> {
  const bytes = await readRegularFile(path, LARGEST_FACTS_BYTES, "the model's facts");
  const parsed = trainedModelSchema.safeParse(jsonOrNull(new TextDecoder().decode(bytes)));
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  const reason = issue === undefined ? "they are not valid" : `${issue.path.join(".")}: ${issue.message}`;
  throw new DrmGuardError("ERR_MODEL_FORMAT", `Expected a model's facts in ${path}, but ${reason}.`, {
    hint: "Give the MODEL.json that drmguard train wrote.",
  });
}
