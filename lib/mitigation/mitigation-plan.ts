import type { TuningPlan } from "../native/addon.ts";

/** Ways to take a backdoor out of a model; the last three are published ones that need no reversed trigger. */
export const MITIGATION_METHODS = ["drmguard", "fine-tune", "fine-prune", "anp"] as const;
export type MitigationMethod = (typeof MITIGATION_METHODS)[number];

/** Everything that determines a mitigation besides the model, the images and the evidence. */
export interface MitigationPlan {
  method: MitigationMethod;
  /** Times that triggers are reversed and unlearned (drmguard), or that as many steps of fine-tuning are done. */
  rounds: number;
  /** Steps of training in a round; drmguard takes a third of them where the labels are noisy. */
  steps: number;
  batchSize: number;
  /** Highest of the first round's one-cycle schedule; those of the later ones fall along a cosine to .03 of it. */
  learningRate: number;
  weightDecay: number;
  loss: "l1" | "mse";
  /** Share of the images that only guard: the clean error is measured on them. */
  heldOutShare: number;
  /** Most that the clean error may grow, as a share of what it was. */
  bound: number;
  /** Steps of adversarial neuron pruning. */
  maskSteps: number;
  seed: number;
}

/** Of a dozen forms of every image: more steps cost less clean error and leave less of the backdoor (docs/decisions/0021). */
const LESSON_STEPS = 300;
/** Of the images alone, or of few of them: more steps learn them by heart. */
export const FEW_STEPS = 100;
/** So many are given before drmguard trains as many steps as its lesson is worth. */
export const FEW_IMAGES = 250;

/** Steps of training in a round where no number is asked for. @param images given, those that guard among them. */
export function usualSteps(method: MitigationMethod, images: number): number {
  return method === "drmguard" && images >= FEW_IMAGES ? LESSON_STEPS : FEW_STEPS;
}

/** For `usualSteps` of a few hundred images and more. */
export const MITIGATION_DEFAULTS: MitigationPlan = {
  method: "drmguard",
  rounds: 12,
  steps: LESSON_STEPS,
  batchSize: 64,
  learningRate: 8e-3,
  weightDecay: 1e-2,
  loss: "l1",
  heldOutShare: 0.25,
  bound: 0.05,
  maskSteps: 200,
  seed: 1,
};

/** What the last round's rate is of the first one's. */
const LAST_RATE = 0.03;

/**
 * How a round trains. What a backdoor has learned is only unlearned at a rate as high as it was learned with; the low
 * rates in the end win back the clean error that this costs.
 * @param round from 0; beyond the last one the rate stays.
 */
export function trainingOfRound(plan: MitigationPlan, round: number): TuningPlan {
  const { steps, batchSize, weightDecay, loss } = plan;
  const done = doneBefore(plan, round);
  const learningRate =
    plan.learningRate * (LAST_RATE + ((1 - LAST_RATE) * (1 + Math.cos(Math.PI * done))) / 2);
  return { steps, batchSize, learningRate, weightDecay, loss, seed: (plan.seed + round) % 2 ** 32 };
}

/** How far the rounds have come before one of them: 0 before the first, 1 before the last and all beyond it. */
export function doneBefore({ rounds }: Pick<MitigationPlan, "rounds">, round: number): number {
  return rounds > 1 ? Math.min(1, round / (rounds - 1)) : 0;
}
