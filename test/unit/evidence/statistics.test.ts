import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { bestInversion, bounding, familyContrasts, statisticsOf } from "../../../lib/evidence/statistics.ts";
import { TRIGGER_FAMILIES } from "../../../lib/evidence/trigger-families.ts";
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
    const nothing = {
      family: null,
      freeCost: null,
      forcedCost: null,
      rho: null,
      score: null,
      meanL1: null,
      rav: null,
      rnv: null,
    };
    expect(statisticsOf([])).toEqual(nothing);
  });

  it("has no ρ when forcing costs nothing", () => {
    expect(statisticsOf([free(0), forced(0)]).rho).toBeNull();
  });
});

describe("small triggers", () => {
  const small = (collapse: number, reference: number | null, cost = 0.01) =>
    makeInversion({ family: "patch", collapse, reference, cost });

  it("are told by the deepest collapse beside its reference, whatever they cost", () => {
    // √(0.8 / 0.01) against √(0.04 / 0.008): the second collapses more, the first more than plain ones do.
    const list = [small(0.008, 0.04, 0.001), small(0.01, 0.8, 0.02)];
    const [contrast] = familyContrasts(list);
    expect(contrast).toMatchObject({ family: "patch", freeCost: null, forcedCost: null, rho: null });
    expect(contrast?.best.index).toBe(1);
    expect(contrast?.depth).toBeCloseTo(Math.sqrt(80), 12);
    expect(contrast?.score).toBeCloseTo(Math.sqrt(80) / TRIGGER_FAMILIES.patch.benign, 12);
    expect(statisticsOf(list)).toMatchObject({ family: "patch", freeCost: null, meanL1: 0.02 });
  });

  it("speak only where their score is the highest", () => {
    expect(bestInversion([small(0.5, 0.9), free(0.001), forced(0.01)])?.index).toBe(1);
    expect(bestInversion([small(0.0001, 0.9), free(0.001), forced(0.01)])?.index).toBe(0);
  });

  it("have a bounded score however deep the collapse", () => {
    expect(familyContrasts([small(0, null)])[0]?.depth).toBeCloseTo(1000 * Math.sqrt(0.85), 9);
  });

  it("are no deeper for a model that was hardened against their kind than for one as it is", () => {
    const depthBeside = (
      family: "wave" | "central-wave" | "patch" | "central-patch" | "offset-patch",
      reference: number,
    ) => familyContrasts([makeInversion({ family, collapse: 0.01, reference })])[0]?.depth ?? Number.NaN;
    expect(depthBeside("wave", 0.98)).toBeCloseTo(Math.sqrt(45), 12);
    expect(depthBeside("wave", 0.4)).toBeCloseTo(Math.sqrt(40), 12);
    expect(depthBeside("central-wave", 0.98)).toBeCloseTo(Math.sqrt(45), 12);
    expect(depthBeside("patch", 0.98)).toBeCloseTo(Math.sqrt(85), 12);
    expect(depthBeside("central-patch", 0.98)).toBeCloseTo(Math.sqrt(45), 12);
    // Their reference is how exactly a patch moves the outputs that does nothing: no model can harden it.
    expect(depthBeside("offset-patch", 1)).toBeCloseTo(10, 12);
  });
});

describe("families", () => {
  const warp = (role: "free" | "forced", cost: number, reached = true) =>
    makeInversion({ family: "smooth-warp", role, cost, reached });

  it("are compared within themselves, and the one with the smallest ρ speaks", () => {
    const list = [free(0.004), forced(0.005), warp("free", 0.01), warp("forced", 0.08)];
    expect(familyContrasts(list).map(({ family, rho }) => [family, rho])).toEqual([
      ["additive-pattern", 0.8],
      ["smooth-warp", 0.125],
    ]);
    expect(bestInversion(list)?.index).toBe(2);
    expect(statisticsOf(list)).toMatchObject({ family: "smooth-warp", freeCost: 0.01, forcedCost: 0.08 });
  });

  it("have no ρ where nothing reached the tolerance or nothing was forced", () => {
    const list = [warp("free", 0.001, false), warp("forced", 0.08), free(0.004)];
    expect(familyContrasts(list).map(({ rho }) => rho)).toEqual([null, null]);
    // Without any ρ, what collapsed is shown before what did not, however cheap.
    expect(bestInversion(list)?.index).toBe(2);
  });
});

describe("the median forced cost", () => {
  const bounds = (list: ReturnType<typeof forced>[]) => {
    const [contrast] = familyContrasts([free(1), ...list]);
    return { least: contrast?.forcedCost, most: contrast?.forcedCostAtMost };
  };

  it("is certain when every forced inversion reached, or those that did not lie above it", () => {
    expect(bounds([forced(1), forced(3), forced(2)])).toEqual({ least: 2, most: 2 });
    expect(bounds([forced(1), forced(3, false), forced(2)])).toEqual({ least: 2, most: 2 });
  });

  it("is open above when most stopped short, and does not exist without forced inversions", () => {
    const open = bounds([forced(1, false), forced(3, false), forced(2)]);
    expect(open).toEqual({ least: 2, most: Number.POSITIVE_INFINITY });
    expect(bounds([])).toEqual({ least: null, most: null });
  });

  it("is enclosed, whatever the inversions that stopped short really cost", () => {
    const inversion = fc.record({
      cost: fc.double({ min: 0, max: 1, noNaN: true }),
      reached: fc.boolean(),
      hidden: fc.double({ min: 0, max: 10, noNaN: true }),
    });
    fc.assert(
      fc.property(fc.array(inversion, { minLength: 1, maxLength: 9 }), (list) => {
        const { least, most } = bounds(list.map(({ cost, reached }) => forced(cost, reached)));
        const truth = bounds(list.map(({ cost, reached, hidden }) => forced(reached ? cost : cost + hidden)));
        expect(least).toBeLessThanOrEqual(truth.least ?? Number.NaN);
        expect(most).toBeGreaterThanOrEqual(truth.least ?? Number.NaN);
      }),
    );
  });
});

describe("a forced cost", () => {
  it("bounds from below unless it paid for far more collapse than was asked", () => {
    expect(bounding(makeInversion({ collapse: 0.3, reached: false }), 0.02)).toBe(true);
    expect(bounding(makeInversion({ collapse: 0.01 }), 0.02)).toBe(true);
    expect(bounding(makeInversion({ collapse: 0.009 }), 0.02)).toBe(false);
  });
});
