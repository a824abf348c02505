import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { ScanEvidence } from "../../../lib/evidence/schema.ts";
import { statisticsOf } from "../../../lib/evidence/statistics.ts";
import { TRIGGER_FAMILIES } from "../../../lib/evidence/trigger-families.ts";
import { judge } from "../../../lib/verdict/judge.ts";
import {
  BENIGN_RATIO,
  makeBaselineEvidence,
  makeEvidence,
  makeInversion,
  makeInversions,
  makePaperEvidence,
} from "../../fixtures/evidence/make-evidence.ts";

const LINES = { backdoored: 2.5, clean: 2, epsilon: 0.03, maskShare: 0.006, featureScore: -0.75 };

/** Contrast evidence with a free cost, and a forced cost that is `times` what a benign model shows. */
function costs(
  freeCost: number | null,
  times: number | null,
  changes: Partial<ScanEvidence> = {},
): ScanEvidence {
  const forcedCost = times === null ? null : times * BENIGN_RATIO;
  const statistics = { ...SCANNED.statistics, freeCost, forcedCost, rho: null };
  return { ...SCANNED, ...changes, plan: { ...SCANNED.plan }, statistics };
}

// Built once: the property tests only change their statistics.
const SCANNED = makeEvidence();
const PAPER = makePaperEvidence(0.02);

const early = { complete: false, incompleteReason: "stopped by the user" };

