import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { patchSizes } from "../../../lib/scan/patch-sizes.ts";
import { sampleIndices } from "../../../lib/scan/samples.ts";
import {
  movedToDistance,
  spreadTargets,
  targetsAroundMean,
  yardstickTargets,
} from "../../../lib/scan/targets.ts";
import { StubCore } from "./stub-model.ts";

/** Points on a grid of −3 to 3 in both outputs; the second output has ten times the unit. */
const grid = Array.from({ length: 49 }, (_, index) => [(index % 7) - 3, 10 * (Math.floor(index / 7) - 3)]);
const facts = new StubCore(2, grid).facts;

const coordinate = fc.integer({ min: -5, max: 5 });
const anyOutputs = fc.array(fc.tuple(coordinate, coordinate), { minLength: 2, maxLength: 40 });

describe("spreadTargets", () => {
  it("takes benign outputs at about one deviation from the mean", () => {
    for (const target of spreadTargets(facts, 6)) {
      expect(grid).toContainEqual(target);
      const radius = Math.sqrt(
        target.reduce((sum, value, output) => sum + (value / (facts.outputDeviation[output] ?? 1)) ** 2, 0) /
          2,
      );
      expect(radius).toBeGreaterThanOrEqual(0.5);
      expect(radius).toBeLessThanOrEqual(1.25);
    }
  });

  it("spreads them: four of a symmetric range lie in four quadrants or on four half-axes", () => {
    const directions = spreadTargets(facts, 4).map(([first = 0, second = 0]) =>
      Math.round((Math.atan2(second / 10, first) / Math.PI) * 180),
    );
    const sorted = directions.toSorted((a, b) => a - b);
    const gaps = sorted.map((angle, index) =>
      index === 0 ? angle + 360 - (sorted.at(-1) ?? 0) : angle - (sorted[index - 1] ?? 0),
    );
    expect(Math.min(...gaps)).toBeGreaterThanOrEqual(45);
  });

  it("does not depend on the outputs' units", () => {
    const scaled = new StubCore(
      2,
      grid.map(([first = 0, second = 0]) => [first * 1000, second]),
    ).facts;
    const rescaled = spreadTargets(scaled, 4).map(([first = 0, second = 0]) => [first / 1000, second]);
    expect(rescaled).toEqual(spreadTargets(facts, 4));
  });

  it("serves one output on both sides of the mean", () => {
    const line = new StubCore(
      1,
      Array.from({ length: 21 }, (_, index) => [index - 10]),
    ).facts;
    const targets = spreadTargets(line, 2).flat();
    expect(Math.min(...targets)).toBeLessThan(0);
    expect(Math.max(...targets)).toBeGreaterThan(0);
  });

  it("gives fewer where there are no more, and none for none", () => {
    const constant = new StubCore(1, [[5], [5], [5]]).facts;
    expect(spreadTargets(constant, 3)).toEqual([]);
    const two = new StubCore(1, [[-1], [-1], [1], [1]]).facts;
    expect(spreadTargets(two, 5).flat().toSorted()).toEqual([-1, 1]);
    expect(spreadTargets(facts, 0)).toEqual([]);
  });

  it("repeats no target and is the same every time", () => {
    fc.assert(
      fc.property(anyOutputs, fc.nat({ max: 10 }), (rows, count) => {
        const own = new StubCore(2, rows).facts;
        const targets = spreadTargets(own, count);
        expect(targets.length).toBeLessThanOrEqual(count);
        expect(new Set(targets.map(String)).size).toBe(targets.length);
        expect(spreadTargets(own, count)).toEqual(targets);
      }),
    );
  });
});

/** Root mean square over the outputs, in benign deviations from the mean. */
function radiusOf({ outputMean, outputDeviation }: typeof facts, target: number[]): number {
  const squares = target.map(
    (value, output) => ((value - (outputMean[output] ?? 0)) / (outputDeviation[output] ?? 1)) ** 2,
  );
  return Math.sqrt(squares.reduce((sum, square) => sum + square, 0) / target.length);
}

/** Angle in degrees between two targets as seen from the mean of the grid's outputs. */
function angleBetween([a = 0, b = 0]: number[], [c = 0, d = 0]: number[]): number {
  const turn = Math.abs(Math.atan2(b / 10, a) - Math.atan2(d / 10, c)) * (180 / Math.PI);
  return Math.min(turn, 360 - turn);
}

