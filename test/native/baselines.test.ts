import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { firstInconsistency } from "../../lib/evidence/consistency.ts";
import { evidenceSchema } from "../../lib/evidence/schema.ts";
import { imagesFromArray } from "../../lib/images/index.ts";
import type { BaselineProgress, NativeBaselinePlan } from "../../lib/native/addon.ts";
import { renderFaces } from "../../lib/render/index.ts";
import { loadModel, scan } from "../../lib/scan/index.ts";
import { judge } from "../../lib/verdict/judge.ts";
import { openResnetSession } from "./resnet-session.ts";

const neuralCleanse = {
  kind: "neural-cleanse",
  tolerance: 0.02,
  learningRate: 0.1,
  initialCost: 0.001,
  patience: 5,
  costMultiplier: 2,
} as const;

const featureReverse = {
  kind: "feature-re",
  learningRate: 0.001,
  maskLearningRate: 0.1,
  width: 4,
  warmUp: 0.25,
  pixelBound: 0.15,
  deviationBound: 1,
  maskBound: 0.03,
} as const;

const shortPlan = (method: NativeBaselinePlan["method"]): NativeBaselinePlan => ({
  method,
  targets: [
    [0, 0],
    [0.2, 0.1],
  ],
  steps: 8,
  batchSize: 8,
  seed: 11,
  threads: 1,
  samples: [1, 4],
});

describe("the addon's baselines", () => {
  it.each([neuralCleanse, featureReverse])("return what addon.ts promises ($kind)", async (method) => {
    using session = await openResnetSession();
    const seen: BaselineProgress[] = [];
    const result = await session.baseline(shortPlan(method), { onProgress: (point) => seen.push(point) });
    expect(result.outcomes).toHaveLength(2);
    expect(result.curve.map(({ step }) => step)).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
    expect(seen).toEqual(result.curve);
    for (const point of result.curve) expect(point.statistic).toHaveLength(2);
    const cleanse = method.kind === "neural-cleanse";
    const best = result.outcomes[result.best];
    expect(result.mask).toHaveLength(cleanse ? 32 * 32 : 64);
    expect(result.pattern).toHaveLength(cleanse ? 3 * 32 * 32 : 0);
    expect(best?.maskShare).toBeCloseTo(
      result.mask.reduce((sum, value) => sum + value, 0) / result.mask.length,
    );
    expect(best?.feature === null).toBe(cleanse);
    expect(result.triggeredSamples).toHaveLength(2 * 3 * 32 * 32);
    expect(result.triggeredOutputs).toHaveLength(4);
    expect(best?.target).toHaveLength(2);
  });

  it.each([
    [{ ...neuralCleanse, kind: "strip" }, "unknown baseline 'strip'"],
    [{ ...neuralCleanse, patience: 1.5 }, "'patience'"],
    [{ ...featureReverse, width: 5 }, "width"],
    [{ ...featureReverse, warmUp: Number.NaN }, "'warmUp'"],
  ])("refuse a method of %j", async (method, part) => {
    using session = await openResnetSession();
    const plan = shortPlan(method as NativeBaselinePlan["method"]);
    await expect(session.baseline(plan)).rejects.toMatchObject({
      code: "ERR_CONFIG",
      message: expect.stringContaining(part),
    });
  });

  it("refuse targets that are no numbers", async () => {
    using session = await openResnetSession();
    const plan = { ...shortPlan(neuralCleanse), targets: [["a", 1]] } as unknown as NativeBaselinePlan;
    await expect(session.baseline(plan)).rejects.toMatchObject({ code: "ERR_CONFIG" });
  });
});

describe("a scan of the demo's models", () => {
  it.each([
    ["badnets", "neural-cleanse"],
    ["benign", "neural-cleanse"],
    ["badnets", "feature-re"],
    ["benign", "feature-re"],
  ] as const)("measures the %s model by %s", async (name, method) => {
    const { pixels, count, size } = renderFaces({ count: 40, seed: 404, size: 48, people: 40 });
    const images = await imagesFromArray({ layout: "nhwc", data: pixels, shape: [count, size, size, 3] });
    const path = fileURLToPath(new URL(`../../demo/models/${name}-gaze.pt`, import.meta.url));
    const truth = JSON.parse(readFileSync(path.replace(/\.pt$/, ".json"), "utf8"));
    expect(truth.condition).toBe(name);
    const model = await loadModel(path);
    try {
      const short = { starts: 2, steps: 12, batchSize: 8 };
      const plan = { method, threads: 1, neuralCleanse: short, featureRe: { ...short, width: 4 } };
      const evidence = await scan(model, images, { plan });
      expect(evidenceSchema.parse(JSON.parse(JSON.stringify(evidence)))).toEqual(evidence);
      expect(firstInconsistency(evidence)).toBeNull();
      expect(evidence.baseline?.starts).toHaveLength(2);
      expect(evidence.reversedTrigger?.samples).toHaveLength(6);
      expect(judge(evidence).score).toBeGreaterThan(0);
    } finally {
      model.dispose();
    }
  });
});