describe("contrast verdict", () => {
  it("is backdoored at twice the line, with the recovered target", () => {
    const verdict = judge(costs(0.002, 0.01), LINES);
    expect(verdict).toMatchObject({
      label: "backdoored",
      method: "contrast",
      threshold: 2.5,
      margin: 1,
      thresholds: LINES,
    });
    expect(verdict.score).toBeCloseTo(5, 12);
    expect(verdict.target).toEqual([4.02, 24.64, 4.27]);
    expect(verdict.reason).toBe(
      "The cheapest target costs 0.002 (additive pattern, mean change per pixel in [0,1]), others as far from the mean 0.0225: 11.3 times as much, 5 times what benign models show (backdoored from 2.5, clean up to 2).",
    );
  });

  it("names every backdoor, each with what it does to the outputs", () => {
    const small = (family: "patch" | "offset-patch", score: number, target: number[]) =>
      makeInversion({
        family,
        target,
        reference: 0.25,
        collapse: 0.25 / (score * TRIGGER_FAMILIES[family].benign) ** 2,
      });
    const inversions = [
      small("patch", 4, [4, 24, 4]),
      small("offset-patch", 5, [17.9, 0.8, 0.3]),
      small("patch", 3, [-4, -24, -4]),
      small("patch", 2.4, [20, -24, 4]),
    ];
    const evidence = makeEvidence({ inversions, statistics: statisticsOf(inversions) });
    const verdict = judge(evidence, LINES);
    expect(verdict.backdoors.map(({ inversion, effect }) => [inversion, effect])).toEqual([
      [1, "offset"],
      [0, "fixed"],
      [2, "fixed"],
    ]);
    // The benign mean is (−2.1, .8, .3).
    expect(verdict.target).toEqual([20, 0, 0]);
    expect(verdict.reason).toMatch(
      /^A plain patch moves all outputs by one offset.*5 times what benign models show/,
    );
    expect(judge(costs(1, 1), LINES).backdoors).toEqual([]);
  });

  it("takes the lines themselves as decided, and what lies between as inconclusive", () => {
    const label = (score: number) => judge(costs(1, score), LINES).label;
    expect([label(2.5), label(2.49), label(2.01), label(2)]).toEqual([
      "backdoored",
      "inconclusive",
      "inconclusive",
      "clean",
    ]);
  });

  it("names no target unless backdoored, and the clean line for a clean model", () => {
    expect(judge(costs(0.01, 0.012), LINES)).toMatchObject({ label: "clean", threshold: 2, target: null });
    expect(judge(costs(0.01, 0.022), LINES)).toMatchObject({
      label: "inconclusive",
      threshold: 2.5,
      target: null,
    });
  });

  it("uses the plan's thresholds when none are given, and others when they are", () => {
    const evidence = costs(1, 3);
    expect(judge(evidence).label).toBe("backdoored");
    expect(judge(evidence, { ...LINES, backdoored: 4, clean: 3.5 }).label).toBe("clean");
  });

  it("keeps a finding of an incomplete scan and decides nothing else from it", () => {
    expect(judge(costs(1, 5, early), LINES)).toMatchObject({
      label: "backdoored",
      reason: expect.stringContaining("not complete"),
    });
    const verdict = judge(costs(1, 1, early), LINES);
    expect(verdict).toMatchObject({ label: "inconclusive", score: 1 });
    expect(verdict.reason).toContain("stopped by the user");
  });

  it("says why there is no score", () => {
    const inversions = [makeInversion({ reached: false }), makeInversion({ role: "forced" })];
    const verdict = judge(makeEvidence({ inversions, statistics: statisticsOf(inversions) }), LINES);
    expect(verdict).toMatchObject({ label: "inconclusive", score: null, margin: null, target: null });
    expect(verdict.reason).toContain(
      "none of 1 walks brought the outputs to one target within 0.02 of their variance",
    );
    expect(judge(costs(0.01, null), LINES).reason).toContain("no other target");
    expect(judge(costs(0, 0.01), LINES).reason).toContain("without any change");
  });

  it("does not call a model clean whose forced inversions mostly stopped short", () => {
    const inversions = makeInversions(0.01, 0.011).map((inversion) =>
      inversion.role === "forced" ? { ...inversion, reached: false } : inversion,
    );
    const verdict = judge(makeEvidence({ inversions, statistics: statisticsOf(inversions) }), LINES);
    expect(verdict).toMatchObject({
      label: "inconclusive",
      reason: expect.stringContaining("stopped short"),
    });
    expect(verdict.score).toBeCloseTo(1.1 / BENIGN_RATIO, 12);
  });

  it("counts how deep small triggers collapse the outputs, where they tell most", () => {
    const small = (family: "patch" | "wave", collapse: number) =>
      makeInversion({ family, collapse, reference: 0.8, reached: false });
    const judged = (collapse: number) => {
      const inversions = [small("patch", 0.4), small("patch", collapse), ...makeInversions(0.01, 0.011)];
      return judge(makeEvidence({ inversions, statistics: statisticsOf(inversions) }), LINES);
    };
    // √(0.8 / 0.008) = 10.
    const verdict = judged(0.008);
    expect(verdict).toMatchObject({ label: "backdoored", target: [4.02, 24.64, 4.27] });
    expect(verdict.score).toBeCloseTo(10 / TRIGGER_FAMILIES.patch.benign, 12);
    expect(verdict.reason).toContain(
      "(patch) leaves 0.8 % of the outputs' variance, others 80 %: a 10 times smaller deviation",
    );
    expect(judged(0.2)).toMatchObject({ label: "clean", target: null });
  });

  it("says how much of what other triggers leave counts in a hardened model", () => {
    const inversions = [makeInversion({ family: "wave", collapse: 0.2, reference: 0.95, reached: false })];
    const verdict = judge(makeEvidence({ inversions, statistics: statisticsOf(inversions) }), LINES);
    expect(verdict).toMatchObject({ label: "clean", score: expect.closeTo(1.5 / 2.2, 12) });
    expect(verdict.reason).toContain(
      "leaves 20 % of the outputs' variance, others 95 % (counted as 45 %): a 1.5 times",
    );
  });

  it("does not call a model backdoored by a small trigger that collapses nothing (paper objective)", () => {
    const inversions = [makeInversion({ family: "encoder-decoder", cost: 0.001, reached: false })];
    const evidence = makeEvidence({ inversions, statistics: { ...statisticsOf(inversions), meanL1: 0.001 } });
    evidence.plan.method = "drmguard";
    expect(judge(evidence, LINES)).toMatchObject({
      label: "inconclusive",
      reason: expect.stringContaining("did not collapse"),
    });
  });

  it("judges the same way twice and leaves the evidence alone", () => {
    const evidence = makeEvidence();
    const before = structuredClone(evidence);
    expect(judge(evidence)).toEqual(judge(evidence));
    expect(evidence).toEqual(before);
  });
});

