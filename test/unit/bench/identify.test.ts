import { describe, expect, it } from "vitest";
import {
  benchImages,
  benchPlans,
  conditionsOfZoo,
  identificationSchema,
  methodsOfList,
  runIdentify,
} from "../../../lib/bench/index.ts";
import { DrmGuardError } from "../../../lib/errors/index.ts";
import { makeInversions } from "../../fixtures/evidence/make-evidence.ts";
import { CONDITIONS, request, SCORES, scannerOf, temporaryFolder } from "./scored-zoo.ts";
import { IMAGES, makeManifest, readSmallFacts } from "./small-zoo.ts";

describe("identification", () => {
  it("chooses one line on one half of the seeds and reports on the other", async () => {
    const bench = await runIdentify(await request(CONDITIONS, scannerOf(SCORES)));
    expect(bench.halves).toEqual({ choosing: [1, 3], reporting: [0, 2] });
    const [method] = bench.methods;
    expect(method?.threshold?.value).toBeCloseTo(Math.sqrt(1.2 * 4.8));
    expect(method?.threshold?.balancedAccuracy).toBe(1);
    expect(method?.rows.map(({ condition }) => condition)).toEqual(["badnets", "wanet", null]);
    const counts = method?.rows.map(({ chosen }) => [
      chosen?.truePositives,
      chosen?.falsePositives,
      chosen?.falseNegatives,
      chosen?.trueNegatives,
    ]);
    expect(counts).toEqual([
      [2, 1, 0, 1],
      [0, 1, 2, 1],
      [2, 1, 2, 1],
    ]);
    const [badnets, wanet, all] = method?.rows ?? [];
    expect(badnets?.chosen?.accuracy?.value).toBe(0.75);
    expect(badnets?.auc?.value).toBe(1);
    // wanet 2 beats benign 1 of 1 and 3; the one without a score beats none.
    expect(wanet?.auc?.value).toBe(0.25);
    expect(wanet?.unscored).toEqual({ backdoored: 1, benign: 0 });
    expect(wanet?.models).toEqual({ backdoored: 2, benign: 2 });
    expect(all?.modelsAllSeeds).toEqual({ backdoored: 8, benign: 4 });
    // Of 32 pairs only wanet-0 against benign-2, and wanet-2 against all four, are in the wrong order.
    expect(all?.aucAllSeeds?.value).toBe((32 - 1 - 4) / 32);
  });

  it("counts the tool's own verdicts, inconclusive ones apart", async () => {
    const scores = { ...SCORES, "benign-0": 1.6, "badnets-0": 1.6 };
    const plans = benchPlans(
      ["contrast"],
      { channels: 3, unit: "degrees" },
      [{ thresholds: { backdoored: 1.75, clean: 1.5 } }],
      2,
    );
    const bench = await runIdentify(await request(CONDITIONS, scannerOf(scores), { plans }));
    const verdicts = bench.methods[0]?.rows[0]?.verdicts;
    expect(verdicts).toMatchObject({
      truePositives: 1,
      falsePositives: 1,
      falseNegatives: 0,
      trueNegatives: 0,
    });
    expect(verdicts?.inconclusive).toEqual({ backdoored: 1, benign: 1 });
    expect(verdicts?.accuracy?.value).toBe(0.25);
  });

  it("tells how far the recovered target lies from the attacker's, as a share of the label range", async () => {
    const bench = await runIdentify(await request(CONDITIONS, scannerOf(SCORES)));
    const { target } = makeInversions(1, 1)[1] ?? { target: [] };
    // Label ranges are 20, 40 and 10; the attacker's target is (4, 24, 4).
    const [a = 0, b = 0, c = 0] = target;
    const expected = (Math.abs(a - 4) / 20 + Math.abs(b - 24) / 40 + Math.abs(c - 4) / 10) / 3;
    expect(bench.methods[0]?.rows[0]?.targetError?.median).toBeCloseTo(expected, 10);
    expect(bench.methods[0]?.rows[0]?.targetError?.models).toBe(2);
    expect(
      bench.models.filter(({ backdoored }) => !backdoored).every((model) => model.targetError === null),
    ).toBe(true);
  });

  it("has no line when one half has one side only", async () => {
    const bench = await runIdentify(await request({ benign: [0], badnets: [0] }, scannerOf(SCORES)));
    expect(bench.methods[0]?.threshold).toBeNull();
    expect(bench.methods[0]?.rows[0]?.chosen).toBeNull();
    expect(bench.methods[0]?.rows[0]?.auc?.value).toBe(1);
  });

  it("counts a failed scan as a model without a score, names it, and tries it again", async () => {
    const out = await temporaryFolder();
    const broken = { ...SCORES, "badnets-0": new DrmGuardError("ERR_NONFINITE", "The loss is NaN.") };
    const bench = await runIdentify(await request(CONDITIONS, scannerOf(broken), { out }));
    expect(bench.failures).toEqual([
      { method: "contrast", model: "badnets-0", code: "ERR_NONFINITE", message: "The loss is NaN." },
    ]);
    expect(bench.methods[0]?.rows[0]?.chosen?.falseNegatives).toBe(1);
    expect(bench.methods[0]?.rows[0]?.unscored.backdoored).toBe(1);
    const scanned: string[] = [];
    const again = await runIdentify(await request(CONDITIONS, scannerOf(SCORES, scanned), { out }));
    expect(scanned).toEqual(["contrast/badnets-0"]);
    expect(again.failures).toEqual([]);
  });

  it("refuses facts that are another model's, and a zoo without models", async () => {
    const stray = await request(CONDITIONS, scannerOf(SCORES), {
      readFacts: async () => readSmallFacts("zoo/benign-9.json"),
    });
    await expect(runIdentify(stray)).rejects.toThrow(/describes another model/);
    await expect(runIdentify(await request({}, scannerOf(SCORES)))).rejects.toThrow(/Expected models/);
  });
});

