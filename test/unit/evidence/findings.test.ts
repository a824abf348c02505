import { describe, expect, it } from "vitest";
import { effectOf, findings, targetSpread } from "../../../lib/evidence/findings.ts";
import type { InversionEvidence } from "../../../lib/evidence/schema.ts";
import { TRIGGER_FAMILIES } from "../../../lib/evidence/trigger-families.ts";
import { makeInversion } from "../../fixtures/evidence/make-evidence.ts";

const benign = { mean: [1, 2], deviation: [0.5, 2], minimum: [0, -2], maximum: [2, 6] };

/** A patch whose score is `score`, driving the outputs to `target`. */
function patch(score: number, target: number[], family: InversionEvidence["family"] = "patch") {
  const collapse = 0.5 / (score * TRIGGER_FAMILIES[family].benign) ** 2;
  return makeInversion({ family, collapse, reference: 0.5, target });
}

const of = (inversions: InversionEvidence[], line = 2) =>
  findings({ inversions, benign }, line).map(({ inversion }) => inversion);

describe("findings", () => {
  it("are the targets that lie apart, the most telling first", () => {
    // A deviation is .5 in the first output and 2 in the second.
    const list = [patch(3, [2, 2]), patch(5, [0, 4]), patch(4, [0.2, 4]), patch(2.6, [1, -4])];
    expect(of(list, 2.7)).toEqual([1, 0]);
    expect(of(list, 1.5)).toEqual([1, 0, 3]);
    expect(of(list, 6)).toEqual([]);
  });

  it("need two fifths of the best score: a strong trigger has weak neighbours", () => {
    expect(of([patch(6, [0, 4]), patch(2.39, [2, 2]), patch(2.41, [1, -4])])).toEqual([0, 2]);
  });

  it("take an offset towards a target for a trigger that is half there", () => {
    // The target lies (2, 1) deviations from the mean; the offsets are (1, .5) and (−1, .5) deviations long.
    const towards = patch(3, [1.5, 3], "offset-patch");
    const elsewhere = patch(3, [0.5, 3], "offset-patch");
    expect(of([patch(4, [2, 4]), towards])).toEqual([0]);
    expect(of([patch(4, [2, 4]), elsewhere])).toEqual([0, 1]);
  });

  it("hold two targets a deviation apart for two, nearer ones for one", () => {
    // Root mean square over two outputs: √2 deviations in one of them are one.
    const apart = 1 + 0.5 * Math.SQRT2;
    expect(of([patch(4, [1, 2]), patch(3, [apart + 1e-6, 2])])).toEqual([0, 1]);
    expect(of([patch(4, [1, 2]), patch(3, [apart - 1e-6, 2])])).toEqual([0]);
  });

  it("count the cost of walks against their own yardstick", () => {
    const { benign: shown } = TRIGGER_FAMILIES["additive-pattern"];
    const walk = (cost: number, target: number[], reached = true) =>
      makeInversion({ role: "free", cost, target, reached });
    const yardstick = [8, 10, 12].map((cost) => makeInversion({ role: "forced", cost, target: [1, 2] }));
    const list = [walk(2, [2, 2]), walk(3, [0, 2]), walk(9, [1, 6]), walk(1, [1, -4], false), ...yardstick];
    const found = findings({ inversions: list, benign }, 1.4);
    expect(found.map(({ inversion }) => inversion)).toEqual([0, 1]);
    expect(found[1]?.score).toBeCloseTo(10 / 3 / shown, 12);
  });

  it("tell an offset from a value, and never take the one for the other", () => {
    const list = [patch(4, [2, -4]), patch(3, [2, 4], "offset-patch")];
    const found = findings({ inversions: list, benign }, 2);
    expect(found.map(({ effect, target }) => [effect, target])).toEqual([
      ["fixed", [2, -4]],
      ["offset", [1, 2]],
    ]);
    expect(effectOf(list[1] as InversionEvidence, benign).target).toEqual([1, 2]);
  });
});

describe("the spread of targets", () => {
  it("is that of the family's starts that score at least half of the best", () => {
    const list = [patch(4, [1, 2]), patch(2.5, [2, 2]), patch(1.9, [9, 9]), patch(3, [5, 5], "offset-patch")];
    // 0 and two deviations in one of two outputs: √((0 + 2) / 2).
    expect(targetSpread({ inversions: list, benign })).toEqual({ starts: 2, deviation: 1 });
  });

  it("does not exist without a score", () => {
    expect(targetSpread({ inversions: [], benign })).toBeNull();
  });
});
