import { DrmGuardError } from "../errors/index.ts";
import type { NativeTuner, TensorRecord, TuningPlan, TuningProgress, TuningSet } from "../native/addon.ts";
import { callNative } from "../native/call-native.ts";
import { throwIfCancelled } from "../native/cancellation.ts";
import { runJob } from "../native/run-job.ts";
import { type CleanError, cleanErrorOf } from "./clean-error.ts";
import { mixedWeights } from "./mixed-weights.ts";

/** Labels that are the model's own answers are met before anything is done: a drift of 6 % of their deviation has cost 8 % of the true clean error. */
const OWN_ANSWERS = 2;
/**
 * By these factors the first and the last round may go beyond the bound: what high rates cost, the lower ones of the
 * rounds after them win back.
 */
const PASSING = { first: 10, last: 2 } as const;

/** Shares of the way that are tried in the end, the whole of it first. */
const SHARES = [1, 0.95, 0.9, 0.85, 0.8, 0.75, 0.7, 0.6, 0.5, 0.25] as const;

/** Watches a model's clean error on images that it does not learn from. */
export class Guard {
  /** The weights that the model came with. */
  readonly file: TensorRecord[];
  readonly before: CleanError;
  /** Most that the relative clean error may be in the end. */
  readonly allowed: number;
  readonly #bound: number;
  readonly #tuner: NativeTuner;
  readonly #heldOut: TuningSet;

  private constructor(tuner: NativeTuner, heldOut: TuningSet, before: CleanError, bound: number) {
    this.#tuner = tuner;
    this.#heldOut = heldOut;
    this.before = before;
    this.file = tuner.weights();
    this.allowed = before.relative + bound;
    this.#bound = bound;
  }

  /**
   * @param bound growth as a share of the error before; where the labels are the model's own answers, half of what the drift may
   *   be as a share of their deviation.
   */
  static async of(
    tuner: NativeTuner,
    heldOut: TuningSet,
    bound: number,
    ownAnswers: boolean,
  ): Promise<Guard> {
    const before = await errorOf(tuner, heldOut);
    return new Guard(tuner, heldOut, before, bound * (ownAnswers ? OWN_ANSWERS : before.relative));
  }

  /**
   * Most that the relative clean error may be after a round, less from one to the next.
   * @param done share of the rounds that are over before it, from 0 to 1.
   */
  passing(done: number): number {
    const { first, last } = PASSING;
    return this.before.relative + (first - (first - last) * done) * this.#bound;
  }

  error(): Promise<CleanError> {
    return errorOf(this.#tuner, this.#heldOut);
  }

  /**
   * Where the present weights are beyond the bound: goes back towards those of the file, no further than it must.
   * @param finish what is done to weights before they are judged: neurons that are off would come half on again.
   * @returns the share of the way from the file's weights to the present ones that stands, 1 where nothing had to be
   *   taken back, 0 where everything had; and the clean error there.
   */
  async settle(finish: () => void, signal?: AbortSignal): Promise<{ share: number; error: CleanError }> {
    const present = this.#tuner.weights();
    for (const share of SHARES) {
      throwIfCancelled(signal);
      if (share < 1) {
        this.#tuner.restore(mixedWeights(this.file, present, share));
        finish();
      }
      const error = await this.error();
      if (error.relative <= this.allowed) return { share, error };
    }
    this.#tuner.restore(this.file);
    return { share: 0, error: this.before };
  }
}

async function errorOf(tuner: NativeTuner, set: TuningSet): Promise<CleanError> {
  return cleanErrorOf(await callNative(() => tuner.predict(set)), set);
}

/** A training that may have been taken back. */
export interface GuardedTraining {
  error: CleanError;
  /** Mean loss of the last try. */
  loss: number;
  /** Tries that were taken back, each at half the rate of the one before. */
  rolledBack: number;
  /** Whether the last try stands. */
  accepted: boolean;
}

interface TrainingOptions {
  /** Share of the rounds that are over, from 0 to 1. */
  done: number;
  signal?: AbortSignal | undefined;
  onProgress?: ((fraction: number) => void) | undefined;
  finish?: () => void;
}

/** A rate an eighth of the first changes too little to be worth another try. */
const TRIES = 3;

/**
 * Trains; where the clean error grows beyond what a round may, takes the weights back and tries again at half the rate.
 * @param finish what is done to the weights after training, before they are judged.
 */
export async function trainGuarded(
  tuner: NativeTuner,
  guard: Guard,
  plan: TuningPlan,
  set: TuningSet,
  options: TrainingOptions,
): Promise<GuardedTraining> {
  const start = tuner.weights();
  const errorBefore = await guard.error();
  // A round that errs no more than the one before it is on its way back, however far beyond it still is.
  const most = Math.max(guard.passing(options.done), errorBefore.relative);
  let loss = 0;
  for (let attempt = 0; attempt < TRIES; attempt++) {
    const learned = await learn(
      tuner,
      { ...plan, learningRate: plan.learningRate / 2 ** attempt },
      set,
      options,
    );
    if (learned !== null) {
      loss = learned;
      options.finish?.();
      const error = await guard.error();
      if (error.relative <= most) return { error, loss, rolledBack: attempt, accepted: true };
    }
    tuner.restore(start);
  }
  return { error: errorBefore, loss, rolledBack: TRIES, accepted: false };
}

/** The mean loss; null where it left the numbers, which a lower rate may keep it from. */
async function learn(
  tuner: NativeTuner,
  plan: TuningPlan,
  set: TuningSet,
  { signal, onProgress }: TrainingOptions,
): Promise<number | null> {
  try {
    return await runJob<TuningProgress, number>((progress) => tuner.train(plan, set, progress), {
      signal,
      onProgress: ({ step, steps }) => onProgress?.(step / steps),
    });
  } catch (error) {
    if (error instanceof DrmGuardError && error.code === "ERR_NONFINITE") return null;
    throw error;
  }
}
