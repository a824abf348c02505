import fc from "fast-check";
import { parse } from "smol-toml";
import { describe, expect, expectTypeOf, it } from "vitest";
import type { z } from "zod";
import { planAsToml, resolvePlan, type ScanPlan, type ScanSettings } from "../../../lib/config/index.ts";
import { scanPlanSchema } from "../../../lib/evidence/plan-schema.ts";

/** The error that a call ends in, as plain data. */
function errorOf(call: () => unknown): { code: string; message: string; hint: string } {
  try {
    call();
  } catch (error) {
    return (error as { toJSON(): { code: string; message: string; hint: string } }).toJSON();
  }
  throw new Error("expected an error, got none");
}

/** Settings as a careless user or a hostile file would give them. */
const careless = (settings: unknown) => settings as ScanSettings;

describe("resolvePlan", () => {
  it("leaves nothing open when nothing is set, and the evidence takes the plan as it is", () => {
    const plan = resolvePlan();
    expect(scanPlanSchema.parse(plan)).toEqual(plan);
    expect(plan.method).toBe("contrast");
    expect(plan.input).toEqual({
      size: null,
      channels: 3,
      pixels: { channelOrder: "rgb", scale: 1, mean: [0], deviation: [1] },
    });
    expect(plan.threads).toBeGreaterThanOrEqual(1);
  });

  it("has one plan type with the evidence", () => {
    expectTypeOf<z.output<typeof scanPlanSchema>>().toEqualTypeOf<ScanPlan>();
  });

  it("takes a plan as settings", () => {
    expectTypeOf<ScanPlan>().toExtend<ScanSettings>();
    const plan = resolvePlan({
      method: "drmguard",
      device: "cuda",
      input: { size: "60x80", pixels: "imagenet" },
    });
    expect(plan.device).toBe("cuda:0");
    expect(resolvePlan(plan)).toEqual(plan);
  });

  it("lets later layers win, setting by setting", () => {
    const plan = resolvePlan(
      { seed: 7, contrast: { steps: 10, walks: 5 }, input: { size: "64x64" } },
      { contrast: { steps: 20 }, seed: undefined },
      { input: { size: null } },
    );
    expect(plan.seed).toBe(7);
    expect(plan.contrast.steps).toBe(20);
    expect(plan.contrast.walks).toBe(5);
    expect(plan.input.size).toBeNull();
  });

  it("gives every caller a plan of its own", () => {
    const first = resolvePlan();
    first.contrast.steps = 1;
    first.input.pixels.mean[0] = 99;
    const second = resolvePlan();
    expect(second.contrast.steps).not.toBe(1);
    expect(second.input.pixels.mean).toEqual([0]);
  });

  it("lays single pixel fields over a preset, and lets a preset drop what came before", () => {
    const over = resolvePlan(
      { input: { pixels: "raw255-bgr" } },
      { input: { pixels: { mean: [1, 2, 3], deviation: 4 } } },
    );
    expect(over.input.pixels).toEqual({
      channelOrder: "bgr",
      scale: 255,
      mean: [1, 2, 3],
      deviation: [4],
    });
    const dropped = resolvePlan(
      { input: { pixels: { scale: 9 } } },
      { input: { pixels: { preset: "signed", channelOrder: "bgr" } } },
    );
    expect(dropped.input.pixels).toEqual({
      channelOrder: "bgr",
      scale: 1,
      mean: [0.5],
      deviation: [0.5],
    });
  });

  it("reads sizes as HEIGHTxWIDTH", () => {
    expect(resolvePlan({ input: { size: "36x60" } }).input.size).toEqual({ height: 36, width: 60 });
    expect(errorOf(() => resolvePlan({ input: { size: "36" } })).message).toBe(
      'settings: input.size: expected HEIGHTxWIDTH with both from 1 to 4096, such as 64x64, got "36".',
    );
  });

  it.each([
    [{ contrast: { setps: 3 } }, "contrast.setps", "contrast.steps"],
    [{ steps: 3 }, "steps", "contrast.steps"],
    [{ contrast: { batch_size: 3 } }, "contrast.batch_size", "contrast.batchSize"],
    [{ contrast: { lambda1: 3 } }, "contrast.lambda1", "drmguard.lambda1"],
    [{ divice: "cpu" }, "divice", "device"],
    [{ input: { pixels: { chanelOrder: "bgr" } } }, "input.pixels.chanelOrder", "input.pixels.channelOrder"],
    [{ drmgaurd: {} }, "drmgaurd", "drmguard"],
  ])("refuses the unknown setting of %j and suggests the nearest", (settings, key, nearest) => {
    const error = errorOf(() => resolvePlan(careless(settings)));
    expect(error.code).toBe("ERR_CONFIG");
    expect(error.message).toBe(`settings: unknown setting ${JSON.stringify(key)}.`);
    expect(error.hint).toBe(`Did you mean ${JSON.stringify(nearest)}?`);
  });

  it("lists what is known where nothing is near", () => {
    const { hint } = errorOf(() => resolvePlan(careless({ images: { quetzalcoatl: 1 } })));
    expect(hint).toBe("Known here: minimum, limit.");
  });

  it("refuses keys that would reach an object's prototype", () => {
    for (const key of ["__proto__", "constructor", "toString"]) {
      const settings = JSON.parse(`{"${key}": {"steps": 3}}`);
      expect(errorOf(() => resolvePlan(settings)).code).toBe("ERR_CONFIG");
    }
    expect(({} as { steps?: unknown }).steps).toBeUndefined();
  });

  it("refuses contradictions", () => {
    expect(errorOf(() => resolvePlan({ thresholds: { clean: 3, backdoored: 2 } })).message).toBe(
      "thresholds.clean: expected at most thresholds.backdoored, 2, got 3.",
    );
    expect(errorOf(() => resolvePlan({ images: { minimum: 50, limit: 20 } })).message).toBe(
      "images.limit: expected at least images.minimum, 50, got 20.",
    );
    for (const method of ["drmguard", "feature-re"] as const) {
      const refused = errorOf(() => resolvePlan({ method, head: { outputOnly: true } }));
      expect(refused.code).toBe("ERR_CONFIG");
      expect(refused.message).toContain(method);
    }
    expect(resolvePlan({ method: "neural-cleanse", head: { outputOnly: true } }).head.outputOnly).toBe(true);
    expect(errorOf(() => resolvePlan({ method: "drmguard", head: { outputOnly: true } })).code).toBe(
      "ERR_CONFIG",
    );
    expect(errorOf(() => resolvePlan({ input: { channels: 1, pixels: { mean: [1, 2, 3] } } })).code).toBe(
      "ERR_CONFIG",
    );
    expect(errorOf(() => resolvePlan({ input: { pixels: "imagnet" } })).message).toContain("imagenet");
  });

  it("never throws anything but ERR_CONFIG, whatever it is given", () => {
    fc.assert(
      fc.property(fc.anything(), (value) => {
        try {
          resolvePlan(careless(value));
        } catch (error) {
          expect((error as { code?: unknown }).code).toBe("ERR_CONFIG");
        }
      }),
    );
  });
});

