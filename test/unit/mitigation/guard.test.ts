import { describe, expect, it } from "vitest";
import { cleanErrorOf } from "../../../lib/mitigation/clean-error.ts";
import { Guard, trainGuarded } from "../../../lib/mitigation/guard.ts";
import { MITIGATION_DEFAULTS, trainingOfRound } from "../../../lib/mitigation/mitigation-plan.ts";
import type { TuningSet } from "../../../lib/native/addon.ts";
import { RandomStream } from "../../../lib/render/index.ts";
import { testSeed } from "../../environment/seed.ts";
import { evenSet, outputsOf, StubTuner } from "./stub-tuner.ts";

/** Of both images a model errs alike, so that other images would tell the same: a standard error of 0. */
const pair = evenSet(2);
const plan = { ...MITIGATION_DEFAULTS, rounds: 3, learningRate: 1 };
const LAST = 2;
const lastRate = trainingOfRound(plan, LAST).learningRate;

/** Guarded by a bound of a tenth: 0.01, as the error before is 0.1. */
async function guarded(heldOut = pair, change: Partial<Pick<StubTuner, "errorOf">> = {}) {
  const tuner = Object.assign(new StubTuner(heldOut), change);
  const guard = await Guard.of(tuner.native, heldOut, 0.1, false);
  return { tuner, guard, context: { tuner: tuner.native, guard, plan } };
}

const errorIn = (set: TuningSet, errorOf: (image: number) => number) =>
  cleanErrorOf(outputsOf(set, errorOf), set);
/** Of a model that errs everywhere alike. */
const errorOf = (error: number) => errorIn(pair, () => error);

describe("a round of guarded training", () => {
  it("may exceed the bound tenfold in the beginning and twice in the end", async () => {
    const { guard } = await guarded();
    expect(guard.allowed).toBeCloseTo(0.11, 6);
    expect([guard.passing(0), guard.passing(0.5), guard.passing(1)]).toEqual([10, 6, 2]);
    const most = [0, 0.5, 1].map((done) => 0.1 + 0.01 * guard.passing(done));
    for (const [index, done] of [0, 0.5, 1].entries()) {
      const line = most[index] ?? Number.NaN;
      expect(guard.exceeds(errorOf(line - 0.001), guard.passing(done))).toBe(false);
      expect(guard.exceeds(errorOf(line + 0.001), guard.passing(done))).toBe(true);
    }
  });

  it("trains as the plan says of it, whatever ran before", async () => {
    const { tuner, context } = await guarded();
    for (const round of [1, 0, 7]) await trainGuarded(context, round, pair);
    expect(tuner.plans).toEqual([1, 0, 7].map((round) => trainingOfRound(plan, round)));
  });

  it("is tried again at half the rate where the clean error grows beyond what it may", async () => {
    const { tuner, context } = await guarded();
    tuner.learned = ({ learningRate }) => 0.1 + (0.07 * learningRate) / lastRate;
    const result = await trainGuarded(context, LAST, pair);
    expect(tuner.rates).toEqual([lastRate, lastRate / 2, lastRate / 4]);
    expect(result).toMatchObject({ accepted: true, rolledBack: 2, loss: 0.5 });
    expect(tuner.weight).toBeCloseTo(0.1175, 9);
    tuner.learned = () => 0.17;
    expect(await trainGuarded(context, 0, pair)).toMatchObject({ accepted: true, rolledBack: 0 });
  });

  it("stays where it errs less than the one before it, however far beyond the bound", async () => {
    const { tuner, context } = await guarded();
    tuner.weight = 0.4;
    tuner.learned = () => 0.3;
    const better = await trainGuarded(context, LAST, pair);
    expect(better).toMatchObject({ accepted: true, rolledBack: 0 });
    tuner.learned = () => 0.35;
    const worse = await trainGuarded(context, LAST, pair);
    expect(worse).toMatchObject({ accepted: false, rolledBack: 3 });
    expect(tuner.weight).toBeCloseTo(0.3, 6);
  });

  it("is taken back where no rate will do", async () => {
    const { tuner, context } = await guarded();
    tuner.learned = () => 1;
    const result = await trainGuarded(context, 0, pair);
    expect(result).toMatchObject({ accepted: false, rolledBack: 3 });
    expect(result.error.relative).toBeCloseTo(0.1, 6);
    expect(tuner.weight).toBeCloseTo(0.1, 6);
  });

  it("is judged after what is done to its weights", async () => {
    const { tuner, context } = await guarded();
    tuner.learned = () => 1;
    const finish = () => {
      tuner.weight = 0.1;
    };
    expect(await trainGuarded(context, LAST, pair, { finish })).toMatchObject({ rolledBack: 0 });
  });

  it("whose loss leaves the numbers had too high a rate", async () => {
    const { tuner, context } = await guarded();
    tuner.learned = ({ learningRate }) => {
      if (learningRate > 0.4) throw Object.assign(new Error("NaN"), { code: "ERR_NONFINITE" });
      return 0.1;
    };
    expect(await trainGuarded(context, 0, pair)).toMatchObject({ accepted: true, rolledBack: 2 });
  });
});

