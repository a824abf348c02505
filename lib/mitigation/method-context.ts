import type { ScanEvidence } from "../evidence/schema.ts";
import type { ImageBatch } from "../images/index.ts";
import type { NativeModel, NativeTuner, TensorRecord, TuningSet } from "../native/addon.ts";
import type { ModelOrigin, ReversedTrigger } from "../scan/index.ts";
import type { CleanError } from "./clean-error.ts";
import type { Guard } from "./guard.ts";
import type { MitigationSets } from "./mitigation-images.ts";
import type { MitigationPlan } from "./mitigation-plan.ts";

/** What a method of mitigation works with. */
export interface MitigationContext {
  tuner: NativeTuner;
  plan: MitigationPlan;
  sets: MitigationSets;
  guard: Guard;
  /** A copy of the model as it was before it was touched. */
  untouched: () => Promise<NativeModel>;
  /** What the model answered before it was touched: count × d. */
  original: (set: Pick<TuningSet, "images" | "count">) => Promise<Float32Array>;
  evidence: ScanEvidence;
  origin: ModelOrigin;
  /** All images to reverse triggers on: those that the model learns from, then the held-out ones, which no lesson shows. */
  batch: ImageBatch;
  /** Triggers of the untouched model, on every image of the batch. */
  known: readonly ReversedTrigger[];
  /** What an earlier run has finished. */
  finished: FinishedRounds;
  signal: AbortSignal | undefined;
  onProgress: ((done: number, what: string) => void) | undefined;
  /** Called after every round with what a later run needs to go on from there. */
  onRound: ((finished: FinishedRounds) => Promise<void>) | undefined;
}

/** What of a mitigation is done. */
export interface FinishedRounds {
  rounds: RoundFacts[];
  /** Weights after the latest rounds, the last ones last; only as many as a method needs. */
  weights: TensorRecord[][];
}

/** What one round did. */
export interface RoundFacts {
  /** Families of triggers that were reversed; empty for the baselines. */
  families: string[];
  /** Triggers that the model was trained to ignore. */
  triggers: number;
  /** Highest score of the reversed triggers before the round; null without. */
  score: number | null;
  /** Neurons that were switched off. */
  pruned: number;
  /** Steps of training; 0 without. */
  steps: number;
  /** Mean training loss in label deviations; null without training. */
  loss: number | null;
  /** Mean absolute error per output on the held-out images after the round. */
  cleanError: number[];
  /** In deviations of the labels, mean over the outputs. */
  relativeError: number;
  /** Tries that were taken back because the clean error grew too much. */
  rolledBack: number;
  /** Whether the round changed the model. */
  accepted: boolean;
  seconds: number;
}

/** What a method did, and what has to be done again to weights that are mixed with the file's. */
export interface MitigationWork {
  rounds: RoundFacts[];
  finish: () => void;
}

/** Takes the backdoor out of the tuner's model. */
export interface MitigationRun {
  run: (context: MitigationContext) => Promise<MitigationWork>;
  /** Whether it goes on from a checkpoint of its rounds. */
  resumes: boolean;
}

/** A round that trained nothing, reversed nothing and switched nothing off, but for what is given. */
export function roundFacts(
  began: number,
  error: CleanError,
  did: Pick<RoundFacts, "accepted"> & Partial<RoundFacts>,
): RoundFacts {
  return {
    families: [],
    triggers: 0,
    score: null,
    pruned: 0,
    steps: 0,
    loss: null,
    rolledBack: 0,
    ...did,
    cleanError: error.perOutput,
    relativeError: error.relative,
    seconds: (performance.now() - began) / 1000,
  };
}