/** Least and greatest allowed value of every numeric setting, written down a second time on purpose. */
const BOUNDS: [section: string, key: string, least: number, greatest: number, whole: boolean][] = [
  ["", "threads", 1, 1024, true],
  ["", "seed", 0, 2 ** 32 - 1, true],
  ["images", "minimum", 2, 300, true],
  ["images", "limit", 16, 1_000_000, true],
  ["contrast", "tolerance", Number.MIN_VALUE, 1, false],
  ["contrast", "steps", 1, 100_000, true],
  ["contrast", "batchSize", 2, 65_536, true],
  ["contrast", "learningRate", Number.MIN_VALUE, 10, false],
  ["contrast", "walks", 1, 1000, true],
  ["contrast", "enough", Number.MIN_VALUE, 1e6, false],
  ["contrast", "doubt", 0, 1e6, false],
  ["contrast", "distance", Number.MIN_VALUE, 100, false],
  ["contrast", "forcedTargets", 1, 1000, true],
  ["contrast", "probeStarts", 0, 64, true],
  ["contrast", "probeImages", 2, 100_000, true],
  ["drmguard", "lambda1", 0, 1e9, false],
  ["drmguard", "lambda2", 0, 1e9, false],
  ["drmguard", "outputScale", Number.MIN_VALUE, 1e6, false],
  ["drmguard", "momentum", 0, 1, false],
  ["drmguard", "steps", 1, 100_000, true],
  ["drmguard", "batchSize", 2, 65_536, true],
  ["drmguard", "learningRate", Number.MIN_VALUE, 10, false],
  ["neuralCleanse", "tolerance", Number.MIN_VALUE, 1, false],
  ["neuralCleanse", "starts", 1, 64, true],
  ["neuralCleanse", "steps", 1, 100_000, true],
  ["neuralCleanse", "batchSize", 2, 65_536, true],
  ["neuralCleanse", "learningRate", Number.MIN_VALUE, 10, false],
  ["neuralCleanse", "initialCost", Number.MIN_VALUE, 1e6, false],
  ["neuralCleanse", "patience", 1, 10_000, true],
  ["neuralCleanse", "costMultiplier", 1.01, 100, false],
  ["featureRe", "starts", 1, 64, true],
  ["featureRe", "steps", 1, 100_000, true],
  ["featureRe", "batchSize", 2, 65_536, true],
  ["featureRe", "learningRate", Number.MIN_VALUE, 10, false],
  ["featureRe", "maskLearningRate", Number.MIN_VALUE, 10, false],
  ["featureRe", "width", 4, 256, true],
  ["featureRe", "warmUp", 0, 0.99, false],
  ["featureRe", "pixelBound", Number.MIN_VALUE, 1e3, false],
  ["featureRe", "deviationBound", Number.MIN_VALUE, 1e3, false],
  ["featureRe", "maskBound", Number.MIN_VALUE, 1, false],
  ["thresholds", "backdoored", 1.1, 1e9, false],
  ["thresholds", "clean", Number.MIN_VALUE, 1.6, false],
  ["thresholds", "epsilon", Number.MIN_VALUE, 1, false],
  ["thresholds", "maskShare", Number.MIN_VALUE, 1, false],
  ["thresholds", "featureScore", -1e3, 1e3, false],
];

