/** Ways to take a backdoor out of a model; the last three are published ones that need no reversed trigger. */
export const MITIGATION_METHODS = ["drmguard", "fine-tune", "fine-prune", "anp"] as const;
export type MitigationMethod = (typeof MITIGATION_METHODS)[number];

/** Everything that determines a mitigation besides the model, the images and the evidence. */
export interface MitigationPlan {
  method: MitigationMethod;
  /** Times that triggers are reversed and unlearned (drmguard), or that as many steps of fine-tuning are done. */
  rounds: number;
  /** Steps of training in a round. */
  steps: number;
  batchSize: number;
  /** Highest of a round's one-cycle schedule. */
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

export const MITIGATION_DEFAULTS: MitigationPlan = {
  method: "drmguard",
  rounds: 6,
  steps: 150,
  batchSize: 64,
  learningRate: 2e-3,
  weightDecay: 1e-2,
  loss: "l1",
  heldOutShare: 0.25,
  bound: 0.05,
  maskSteps: 200,
  seed: 1,
};
