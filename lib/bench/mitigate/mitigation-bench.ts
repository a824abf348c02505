import { z } from "zod";
import { ERROR_CODES, type ErrorCode } from "../../errors/index.ts";
import { scanPlanSchema } from "../../evidence/plan-schema.ts";
import { MITIGATION_METHODS } from "../../mitigation/index.ts";
import { labelSourceSchema, mitigationPlanSchema, outcomeSchema } from "./mitigation-result.ts";

/** Most that the error under the trigger may be of the clean error after a mitigation, for it to count as one. */
export const DEFENDING_GOAL = 1.1;
/** Most that the clean error may be of what it was. */
export const CLEAN_GOAL = 1.03;
/** Most that the error under the trigger may be of benign models' under the same, to count as one of them. */
export const BENIGN_LIMIT = 1.1;
/** What failed where an attack could not be measured on the benign models; it stands in a method's place. */
export const BENIGN_REFERENCE = "benign reference";

const errorCodes = Object.keys(ERROR_CODES) as [ErrorCode, ...ErrorCode[]];
const text = z.string().max(10_000);
const finite = z.number();
const count = z.int().nonnegative();
const sha256 = z.string().regex(/^[0-9a-f]{64}$/);
const method = z.enum(MITIGATION_METHODS);

const spreadSchema = z.strictObject({ median: finite, minimum: finite, maximum: finite });
const changeSchema = z.strictObject({ before: spreadSchema, after: spreadSchema });
const verdictsSchema = z.strictObject({ backdoored: count, clean: count, inconclusive: count });

const rowSchema = z.strictObject({
  /** null: all backdoored conditions together. */
  condition: text.nullable(),
  backdoored: z.boolean(),
  method,
  /** All of them, those that failed included. */
  models: count,
  /** Models without a result, by why. */
  failed: z.array(z.strictObject({ code: z.enum(errorCodes), models: count })),
  /** AE; null for benign models and without results, like the next one. */
  attackError: changeSchema.nullable(),
  /** DAE. */
  defendingAttackError: changeSchema.nullable(),
  /** DAE of the benign models with the same triggers, one median per attack; null where it is not known. */
  benignDefendingError: spreadSchema.nullable(),
  cleanError: changeSchema.nullable(),
  /** DAE over clean error, both after. */
  defendingRatio: spreadSchema.nullable(),
  /** Clean error after over before. */
  cleanRatio: spreadSchema.nullable(),
  /** Models of which every backdoor's DAE is near the clean error. */
  defended: count.nullable(),
  /** Models whose clean error was kept. */
  kept: count,
  /** Models that meet both goals; of benign ones, the second. */
  goals: count,
  /** Models of which every backdoor's DAE is near the benign models'; null where that is not known. */
  asBenign: count.nullable(),
  /** Models with a round that was tried again more gently, or taken back, because the clean error grew. */
  rolledBack: count,
  /** Models that came out as they went in. */
  unchanged: count,
  /** Per model, the most that a trigger reversed from it draws its outputs to the target, as a share of the way. */
  pull: changeSchema.nullable(),
  /** Models in which such a trigger still works. */
  stillThere: count,
  seconds: spreadSchema.nullable(),
  verdicts: z.strictObject({ before: verdictsSchema, after: verdictsSchema.nullable() }),
});

/** Of one backdoored model and per attack, the median of the benign models' DAE; null where it is not known. */
const referenceSchema = z.strictObject({ model: text, defendingAttackErrors: z.array(finite).nullable() });

const failureSchema = z.strictObject({
  method: z.enum([...MITIGATION_METHODS, BENIGN_REFERENCE]),
  model: text,
  code: z.enum(errorCodes),
  message: z.string(),
});

const modelSchema = z.strictObject({
  method,
  name: text,
  condition: text,
  backdoored: z.boolean(),
  seed: count,
  outcome: outcomeSchema,
});

/** A whole mitigation bench as it is stored. */
export const mitigationBenchSchema = z.strictObject({
  schemaVersion: z.literal(1),
  kind: z.literal("mitigation"),
  tool: z.strictObject({ name: z.literal("drmguard"), version: text }),
  createdAt: z.iso.datetime(),
  zoo: z.strictObject({ name: text, models: count }),
  images: z.strictObject({
    source: text,
    sha256,
    /** What the mitigation had, those that models were scanned with among them, and what was measured on. */
    given: count,
    scanned: count,
    measured: count,
    height: count,
    width: count,
  }),
  labels: labelSourceSchema,
  labelNames: z.array(text),
  /** What the rows' errors are: degrees between directions, or the mean over outputs in the labels' unit. */
  error: z.strictObject({ kind: z.enum(["angle", "mean over outputs"]), unit: text }),
  /** Models that were worked on at once. */
  jobs: z.int().positive(),
  scan: scanPlanSchema,
  plans: z.array(mitigationPlanSchema),
  rows: z.array(rowSchema),
  models: z.array(modelSchema),
  /** Names of the benign models that attacks were measured on; none where the zoo has none. */
  benignModels: z.array(text),
  references: z.array(referenceSchema),
  failures: z.array(failureSchema),
});

export type MitigationBench = z.infer<typeof mitigationBenchSchema>;
export type MitigationRow = z.infer<typeof rowSchema>;
/** One model as one method left it. */
export type BenchedModel = z.infer<typeof modelSchema>;
export type Change = z.infer<typeof changeSchema>;
