import type { NativeTuner, TensorRecord, TuningPlan, TuningProgress, TuningSet } from "../native/addon.ts";
import { runJob } from "../native/run-job.ts";
import { callNative } from "../native/session.ts";
import { type CleanError, cleanErrorOf } from "./clean-error.ts";

/** Labels that are the model's own answers are met before anything is done: a drift of 6 % of their deviation has cost 8 % of the true clean error. */
const OWN_ANSWERS = 2;
/** A round may go beyond the bound by this factor: the next one wins most of it back. The last one may not. */
const PASSING = 3;

/** Watches a model's clean error on images that it does not learn from. */
export class Guard {
  readonly before: CleanError;
  /** Most that the relative clean error may be in the end. */
  readonly allowed: number;
  /** Most that it may be after a round that others follow. */
  readonly passing: number;
  readonly #tuner: NativeTuner;
  readonly #heldOut: TuningSet;
  #within: TensorRecord[] | null = null;

  private constructor(tuner: NativeTuner, heldOut: TuningSet, before: CleanError, bound: number) {
    this.#tuner = tuner;
    this.#heldOut = heldOut;
    this.before = before;
    this.allowed = before.relative + bound;
    this.passing = before.relative + PASSING * bound;
  }

  /**
   * @param bound growth as a share of the error before; of half the labels' deviation where the labels are the model's
   *   own answers.
   */
  static async of(
    tuner: NativeTuner,
    heldOut: TuningSet,
    bound: number,
    ownAnswers: boolean,
  ): Promise<Guard> {
    const before = await errorOf(tuner, heldOut);
    const guard = new Guard(tuner, heldOut, before, bound * (ownAnswers ? OWN_ANSWERS : before.relative));
    guard.#within = tuner.weights();
    return guard;
  }

  /** The present clean error; weights that are within the bound are remembered. */
  async error(): Promise<CleanError> {
    const error = await errorOf(this.#tuner, this.#heldOut);
    if (error.relative <= this.allowed) this.#within = this.#tuner.weights();
    return error;
  }

  /** Goes back to the latest weights within the bound, where the present ones are not; whether it had to. */
  async settle(): Promise<boolean> {
    if ((await this.error()).relative <= this.allowed || this.#within === null) return false;
    this.#tuner.restore(this.#within);
    return true;
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
  options: {
    signal?: AbortSignal | undefined;
    onProgress?: ((fraction: number) => void) | undefined;
    finish?: () => void;
  },
): Promise<GuardedTraining> {
  const start = tuner.weights();
  let loss = 0;
  for (let attempt = 0; attempt < TRIES; attempt++) {
    const learningRate = plan.learningRate / 2 ** attempt;
    loss = await runJob<TuningProgress, number>(
      (progress) => tuner.train({ ...plan, learningRate }, set, progress),
      {
        signal: options.signal,
        onProgress: ({ step, steps }) => options.onProgress?.(step / steps),
      },
    );
    options.finish?.();
    const error = await guard.error();
    if (error.relative <= guard.passing) return { error, loss, rolledBack: attempt, accepted: true };
    tuner.restore(start);
  }
  return { error: await guard.error(), loss, rolledBack: TRIES, accepted: false };
}
