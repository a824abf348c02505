import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { clopperPearson } from "../../../lib/bench/statistics/clopper-pearson.ts";
import { incompleteBeta, logGamma } from "../../../lib/bench/statistics/incomplete-beta.ts";
import { median, spreadOf } from "../../../lib/bench/statistics/quantiles.ts";
import { aucEstimate, rocAuc, rocCurve, type Score } from "../../../lib/bench/statistics/roc.ts";

/** Few distinct values, so that ties and missing scores are common. */
const score = fc.oneof(
  fc.constant(null),
  fc.integer({ min: 0, max: 6 }),
  fc.double({ min: 0.1, max: 6, noNaN: true }),
);
const scores = fc.array(score, { minLength: 1, maxLength: 12 });

function pairCount(backdoored: readonly Score[], benign: readonly Score[]): number {
  let wins = 0;
  for (const a of backdoored) {
    for (const b of benign) {
      if (a === b) wins += 0.5;
      else if (b === null || (a !== null && a > b)) wins += 1;
    }
  }
  return wins / (backdoored.length * benign.length);
}

describe("incomplete beta function", () => {
  // scipy 1.17.1: scipy.special.betainc(a, b, x)
  it.each([
    [0.5, 0.5, 0.1, 0.20483276469913345],
    [2, 3, 0.4, 0.5247999999999999],
    [20, 1, 0.7, 0.0007979226629761189],
    [1, 20, 0.01, 0.18209306240276915],
    [100, 900, 0.12, 0.9785109992065261],
    [3.5, 0.25, 0.999, 0.7390235025258011],
    [5000, 5000, 0.5, 0.5],
  ])("gives scipy's I_x(%d, %d) at %d", (a, b, x, expected) => {
    expect(incompleteBeta(x, a, b) / expected).toBeCloseTo(1, 10);
  });

  it("has factorials behind it", () => {
    expect(logGamma(0.5)).toBeCloseTo(Math.log(Math.sqrt(Math.PI)), 13);
    expect(logGamma(11)).toBeCloseTo(Math.log(3_628_800), 12);
  });
});

describe("Clopper–Pearson interval", () => {
  // Published: exact 95 % intervals of 10 + 10 model designs, in per cent.
  it.each([
    [19, 20, 75.1, 99.9],
    [14, 20, 45.7, 88.1],
    [17, 20, 62.1, 96.8],
    [20, 20, 83.2, 100],
    [0, 10, 0, 30.8],
    [0, 50, 0, 7.1],
  ])("of %i in %i is %d to %d per cent", (successes, trials, low, high) => {
    const interval = clopperPearson(successes, trials);
    expect(100 * (interval?.low ?? Number.NaN)).toBeCloseTo(low, 1);
    expect(100 * (interval?.high ?? Number.NaN)).toBeCloseTo(high, 1);
  });

  // scipy 1.17.1: scipy.stats.beta.ppf(0.025, k, n - k + 1) and ppf(0.975, k + 1, n - k)
  it.each([
    [1, 3, 0.008403758659612636, 0.9057006759497539],
    [7, 8, 0.47349032912479344, 0.9968402764687481],
    [5, 96, 0.017125282440164674, 0.11737120004655993],
    [499, 1000, 0.4675521862537382, 0.5304537166614578],
    [1, 100_000, 2.531780477933314e-7, 5.571516034774275e-5],
  ])("of %i in %i is scipy's", (successes, trials, low, high) => {
    const interval = clopperPearson(successes, trials);
    expect((interval?.low ?? 0) / low).toBeCloseTo(1, 8);
    expect((interval?.high ?? 0) / high).toBeCloseTo(1, 8);
  });

  it("does not exist without trials", () => {
    expect(clopperPearson(0, 0)).toBeNull();
  });
});

describe("ROC-AUC", () => {
  it("is the share of pairs in the right order, ties half, no score below all", () => {
    fc.assert(
      fc.property(scores, scores, (backdoored, benign) => {
        expect(rocAuc(backdoored, benign)).toBeCloseTo(pairCount(backdoored, benign), 12);
      }),
    );
  });

  it("is the area under the curve", () => {
    fc.assert(
      fc.property(scores, scores, (backdoored, benign) => {
        const curve = rocCurve(backdoored, benign) ?? [];
        let area = 0;
        for (const [index, point] of curve.slice(1).entries()) {
          const before = curve[index] as (typeof curve)[number];
          expect(point.falsePositiveRate).toBeGreaterThanOrEqual(before.falsePositiveRate);
          expect(point.truePositiveRate).toBeGreaterThanOrEqual(before.truePositiveRate);
          const width = point.falsePositiveRate - before.falsePositiveRate;
          area += (width * (point.truePositiveRate + before.truePositiveRate)) / 2;
        }
        expect(curve.at(-1)).toEqual({ falsePositiveRate: 1, truePositiveRate: 1 });
        expect(area).toBeCloseTo(pairCount(backdoored, benign), 12);
      }),
    );
  });

  it("says by its value which way round the score is", () => {
    expect(rocAuc([3, 4], [1, 2])).toBe(1);
    expect(rocAuc([1, 2], [3, 4])).toBe(0);
    expect(rocAuc([null, null], [null, null])).toBe(0.5);
    expect(rocAuc([], [1])).toBeNull();
    expect(rocCurve([1], [])).toBeNull();
  });

  // Roots of Newcombe's quartic (2006, method 5), by numpy.polynomial.
  it.each([
    [10, 10, 1, 0.8002136128811047, 1],
    [4, 4, 1, 0.5822840455834584, 1],
    [3, 5, 0, 0, 0.43384323153146176],
    [4, 4, 0.5, 0.18255992510147162, 0.817440074898528],
    [8, 16, 0.9, 0.6669111996740869, 0.9728962249470312],
    [40, 8, 0.875, 0.6691960241510309, 0.9563491711930702],
  ])("has Newcombe's interval for %i and %i models with area %d", (m, n, area, low, high) => {
    const interval = aucEstimate(...withArea(m, n, area));
    expect(interval?.value).toBeCloseTo(area, 2);
    // Only areas that are a whole number of pairs can be met exactly.
    const digits = interval?.value === area ? 9 : 2;
    expect(interval?.low).toBeCloseTo(low, digits);
    expect(interval?.high).toBeCloseTo(high, digits);
  });
});

/** Scores of m backdoored and n benign models with the nearest possible area. */
function withArea(m: number, n: number, area: number): [number[], number[]] {
  const wins = Math.round(area * m * n);
  const benign = Array.from({ length: n }, (_, index) => index + 1);
  const backdoored = Array.from({ length: m }, (_, index) => {
    const own = Math.floor(wins / m) + (index < wins % m ? 1 : 0);
    return own + 0.5;
  });
  return [backdoored, benign];
}

describe("quantiles", () => {
  it("take the middle, and the two middle ones' mean", () => {
    expect(median([3, 1, 2])).toBe(2);
    expect(median([4, 1, 3, 2])).toBe(2.5);
    expect(median([])).toBeNull();
    expect(spreadOf([3, 1, 10])).toEqual({ median: 3, minimum: 1, maximum: 10 });
    expect(spreadOf([])).toBeNull();
  });
});
