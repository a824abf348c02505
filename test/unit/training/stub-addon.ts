import type {
  NativeAddon,
  NativeAttack,
  NativeModel,
  NativeSession,
  NativeTrainer,
  TensorRecord,
  TrainingData,
  TrainingPlan,
  TrainingProgress,
} from "../../../lib/native/addon.ts";
import { RandomStream } from "../../../lib/render/index.ts";

const BATCHES = 4;

/**
 * Stands where the native core stands, for what a real core does not do on demand: be interrupted at a given batch,
 * fail, or tell how many train at once. Its "training" is a sum of random numbers of seed and epoch, as unlike between
 * two runs as weights are; an interrupted epoch leaves them spoilt, as the real one does.
 */
export class StubTraining {
  /** "seed:epoch" of every epoch that was begun. */
  readonly begun: string[] = [];
  /** Most trainers that were in an epoch at the same time. */
  mostAtOnce = 0;
  created = 0;
  disposed = 0;
  /** The first so many epochs wait for each other: how many are in one at once must not hang on the clock. */
  meet = 1;
  /** Called before every batch. */
  onBatch: (seed: number, epoch: number, batch: number) => void = () => {};
  #inEpoch = 0;

  addon(): NativeAddon {
    return {
      buildFacts: () => ({ libtorch: "2.13.0", drmguard: "0.1.0" }),
      createTrainer: async (plan: TrainingPlan, data: TrainingData) => this.#trainer(plan, data),
      buildTorchScript: async (_architecture: unknown, weights: TensorRecord[]) =>
        Uint8Array.from(weights[0]?.data ?? []),
      loadTorchScript: async (archive: Uint8Array) => modelOf(archive),
      createAttack: (_attack: unknown, _shape: unknown, state: TensorRecord[]) => attackOf(state),
    } as unknown as NativeAddon;
  }

  #trainer(plan: TrainingPlan, data: TrainingData): NativeTrainer {
    const outputs = plan.architecture.outputs;
    if (data.labels.length !== data.count * outputs) throw new Error("labels of another shape");
    const weights = new Float32Array(outputs);
    let epoch = 0;
    this.created += 1;
    const run = async (cancelled: () => boolean, report: (progress: TrainingProgress) => void) => {
      this.begun.push(`${plan.seed}:${epoch}`);
      this.#inEpoch += 1;
      this.mostAtOnce = Math.max(this.mostAtOnce, this.#inEpoch);
      try {
        while (this.begun.length < this.meet) await new Promise(setImmediate);
        const random = new RandomStream(plan.seed, epoch);
        for (let batch = 0; batch < BATCHES; batch++) {
          await new Promise(setImmediate);
          this.onBatch(plan.seed, epoch, batch);
          if (cancelled()) throw Object.assign(new Error("cancelled"), { code: "ERR_CANCELLED" });
          for (let at = 0; at < outputs; at++) weights[at] = (weights[at] ?? 0) + random.uniform(0.1, 1);
          report({ epoch, epochs: plan.epochs, batch: batch + 1, batches: BATCHES, loss: 1 });
        }
        epoch += 1;
        return { epoch, loss: 1, learningRate: plan.learningRate };
      } finally {
        this.#inEpoch -= 1;
      }
    };
    return {
      parameters: outputs,
      get epoch() {
        return epoch;
      },
      trainEpoch: (report) => {
        let cancelled = false;
        const cancel = () => {
          cancelled = true;
        };
        return { promise: run(() => cancelled, report), cancel };
      },
      predict: async () => new Float32Array(),
      weights: () => [record("head.weight", weights)],
      attackState: (attack) => [record("pattern", Float32Array.of(0.1 * (attack + 1)))],
      state: () => [record("head.weight", weights), record("epoch", Float32Array.of(epoch))],
      restore: (state) => {
        weights.set(floatsOf(state, "head.weight"));
        epoch = floatsOf(state, "epoch")[0] ?? 0;
      },
      dispose: () => {
        this.disposed += 1;
      },
    };
  }
}

function record(name: string, values: Float32Array): TensorRecord {
  return {
    name,
    dtype: "float32",
    shape: [values.length],
    data: Uint8Array.from(new Uint8Array(values.buffer)),
  };
}

function floatsOf(records: readonly TensorRecord[], name: string): Float32Array {
  const found = records.find((candidate) => candidate.name === name);
  if (found === undefined) throw Object.assign(new Error(`no ${name}`), { code: "ERR_CONFIG" });
  return new Float32Array(Uint8Array.from(found.data).buffer);
}

/** Answers the mean of an image times its weights. */
function modelOf(archive: Uint8Array): NativeModel {
  const weights = new Float32Array(Uint8Array.from(archive).buffer);
  const answers = (images: Float32Array, count: number) => {
    const length = images.length / count;
    return Float32Array.from({ length: count * weights.length }, (_, at) => {
      const row = Math.floor(at / weights.length);
      const image = images.subarray(row * length, (row + 1) * length);
      return (image.reduce((sum, pixel) => sum + pixel, 0) / length) * (weights[at % weights.length] ?? 0);
    });
  };
  return {
    describe: () => ({
      execution: "program",
      executionReason: "",
      operators: {},
      parameters: weights.length,
    }),
    dispose: () => {},
    openSession: async (options, images) =>
      ({
        facts: { outputs: weights.length, benignOutputs: answers(images, options.count) },
        measureTrigger: async (triggered: Float32Array) => ({
          cost:
            triggered.reduce((sum, pixel, at) => sum + Math.abs(pixel - (images[at] ?? 0)), 0) /
            images.length,
          outputs: answers(triggered, options.count),
          varianceRatio: [...weights].map(() => 0.5),
          rav: null,
          rnv: null,
        }),
        dispose: () => {},
      }) as unknown as NativeSession,
  };
}

function attackOf(state: readonly TensorRecord[]): NativeAttack {
  const added = floatsOf(state, "pattern")[0] ?? 0;
  return { apply: async (images) => images.map((pixel) => Math.min(1, pixel + added)), dispose: () => {} };
}
