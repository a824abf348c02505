import { describe, expect, it } from "vitest";
import { joinedProgress, type ScanProgress } from "../../../lib/scan/progress.ts";

const point = (step: number, cost: number[], collapse: number[], rav: number[] = []) => ({
  step,
  steps: 10,
  loss: cost,
  cost,
  collapse,
  rav,
});

function listened(shares: { steps: number; starts: number }[]) {
  const seen: ScanProgress[] = [];
  const listeners = joinedProgress(shares, 0.02, (progress) => seen.push(progress));
  return { seen, listeners };
}

describe("joinedProgress", () => {
  it("counts the steps of all inversions, and weighs them by their starts", () => {
    const { seen, listeners } = listened([
      { steps: 10, starts: 6 },
      { steps: 20, starts: 2 },
    ]);
    listeners[0]?.(point(5, [1], [1]));
    listeners[1]?.(point(10, [1], [1]));
    listeners[1]?.(point(20, [1], [1]));
    expect(seen.map(({ done, total, fraction }) => [done, total, fraction])).toEqual([
      [5, 30, 0.3],
      [20, 30, 0.8],
      [30, 30, 1],
    ]);
  });

  it("shows the most collapsed start while none has collapsed, then the cheapest that has", () => {
    const { seen, listeners } = listened([{ steps: 10, starts: 3 }]);
    listeners[0]?.(point(1, [0.3, 0.2, 0.1], [0.5, 0.4, 0.9], [0.6, 0.7, 0.8]));
    listeners[0]?.(point(2, [0.3, 0.2, 0.1], [0.01, 0.02, 0.9], [0.6, 0.7, 0.8]));
    expect(seen.map(({ cost, collapse, rav }) => [cost, collapse, rav])).toEqual([
      [0.2, 0.4, 0.7],
      [0.2, 0.02, 0.7],
    ]);
  });

  it("leaves out the RAV of a model without a head", () => {
    const { seen, listeners } = listened([{ steps: 10, starts: 1 }]);
    listeners[0]?.(point(1, [0.3], [0.5]));
    expect(seen[0]).not.toHaveProperty("rav");
  });
});
