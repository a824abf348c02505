import type { NativeTuner, TensorRecord, TuningPlan, TuningSet } from "../../../lib/native/addon.ts";

/** Images whose labels have deviation 1 around 0, two outputs of which the second has a hundred times the unit. */
export function evenSet(count: number): TuningSet {
  const labels = Float32Array.from({ length: 2 * count }, (_, at) => signOf(at) * unitOf(at));
  return { images: new Float32Array(count), labels, count };
}

const signOf = (at: number) => (Math.floor(at / 2) % 2 === 0 ? 1 : -1);
const unitOf = (at: number) => (at % 2 === 0 ? 1 : 100);

/** Outputs that err by so many label deviations per image. */
export function outputsOf({ labels }: TuningSet, errorOf: (image: number) => number): Float32Array {
  return labels.map((label, at) => label + errorOf(Math.floor(at / 2)) * unitOf(at));
}

/**
 * A model whose one weight is its error in label deviations, the same on every image unless `errorOf` says otherwise;
 * training sets it to what `learned` says of the plan.
 */
export class StubTuner {
  weight = 0.1;
  /** What it was trained with. */
  readonly plans: TuningPlan[] = [];
  readonly sets: TuningSet[] = [];
  /** The weight that each training began at. */
  readonly starts: number[] = [];
  learned: (plan: TuningPlan) => number = () => 0.1;
  errorOf: (weight: number, image: number) => number = (weight) => weight;
  readonly #heldOut: TuningSet;

  constructor(heldOut: TuningSet) {
    this.#heldOut = heldOut;
  }

  predict(): Promise<Float32Array> {
    return Promise.resolve(outputsOf(this.#heldOut, (image) => this.errorOf(this.weight, image)));
  }
  weights(): TensorRecord[] {
    return [
      { name: "w", dtype: "float32", shape: [1], data: new Uint8Array(Float32Array.of(this.weight).buffer) },
    ];
  }
  restore([record]: TensorRecord[]): void {
    this.weight = new Float32Array((record as TensorRecord).data.slice().buffer)[0] ?? Number.NaN;
  }
  train(plan: TuningPlan, set: TuningSet) {
    this.plans.push(plan);
    this.sets.push(set);
    this.starts.push(this.weight);
    this.weight = this.learned(plan);
    return { promise: Promise.resolve(0.5), cancel: () => {} };
  }
  get rates(): number[] {
    return this.plans.map(({ learningRate }) => learningRate);
  }
  get native(): NativeTuner {
    return this as unknown as NativeTuner;
  }
}
