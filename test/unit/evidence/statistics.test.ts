import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { bestInversion, forcedCostBounds, statisticsOf } from "../../../lib/evidence/statistics.ts";
import { makeInversion } from "../../fixtures/evidence/make-evidence.ts";

const free = (cost: number, reached = true) => makeInversion({ role: "free", cost, reached });
const forced = (cost: number, reached = true) =>
  makeInversion({ role: "forced", origin: "spread", cost, reached });

describe("best inversion", () => {
  it("is the cheapest free one that reached, with its place in the list", () => {
    const list = [forced(0.001), free(0.002, false), free(0.004), free(0.003)];
    expect(bestInversion(list)).toEqual({ index: 3, inversion: list[3] });
  });

  it("is the cheapest free one when none reached, and the first of equals", () => {
    expect(bestInversion([free(0.004, false), free(0.002, false), free(0.002, false)])?.index).toBe(1);
  });

  it("does not exist without a free inversion", () => {
    expect(bestInversion([forced(0.01)])).toBeNull();
    expect(bestInversion([])).toBeNull();
  });
});

describe("statistics of inversions", () => {
  it("gives the published example: free .0017 against forced .0071 .0121 .0113 is ρ .15", () => {
    const statistics = statisticsOf([free(0.0017), forced(0.0071), forced(0.0121), forced(0.0113)]);
    expect(statistics.freeCost).toBe(0.0017);
    expect(statistics.forcedCost).toBe(0.0113);
    expect(statistics.rho).toBeCloseTo(0.15, 2);
  });

  it("takes the middle of the two middle costs when their number is even", () => {
    expect(statisticsOf([free(1), forced(4), forced(1), forced(2), forced(8)]).forcedCost).toBe(3);
  });

  it("has no free cost when no free inversion reached, but still a mean L1", () => {
    const statistics = statisticsOf([free(0.004, false), forced(0.01)]);
    expect(statistics).toMatchObject({ freeCost: null, rho: null, forcedCost: 0.01, meanL1: 0.004 });
  });

  it("averages RAV and RNV of the best inversion over the outputs, and has none without a head", () => {
    const best = makeInversion({ cost: 0.001, rav: [0.1, 0.2, 0.6], rnv: [1, 2, 3] });
    const statistics = statisticsOf([free(0.002), best]);
    expect(statistics.rav).toBeCloseTo(0.3, 12);
    expect(statistics.rnv).toBeCloseTo(2, 12);
    expect(statisticsOf([makeInversion({ rav: null, rnv: null })])).toMatchObject({ rav: null, rnv: null });
  });

  it("is empty without inversions", () => {
    const nothing = { freeCost: null, forcedCost: null, rho: null, meanL1: null, rav: null, rnv: null };
    expect(statisticsOf([])).toEqual(nothing);
  });

  it("has no ρ when forcing costs nothing", () => {
    expect(statisticsOf([free(0), forced(0)]).rho).toBeNull();
  });
});

describe("forced cost bounds", () => {
  it("are one number when every forced inversion reached, or those that did not lie above the median", () => {
    expect(forcedCostBounds([forced(1), forced(3), forced(2)])).toEqual({ lower: 2, upper: 2 });
    expect(forcedCostBounds([forced(1), forced(3, false), forced(2)])).toEqual({ lower: 2, upper: 2 });
  });

  it("are open above when most stopped short, and do not exist without forced inversions", () => {
    const bounds = forcedCostBounds([forced(1, false), forced(3, false), forced(2)]);
    expect(bounds).toEqual({ lower: 2, upper: Number.POSITIVE_INFINITY });
    expect(forcedCostBounds([free(1)])).toBeNull();
  });

  it("enclose the true median, whatever the inversions that stopped short really cost", () => {
    const inversion = fc.record({
      cost: fc.double({ min: 0, max: 1, noNaN: true }),
      reached: fc.boolean(),
      hidden: fc.double({ min: 0, max: 10, noNaN: true }),
    });
    fc.assert(
      fc.property(fc.array(inversion, { minLength: 1, maxLength: 9 }), (list) => {
        const bounds = forcedCostBounds(list.map(({ cost, reached }) => forced(cost, reached)));
        const truth = statisticsOf(
          list.map(({ cost, reached, hidden }) => forced(reached ? cost : cost + hidden)),
        );
        expect(bounds?.lower).toBeLessThanOrEqual(truth.forcedCost ?? Number.NaN);
        expect(bounds?.upper).toBeGreaterThanOrEqual(truth.forcedCost ?? Number.NaN);
      }),
    );
  });
});
