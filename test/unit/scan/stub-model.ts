import type {
  BaselineResult,
  InversionOutcome,
  InversionProgress,
  InversionResult,
  InversionStart,
  NativeBaselinePlan,
  NativeInversionPlan,
  NativeJob,
  NativeModel,
  NativeProbePlan,
  NativeSession,
  ProbeResult,
  SessionFacts,
  SessionOptions,
} from "../../../lib/native/addon.ts";
import { Model, type ModelOrigin } from "../../../lib/scan/index.ts";

/** Where a stub's model says it is from. */
export const STUB_ORIGIN: ModelOrigin = {
  name: "stub.pt",
  sha256: "c".repeat(64),
  format: "torchscript",
  bytes: 100,
  engine: { drmguard: "0.1.0", libtorch: "2.13.0" },
};

/**
 * Stands where the native core stands, for what a real core does not do on demand: hold still, fail, or report any
 * numbers. It computes nothing; numbers are tested against the real core elsewhere.
 */
export class StubCore {
  /** What was asked of it, in order. */
  readonly calls: string[] = [];
  readonly inversions: NativeInversionPlan[] = [];
  readonly baselines: NativeBaselinePlan[] = [];
  readonly probes: NativeProbePlan[] = [];
  options: SessionOptions | null = null;
  /** What the model consists of. */
  operators: Record<string, number> = { "aten::linear": 1 };
  /** Work that never ends by itself. */
  hold: "open" | "probe" | "invert" | null = null;
  /** Whether held work ends when it is cancelled, as the real core's does. */
  obeysCancel = true;
  /** Steps after which an inversion's time is up; null does all of them. */
  stepsDone: number | null = null;
  /** Thrown by the next inversion. */
  failure: (Error & { code?: string }) | null = null;
  /** Called when held work has begun. */
  onHeld: () => void = () => {};
  outcomeOf: (plan: NativeInversionPlan, start: number) => Partial<InversionOutcome> = () => ({});
  /** Whether inversions say that they ended halfway. */
  hopeless = false;
  readonly facts: SessionFacts;

  constructor(outputs: number, rows: readonly (readonly number[])[]) {
    const columns = Array.from({ length: outputs }, (_, output) => rows.map((row) => row[output] as number));
    const mean = columns.map((values) => values.reduce((sum, value) => sum + value, 0) / values.length);
    const deviation = columns.map((values, output) =>
      Math.sqrt(
        values.reduce((sum, value) => sum + (value - (mean[output] as number)) ** 2, 0) / values.length,
      ),
    );
    this.facts = {
      outputs,
      head: { featureValue: "features", features: 8, form: "linear", blocks: 1 },
      headReason: "",
      outputMean: mean,
      outputDeviation: deviation,
      outputMinimum: columns.map((values) => Math.min(...values)),
      outputMaximum: columns.map((values) => Math.max(...values)),
      benignOutputs: Float32Array.from(rows.flat()),
    };
  }

  model(): Model {
    const native: NativeModel = {
      describe: () => ({
        execution: "program",
        executionReason: "",
        operators: this.operators,
        parameters: 10,
      }),
      openSession: (options) => {
        this.calls.push("open");
        this.options = options;
        if (this.hold === "open") {
          this.onHeld();
          return new Promise(() => {});
        }
        return Promise.resolve(this.#session());
      },
      dispose: () => this.calls.push("dispose model"),
    };
    return new Model(native, STUB_ORIGIN);
  }

  #session(): NativeSession {
    return {
      facts: this.facts,
      predict: () => Promise.reject(new Error("not asked for")),
      inputGradient: () => Promise.reject(new Error("not asked for")),
      measureTrigger: () => Promise.reject(new Error("not asked for")),
      probe: (plan, onProgress) => {
        this.calls.push("probe");
        this.probes.push(plan);
        onProgress({ done: 1, total: 2 });
        onProgress({ done: 2, total: 2 });
        return this.#job("probe", () => this.#probeResult(plan));
      },
      innocentContent: ({ squares }) => {
        this.calls.push(`fill ${squares.length} squares`);
        return { promise: Promise.resolve(squares.map(() => 0.5)), cancel: () => {} };
      },
      sweepWaves: ({ keep }, onProgress) => {
        this.calls.push("sweep waves");
        onProgress({ done: 1, total: 1 });
        const wave = { down: 0, phase: 0, varianceRatio: 0.5, shift: 1, shiftVariance: 0.5 };
        const best = Array.from({ length: keep }, (_, across) => ({ ...wave, across }));
        const result = { wavesTried: 20, medianVarianceRatio: 0.5, best };
        return { promise: Promise.resolve(result), cancel: () => {} };
      },
      invert: (plan, onProgress) => {
        this.calls.push(`invert ${plan.family} ${plan.starts.length}`);
        this.inversions.push(plan);
        if (this.failure !== null) throw this.failure;
        onProgress(progressPoint(plan, plan.steps));
        return this.#job("invert", () => this.#inversionResult(plan));
      },
      baseline: (plan, onProgress) => {
        this.calls.push(`baseline ${plan.method.kind} ${plan.targets.length}`);
        this.baselines.push(plan);
        const result = this.#baselineResult(plan);
        onProgress(result.curve[0] as BaselineResult["curve"][number]);
        return this.#job("invert", () => result);
      },
      dispose: () => this.calls.push("dispose session"),
    };
  }

