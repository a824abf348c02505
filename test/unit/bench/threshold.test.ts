import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { seedHalves } from "../../../lib/bench/identify/halves.ts";
import { chooseThreshold, isFlagged } from "../../../lib/bench/statistics/threshold.ts";

const score = fc.oneof(
  fc.constant(null),
  fc.integer({ min: -3, max: 6 }),
  fc.double({ min: 0.1, max: 6, noNaN: true }),
);
const scores = fc.array(score, { minLength: 1, maxLength: 10 });

describe("threshold", () => {
  it("stands in the middle of the gap, by ratio", () => {
    const { value, balancedAccuracy } = chooseThreshold([8, 9], [1, 2]) ?? {};
    expect(value).toBeCloseTo(4, 12);
    expect(balancedAccuracy).toBe(1);
    expect(chooseThreshold([3], [-1])).toEqual({ value: 1, balancedAccuracy: 1 });
  });

  it("takes the widest of equally good gaps, then the highest", () => {
    // From 1 to 2, or from 4 to 16: one of two right on each side.
    expect(chooseThreshold([2, 16], [1, 4])?.value).toBeCloseTo(8);
    expect(chooseThreshold([2, 8], [1, 4])?.value).toBeCloseTo(Math.sqrt(32));
  });

  it("weighs both sides alike, however many models they have", () => {
    const { value, balancedAccuracy } = chooseThreshold([5, 5, 5, 5, 5, 5, 1], [2, 2]) ?? {};
    expect(value).toBeCloseTo(Math.sqrt(10));
    expect(balancedAccuracy).toBeCloseTo((6 / 7 + 1) / 2);
  });

  it("calls what has a score backdoored when only backdoored models have one", () => {
    expect(chooseThreshold([2, 3], [null, null])).toEqual({ value: 2, balancedAccuracy: 1 });
  });

  it("calls nothing backdoored when there is nothing better", () => {
    expect(chooseThreshold([null], [null])).toEqual({ value: null, balancedAccuracy: 0.5 });
    expect(chooseThreshold([1], [2])).toEqual({ value: null, balancedAccuracy: 0.5 });
    expect(chooseThreshold([1], [])).toBeNull();
    expect(isFlagged(1e9, null)).toBe(false);
    expect(isFlagged(null, 0)).toBe(false);
  });

  it("is beaten by no other line", () => {
    fc.assert(
      fc.property(scores, scores, (backdoored, benign) => {
        const chosen = chooseThreshold(backdoored, benign);
        const accuracy = (line: number | null) => {
          const flagged = (group: (number | null)[]) =>
            group.filter((each) => isFlagged(each, line)).length / group.length;
          return (flagged(backdoored) + 1 - flagged(benign)) / 2;
        };
        expect(accuracy(chosen?.value ?? null)).toBeCloseTo(chosen?.balancedAccuracy ?? Number.NaN, 12);
        for (const line of [null, ...backdoored, ...benign]) {
          expect(accuracy(line)).toBeLessThanOrEqual((chosen?.balancedAccuracy ?? 0) + 1e-12);
        }
      }),
    );
  });
});

describe("halves of the seeds", () => {
  it("are disjoint, cover all seeds, and differ by one at most", () => {
    fc.assert(
      fc.property(fc.array(fc.nat(20), { minLength: 1 }), (seeds) => {
        const { choosing, reporting } = seedHalves(seeds);
        expect([...choosing, ...reporting].sort((a, b) => a - b)).toEqual(
          [...new Set(seeds)].sort((a, b) => a - b),
        );
        expect([0, 1]).toContain(reporting.length - choosing.length);
      }),
    );
  });

  it("go by turns", () => {
    expect(seedHalves([3, 0, 1, 2, 2, 0])).toEqual({ choosing: [1, 3], reporting: [0, 2] });
  });
});
