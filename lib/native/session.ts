import { DrmGuardError } from "../errors/index.ts";
import type {
  BaselineProgress,
  BaselineResult,
  InnocentContentPlan,
  InversionProgress,
  InversionResult,
  NativeBaselinePlan,
  NativeInversionPlan,
  NativeJob,
  NativeModel,
  NativeProbePlan,
  NativeSession,
  ProbeProgress,
  ProbeResult,
  SessionFacts,
  SessionOptions,
  WaveSweepPlan,
  WaveSweepResult,
} from "./addon.ts";
import { callNative, type JobOptions } from "./call-native.ts";
import { throwIfCancelled, untilAborted } from "./cancellation.ts";
import { runJob } from "./run-job.ts";

/**
 * A native job stops at the end of the step it is in, and a step of a large model may be long. The caller is told
 * after this many milliseconds all the same; the session is kept alive until the job has really stopped.
 */
const PATIENCE_MILLISECONDS = 700;

/** A model on a device with its benign images: the native session with AbortSignal, typed errors and `using`. */
export class Session {
  readonly facts: SessionFacts;
  readonly #native: NativeSession;
  /** Work that still uses the native session. */
  readonly #running = new Set<Promise<unknown>>();
  #disposed = false;

  private constructor(native: NativeSession) {
    this.#native = native;
    this.facts = native.facts;
  }

  /** @throws DrmGuardError of the addon, or ERR_CANCELLED at once when the signal aborts. */
  static async open(
    model: NativeModel,
    options: SessionOptions,
    images: Float32Array,
    signal?: AbortSignal,
  ): Promise<Session> {
    throwIfCancelled(signal);
    const opening = callNative(() => model.openSession(options, images));
    try {
      return new Session(await untilAborted(opening, signal, 0));
    } catch (error) {
      // Opening cannot be stopped: a session that arrives after its caller has left is closed on arrival.
      if (signal?.aborted) opening.then((late) => late.dispose()).catch(() => {});
      throw error;
    }
  }

  /** Tries patches on the benign images; see NativeProbePlan. */
  probe(plan: NativeProbePlan, options: JobOptions<ProbeProgress> = {}): Promise<ProbeResult> {
    return this.#run((progress) => this.#native.probe(plan, progress), options);
  }

  /** What squares do without a design; see InnocentContentPlan. */
  innocentContent(plan: InnocentContentPlan, options: JobOptions<never> = {}): Promise<number[]> {
    return this.#run(() => this.#native.innocentContent(plan), options);
  }

  /** Tries stripes on the benign images; see WaveSweepPlan. */
  sweepWaves(plan: WaveSweepPlan, options: JobOptions<ProbeProgress> = {}): Promise<WaveSweepResult> {
    return this.#run((progress) => this.#native.sweepWaves(plan, progress), options);
  }

  /** Runs all starts of the plan as one batched inversion. */
  invert(plan: NativeInversionPlan, options: JobOptions<InversionProgress> = {}): Promise<InversionResult> {
    return this.#run((progress) => this.#native.invert(plan, progress), options);
  }

  /** Runs all starts of a baseline as one batched search. */
  baseline(plan: NativeBaselinePlan, options: JobOptions<BaselineProgress> = {}): Promise<BaselineResult> {
    return this.#run((progress) => this.#native.baseline(plan, progress), options);
  }

  /** Frees the session once its running work has stopped. Calling it again does nothing. */
  dispose(): void {
    if (this.#disposed) return;
    this.#disposed = true;
    if (this.#running.size === 0) this.#native.dispose();
    else void Promise.allSettled(this.#running).then(() => this.#native.dispose());
  }

  [Symbol.dispose](): void {
    this.dispose();
  }

  async #run<Progress, Result>(
    start: (onProgress: (progress: Progress) => void) => NativeJob<Result>,
    { signal, onProgress }: JobOptions<Progress>,
  ): Promise<Result> {
    if (this.#disposed) throw new DrmGuardError("ERR_DISPOSED", "The session was disposed.");
    const settled = runJob(start, { signal, onProgress });
    this.#running.add(settled);
    settled.catch(() => {}).finally(() => this.#running.delete(settled));
    return untilAborted(settled, signal, PATIENCE_MILLISECONDS);
  }
}
