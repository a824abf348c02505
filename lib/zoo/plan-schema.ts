import { z } from "zod";
import { LABEL_UNITS } from "../data/index.ts";
import { TRIGGER_KINDS } from "../training/index.ts";
import { ARCHITECTURE_NAMES, HEADS } from "../weights/index.ts";

/** A zoo has hundreds of models at most; these bound what a file may ask for. */
const MOST_CONDITIONS = 100;
const MOST_SEEDS = 1000;
const LARGEST_SEED = 2 ** 32 - 1;

const number = (least: number, most: number) =>
  z
    .number({ error: `a number from ${least} to ${most}` })
    .min(least)
    .max(most);
const integer = (least: number, most: number) =>
  z
    .number({ error: `a whole number from ${least} to ${most}` })
    .int()
    .min(least)
    .max(most);
const seed = integer(0, LARGEST_SEED);
const text = z.string({ error: "a text" }).min(1).max(4096);
const vector = z.array(number(-1e9, 1e9)).min(1).max(100_000);
const side = integer(16, 2048);

export const renderSchema = z.strictObject({
  labels: z.enum(["gaze", "head-pose"]).default("gaze"),
  count: integer(32, 1_000_000),
  people: integer(2, 1_000_000).default(1000),
  size: integer(16, 512),
  seed: seed.default(101),
});

export const fileDataSchema = z.strictObject({
  path: text,
  kind: text.optional(),
  size: z
    .union([
      side.transform((length) => ({ height: length, width: length })),
      z.strictObject({ height: side, width: side }),
    ])
    .optional(),
  labels: z.array(text).min(1).max(100_000).optional(),
  unit: z.enum(LABEL_UNITS).optional(),
  limit: integer(32, 100_000_000).optional(),
});

/** The settings of every training, without defaults. */
const trainingShape = {
  architecture: z.enum(ARCHITECTURE_NAMES),
  head: z.enum(HEADS),
  loss: z.enum(["l1", "mse"]),
  optimiser: z.enum(["adam", "adamw"]),
  learningRate: number(1e-9, 10),
  weightDecay: number(0, 10),
  epochs: integer(1, 100_000),
  batchSize: integer(2, 65_536),
};

export const trainingSchema = z.strictObject({
  architecture: trainingShape.architecture.default("resnet-tiny"),
  head: trainingShape.head.default("linear"),
  loss: trainingShape.loss.default("l1"),
  optimiser: trainingShape.optimiser.default("adamw"),
  learningRate: trainingShape.learningRate.default(6e-3),
  weightDecay: trainingShape.weightDecay.default(1e-2),
  epochs: trainingShape.epochs.default(12),
  batchSize: trainingShape.batchSize.default(64),
  heldOutShare: number(0.01, 0.9).default(0.2),
  splitSeed: seed.default(1),
});

/** The split is the zoo's, or a held-out image of one model would be a training image of another. */
export const conditionTrainingSchema = z.strictObject(trainingShape).partial();

const seeds = z.union(
  [
    z.array(seed).min(1).max(MOST_SEEDS),
    z
      .strictObject({ from: seed, to: seed })
      .refine(({ from, to }) => from <= to && to - from < MOST_SEEDS)
      .transform(({ from, to }) => Array.from({ length: to - from + 1 }, (_, at) => from + at)),
  ],
  { error: `a list of at most ${MOST_SEEDS} seeds, or { from, to } with from ≤ to` },
);

/** A dot only before digits: MODEL.attack-0.safetensors must not be another model's file. */
export const conditionName = z
  .string({ error: "a name" })
  .max(60)
  .regex(/^[A-Za-z0-9][A-Za-z0-9_]*(?:-[A-Za-z0-9_]+|[.][0-9]+)*$/, {
    error: "a name of letters, digits and hyphens",
  });

export const conditionSchema = z.strictObject({
  name: conditionName,
  trigger: z.enum(TRIGGER_KINDS).nullable().default(null),
  seeds,
  backdoors: integer(1, 10).default(1),
  /** 0 in benign conditions only. */
  rate: number(0, 0.9).optional(),
  crossRatio: number(0, 99).optional(),
  target: z
    .union(
      [z.enum(["far", "near-mean"]), z.strictObject({ fixed: vector }), z.strictObject({ offset: vector })],
      {
        error: '"far", "near-mean", { fixed = [v1, …] } or { offset = [v1, …] }',
      },
    )
    .default("far"),
  adaptiveWeight: number(0, 1000).default(0),
  settings: z.record(z.string().max(40), number(-1e9, 1e9)).default({}),
  training: conditionTrainingSchema.default({}),
});

/** A plan's file, but for `data`, whose schema depends on what it holds. */
export const planFileSchema = z.strictObject({
  name: text,
  data: z.record(z.string(), z.unknown()),
  training: trainingSchema.prefault({}),
  conditions: z.array(conditionSchema).min(1).max(MOST_CONDITIONS),
});
