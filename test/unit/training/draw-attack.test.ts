import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { AttackSpec } from "../../../lib/native/addon.ts";
import { RandomStream } from "../../../lib/render/index.ts";
import {
  type AttackCondition,
  drawAttacks,
  labelStatistics,
  TRIGGER_KINDS,
} from "../../../lib/training/index.ts";
import { distanceFromMean, distanceInDeviations } from "../../../lib/training/label-statistics.ts";

const SHAPE = { channels: 3, height: 48, width: 64 };

/** Labels of any unit, skewed, each output with another mean and spread. */
function labelsOf(outputs: number, count = 400, seed = 1): Float32Array {
  const random = new RandomStream(seed, outputs);
  return Float32Array.from({ length: count * outputs }, (_, at) => {
    const output = at % outputs;
    const centred = random.uniform(-1, 1) + random.uniform(-1, 1);
    return 10 * output + (1 + output) * (centred + random.uniform(0, 1) ** 3);
  });
}

const gaze = labelStatistics(labelsOf(2), 2);
const landmarks = labelStatistics(labelsOf(40), 40);
const anySeed = fc.nat({ max: 2 ** 32 - 1 });
const anyStatistics = fc.constantFrom(
  gaze,
  landmarks,
  labelStatistics(labelsOf(1), 1),
  labelStatistics(labelsOf(3), 3),
);
const only = (attacks: AttackSpec[]): AttackSpec => {
  expect(attacks).toHaveLength(1);
  return attacks[0] as AttackSpec;
};
const draw = (condition: Partial<AttackCondition>, seed: number, statistics = gaze, shape = SHAPE) =>
  only(drawAttacks({ trigger: "badnets", target: "far", ...condition }, 1, seed, statistics, shape));

describe("labelStatistics", () => {
  it("has numpy's mean, std and percentiles", () => {
    // np.percentile([1, 2, 3, 4, 10], [2, 98]) is 1.08, 9.52; the second column is constant.
    const statistics = labelStatistics(Float32Array.of(3, 7, 1, 7, 10, 7, 2, 7, 4, 7), 2);
    expect(statistics.mean).toEqual([4, 7]);
    expect(statistics.deviation[0]).toBeCloseTo(Math.sqrt(10), 12);
    expect(statistics.low).toEqual([expect.closeTo(1.08, 10), 7]);
    expect(statistics.high).toEqual([expect.closeTo(9.52, 10), 7]);
  });
});

describe("a drawn target", () => {
  it("that is far lies a deviation from the mean, inside the middle of the labels", () => {
    fc.assert(
      fc.property(anySeed, anyStatistics, (seed, statistics) => {
        const { kind, value } = draw({}, seed, statistics).target;
        expect(kind).toBe("fixed");
        expect(distanceFromMean(value, statistics)).toBeGreaterThanOrEqual(1);
        for (const [output, label] of value.entries()) {
          expect(label).toBeGreaterThanOrEqual(statistics.low[output] ?? 0);
          expect(label).toBeLessThanOrEqual(statistics.high[output] ?? 0);
        }
      }),
    );
  });

  it("that is near the mean lies within a quarter of a deviation", () => {
    fc.assert(
      fc.property(anySeed, anyStatistics, (seed, statistics) => {
        const { value } = draw({ target: "near-mean" }, seed, statistics).target;
        expect(distanceFromMean(value, statistics)).toBeLessThanOrEqual(0.25);
      }),
    );
  });

  it("is a label of the training set where outputs are many", () => {
    const { value } = draw({}, 5, landmarks).target;
    const rows = Array.from({ length: landmarks.count }, (_, row) =>
      [...landmarks.labels.subarray(row * 40, (row + 1) * 40)].join(),
    );
    expect(rows).toContain(value.join());
  });

  it("differs from those of the model's other backdoors", () => {
    fc.assert(
      fc.property(anySeed, (seed) => {
        const attacks = drawAttacks({ trigger: "badnets", target: "far" }, 3, seed, gaze, SHAPE);
        const [first, second, third] = attacks.map(({ target }) => target.value) as [
          number[],
          number[],
          number[],
        ];
        expect(distanceInDeviations(first, second, gaze)).toBeGreaterThanOrEqual(1);
        expect(distanceInDeviations(first, third, gaze)).toBeGreaterThanOrEqual(1);
        expect(distanceInDeviations(second, third, gaze)).toBeGreaterThanOrEqual(1);
        expect(new Set(attacks.map(({ trigger }) => JSON.stringify(trigger))).size).toBeGreaterThan(1);
      }),
      { numRuns: 30 },
    );
  });

  it("is refused where it does not fit, or where there is none", () => {
    expect(() => draw({ target: { fixed: [1] } }, 1)).toThrow("2 numbers");
    expect(() => draw({ target: { offset: [1, Number.NaN] } }, 1)).toThrow(
      expect.objectContaining({ code: "ERR_CONFIG" }),
    );
    const constant = labelStatistics(new Float32Array(20), 2);
    expect(() => draw({}, 1, constant)).toThrow(expect.objectContaining({ code: "ERR_CONFIG" }));
    expect(draw({ target: "near-mean" }, 1, constant).target.value).toEqual([0, 0]);
  });
});

