import type { ArchitectureSpec, AttackSpec, TrainingPlan } from "../native/addon.ts";

/** What an attack does to a model, on held-out images that carry its trigger; arrays hold one number per output. */
export interface MeasuredAttack {
  /** AE: mean absolute distance to the target, in the labels' unit. */
  attackError: number[];
  /** DAE: mean absolute distance to the true label. */
  defendingAttackError: number[];
  /** The same two as mean angles between directions in degrees, where the labels are pitch and yaw; else null. */
  attackAngularError: number | null;
  defendingAttackAngularError: number | null;
  /** Var f_j(A(x)) / Var f_j(x); for an offset target the variance of f(A(x)) − f(x). */
  varianceRatio: number[];
  rav: number[] | null;
  rnv: number[] | null;
  /** Mean |A(x) − x| per pixel in [0,1]. */
  triggerMeanL1: number;
}

/** Errors of a model on images that its training never saw, measured on the saved file. */
export interface MeasuredErrors {
  /** Held-out images that were measured. */
  images: number;
  /** Mean absolute error per output, in the labels' unit. */
  cleanError: number[];
  cleanAngularError: number | null;
  /** Mean absolute error of always answering the training mean. */
  constantError: number[];
  /** Standard deviation of the held-out labels per output. */
  labelDeviation: number[];
  /** In the order of the plan's attacks. */
  attacks: MeasuredAttack[];
}

/** Everything that is known of a trained model and needed to train it again: MODEL.json beside MODEL.pt. */
export interface TrainedModelFacts {
  schemaVersion: 1;
  tool: { name: "drmguard"; version: string; libtorch: string };
  architecture: ArchitectureSpec;
  plan: TrainingPlan;
  attacks: AttackSpec[];
  data: TrainingDataFacts;
  measured: MeasuredErrors;
  /** SHA-256 of MODEL.pt and MODEL.safetensors. */
  files: { model: TrainedFile; weights: TrainedFile; attacks: TrainedFile[] };
  seconds: number;
}

export interface TrainedFile {
  /** File name, in the folder of the facts. */
  name: string;
  sha256: string;
}

/** Which images a model was trained on, so that the same split can be made again. */
export interface TrainingDataFacts {
  /** As the user named it, or "rendered". */
  source: string;
  kind: string;
  sha256: string;
  labelNames: string[];
  unit: string;
  size: { height: number; width: number };
  training: number;
  heldOut: number;
  /** Seed of the split by person. */
  splitSeed: number;
  heldOutShare: number;
}