describe("a bench's plans and images", () => {
  it("are the zoo's, then the user's, then the method and its share of the threads", () => {
    const degrees = { channels: 1, unit: "degrees" } as const;
    const [contrast, paper] = benchPlans(
      ["contrast", "drmguard"],
      degrees,
      [{ seed: 3, method: "drmguard" }],
      1000,
    );
    expect([contrast?.plan.method, paper?.plan.method]).toEqual(["contrast", "drmguard"]);
    expect(contrast?.plan).toMatchObject({ seed: 3, threads: 1, input: { channels: 1 } });
    expect(paper?.plan.drmguard.outputScale).toBeCloseTo(Math.PI / 180);
    const [own] = benchPlans(["drmguard"], degrees, [{ drmguard: { outputScale: 2 } }], 1);
    expect(own?.plan.drmguard.outputScale).toBe(2);
    expect(
      benchPlans(["drmguard"], { channels: 3, unit: "radians" }, [], 1)[0]?.plan.drmguard.outputScale,
    ).toBe(1);
  });

  it("take as many images as asked, the same every time", async () => {
    const some = await benchImages(IMAGES, 16);
    expect([some.count, some.available]).toEqual([16, 20]);
    expect(some.sha256).toBe((await benchImages(IMAGES, 16)).sha256);
    expect(some.sha256).not.toBe((await benchImages(IMAGES, 17)).sha256);
    const size = 3 * 16 * 16;
    expect(some.pixels.subarray(0, size)).toEqual(IMAGES.pixels.subarray(0, size));
  });

  it("know their methods", () => {
    expect(methodsOfList("drmguard, contrast")).toEqual(["drmguard", "contrast"]);
    expect(() => methodsOfList("contrast,abs")).toThrow(/got "abs"/);
    expect(() => methodsOfList("contrast,contrast")).toThrow(/got contrast twice/);
    expect(() => methodsOfList("")).toThrow(/expected methods among/);
  });

  it("leave out the conditions that were not asked for", () => {
    const zoo = makeManifest({ benign: [0, 1], badnets: [0], wanet: [0, 1] });
    const chosen = conditionsOfZoo(zoo, "wanet, benign");
    expect(chosen.models.map(({ name }) => name)).toEqual(["benign-0", "benign-1", "wanet-0", "wanet-1"]);
    expect(chosen.plan).toEqual(zoo.plan);
    expect(() => conditionsOfZoo(zoo, "warp")).toThrow(/among benign, badnets, wanet, got "warp"/);
    expect(() => conditionsOfZoo(zoo, "wanet,wanet")).toThrow(/got wanet twice/);
  });
});

it("survives being stored", async () => {
  const bench = await runIdentify(await request(CONDITIONS, scannerOf(SCORES)));
  expect(identificationSchema.parse(JSON.parse(JSON.stringify(bench)))).toEqual(bench);
});
