import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { patchSizes } from "../../../lib/scan/contrast.ts";
import { sampleIndices } from "../../../lib/scan/samples.ts";
import { forcedTargets, spreadTargets } from "../../../lib/scan/targets.ts";
import { StubCore } from "./stub-model.ts";

/** Points on a grid of −3 to 3 in both outputs; the second output has ten times the unit. */
const grid = Array.from({ length: 49 }, (_, index) => [(index % 7) - 3, 10 * (Math.floor(index / 7) - 3)]);
const facts = new StubCore(2, grid).facts;

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
      fc.property(
        fc.array(fc.tuple(fc.integer({ min: -5, max: 5 }), fc.integer({ min: -5, max: 5 })), {
          minLength: 2,
          maxLength: 40,
        }),
        fc.nat({ max: 10 }),
        (rows, count) => {
          const own = new StubCore(2, rows).facts;
          const targets = spreadTargets(own, count);
          expect(targets.length).toBeLessThanOrEqual(count);
          expect(new Set(targets.map(String)).size).toBe(targets.length);
          expect(spreadTargets(own, count)).toEqual(targets);
        },
      ),
    );
  });
});

describe("forcedTargets", () => {
  it("stays away from what was found, and from each other", () => {
    const outputs = Array.from({ length: 41 }, (_, index) => [
      (index - 20) / 10,
      ((index * 7) % 41) / 20 - 1,
    ]);
    const { facts } = new StubCore(2, outputs);
    const found = outputs[0] as number[];
    const targets = forcedTargets(facts, 3, found);
    const deviations = (a: number[], b: number[]) =>
      Math.hypot(...a.map((value, index) => (value - (b[index] ?? 0)) / (facts.outputDeviation[index] ?? 1)));
    expect(targets).toHaveLength(3);
    for (const [index, target] of targets.entries()) {
      expect(deviations(target, found)).toBeGreaterThan(1);
      for (const other of targets.slice(index + 1)) expect(deviations(target, other)).toBeGreaterThan(0.5);
    }
    expect(forcedTargets(facts, 3, found)).toEqual(targets);
  });

  it("gives every output but the one that was found when more are asked for than there are", () => {
    const few = new StubCore(1, [[1], [2], [3]]).facts;
    expect(forcedTargets(few, 9, [2]).flat().toSorted()).toEqual([1, 3]);
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