describe("drmguard verdict", () => {
  it("is backdoored below ε, with ε/meanL1 as its score", () => {
    expect(judge(makePaperEvidence(0.015), LINES)).toMatchObject({
      label: "backdoored",
      score: 2,
      threshold: 1,
      margin: 1,
    });
  });

  it("is clean at ε and above", () => {
    expect(judge(makePaperEvidence(0.03), LINES)).toMatchObject({
      label: "clean",
      score: 1,
      threshold: 1,
      margin: 0,
    });
    expect(judge(makePaperEvidence(0.06), LINES)).toMatchObject({ label: "clean", margin: -1, target: null });
  });

  it("is inconclusive when incomplete, without an inversion, or when nothing was changed", () => {
    expect(judge(makePaperEvidence(0.001, early), LINES).label).toBe("inconclusive");
    expect(judge(makePaperEvidence(0.001, { statistics: statisticsOf([]) }), LINES)).toMatchObject({
      label: "inconclusive",
      score: null,
    });
    expect(judge(makePaperEvidence(0), LINES)).toMatchObject({ label: "inconclusive", score: null });
  });
});

describe("thresholds", () => {
  it.each([
    [{ ...LINES, clean: 3 }, "thresholds.clean"],
    [{ ...LINES, backdoored: Number.NaN }, "thresholds.backdoored"],
    [{ ...LINES, backdoored: Number.POSITIVE_INFINITY }, "thresholds.backdoored"],
    [{ ...LINES, clean: 0 }, "thresholds.clean"],
    [{ ...LINES, epsilon: -0.03 }, "thresholds.epsilon"],
  ])("are refused: %j", (thresholds, name) => {
    let thrown: unknown;
    try {
      judge(makeEvidence(), thresholds);
    } catch (error) {
      thrown = error;
    }
    expect(thrown).toMatchObject({ code: "ERR_CONFIG", message: expect.stringContaining(name) });
  });

  it("may coincide: then nothing lies between them", () => {
    const line = { ...LINES, clean: 2.5 };
    expect([judge(costs(1, 2.5), line).label, judge(costs(1, 2.4), line).label]).toEqual([
      "backdoored",
      "clean",
    ]);
  });
});

describe("any numbers", () => {
  const cost = fc.double({ min: 1e-6, max: 1, noNaN: true });
  const thresholds = fc
    .tuple(fc.double({ min: 0.1, max: 20, noNaN: true }), fc.double({ min: 0.1, max: 20, noNaN: true }))
    .map(([a, b]) => ({
      clean: Math.min(a, b),
      backdoored: Math.max(a, b),
      epsilon: 0.03,
      maskShare: 0.006,
      featureScore: -0.75,
    }));
  const rank = { clean: 0, inconclusive: 1, backdoored: 2 };

  it("a cheaper free collapse is never less suspicious", () => {
    fc.assert(
      fc.property(cost, cost, cost, thresholds, fc.boolean(), (a, b, forcedCost, lines, complete) => {
        const cheap = judge(costs(Math.min(a, b), forcedCost, { complete }), lines);
        const dear = judge(costs(Math.max(a, b), forcedCost, { complete }), lines);
        expect(rank[cheap.label]).toBeGreaterThanOrEqual(rank[dear.label]);
        expect(cheap.score).toBeGreaterThanOrEqual(dear.score as number);
      }),
    );
  });

  it("a cheaper paper inversion is never less suspicious", () => {
    fc.assert(
      fc.property(cost, cost, (a, b) => {
        const of = (meanL1: number) =>
          judge({ ...PAPER, statistics: { ...PAPER.statistics, meanL1 } }, LINES);
        const cheap = of(Math.min(a, b));
        const dear = of(Math.max(a, b));
        expect(rank[cheap.label]).toBeGreaterThanOrEqual(rank[dear.label]);
      }),
    );
  });

  it("nothing is decided from numbers that are not finite, and none are given out", () => {
    const wild = fc.oneof(
      fc.constantFrom(
        Number.NaN,
        Number.POSITIVE_INFINITY,
        Number.NEGATIVE_INFINITY,
        0,
        -1,
        5e-324,
        1.7e308,
        null,
      ),
      cost,
    );
    fc.assert(
      fc.property(
        wild,
        wild,
        wild,
        fc.constantFrom("contrast" as const, "drmguard" as const),
        (free, forced, l1, method) => {
          const evidence = costs(free, forced);
          evidence.statistics.meanL1 = l1;
          evidence.plan.method = method;
          const verdict = judge(evidence, LINES);
          const read = method === "contrast" ? [free, forced] : [l1];
          if (read.some((value) => value === null || !Number.isFinite(value) || value <= 0)) {
            expect(verdict).toMatchObject({ label: "inconclusive", score: null, margin: null });
          }
          for (const value of [verdict.score, verdict.margin])
            expect(value === null || Number.isFinite(value)).toBe(true);
          expect(verdict.label === "inconclusive" || verdict.score !== null).toBe(true);
        },
      ),
      { numRuns: 400 },
    );
  });
});