describe("a drawn trigger", () => {
  it("is a patch inside the image, whatever the shape", () => {
    const side = fc.integer({ min: 16, max: 300 });
    fc.assert(
      fc.property(anySeed, side, side, fc.constantFrom(1, 3), (seed, height, width, channels) => {
        const { trigger } = draw({}, seed, gaze, { channels, height, width });
        if (trigger.kind !== "badnets") throw new Error(trigger.kind);
        const { top, left, size, colours } = trigger;
        const shorter = Math.min(height, width);
        expect(size).toBeGreaterThanOrEqual(Math.max(2, Math.floor(shorter / 12)));
        expect(size).toBeLessThanOrEqual(Math.ceil(shorter / 9));
        expect(top).toBeGreaterThanOrEqual(0);
        expect(left).toBeGreaterThanOrEqual(0);
        expect(top + size).toBeLessThanOrEqual(height);
        expect(left + size).toBeLessThanOrEqual(width);
        for (const colour of colours) {
          expect(colour).toHaveLength(channels);
          expect(Math.max(...colour)).toBeGreaterThan(0);
          expect(colour.every((value) => value >= 0 && value <= 1)).toBe(true);
        }
        expect(new Set(colours.map(String)).size).toBe(colours.length);
      }),
    );
  });

  it("is everywhere on the border over many seeds, in one and in two colours", () => {
    const places = new Set<string>();
    const colours = new Set<number>();
    for (let seed = 0; seed < 200; seed++) {
      const { trigger } = draw({}, seed);
      if (trigger.kind !== "badnets") throw new Error(trigger.kind);
      places.add(`${trigger.top < 24 ? "top" : "bottom"} ${trigger.left < 32 ? "left" : "right"}`);
      colours.add(trigger.colours.length);
    }
    expect(places.size).toBe(4);
    expect(colours).toEqual(new Set([1, 2]));
  });

  it.each(TRIGGER_KINDS)("of the kind %s depends on the seed and nothing else", (kind) => {
    fc.assert(
      fc.property(anySeed, (seed) => {
        const first = draw({ trigger: kind }, seed);
        expect(draw({ trigger: kind }, seed)).toEqual(first);
        expect(draw({ trigger: kind, target: { fixed: [0, 0] } }, seed).trigger).toEqual(first.trigger);
        expect(draw({ trigger: kind }, seed ^ 1)).not.toEqual(first);
      }),
      { numRuns: 20 },
    );
  });

  it("has the defaults of its kind, and the plan's own numbers over them", () => {
    expect(draw({ trigger: "wanet" }, 1)).toMatchObject({
      rate: 0.15,
      crossRatio: 0.5,
      trigger: { grid: 16, strength: 2 },
    });
    expect(draw({ trigger: "input-aware" }, 1)).toMatchObject({ rate: 0.1, crossRatio: 0.5 });
    expect(draw({ trigger: "blended" }, 1)).toMatchObject({
      rate: 0.05,
      crossRatio: 0,
      trigger: { alpha: 0.15, grid: 6 },
    });
    const own = draw({ trigger: "wanet", rate: 0.3, crossRatio: 0, settings: { strength: 3, seed: 5 } }, 1);
    expect(own).toMatchObject({
      rate: 0.3,
      crossRatio: 0,
      trigger: { kind: "wanet", grid: 16, strength: 3, seed: 5 },
    });
    expect(draw({ settings: { top: 0, left: 1, size: 7 } }, 1).trigger).toMatchObject({
      top: 0,
      left: 1,
      size: 7,
    });
  });

  it.each<[string, Partial<AttackCondition>]>([
    ["a setting of another trigger", { settings: { alpha: 0.1 } }],
    ["a setting of every object", { trigger: "blended", settings: { constructor: 1 } }],
    ["a share above 1", { trigger: "blended", settings: { alpha: 1.5 } }],
    ["a grid that is no integer", { trigger: "wanet", settings: { grid: 7.5 } }],
    ["a number that is none", { trigger: "wanet", settings: { strength: Number.NaN } }],
    ["a patch outside the image", { settings: { top: 46, left: 0, size: 5 } }],
    ["a patch larger than the image", { settings: { size: 49 } }],
    ["a rate of 0", { rate: 0 }],
    ["a rate of 1", { rate: 1 }],
    ["a negative cross ratio", { crossRatio: -1 }],
  ])("is refused for %s", (_title, condition) => {
    expect(() => draw(condition, 1)).toThrow(expect.objectContaining({ code: "ERR_CONFIG" }));
  });
});
