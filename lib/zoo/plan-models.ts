import type { ArchitectureName, ImageShape, TrainingPlan } from "../native/addon.ts";
import { drawAttacks, type TrainingSets } from "../training/index.ts";
import type { ZooCondition, ZooPlan } from "./manifest.ts";

/** One model of a zoo that is to be there. */
export interface PlannedModel {
  /** Condition and seed: also the stem of its files. */
  name: string;
  condition: ZooCondition;
  seed: number;
  plan: TrainingPlan;
}

/**
 * Every model of a plan with everything drawn that the plan leaves open. An attack depends on its trigger, settings
 * and seed, not on its condition's name: conditions that differ in one thing are compared on the same attacks.
 * @throws ERR_CONFIG when an attack does not fit the labels or the images.
 */
export function planModels(plan: ZooPlan, sets: TrainingSets, device: string): PlannedModel[] {
  return plan.conditions.flatMap((condition) =>
    condition.seeds.map((seed) => ({
      name: `${condition.name}-${seed}`,
      condition,
      seed,
      plan: trainingPlan(plan, condition, seed, sets, device),
    })),
  );
}

function trainingPlan(
  zoo: ZooPlan,
  condition: ZooCondition,
  seed: number,
  { training, statistics }: TrainingSets,
  device: string,
): TrainingPlan {
  const { channels, height, width } = training;
  const shape: ImageShape = { channels, height, width };
  const settings = { ...zoo.training, ...condition.training };
  const { trigger, backdoors, ...attack } = condition;
  return {
    architecture: {
      name: settings.architecture as ArchitectureName,
      head: settings.head,
      outputs: statistics.outputs,
      ...shape,
    },
    attacks: trigger === null ? [] : drawAttacks({ ...attack, trigger }, backdoors, seed, statistics, shape),
    adaptiveWeight: condition.adaptiveWeight,
    loss: settings.loss,
    optimiser: settings.optimiser,
    learningRate: settings.learningRate,
    weightDecay: settings.weightDecay,
    epochs: settings.epochs,
    batchSize: settings.batchSize,
    mirror: null,
    seed,
    device,
    // Models side by side use the cores better than one model on many.
    threads: 1,
  };
}
