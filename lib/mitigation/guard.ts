import { DrmGuardError } from "../errors/index.ts";
import type { NativeTuner, TensorRecord, TuningPlan, TuningProgress, TuningSet } from "../native/addon.ts";
import { callNative } from "../native/call-native.ts";
import { throwIfCancelled } from "../native/cancellation.ts";
import { runJob } from "../native/run-job.ts";
import { type CleanError, cleanErrorOf, growthOf } from "./clean-error.ts";
import { doneBefore, type MitigationPlan, trainingOfRound } from "./mitigation-plan.ts";
import { mixedWeights } from "./mixed-weights.ts";

/** Labels that are the model's own answers are met before anything is done: a drift of 6 % of their deviation has cost 8 % of the true clean error. */
const OWN_ANSWERS = 2;
/**
 * By these factors the first and the last round may go beyond the bound: what high rates cost, the lower ones of the
 * rounds after them win back.
 */
const PASSING = { first: 10, last: 2 } as const;

/** Shares of the way that are tried in the end, the whole of it first; further back the backdoor comes back (docs/decisions/0016). */
const SHARES = [1, 0.95, 0.9, 0.85, 0.8] as const;

/** One-sided 95 % of the normal distribution. */
const SURE = 1.645;
/** A few images that err by very much have a standard error that excuses anything. */
const PLAIN = 4;
/** Two-sided 95 %. */
const INTERVAL = 1.96;

/** Watches a model's clean error on images that it does not learn from. */
export class Guard {
  /** The weights that the model came with. */
  readonly file: TensorRecord[];
  readonly before: CleanError;
  /** Most that the relative clean error may be in the end. */
  readonly allowed: number;
  readonly #bound: number;
  readonly #unit: number;
  readonly #tuner: NativeTuner;
  readonly #heldOut: TuningSet;

  private constructor(
    tuner: NativeTuner,
    heldOut: TuningSet,
    before: CleanError,
    bound: number,
    unit: number,
  ) {
    this.#tuner = tuner;
    this.#heldOut = heldOut;
    this.before = before;
    this.file = tuner.weights();
    this.allowed = before.relative + bound;
    this.#bound = bound;
    this.#unit = unit;
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
    const unit = ownAnswers ? 1 : before.relative;
    return new Guard(tuner, heldOut, before, bound * (ownAnswers ? OWN_ANSWERS : unit), unit);
  }

  /**
   * Whether an error is beyond the bound, and by more than the choice of a few hundred images explains: a bound of 5 % is near
   * what they can tell, and taking back what has not grown brings the backdoor back for nothing. Beyond four times the bound
   * it is whatever explains it, and so is an error that is no number.
   * @param times the bound, so many times.
   */
  exceeds(error: CleanError, times = 1): boolean {
    const { difference, standardError } = growthOf(error, this.before);
    const most = times * this.#bound;
    return !(difference - SURE * standardError <= most && difference <= PLAIN * most);
  }

  /** So many times the bound may be exceeded by a round, less from one to the next. @see doneBefore */
  passing(done: number): number {
    const { first, last } = PASSING;
    return first - (first - last) * done;
  }

  /** What an error is over the one before, less one, with its 95 % interval; where the labels are own answers, in their deviations. */
  growth(error: CleanError): {
    growth: number;
    growthInterval: [low: number, high: number];
    /** By the plain estimate; beyond it stands what chance may explain. */
    withinBound: boolean;
  } {
    const { difference, standardError } = growthOf(error, this.before);
    // A model without error before has no share by which it could grow.
    const unit = this.#unit > 0 ? this.#unit : 1;
    const wide = INTERVAL * standardError;
    return {
      growth: difference / unit,
      growthInterval: [(difference - wide) / unit, (difference + wide) / unit],
      withinBound: error.relative <= this.allowed,
    };
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
      if (!this.exceeds(error)) return { share, error };
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
  /** Of every try. */
  steps: number;
  /** Mean loss of the last try. */
  loss: number;
  /** Tries that were taken back, each at half the rate of the one before. */
  rolledBack: number;
  /** Whether the last try stands. */
  accepted: boolean;
}

interface TrainingContext {
  tuner: NativeTuner;
  guard: Guard;
  plan: MitigationPlan;
  signal?: AbortSignal | undefined;
}

interface TrainingOptions {
  onProgress?: (fraction: number) => void;
  /** What is done to the weights after training, before they are judged. */
  finish?: () => void;
}

/** A rate an eighth of the first changes too little to be worth another try. */
const TRIES = 3;

/**
 * Trains for a round; where the clean error grows beyond what the round may, takes the weights back and tries again at
 * half the rate.
 * @param round from 0.
 */
export async function trainGuarded(
  { tuner, guard, plan, signal }: TrainingContext,
  round: number,
  set: TuningSet,
  { onProgress, finish }: TrainingOptions = {},
): Promise<GuardedTraining> {
  const training = trainingOfRound(plan, round);
  const passing = guard.passing(doneBefore(plan, round));
  const { steps } = training;
  const start = tuner.weights();
  const errorBefore = await guard.error();
  let loss = 0;
  for (let attempt = 0; attempt < TRIES; attempt++) {
    const gentler = { ...training, learningRate: training.learningRate / 2 ** attempt };
    const learned = await learn(tuner, gentler, set, signal, onProgress);
    if (learned !== null) {
      loss = learned;
      finish?.();
      const error = await guard.error();
      // A round that errs no more than the one before it is on its way back, however far beyond it still is.
      if (error.relative <= errorBefore.relative || !guard.exceeds(error, passing)) {
        return { error, steps, loss, rolledBack: attempt, accepted: true };
      }
    }
    tuner.restore(start);
  }
  return { error: errorBefore, steps, loss, rolledBack: TRIES, accepted: false };
}

/** The mean loss; null where it left the numbers, which a lower rate may keep it from. */
async function learn(
  tuner: NativeTuner,
  plan: TuningPlan,
  set: TuningSet,
  signal: AbortSignal | undefined,
  onProgress: ((fraction: number) => void) | undefined,
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
