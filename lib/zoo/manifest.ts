import type { LabelUnit } from "../data/index.ts";

/** The list of a zoo's models: manifest.json in its folder. */
export interface ZooManifest {
  schemaVersion: 1;
  tool: { name: "drmguard"; version: string; libtorch: string };
  /** The plan that the zoo was made from, fully resolved. */
  plan: ZooPlan;
  models: ZooModel[];
}

/** One trained model; its facts (TrainedModelFacts) lie in `facts`. */
export interface ZooModel {
  /** "badnets-3": condition and seed. */
  name: string;
  condition: string;
  /** False for benign conditions. */
  backdoored: boolean;
  seed: number;
  /** File names in the zoo's folder. */
  model: string;
  facts: string;
  /** Of the model file. */
  sha256: string;
}

/** A population of models: conditions × seeds on one data set. Read from TOML. */
export interface ZooPlan {
  name: string;
  data: ZooData;
  training: ZooTraining;
  conditions: ZooCondition[];
}

/** Rendered on the fly, or read from a path (relative to the plan's folder). */
export type ZooData =
  | { render: { labels: "gaze" | "head-pose"; count: number; people: number; size: number; seed: number } }
  | {
      path: string;
      kind?: string;
      size?: { height: number; width: number };
      /** "column=name" names a column that its source does not name. */
      labels?: string[];
      unit?: LabelUnit;
      limit?: number;
    };

export interface ZooTraining {
  architecture: string;
  head: "linear" | "mlp";
  loss: "l1" | "mse";
  optimiser: "adam" | "adamw";
  learningRate: number;
  weightDecay: number;
  epochs: number;
  batchSize: number;
  heldOutShare: number;
  splitSeed: number;
}

/** A benign condition has no trigger. Numbers that the plan leaves out (place, colours, target) are drawn from the model's seed. */
export interface ZooCondition {
  name: string;
  trigger: "badnets" | "blended" | "clean-label" | "input-aware" | "wanet" | null;
  seeds: number[];
  /** Several backdoors at once. */
  backdoors: number;
  rate: number;
  crossRatio: number;
  /** "far": at least one label deviation from the mean; "near-mean": within a quarter; or given; or an offset. */
  target: "far" | "near-mean" | { fixed: number[] } | { offset: number[] };
  adaptiveWeight: number;
  /** Over the trigger's defaults: size, alpha, amplitude, grid, strength, … */
  settings: Record<string, number>;
  /** Over the plan's training settings for this condition. */
  training: Partial<ZooTraining>;
}