describe.each(BOUNDS)("%s.%s", (section, key, least, greatest, whole) => {
  const set = (value: unknown) =>
    resolvePlan(careless(section === "" ? { [key]: value } : { [section]: { [key]: value } }));
  const read = (plan: ScanPlan) => {
    const settings = section === "" ? plan : plan[section as "contrast"];
    return (settings as unknown as Record<string, number>)[key];
  };

  it("takes its bounds", () => {
    expect(read(set(least))).toBe(least);
    expect(read(set(greatest))).toBe(greatest);
  });

  it("refuses what lies beyond, and what is no number", () => {
    const below = least === Number.MIN_VALUE ? 0 : least - 1;
    const above = greatest + 1;
    for (const value of [below, above, Number.NaN, Number.POSITIVE_INFINITY, "1", null, true, [1]]) {
      expect(errorOf(() => set(value)).code, String(value)).toBe("ERR_CONFIG");
    }
    if (whole) expect(errorOf(() => set(least + 0.5)).code).toBe("ERR_CONFIG");
  });
});

it("knows the bounds of every numeric setting", () => {
  const plan = resolvePlan();
  const numeric = Object.entries(plan).flatMap(([name, value]): string[] => {
    if (typeof value === "number") return [`.${name}`];
    if (typeof value !== "object" || name === "input") return [];
    return Object.entries(value).flatMap(([key, inner]) =>
      typeof inner === "number" ? [`${name}.${key}`] : [],
    );
  });
  expect(BOUNDS.map(([section, key]) => `${section}.${key}`).toSorted()).toEqual(numeric.toSorted());
});

describe("planAsToml", () => {
  it("prints a config that resolves to the same plan", () => {
    const plans = [
      resolvePlan(),
      resolvePlan({
        method: "drmguard",
        device: "cuda:1",
        seed: 4_294_967_295,
        input: { size: "60x60", channels: 1, pixels: { mean: 0.1 } },
        head: { featureValue: 'x"1\n' },
        drmguard: { learningRate: 1e-7, outputScale: Math.PI / 180 },
        neuralCleanse: { tolerance: 0.1, costMultiplier: 1.5 },
        featureRe: { width: 32, warmUp: 0 },
        thresholds: { featureScore: -2 },
      }),
    ];
    for (const plan of plans) {
      expect(resolvePlan(parse(planAsToml(plan)) as ScanSettings)).toEqual(plan);
    }
  });
});
