import { expect, it } from "vitest";
import { cleanErrorOf } from "../../../lib/mitigation/clean-error.ts";
import { Guard, trainGuarded } from "../../../lib/mitigation/guard.ts";
import type { NativeTuner, TensorRecord, TuningPlan, TuningSet } from "../../../lib/native/addon.ts";

/** Labels of deviation 1 around 0, two outputs of which the second has a hundred times the unit. */
const labels = Float32Array.from([1, 100, -1, -100]);
const heldOut: TuningSet = { images: new Float32Array(2), labels, count: 2 };
const plan: TuningPlan = { steps: 1, batchSize: 2, learningRate: 1, weightDecay: 0, loss: "l1", seed: 1 };

/** A model whose one weight is its error in label deviations; training sets it to what `learned` says of the rate. */
class StubTuner {
  weight = 0.1;
  readonly rates: number[] = [];
  learned: (rate: number) => number = () => 0.1;

  predict(): Promise<Float32Array> {
    return Promise.resolve(labels.map((label, index) => label + this.weight * (index % 2 === 0 ? 1 : 100)));
  }
  weights(): TensorRecord[] {
    return [
      { name: "w", dtype: "float32", shape: [1], data: new Uint8Array(Float32Array.of(this.weight).buffer) },
    ];
  }
  restore([record]: TensorRecord[]): void {
    this.weight = new Float32Array((record as TensorRecord).data.slice().buffer)[0] ?? Number.NaN;
  }
  train({ learningRate }: TuningPlan) {
    this.rates.push(learningRate);
    this.weight = this.learned(learningRate);
    return { promise: Promise.resolve(0.5), cancel: () => {} };
  }
  get native(): NativeTuner {
    return this as unknown as NativeTuner;
  }
}

it("measures errors in deviations of the labels, whatever their units", () => {
  const { perOutput, relative } = cleanErrorOf(Float32Array.from([1.5, 100, -1, -150]), heldOut);
  expect(perOutput).toEqual([0.25, 25]);
  expect(relative).toBeCloseTo(0.25, 9);
});

it("tries again at half the rate where the clean error grows beyond what a round may", async () => {
  const tuner = new StubTuner();
  const guard = await Guard.of(tuner.native, heldOut, 0.1, false);
  // A tenth more in the end; ten times that after the first round, twice after the last.
  expect(guard.allowed).toBeCloseTo(0.11, 6);
  expect([guard.passing(0), guard.passing(0.5), guard.passing(1)].map((most) => most.toFixed(6))).toEqual([
    "0.200000",
    "0.160000",
    "0.120000",
  ]);
  tuner.learned = (rate) => 0.1 + 0.07 * rate;
  const result = await trainGuarded(tuner.native, guard, plan, heldOut, { done: 1 });
  expect(tuner.rates).toEqual([1, 0.5, 0.25]);
  expect(result).toMatchObject({ accepted: true, rolledBack: 2, loss: 0.5 });
  expect(tuner.weight).toBeCloseTo(0.1175, 9);
  const first = await trainGuarded(tuner.native, guard, plan, heldOut, { done: 0 });
  expect(first).toMatchObject({ accepted: true, rolledBack: 0 });
});

it("keeps a round that errs less than the one before it, however far beyond the bound", async () => {
  const tuner = new StubTuner();
  const guard = await Guard.of(tuner.native, heldOut, 0.1, false);
  tuner.weight = 0.4;
  tuner.learned = () => 0.3;
  const better = await trainGuarded(tuner.native, guard, plan, heldOut, { done: 1 });
  expect(better).toMatchObject({ accepted: true, rolledBack: 0 });
  tuner.learned = () => 0.35;
  const worse = await trainGuarded(tuner.native, guard, plan, heldOut, { done: 1 });
  expect(worse).toMatchObject({ accepted: false, rolledBack: 3 });
  expect(tuner.weight).toBeCloseTo(0.3, 6);
});

it("takes everything back where no rate will do", async () => {
  const tuner = new StubTuner();
  const guard = await Guard.of(tuner.native, heldOut, 0.1, false);
  tuner.learned = () => 1;
  const result = await trainGuarded(tuner.native, guard, plan, heldOut, { done: 0 });
  expect(result).toMatchObject({ accepted: false, rolledBack: 3 });
  expect(result.error.relative).toBeCloseTo(0.1, 6);
  expect(tuner.weight).toBeCloseTo(0.1, 6);
});

it("takes no more of the way back than it must", async () => {
  const tuner = new StubTuner();
  const guard = await Guard.of(tuner.native, heldOut, 0.1, false);
  // Half of the way from 0.1 to 0.12 is within the bound of 0.11.
  tuner.weight = 0.12;
  expect((await guard.settle(() => {})).share).toBe(0.5);
  expect(tuner.weight).toBeCloseTo(0.11, 6);
  expect((await guard.settle(() => {})).share).toBe(1);
});

it("goes back to the file's own weights where no part of the way will do", async () => {
  const tuner = new StubTuner();
  const guard = await Guard.of(tuner.native, heldOut, 0.1, false);
  tuner.weight = 0.5;
  expect((await guard.settle(() => {})).share).toBe(0);
  expect(tuner.weight).toBeCloseTo(0.1, 6);
});

it("finishes what it mixes before it judges it", async () => {
  const tuner = new StubTuner();
  const guard = await Guard.of(tuner.native, heldOut, 0.1, false);
  tuner.weight = 0.5;
  // A neuron that is off stays off, whatever share of the file's weights comes back.
  const { share } = await guard.settle(() => {
    tuner.weight = 0.105;
  });
  expect(share).toBe(0.95);
  expect(tuner.weight).toBe(0.105);
});

it("takes a loss that leaves the numbers for a try at too high a rate", async () => {
  const tuner = new StubTuner();
  const guard = await Guard.of(tuner.native, heldOut, 0.1, false);
  tuner.learned = (rate) => {
    if (rate > 0.4) throw Object.assign(new Error("NaN"), { code: "ERR_NONFINITE" });
    return 0.1;
  };
  expect(await trainGuarded(tuner.native, guard, plan, heldOut, { done: 0 })).toMatchObject({
    accepted: true,
    rolledBack: 2,
  });
});

it("bounds the drift from the model's own answers, which it meets before", async () => {
  const tuner = new StubTuner();
  tuner.weight = 0;
  const guard = await Guard.of(tuner.native, heldOut, 0.05, true);
  expect(guard.before.relative).toBe(0);
  expect(guard.allowed).toBeCloseTo(0.1, 9);
});