describe("the end of guarded work", () => {
  it("takes no more of the way back than it must", async () => {
    const { tuner, guard } = await guarded();
    // Of the way from 0.1 to 0.111, nine tenths are within 0.11.
    tuner.weight = 0.111;
    expect((await guard.settle(() => {})).share).toBe(0.9);
    expect(tuner.weight).toBeCloseTo(0.1099, 6);
    expect((await guard.settle(() => {})).share).toBe(1);
    expect(tuner.weight).toBeCloseTo(0.1099, 6);
  });

  it.each([
    // Four fifths of the way to the first are within 0.11, to the second just not.
    [0.1124, 0.8, 0.10992],
    [0.1126, 0, 0.1],
    [0.5, 0, 0.1],
  ])(
    "takes everything back where four fifths of the way are too much: %s",
    async (weight, share, settled) => {
      const { tuner, guard } = await guarded();
      tuner.weight = weight;
      const end = await guard.settle(() => {});
      expect(end.share).toBe(share);
      expect(tuner.weight).toBeCloseTo(settled, 6);
      expect(end.error.relative).toBeCloseTo(settled, 6);
    },
  );

  it("finishes what it mixes before it judges it", async () => {
    const { tuner, guard } = await guarded();
    tuner.weight = 0.5;
    // A neuron that is off stays off, whatever share of the file's weights comes back.
    const { share } = await guard.settle(() => {
      tuner.weight = 0.105;
    });
    expect(share).toBe(0.95);
    expect(tuner.weight).toBe(0.105);
  });
});

describe("a growth that some images show", () => {
  const twenty = evenSet(20);
  /** Every other image errs by twice the growth, the others not at all: the standard error is 0.229 of the growth. */
  const scattered = (weight: number, image: number) => 0.1 + (weight - 0.1) * (image % 2 === 0 ? 2 : 0);

  it("takes nothing back where the choice of images explains what is beyond the bound", async () => {
    const { tuner, guard } = await guarded(twenty, { errorOf: scattered });
    // Half as much again as the bound, of which 1.645 standard errors leave 0.0093.
    tuner.weight = 0.115;
    const { share, error } = await guard.settle(() => {});
    expect(error.relative).toBeGreaterThan(guard.allowed);
    expect(share).toBe(1);
    expect(tuner.weight).toBe(0.115);
    expect(guard.exceeds(error)).toBe(false);
    expect(guard.exceeds(error, 0.9)).toBe(true);
  });

  it("is taken back as far as the choice of images does not explain it", async () => {
    const { tuner, guard } = await guarded(twenty, { errorOf: scattered });
    // 0.623 × 0.018 is beyond the bound, and so are .95 and .9 of it.
    tuner.weight = 0.118;
    expect((await guard.settle(() => {})).share).toBe(0.85);
    expect(tuner.weight).toBeCloseTo(0.1153, 6);
    tuner.weight = 0.121;
    expect((await guard.settle(() => {})).share).toBe(0);
    expect(tuner.weight).toBeCloseTo(0.1, 6);
  });

  it("rolls a round back only where it is more than the choice of images explains", async () => {
    const { tuner, context } = await guarded(twenty, { errorOf: scattered });
    // The last round may exceed the bound twice; 0.623 × 0.03 does not.
    tuner.learned = () => 0.13;
    expect(await trainGuarded(context, LAST, twenty)).toMatchObject({ accepted: true, rolledBack: 0 });
    tuner.weight = 0.1;
    tuner.learned = () => 0.135;
    expect(await trainGuarded(context, LAST, twenty)).toMatchObject({ accepted: false, rolledBack: 3 });
  });

  it("of exactly the bound, over all images that there could be, is taken for more in one of twenty choices", async () => {
    const count = 100;
    const choices = 2000;
    const random = new RandomStream(testSeed, count);
    const chosen = evenSet(count);
    let taken = 0;
    for (let choice = 0; choice < choices; choice++) {
      const errors = Array.from({ length: count }, () => random.uniform(0.05, 0.15));
      const { guard } = await guarded(chosen, { errorOf: (_, image) => errors[image] ?? 0 });
      const grown = errors.map((error) => 1.1 * error + random.uniform(-0.04, 0.04));
      if (guard.exceeds(errorIn(chosen, (image) => grown[image] ?? 0))) taken++;
    }
    // Four deviations of a share of 5 % in 2,000 are 2 %.
    expect(taken / choices).toBeGreaterThan(0.03);
    expect(taken / choices).toBeLessThan(0.07);
  });
});

