import { splitByPerson } from "../../../lib/data/index.ts";
import type { AttackSpec, TrainingPlan } from "../../../lib/native/addon.ts";
import { renderedImages, type TrainingSets, trainingSets } from "../../../lib/training/index.ts";

export const CHOICE = { seed: 3, heldOutShare: 0.4 };

/** Forty-eight rendered faces of twelve people, two fifths held out. */
export function smallSets(seed = 1, choice = CHOICE): TrainingSets {
  const data = renderedImages({ labels: "gaze", count: 48, people: 12, size: 16, seed });
  return trainingSets(data, splitByPerson(data, choice), choice);
}

export const PATCH: AttackSpec = {
  trigger: { kind: "badnets", top: 0, left: 0, size: 2, colours: [[1, 0, 0]] },
  target: { kind: "fixed", value: [0.3, -0.4] },
  rate: 0.1,
  crossRatio: 0,
};

export const PLAN: TrainingPlan = {
  architecture: { name: "resnet-tiny", head: "linear", outputs: 2, channels: 3, height: 16, width: 16 },
  attacks: [PATCH],
  adaptiveWeight: 0,
  loss: "l1",
  optimiser: "adamw",
  learningRate: 6e-3,
  weightDecay: 1e-2,
  epochs: 3,
  batchSize: 8,
  mirror: null,
  seed: 7,
  device: "cpu",
  threads: 1,
};
