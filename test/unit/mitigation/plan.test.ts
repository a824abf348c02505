import { describe, expect, it } from "vitest";
import { MITIGATION_DEFAULTS, trainingOfRound } from "../../../lib/mitigation/mitigation-plan.ts";

describe("rates of a mitigation's rounds", () => {
  it("fall along a cosine from the plan's to .03 of it, whatever the number of rounds", () => {
    for (const rounds of [2, 3, 12]) {
      const plan = { ...MITIGATION_DEFAULTS, rounds, learningRate: 0.01 };
      const rates = Array.from({ length: rounds }, (_, round) => trainingOfRound(plan, round).learningRate);
      expect(rates[0]).toBeCloseTo(0.01, 12);
      expect(rates.at(-1)).toBeCloseTo(0.0003, 12);
      expect(rates.toSorted((a, b) => b - a)).toEqual(rates);
      // Half a cosine is odd about its middle: rates that lie opposite have one sum.
      for (const [round, rate] of rates.entries()) {
        expect(rate + (rates.at(-1 - round) ?? 0)).toBeCloseTo(0.0103, 12);
      }
    }
  });

  it("stay as low in rounds beyond the plan's", () => {
    const plan = { ...MITIGATION_DEFAULTS, rounds: 4 };
    expect(trainingOfRound(plan, 9).learningRate).toBe(trainingOfRound(plan, 3).learningRate);
  });

  it("start at the plan's rate where there is only one, and every round has a seed of its own", () => {
    const plan = { ...MITIGATION_DEFAULTS, rounds: 1, seed: 2 ** 32 - 1 };
    expect(trainingOfRound(plan, 0)).toMatchObject({ learningRate: plan.learningRate, seed: 2 ** 32 - 1 });
    expect(trainingOfRound({ ...plan, rounds: 2 }, 1).seed).toBe(0);
  });
});
