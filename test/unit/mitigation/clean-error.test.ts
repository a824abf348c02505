import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type CleanError, cleanErrorOf, growthOf } from "../../../lib/mitigation/clean-error.ts";
import { RandomStream } from "../../../lib/render/index.ts";
import { testSeed } from "../../environment/seed.ts";
import { evenSet, outputsOf } from "./stub-tuner.ts";

/** Two images, two outputs, of which the second has a hundred times the unit. */
const pair = evenSet(2);

const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;

function errorOf(perImage: readonly number[]): CleanError {
  return { perOutput: [], relative: mean(perImage), perImage: Float64Array.from(perImage) };
}

/** Errors of images before and after: those that are large before are large after, and some images change more. */
function drawnErrors(count: number, growth: number, random: RandomStream): [number[], number[]] {
  const before = Array.from({ length: count }, () => -Math.log(random.uniform(1e-3, 1)) * 0.1);
  const after = before.map((error) => error * (1 + growth + random.uniform(-0.3, 0.3)));
  return [before, after.map((error) => error + random.uniform(-0.02, 0.02))];
}

/** What the growth is in deviations of the labels, written once more. */
const growthAt = (before: readonly number[], after: readonly number[], rows: readonly number[]) => {
  const of = (values: readonly number[]) => mean(rows.map((row) => values[row] ?? Number.NaN));
  return (of(after) / of(before) - 1) * mean(before);
};

describe("clean error", () => {
  it("is measured in deviations of the labels, whatever their units", () => {
    const { perOutput, relative, perImage } = cleanErrorOf(Float32Array.from([1.5, 100, -1, -150]), pair);
    expect(perOutput).toEqual([0.25, 25]);
    expect(relative).toBeCloseTo(0.25, 9);
    expect([...perImage]).toEqual([0.25, 0.25]);
  });

  it("belongs to the image that it was made on", () => {
    const { perImage, relative } = cleanErrorOf(
      outputsOf(pair, (image) => (image === 0 ? 0 : 0.5)),
      pair,
    );
    expect([...perImage]).toEqual([0, 0.5]);
    expect(relative).toBe(0.25);
  });

  it("counts an output whose labels never vary in its own unit", () => {
    const labels = Float32Array.from([7, 1, 7, -1]);
    const set = { images: new Float32Array(2), labels, count: 2 };
    const { relative, perImage } = cleanErrorOf(Float32Array.from([9, 1, 7, -1]), set);
    expect(relative).toBe(0.5);
    expect([...perImage]).toEqual([1, 0]);
  });

  it("is the same mean over images as over outputs", () => {
    const rows = fc.array(fc.float({ min: -50, max: 50, noNaN: true }), { minLength: 12, maxLength: 60 });
    fc.assert(
      fc.property(rows, (values) => {
        const count = Math.floor(values.length / 2);
        const set = evenSet(count - (count % 2));
        const outputs = Float32Array.from(values.slice(0, 2 * set.count));
        const { perOutput, relative, perImage } = cleanErrorOf(outputs, set);
        expect(mean([...perImage])).toBeCloseTo(relative, 9);
        expect(((perOutput[0] ?? 0) + (perOutput[1] ?? 0) / 100) / 2).toBeCloseTo(relative, 9);
      }),
    );
  });
});

describe("growth of a clean error", () => {
  it.each([
    ["few images", 12, 0.1],
    ["some hundred images", 200, 0.05],
    ["a shrinking error", 150, -0.3],
  ])("has the standard error that leaving every image out once gives: %s", (_, count, growth) => {
    const [before, after] = drawnErrors(count, growth, new RandomStream(testSeed, count));
    const all = before.map((__, index) => index);
    const { difference, standardError } = growthOf(errorOf(after), errorOf(before));
    expect(difference).toBeCloseTo(growthAt(before, after, all), 12);
    const without = all.map((left) =>
      growthAt(
        before,
        after,
        all.filter((row) => row !== left),
      ),
    );
    const spread = without.reduce((sum, value) => sum + (value - mean(without)) ** 2, 0);
    const jackknife = Math.sqrt((spread * (count - 1)) / count);
    // Both are of the first order, and differ by what one image weighs.
    expect(Math.abs(standardError / jackknife - 1)).toBeLessThan(2.5 / count);
  });

  it("has the standard error that drawing the images again gives", () => {
    const count = 200;
    const random = new RandomStream(testSeed, 2);
    const [before, after] = drawnErrors(count, 0.05, random);
    const drawn = Array.from({ length: 3000 }, () =>
      growthAt(
        before,
        after,
        before.map(() => random.index(count)),
      ),
    );
    const deviation = Math.sqrt(mean(drawn.map((value) => (value - mean(drawn)) ** 2)));
    const { standardError } = growthOf(errorOf(after), errorOf(before));
    // 3,000 draws tell a deviation to 1.3 %; the rest is for errors that are not normally distributed.
    expect(standardError / deviation).toBeGreaterThan(0.93);
    expect(standardError / deviation).toBeLessThan(1.07);
  });

  it("is within 1.96 standard errors of the truth for 95 of 100 choices of images", () => {
    const choices = 2000;
    // Errors with a long tail need hundreds of images: with 50 of them it is 93 of 100.
    const count = 400;
    const random = new RandomStream(testSeed, 3);
    let covered = 0;
    for (let choice = 0; choice < choices; choice++) {
      const [before, after] = drawnErrors(count, 0.1, random);
      const { difference, standardError } = growthOf(errorOf(after), errorOf(before));
      if (Math.abs(difference - 0.1 * mean(before)) <= 1.96 * standardError) covered++;
    }
    // Four deviations of a share of 95 % in 2,000 are 2 %.
    expect(covered / choices).toBeGreaterThan(0.93);
    expect(covered / choices).toBeLessThan(0.97);
  });

  it("is certain where every image errs by the same share more, however unlike they are", () => {
    const [before] = drawnErrors(50, 0, new RandomStream(testSeed, 4));
    const after = before.map((error) => 1.2 * error);
    const { difference, standardError } = growthOf(errorOf(after), errorOf(before));
    expect(difference).toBeCloseTo(0.2 * mean(before), 12);
    expect(standardError).toBeCloseTo(0, 12);
  });

  it("from no error at all has the standard error of a mean", () => {
    const { difference, standardError } = growthOf(errorOf([1, 2, 3, 6]), errorOf([0, 0, 0, 0]));
    expect(difference).toBe(3);
    // Squares of the distances to the mean: 4 + 1 + 0 + 9, over three, over four.
    expect(standardError).toBeCloseTo(Math.sqrt(14 / 3 / 4), 12);
    expect(growthOf(errorOf([0, 0]), errorOf([0, 0]))).toEqual({ difference: 0, standardError: 0 });
  });
});