  #job<T>(kind: "probe" | "invert", result: () => T): NativeJob<T> {
    if (this.hold !== kind) return { promise: Promise.resolve(result()), cancel: () => {} };
    let stop = () => {};
    const promise = new Promise<T>((_, reject) => {
      stop = () => reject(Object.assign(new Error("cancelled"), { code: "ERR_CANCELLED" }));
    });
    this.onHeld();
    const cancel = () => {
      this.calls.push("cancel");
      if (this.obeysCancel) stop();
    };
    return { promise, cancel };
  }

  #probeResult(plan: NativeProbePlan): ProbeResult {
    const patch = { left: 1, size: 2, colour: [1, 0, 0], varianceRatio: 0.1, shift: 1, shiftVariance: 0.5 };
    const best = Array.from({ length: plan.keep }, (_, top) => ({
      ...patch,
      top,
      target: this.facts.outputMean.map((value) => value + 1 + top),
    }));
    return { patchesTried: 10, forwardPasses: 20, best };
  }

  /** The second start is the most suspicious, although the first is the cheapest. */
  #baselineResult(plan: NativeBaselinePlan): BaselineResult {
    const starts: InversionStart[] = plan.targets.map((target) => ({
      target,
      walk: "anywhere",
      patch: null,
      wave: null,
      content: null,
      reference: 1,
    }));
    const result = this.#inversionResult({
      family: "additive-pattern",
      objective: { kind: "constrained", tolerance: 0.02 },
      starts,
      learningRate: 1,
      seconds: 0,
      hopelessCollapse: 0,
      outcomeImages: 0,
      heldOut: 0,
      others: new Float32Array(0),
      otherCount: 0,
      ...plan,
    });
    const cleanse = plan.method.kind === "neural-cleanse";
    const statistic = starts.map((_, index) => (index === 1 ? 0.005 : 0.05));
    const { height = 0, width = 0, channels = 0 } = this.options ?? {};
    const feature = { similarity: 0.5, success: 0.4, distance: 1, pixelChange: 0.1, deviation: 0.9 };
    return {
      ...result,
      outcomes: result.outcomes.map((outcome, index) => ({
        ...outcome,
        statistic: statistic[index] as number,
        maskShare: 0.005,
        feature: cleanse ? null : feature,
      })),
      curve: result.curve.map((point) => ({ ...point, statistic })),
      best: 1,
      mask: new Float32Array(cleanse ? height * width : 8).fill(0.25),
      pattern: new Float32Array(cleanse ? channels * height * width : 0).fill(0.5),
    };
  }

  #inversionResult(plan: NativeInversionPlan): InversionResult {
    const { outputs, outputMean } = this.facts;
    const outcomes = plan.starts.map((start, index) => {
      const outcome = {
        cost: 0.01 * (index + 1),
        collapse: 0.02,
        target: start.target ?? outputMean,
        outputMean,
        varianceRatio: Array(outputs).fill(0.02),
        rav: Array(outputs).fill(0.1),
        rnv: Array(outputs).fill(0.5),
        multiplier: 1,
        content: null,
        ...this.outcomeOf(plan, index),
      };
      return { ...outcome, reached: outcome.collapse <= 0.025 };
    });
    const best = outcomes.reduce((leader, outcome, index) => {
      if (outcome.reached !== outcomes[leader]?.reached) return outcome.reached ? index : leader;
      return outcome.cost < (outcomes[leader]?.cost ?? 0) ? index : leader;
    }, 0);
    const { channels = 0, height = 0, width = 0 } = this.options ?? {};
    return {
      outcomes,
      curve: [progressPoint(plan, 1), progressPoint(plan, this.stepsDone ?? plan.steps)],
      hopeless: this.hopeless,
      best,
      triggeredSamples: new Float32Array(plan.samples.length * channels * height * width).fill(0.75),
      triggeredOutputs: Float32Array.from(plan.samples.flatMap((_, row) => Array(outputs).fill(row))),
      outputs: new Float32Array((this.options?.count ?? 0) * outputs).fill(1),
      otherOutputs: new Float32Array(plan.otherCount * outputs).fill(2),
    };
  }
}

function progressPoint(plan: NativeInversionPlan, step: number): InversionProgress {
  const each = (value: number) => plan.starts.map((_, index) => value + index / 1000);
  return {
    step,
    steps: plan.steps,
    loss: each(1),
    cost: each(0.1),
    collapse: each(0.5),
    rav: each(0.3),
  };
}
