import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { pullOf, stillThere } from "../../../lib/mitigation/trigger-pull.ts";
import type { TuningSet } from "../../../lib/native/addon.ts";
import { RandomStream } from "../../../lib/render/index.ts";
import { testSeed } from "../../environment/seed.ts";

const WIDTH = 3;
const COUNT = 40;
const TARGET = [0.5, -1.5, 2];

/** Outputs and labels around each other, in three units. */
const UNITS = [1, 20, 0.01];

function drawn(seed: number, spread = 1): Float32Array {
  const random = new RandomStream(testSeed, seed);
  return Float32Array.from({ length: WIDTH * COUNT }, () => random.uniform(-spread, spread));
}

const scaled = (values: Float32Array, units: readonly number[]) =>
  values.map((value, at) => value * (units[at % WIDTH] ?? 0));

function setOf(labels: Float32Array): TuningSet {
  return { images: new Float32Array(COUNT), labels, count: COUNT };
}

const labels = drawn(1);
const plain = drawn(2);
/** Of the untouched model's outputs. */
const mean = TARGET.map(
  (_, column) => plain.reduce((sum, output, at) => sum + (at % WIDTH === column ? output : 0), 0) / COUNT,
);
const PATCH = { family: "patch", target: TARGET } as const;

/** What a trigger makes of the outputs, per output and image. */
const triggeredBy = (move: (output: number, target: number, image: number) => number) =>
  plain.map((output, at) => move(output, TARGET[at % WIDTH] ?? 0, Math.floor(at / WIDTH)));

describe("a trigger's pull", () => {
  it("is the share of the way to the target that the outputs come, on their far side more than all of it", () => {
    fc.assert(
      fc.property(fc.double({ min: -1, max: 1.5, noNaN: true }), (share) => {
        const triggered = triggeredBy((output, target) => output + share * (target - output));
        expect(pullOf(PATCH, { plain, mean, triggered }, setOf(labels))).toBeCloseTo(share, 5);
      }),
    );
  });

  it.each([
    [1, "brings every output to the target", (_: number, target: number) => target],
    [0.5, "brings them half the way", (output: number, target: number) => (output + target) / 2],
    [0, "changes nothing", (output: number) => output],
  ])("is %s of one that %s", (pull, _, move) => {
    expect(pullOf(PATCH, { plain, mean, triggered: triggeredBy(move) }, setOf(labels))).toBeCloseTo(pull, 6);
  });

  it("is below 0 of one that pushes the outputs away", () => {
    const triggered = triggeredBy((output, target) => output - (target - output));
    expect(pullOf(PATCH, { plain, mean, triggered }, setOf(labels))).toBeCloseTo(-1, 6);
  });

  it("is the share that leaves the least squares", () => {
    const triggered = drawn(3, 2);
    const pull = pullOf(PATCH, { plain, mean, triggered }, setOf(labels));
    const rest = (share: number) =>
      plain.reduce((sum, output, at) => {
        const column = at % WIDTH;
        const own = labels.filter((__, place) => place % WIDTH === column);
        const centre = own.reduce((total, label) => total + label, 0) / COUNT;
        const unit = Math.sqrt(own.reduce((total, label) => total + (label - centre) ** 2, 0) / COUNT);
        const missed = (triggered[at] ?? 0) - output - share * ((TARGET[column] ?? 0) - output);
        return sum + (missed / unit) ** 2;
      }, 0);
    for (const other of [-0.01, 0.01]) expect(rest(pull)).toBeLessThan(rest(pull + other));
  });

  it("does not depend on the units of the outputs", () => {
    const triggered = triggeredBy((output, target, image) => output + (image / COUNT) * (target - output));
    const pull = pullOf(PATCH, { plain, mean, triggered }, setOf(labels));
    const target = TARGET.map((value, column) => value * (UNITS[column] ?? 0));
    const inUnits = pullOf(
      { ...PATCH, target },
      { plain: scaled(plain, UNITS), triggered: scaled(triggered, UNITS), mean },
      setOf(scaled(labels, UNITS)),
    );
    expect(pull).toBeGreaterThan(0.3);
    expect(inUnits).toBeCloseTo(pull, 5);
  });

  it("leaves out what the labels never vary in, and is 0 where that is everything", () => {
    const constant = labels.map((label, at) => (at % WIDTH === 1 ? 3 : label));
    // The second output goes all the way, the others half of it.
    const triggered = triggeredBy((output, target) => (output + target) / 2).map((value, at) =>
      at % WIDTH === 1 ? (TARGET[1] ?? 0) : value,
    );
    expect(pullOf(PATCH, { plain, mean, triggered }, setOf(constant))).toBeCloseTo(0.5, 6);
    expect(pullOf(PATCH, { plain, mean, triggered }, setOf(labels))).toBeGreaterThan(0.6);
    expect(pullOf(PATCH, { plain, mean, triggered }, setOf(new Float32Array(labels.length).fill(3)))).toBe(0);
  });

  it("is 0 where the outputs are at the target without it", () => {
    const there = triggeredBy((_, target) => target);
    expect(pullOf(PATCH, { plain: there, triggered: plain, mean }, setOf(labels))).toBe(0);
  });

  it("of a family that moves all outputs alike is the share of its offset", () => {
    const target = mean.map((value, column) => value + (TARGET[column] ?? 0));
    const offset = { family: "offset-patch", target } as const;
    for (const share of [0, 0.5, 1]) {
      const triggered = triggeredBy((output, by) => output + share * by);
      expect(pullOf(offset, { plain, mean, triggered }, setOf(labels))).toBeCloseTo(share, 5);
    }
    // One that brings all outputs to the value that they would move to on average does that, on average.
    const triggered = plain.map((_, at) => target[at % WIDTH] ?? 0);
    expect(pullOf(offset, { plain, mean, triggered }, setOf(labels))).toBeCloseTo(1, 5);
    // A repair that moves all answers alike changes nothing of what the trigger adds to them.
    const raised = plain.map((output) => output + 1);
    const stillMoved = raised.map((output, at) => output + (TARGET[at % WIDTH] ?? 0));
    expect(pullOf(offset, { plain: raised, triggered: stillMoved, mean }, setOf(labels))).toBeCloseTo(1, 5);
    // For another family, whose way is to the value itself, the offset is not all of it.
    const moved = triggeredBy((output, by) => output + by);
    expect(
      pullOf({ ...offset, family: "patch" }, { plain, mean, triggered: moved }, setOf(labels)),
    ).toBeLessThan(0.99);
  });
});

describe("a trigger of the untouched model", () => {
  it.each([
    [[], false],
    [[0.099], false],
    [[-0.9, 0.05], false],
    [[0.1], true],
    [[0, 0.8, 0.01], true],
  ])("still works from a tenth of the way on: %j", (after, there) => {
    expect(stillThere(after.map((pull) => ({ after: pull })))).toBe(there);
  });
});