describe("an error that no choice of images excuses", () => {
  it.each([Number.NaN, Number.POSITIVE_INFINITY])("is one that is %s", async (value) => {
    const { guard } = await guarded();
    expect(guard.exceeds(errorOf(value))).toBe(true);
  });

  it("is one of more than four times the bound, though it comes from a few images alone", async () => {
    const twenty = evenSet(20);
    const { guard } = await guarded(twenty);
    const ruined = (by: number) => errorIn(twenty, (image) => (image < 2 ? 0.1 + by : 0.1));
    // A bound of a tenth: .039 on average is less than four times it, .041 more.
    expect(guard.exceeds(ruined(0.39))).toBe(false);
    expect(guard.exceeds(ruined(0.41))).toBe(true);
  });
});

describe("a growth as it is reported", () => {
  it("is a share of the error before, and without an interval where all images tell the same", async () => {
    const { guard } = await guarded();
    const { growth, growthInterval, withinBound } = guard.growth(errorOf(0.13));
    expect(growth).toBeCloseTo(0.3, 6);
    expect([withinBound, guard.growth(errorOf(0.109)).withinBound]).toEqual([false, true]);
    for (const end of growthInterval) expect(end).toBeCloseTo(0.3, 6);
    expect(guard.growth(errorOf(0.08)).growth).toBeCloseTo(-0.2, 6);
  });

  it("has 1.96 standard errors on either side", async () => {
    const twenty = evenSet(20);
    const { guard } = await guarded(twenty);
    const error = errorIn(twenty, (image) => (image % 2 === 0 ? 0.14 : 0.1));
    const { growth, growthInterval } = guard.growth(error);
    // Half of the images grew by .4 and half by nothing: a deviation of .2 × √(20/19), over √20.
    const wide = (1.96 * 0.2) / Math.sqrt(19);
    expect(growth).toBeCloseTo(0.2, 5);
    expect(growthInterval[0]).toBeCloseTo(0.2 - wide, 5);
    expect(growthInterval[1]).toBeCloseTo(0.2 + wide, 5);
  });

  it("is in deviations of the labels where these are the model's own answers, which it meets before", async () => {
    const tuner = new StubTuner(pair);
    tuner.weight = 0;
    const guard = await Guard.of(tuner.native, pair, 0.05, true);
    expect(guard.before.relative).toBe(0);
    expect(guard.allowed).toBeCloseTo(0.1, 9);
    expect(guard.growth(errorOf(0.07)).growth).toBeCloseTo(0.07, 6);
  });

  it("of a model that made no error before is finite", async () => {
    const tuner = new StubTuner(pair);
    tuner.weight = 0;
    const guard = await Guard.of(tuner.native, pair, 0.05, false);
    expect(guard.growth(errorOf(0.07)).growth).toBeCloseTo(0.07, 6);
    expect(guard.exceeds(errorOf(0.001))).toBe(true);
  });
});