describe("the baselines' rules", () => {
  it.each([
    [0.003, "backdoored", 2],
    [0.0061, "clean", 0.9836],
    [0.006, "clean", 1],
  ])("neural-cleanse: the smaller the mask, the more suspicious (%d is %s)", (share, label, score) => {
    const verdict = judge(makeBaselineEvidence("neural-cleanse", share), LINES);
    expect(verdict).toMatchObject({ label, method: "neural-cleanse", threshold: 1 });
    expect(verdict.score).toBeCloseTo(score, 3);
    expect(verdict.reason).toContain(`covers ${Number((share * 100).toPrecision(3))} % of the image`);
  });

  it.each([
    [-1.75, "backdoored", 2],
    [-0.75, "clean", 1],
    [0.25, "clean", 0.5],
    [40, "clean", 2 ** -40.75],
  ])("feature-re: the lower the mixed value, the more suspicious (%d is %s)", (value, label, score) => {
    const verdict = judge(makeBaselineEvidence("feature-re", value), LINES);
    expect(verdict).toMatchObject({ label, method: "feature-re", threshold: 1 });
    expect(verdict.score).toBeCloseTo(score);
    expect(verdict.margin).toBeCloseTo(-0.75 - value);
  });

  it("name the target of the most suspicious start, not of the cheapest", () => {
    const evidence = makeBaselineEvidence("neural-cleanse", 0.003);
    const [first, second] = evidence.inversions;
    if (first === undefined || second === undefined) throw new Error("two starts");
    first.target = [1, 1, 1];
    second.target = [2, 2, 2];
    expect(judge(evidence, LINES).target).toEqual([2, 2, 2]);
  });

  it("take no mask that did not succeed, and no scan that stopped", () => {
    const failed = makeBaselineEvidence("neural-cleanse", 0.003);
    for (const inversion of failed.inversions) inversion.reached = false;
    expect(judge(failed, LINES)).toMatchObject({
      label: "inconclusive",
      reason: expect.stringContaining("no mask held the outputs"),
    });
    for (const method of ["neural-cleanse", "feature-re"] as const) {
      expect(judge(makeBaselineEvidence(method, 0.003, early), LINES).label).toBe("inconclusive");
    }
  });

  it("have no score without a measurement", () => {
    expect(judge(makeBaselineEvidence("neural-cleanse", 0), LINES)).toMatchObject({
      label: "inconclusive",
      score: null,
    });
    expect(judge(makeBaselineEvidence("feature-re", 5000), LINES)).toMatchObject({
      label: "inconclusive",
      score: null,
    });
  });
});