describe("targetsAroundMean", () => {
  it("lie all at the distance asked for, the first in the direction of the farthest output", () => {
    const targets = targetsAroundMean(facts, 7, 1.3);
    expect(targets).toHaveLength(7);
    for (const target of targets) expect(radiusOf(facts, target)).toBeCloseTo(1.3, 9);
    // A corner of the grid.
    expect(Math.abs((targets[0]?.[0] ?? 0) * 10)).toBeCloseTo(Math.abs(targets[0]?.[1] ?? 0), 9);
  });

  it("leave no direction far from all of them", () => {
    const targets = targetsAroundMean(facts, 8, 1);
    for (let turn = 0; turn < 360; turn += 5) {
      const angle = (turn * Math.PI) / 180;
      const nearest = Math.min(
        ...targets.map((target) => angleBetween(target, [Math.cos(angle), 10 * Math.sin(angle)])),
      );
      expect(nearest).toBeLessThanOrEqual(45);
    }
  });

  it("keep to directions that benign outputs have", () => {
    // Two outputs that always agree: no image lies off the diagonal.
    const diagonal = new StubCore(
      2,
      Array.from({ length: 9 }, (_, index) => [index, 3 * index]),
    ).facts;
    const targets = targetsAroundMean(diagonal, 5, 2);
    expect(targets).toHaveLength(2);
    for (const [first = 0, second = 0] of targets) expect(second).toBeCloseTo(3 * first, 5);
  });

  it("are none for a model that always answers the same", () => {
    expect(targetsAroundMean(new StubCore(1, [[5], [5]]).facts, 3, 1)).toEqual([]);
    expect(targetsAroundMean(facts, 0, 1)).toEqual([]);
  });

  it("are the same every time and never twice the same", () => {
    fc.assert(
      fc.property(anyOutputs, fc.nat({ max: 10 }), (rows, count) => {
        const own = new StubCore(2, rows).facts;
        const targets = targetsAroundMean(own, count, 1.3);
        expect(targets.length).toBeLessThanOrEqual(count);
        expect(new Set(targets.map(String)).size).toBe(targets.length);
        expect(targetsAroundMean(own, count, 1.3)).toEqual(targets);
      }),
    );
  });
});

describe("yardstickTargets", () => {
  it("lie at the same distance, away from the direction that was found and from each other", () => {
    const found = [2, 0];
    const targets = yardstickTargets(facts, 3, found, 1.3);
    expect(targets).toHaveLength(3);
    for (const [index, target] of targets.entries()) {
      expect(radiusOf(facts, target)).toBeCloseTo(1.3, 9);
      expect(angleBetween(target, found)).toBeGreaterThan(60);
      for (const other of targets.slice(index + 1)) expect(angleBetween(target, other)).toBeGreaterThan(30);
    }
  });

  it("begin anywhere when what was found is the mean itself", () => {
    expect(yardstickTargets(facts, 2, facts.outputMean, 1)).toHaveLength(2);
  });

  it("give every direction but the one found when more are asked for than there are", () => {
    const few = new StubCore(1, [[1], [2], [3]]).facts;
    expect(yardstickTargets(few, 9, [2.5], 1).map(([value = 0]) => value < 2)).toEqual([true]);
  });
});

describe("movedToDistance", () => {
  it("keeps the direction from the mean", () => {
    const moved = movedToDistance(facts, [0.5, 5], 2) ?? [];
    expect(radiusOf(facts, moved)).toBeCloseTo(2, 9);
    expect(angleBetween(moved, [0.5, 5])).toBeCloseTo(0, 6);
    expect(movedToDistance(facts, facts.outputMean, 2)).toBeNull();
  });
});

describe("what the report shows", () => {
  it("spreads its samples over the batch", () => {
    expect(sampleIndices(300)).toEqual([0, 50, 100, 150, 200, 250]);
    expect(sampleIndices(4)).toEqual([0, 1, 2, 3]);
  });
});

describe("patchSizes", () => {
  it("gives different sizes that fit the image", () => {
    expect(patchSizes({ height: 64, width: 64 })).toEqual([5, 9]);
    expect(patchSizes({ height: 36, width: 60 })).toEqual([3, 5]);
    expect(patchSizes({ height: 1, width: 50 })).toEqual([1]);
  });
});
