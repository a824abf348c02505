import { beforeEach, describe, expect, it } from "vitest";
import type { Family } from "../../../lib/config/settings-schema.ts";
import { firstInconsistency } from "../../../lib/evidence/consistency.ts";
import { evidenceSchema } from "../../../lib/evidence/schema.ts";
import { TRIGGER_FAMILIES } from "../../../lib/evidence/trigger-families.ts";
import { type ImageBatch, imagesFromArray } from "../../../lib/images/index.ts";
import { type ScanProgress, scan } from "../../../lib/scan/index.ts";
import { judge } from "../../../lib/verdict/judge.ts";
import { BENIGN_RATIO } from "../../fixtures/evidence/make-evidence.ts";
import { StubCore } from "./stub-model.ts";

const COUNT = 20;
const images: ImageBatch = await imagesFromArray({
  layout: "nchw",
  data: Float32Array.from({ length: COUNT * 3 * 16 * 12 }, (_, index) => (index % 7) / 10),
  shape: [COUNT, 3, 16, 12],
});
const rows = Array.from({ length: COUNT }, (_, index) => [Math.sin(index), 10 * Math.cos(index * 1.7)]);

let core: StubCore;
beforeEach(() => {
  core = new StubCore(2, rows);
});

const quick = {
  threads: 1,
  contrast: {
    steps: 4,
    walks: 3,
    forcedTargets: 2,
    probeStarts: 2,
    families: ["additive-pattern" as Family],
  },
};

describe("scan with the contrast method", () => {
  it("probes, then inverts freely in one batch, then forces other benign outputs in another", async () => {
    await scan(core.model(), images, { plan: quick });
    expect(core.calls).toEqual([
      "open",
      "probe",
      "invert additive-pattern 5",
      "invert additive-pattern 2",
      "dispose session",
    ]);
    const [walking, standing] = core.inversions;
    expect(walking?.starts.every(({ walk }) => walk === "around-mean")).toBe(true);
    expect(walking?.starts.map(({ patch }) => patch?.size ?? null)).toEqual([null, null, null, 2, 2]);
    expect(standing?.starts.map(({ walk, patch }) => [walk, patch])).toEqual([
      ["still", null],
      ["still", null],
    ]);
    expect(walking?.objective).toEqual({ kind: "constrained", tolerance: 0.02 });
    expect(walking?.samples).toHaveLength(6);
    expect(standing?.samples).toEqual([]);
  });

  it("compares targets that are all equally far from the benign mean", async () => {
    await scan(core.model(), images, { plan: quick });
    const { outputMean, outputDeviation } = core.facts;
    const targets = core.inversions.flatMap(({ starts }) => starts.map(({ target }) => target ?? []));
    expect(targets).toHaveLength(7);
    for (const target of targets) {
      const point = target.map(
        (value, output) => (value - (outputMean[output] ?? 0)) / (outputDeviation[output] ?? 1),
      );
      expect(Math.hypot(...point) / Math.SQRT2).toBeCloseTo(1.3, 9);
    }
  });

  it("looks at stripes and patches first: a search, then the best few on all images", async () => {
    const families = ["wave", "patch"] as Family[];
    core.outcomeOf = (plan, start) => ({ collapse: plan.samples.length === 0 ? 0.9 - start / 1000 : 0.3 });
    const evidence = await scan(core.model(), images, {
      plan: { ...quick, contrast: { ...quick.contrast, families, probeStarts: 0 } },
    });
    expect(core.calls).toEqual([
      "open",
      "sweep waves",
      "invert wave 12",
      // 16×12 pixels, squares of 3: 8 places down, 6 across.
      "invert patch 48",
      "fill 12 squares",
      "invert patch 6",
      "dispose session",
    ]);
    const [waves, search, refinement] = core.inversions;
    expect(waves?.starts[3]).toMatchObject({ walk: "outward", wave: { across: 3 }, reference: 0.5 });
    expect(search).toMatchObject({ objective: { kind: "collapse" }, outcomeImages: 16, samples: [] });
    expect(refinement?.outcomeImages).toBe(0);
    // The last squares collapsed most; those that cover more than half of a better one are left out.
    expect(refinement?.starts.map(({ patch }) => [patch?.top, patch?.left])).toEqual([
      [13, 9],
      [13, 6],
      [13, 4],
      [13, 2],
      [13, 0],
      [10, 9],
    ]);
    // The search is no evidence.
    expect(evidence.inversions.map(({ family, role, reference }) => [family, role, reference])).toEqual([
      ...Array(12).fill(["wave", "free", 0.5]),
      ...Array(6).fill(["patch", "free", 0.5]),
    ]);
    expect(evidence.inversions.every(({ startTarget }) => startTarget === null)).toBe(true);
    expect(judge(evidence).label).toBe("clean");
  });

  it("sweeps stripes once and drives them as far from the mean as triggers go, then as the sweep looks", async () => {
    const families = ["wave", "central-wave"] as Family[];
    const radii = async (distance: number) => {
      core.inversions.length = 0;
      core.outcomeOf = () => ({ collapse: 0.3 });
      const contrast = { ...quick.contrast, families, distance, probeStarts: 0 };
      const evidence = await scan(core.model(), images, { plan: { ...quick, contrast } });
      expect(evidence.inversions.map(({ family }) => family)).toEqual([
        ...Array(12).fill("wave"),
        ...Array(12).fill("central-wave"),
      ]);
      const { outputMean, outputDeviation } = core.facts;
      return core.inversions.map(({ starts }) => {
        const point = (starts[0]?.target ?? []).map(
          (value, output) => (value - (outputMean[output] ?? 0)) / (outputDeviation[output] ?? 1),
        );
        return Math.hypot(...point) / Math.SQRT2;
      });
    };
    expect(await radii(1.3)).toEqual([expect.closeTo(1.3, 9), expect.closeTo(1, 9)]);
    expect(core.calls.filter((call) => call === "sweep waves")).toHaveLength(1);
    // Those that are near never look farther than the others.
    expect(await radii(0.7)).toEqual([expect.closeTo(0.7, 9), expect.closeTo(0.7, 9)]);
  });

  it("refines patches from what the search found, wherever the outputs go when the target may be near the mean", async () => {
    core.outcomeOf = (plan) => ({
      collapse: 0.3,
      content: plan.samples.length === 0 ? new Float32Array(27).fill(0.7) : null,
    });
    const families = ["central-patch"] as Family[];
    const evidence = await scan(core.model(), images, {
      plan: { ...quick, contrast: { ...quick.contrast, families, probeStarts: 0 } },
    });
    const [search, refinement] = core.inversions;
    expect(search?.starts.every(({ target, content }) => target === null && content === null)).toBe(true);
    expect(refinement?.starts.map(({ target, content }) => [target, content?.[0]?.toFixed(1)])).toEqual(
      Array(6).fill([null, "0.7"]),
    );
    expect(search?.family).toBe("patch");
    expect(evidence.inversions.map(({ family }) => family)).toEqual(Array(6).fill("central-patch"));
  });

  it("judges a square that chose a target away from the mean as those that are driven there", async () => {
    const { outputMean, outputDeviation } = core.facts;
    const at = (deviations: number) =>
      outputMean.map((value, output) => value + deviations * (outputDeviation[output] ?? 0));
    const families = ["central-patch"] as Family[];
    const plan = { ...quick, contrast: { ...quick.contrast, families, probeStarts: 0 } };
    for (const [deviations, family] of [
      [0.9, "central-patch"],
      [1.1, "patch"],
    ] as const) {
      core = new StubCore(2, rows);
      core.outcomeOf = () => ({ collapse: 0.01, target: at(deviations) });
      const { inversions, statistics, reversedTrigger } = await scan(core.model(), images, { plan });
      expect(inversions.map((inversion) => inversion.family)).toEqual([
        family,
        ...Array(5).fill("central-patch"),
      ]);
      expect(statistics.family).toBe(family);
      expect(reversedTrigger?.inversion).toBe(0);
    }
  });

  it("measures the plain squares that move all outputs by one offset, as the sweep found them", async () => {
    const families = ["offset-patch"] as Family[];
    const evidence = await scan(core.model(), images, {
      plan: { ...quick, contrast: { ...quick.contrast, families, probeStarts: 0 } },
    });
    expect(core.calls).toEqual(["open", "probe", "invert patch 6", "dispose session"]);
    expect(core.probes[0]).toMatchObject({ leastOffset: 0.5, images: 8 });
    const [plan] = core.inversions;
    expect(plan).toMatchObject({ steps: 1, objective: { kind: "collapse", effect: "offset" } });
    const { content, walk, reference } = plan?.starts[2] ?? {};
    // Squares of two pixels, red.
    expect([...(content ?? [])]).toEqual([1, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0]);
    expect([walk, reference]).toEqual(["outward", 0.25]);
    expect(evidence.inversions.every(({ family }) => family === "offset-patch")).toBe(true);
    expect(evidence.reversedTrigger?.transfer?.noise).toBeNull();
  });

  it("holds an eighth of the images out and measures the trigger on them and on noise", async () => {
    const evidence = await scan(core.model(), images, { plan: quick });
    const [walking, standing] = core.inversions;
    expect([walking?.heldOut, standing?.heldOut]).toEqual([2, 2]);
    expect([walking?.otherCount, standing?.otherCount]).toEqual([32, 0]);
    expect(walking?.others).toHaveLength(32 * 3 * 16 * 12);
    // The stub answers 1 to benign images and 2 to noise, for both outputs.
    const { outputDeviation } = core.facts;
    const { target, transfer } = evidence.reversedTrigger ?? {};
    const left = (answer: number) =>
      outputDeviation.reduce(
        (sum, deviation, output) => sum + ((answer - (target?.[output] ?? 0)) / deviation) ** 2,
        0,
      ) / 2;
    expect(transfer?.heldOut).toBeCloseTo(left(1), 6);
    expect(transfer?.noise).toBeCloseTo(left(2), 6);
  });

  it("leaves the yardstick out where no walk collapses, and counts the work that this saves", async () => {
    core.outcomeOf = () => ({ collapse: 0.5 });
    const evidence = await scan(core.model(), images, { plan: quick });
    expect(core.calls.filter((call) => call.startsWith("invert"))).toEqual(["invert additive-pattern 5"]);
    expect(core.inversions[0]?.hopelessCollapse).toBeCloseTo(0.1);
    // 4 steps of 8 images: 5 walks done, 2 forced targets saved.
    expect(evidence.work).toEqual({ done: 4 * 8 * 5, saved: 4 * 8 * 2 });
    expect(evidence.complete).toBe(true);
    expect(judge(evidence)).toMatchObject({ label: "inconclusive", score: null });
  });

  it("goes on after walks that ended halfway because none had come near", async () => {
    core.outcomeOf = () => ({ collapse: 0.5 });
    core.stepsDone = 2;
    core.hopeless = true;
    const evidence = await scan(core.model(), images, { plan: quick });
    expect(evidence.complete).toBe(true);
    expect(evidence.work).toEqual({ done: 2 * 8 * 5, saved: 2 * 8 * 5 + 4 * 8 * 2 });
  });

  it("tries every family with its own yardstick, and stops at a clear finding", async () => {
    const plan = {
      ...quick,
      contrast: { ...quick.contrast, families: ["additive-pattern", "smooth-warp"] as Family[] },
    };
    await scan(core.model(), images, { plan });
    expect(core.calls.filter((call) => call.startsWith("invert"))).toEqual([
      "invert additive-pattern 5",
      "invert additive-pattern 2",
      "invert smooth-warp 3",
      "invert smooth-warp 2",
    ]);
    const [additive, , warp] = core.inversions;
    expect(warp?.learningRate).toBeCloseTo(5 * (additive?.learningRate ?? 0));

    core = new StubCore(2, rows);
    core.outcomeOf = (_, start) => ({ cost: start === 2 ? 0.001 : 0.01 });
    const progress: ScanProgress[] = [];
    const evidence = await scan(core.model(), images, { plan, onProgress: (now) => progress.push(now) });
    expect(core.calls).not.toContain("invert smooth-warp 3");
    expect(1 / (evidence.statistics.rho ?? Number.NaN)).toBeCloseTo(10);
    expect(progress.at(-1)).toMatchObject({ stage: "inversion", fraction: 1 });
  });

  it("runs the dear families only where a small trigger leaves doubt, or where it is told to", async () => {
    const families = ["patch", "additive-pattern"] as Family[];
    const run = async (depth: number, doubt: number) => {
      core = new StubCore(2, rows);
      // Squares are compared with a collapse of 0.5.
      core.outcomeOf = ({ family }) => (family === "patch" ? { collapse: 0.5 / depth ** 2 } : {});
      const evidence = await scan(core.model(), images, {
        plan: { ...quick, contrast: { ...quick.contrast, families, doubt } },
      });
      return { evidence, ran: core.calls.includes("invert additive-pattern 5") };
    };
    const { benign } = TRIGGER_FAMILIES.patch;
    expect(await run(1.02 * benign, 1)).toMatchObject({ ran: true });
    expect(await run(0.98 * benign, 0)).toMatchObject({ ran: true });
    const { evidence, ran } = await run(0.98 * benign, 1);
    expect(ran).toBe(false);
    expect(core.calls.filter((call) => call === "probe")).toEqual([]);
    expect(evidence.complete).toBe(true);
    expect(evidence.work?.saved).toBe(4 * 8 * (5 + 2));
    expect(judge(evidence).label).toBe("clean");
  });

  it.each([
    ["as well", 0.002, 1],
    ["better than innocent content does, and worse than towards its own", 0.2, 10],
    ["worse than innocent content does", 0.9, Math.sqrt(0.5 / 0.002)],
  ])(
    "holds a square of a model with attention against what it does towards other targets: %s",
    async (_, elsewhere, depth) => {
      core.operators = { "aten::linear": 1, "aten::softmax.int": 4 };
      core.outcomeOf = ({ starts }, start) => ({
        collapse: starts[start]?.walk === "still" ? elsewhere : 0.002,
        target: [0, 3],
      });
      const contrast = { ...quick.contrast, families: ["patch"] as Family[] };
      const evidence = await scan(core.model(), images, { plan: { ...quick, contrast } });
      expect(core.calls.filter((call) => call.startsWith("invert"))).toEqual([
        "invert patch 48",
        "invert patch 24",
        "invert patch 6",
      ]);
      const driven = core.inversions[1];
      expect(new Set(driven?.starts.map(({ patch }) => `${patch?.top} ${patch?.left}`)).size).toBe(6);
      // Away from what was found: none in its direction.
      for (const { target } of driven?.starts ?? []) expect(target?.[1]).toBeLessThan(3);
      expect(judge(evidence).score).toBeCloseTo(depth / TRIGGER_FAMILIES.patch.benign);
    },
  );

  it.each([
    ["patch", "that leaves no doubt", "aten::scaled_dot_product_attention", 0.4],
    ["central-patch", "that leaves no doubt, wherever its target lies", "aten::softmax.int", 0.4],
    ["patch", "of a model without attention", "aten::log_softmax.int", 0.002],
  ] as const)("drives no square elsewhere (%s) %s", async (family, _, operator, collapse) => {
    core.operators = { [operator]: 1 };
    core.outcomeOf = () => ({ collapse });
    const contrast = { ...quick.contrast, families: [family] };
    const evidence = await scan(core.model(), images, { plan: { ...quick, contrast } });
    const inverted = core.calls.filter((call) => call.startsWith("invert"));
    expect(inverted).toEqual(["invert patch 48", "invert patch 6"]);
    expect(evidence.inversions.map(({ reference }) => reference)).toEqual(Array(6).fill(0.5));
    const { mostReference, benign } = TRIGGER_FAMILIES[evidence.statistics.family ?? family];
    expect(judge(evidence).score).toBeCloseTo(Math.sqrt(Math.min(0.5, mostReference) / collapse) / benign);
  });

  it("has no score for a model that always answers the same: there is nothing to compare", async () => {
    core = new StubCore(2, Array(COUNT).fill([1, 2]));
    const evidence = await scan(core.model(), images, { plan: quick });
    expect(core.calls.filter((call) => call.startsWith("invert"))).toEqual(["invert additive-pattern 3"]);
    expect(evidence.inversions[0]?.startTarget).toEqual([1, 2]);
    expect(judge(evidence)).toMatchObject({ label: "inconclusive", score: null });
  });

  it("leaves the probe out when no start is wanted from it", async () => {
    const plan = { ...quick, contrast: { ...quick.contrast, probeStarts: 0 } };
    const evidence = await scan(core.model(), images, { plan });
    expect(core.calls).not.toContain("probe");
    expect(evidence.probe).toBeNull();
  });

  it("tells its progress stage by stage, up to the end of each", async () => {
    const seen: ScanProgress[] = [];
    await scan(core.model(), images, { plan: quick, onProgress: (progress) => seen.push(progress) });
    expect(seen.map(({ stage, done, total }) => `${stage} ${done}/${total}`)).toEqual([
      "load 0/1",
      "load 1/1",
      "inversion 4/8",
      "inversion 8/8",
    ]);
    expect(seen.map(({ fraction }) => fraction)).toEqual([0, 1, 5 / 7, 1]);
    expect(seen.at(-1)).toMatchObject({ cost: 0.1, collapse: 0.5, rav: 0.3 });
  });
});

describe("a scan with a budget", () => {
  it("does no more steps than it may, and says how far it came", async () => {
    const evidence = await scan(core.model(), images, { plan: quick, limits: { steps: 5 } });
    expect(core.inversions.map(({ steps }) => steps)).toEqual([4, 1]);
    expect(evidence).toMatchObject({
      complete: false,
      incompleteReason: "its budget of 5 steps was spent after 5 of 8 steps",
    });
    // What it found so far is there, and no clean verdict comes of it.
    expect(evidence.inversions).toHaveLength(7);
    expect(judge(evidence, { ...evidence.plan.thresholds, backdoored: 9, clean: 8 })).toMatchObject({
      label: "inconclusive",
      reason: expect.stringContaining("budget of 5 steps"),
    });
  });

  it("is complete when the budget is enough, or a clear finding comes first", async () => {
    expect((await scan(core.model(), images, { plan: quick, limits: { steps: 8 } })).complete).toBe(true);
    core.outcomeOf = (_, start) => ({ cost: start === 2 ? 0.001 : 0.01 });
    const contrast = { ...quick.contrast, families: ["additive-pattern", "smooth-warp"] as Family[] };
    const limits = { steps: 8 };
    expect((await scan(core.model(), images, { plan: { ...quick, contrast }, limits })).complete).toBe(true);
  });

  it("gives the core the seconds that are left, and starts nothing without any", async () => {
    await scan(core.model(), images, { plan: quick, limits: { seconds: 100 } });
    for (const { seconds } of core.inversions) {
      expect(seconds).toBeGreaterThan(0);
      expect(seconds).toBeLessThanOrEqual(100);
    }
    core = new StubCore(2, rows);
    const evidence = await scan(core.model(), images, { plan: quick, limits: { seconds: 1e-9 } });
    expect(core.inversions).toEqual([]);
    expect(evidence.incompleteReason).toContain("after 0 of 8 steps");
    expect(judge(evidence)).toMatchObject({ label: "inconclusive", score: null });
  });

  it("ends with what an inversion had when its time was up", async () => {
    core.stepsDone = 1;
    const evidence = await scan(core.model(), images, { plan: quick, limits: { seconds: 100 } });
    expect(core.inversions).toHaveLength(1);
    expect(evidence.incompleteReason).toBe("its budget of 100 s was spent after 1 of 8 steps");
  });

  it("is refused for a baseline", async () => {
    const plan = { method: "neural-cleanse" as const };
    await expect(scan(core.model(), images, { plan, limits: { steps: 5 } })).rejects.toMatchObject({
      code: "ERR_CONFIG",
    });
  });
});

describe("the evidence of a scan", () => {
  it("is valid, consistent and without a decision", async () => {
    const evidence = await scan(core.model(), images, { plan: quick });
    expect(evidenceSchema.parse(JSON.parse(JSON.stringify(evidence)))).toEqual(evidence);
    expect(firstInconsistency(evidence)).toBeNull();
    expect(evidence.complete).toBe(true);
    expect(evidence.plan.contrast.steps).toBe(4);
    expect(evidence.inversions.map(({ role, origin }) => `${role} ${origin}`)).toEqual([
      "free spread",
      "free spread",
      "free spread",
      "free probe",
      "free probe",
      "forced spread",
      "forced spread",
    ]);
    expect(evidence.images).toMatchObject({ count: COUNT, height: 16, width: 12, sha256: images.sha256 });
    expect(evidence.statistics.freeCost).toBe(0.01);
    expect(evidence.statistics.forcedCost).toBeCloseTo(0.015);
    expect(judge(evidence).score).toBeCloseTo(1.5 / BENIGN_RATIO);
  });

  it("shows the images with and without the trigger of the best inversion", async () => {
    core.outcomeOf = (plan, start) => ({ cost: plan.samples.length > 0 && start === 2 ? 0.001 : 0.5 });
    const { reversedTrigger } = await scan(core.model(), images, { plan: quick });
    expect(reversedTrigger?.inversion).toBe(2);
    expect(reversedTrigger?.samples.map(({ image }) => image)).toEqual([0, 3, 6, 10, 13, 16]);
    const sample = reversedTrigger?.samples[1];
    expect(sample?.outputBefore).toEqual([...Float32Array.from(rows[3] ?? [])]);
    expect(sample?.outputAfter).toEqual([1, 1]);
    // 0.75 against pixels of 0 to 0.6: nothing may be amplified beyond the range.
    expect(sample?.gain).toBe(1);
    for (const picture of [sample?.benign, sample?.triggered, sample?.difference]) {
      expect(
        Buffer.from(picture ?? "", "base64")
          .subarray(1, 4)
          .toString("latin1"),
      ).toBe("PNG");
    }
  });

  it("counts a collapse within a quarter above the tolerance as reached, as the core does", async () => {
    core.outcomeOf = (_, start) => ({ collapse: start === 0 ? 0.0251 : 0.0249 });
    const { inversions } = await scan(core.model(), images, { plan: quick });
    expect(inversions[0]?.reached).toBe(false);
    expect(inversions[1]?.reached).toBe(true);
  });

  it("refuses measurements that no verdict could read", async () => {
    core.outcomeOf = (_, start) => ({ cost: start === 1 ? Number.NaN : 0.1 });
    await expect(scan(core.model(), images, { plan: quick })).rejects.toMatchObject({
      code: "ERR_NONFINITE",
      message: expect.stringContaining("inversions.1.cost"),
    });
    expect(core.calls).toContain("dispose session");
  });
});

describe("scan with the published method", () => {
  it("runs one input-aware inversion from the identity with the paper's weights", async () => {
    const evidence = await scan(core.model(), images, {
      plan: { method: "drmguard", drmguard: { lambda1: 10, steps: 5 } },
    });
    expect(core.calls).toEqual(["open", "invert encoder-decoder 1", "dispose session"]);
    expect(core.inversions[0]).toMatchObject({
      family: "encoder-decoder",
      objective: { kind: "paper", lambda1: 10, lambda2: 800, lambda1On: "variance" },
      starts: [{ target: null, walk: "still", patch: null }],
      steps: 5,
      learningRate: evidence.plan.drmguard.learningRate,
    });
    expect(evidence.probe).toBeNull();
    expect(evidence.statistics.meanL1).toBe(0.01);
  });
});

describe("scan with a baseline", () => {
  it("runs Neural Cleanse from the mean and from benign outputs, as one batch", async () => {
    const evidence = await scan(core.model(), images, {
      plan: { method: "neural-cleanse", threads: 1, neuralCleanse: { starts: 3, steps: 4, patience: 2 } },
    });
    expect(core.calls).toEqual(["open", "baseline neural-cleanse 3", "dispose session"]);
    const [plan] = core.baselines;
    expect(plan?.method).toEqual({
      kind: "neural-cleanse",
      tolerance: 0.02,
      learningRate: 0.1,
      initialCost: 0.001,
      patience: 2,
      costMultiplier: 2,
    });
    expect(plan?.targets[0]).toEqual(core.facts.outputMean);
    const benign = rows.map((row) => [...Float32Array.from(row)]);
    for (const target of plan?.targets.slice(1) ?? []) expect(benign).toContainEqual(target);
    expect(plan).toMatchObject({ steps: 4, batchSize: 32, samples: [0, 3, 6, 10, 13, 16] });
    expect(evidence.inversions.map(({ family, origin }) => `${family} ${origin}`)).toEqual([
      "mask-pattern mean",
      "mask-pattern spread",
      "mask-pattern spread",
    ]);
    expect(evidence.baseline).toMatchObject({ kind: "mask-share", best: 1 });
    expect(evidence.baseline?.starts[1]).toEqual({
      statistic: 0.005,
      maskShare: 0.005,
      feature: null,
      curve: [
        { step: 1, statistic: 0.005 },
        { step: 4, statistic: 0.005 },
      ],
    });
    expect(
      Buffer.from(evidence.baseline?.mask ?? "", "base64")
        .subarray(1, 4)
        .toString("latin1"),
    ).toBe("PNG");
  });

  it.each(["neural-cleanse", "feature-re"] as const)(
    "gives valid evidence of its most suspicious start, which judge() scores (%s)",
    async (method) => {
      const evidence = await scan(core.model(), images, { plan: { method } });
      expect(evidenceSchema.parse(JSON.parse(JSON.stringify(evidence)))).toEqual(evidence);
      expect(firstInconsistency(evidence)).toBeNull();
      // Not the cheapest, which is the first.
      expect(evidence.reversedTrigger?.inversion).toBe(1);
      expect(evidence.statistics.meanL1).toBe(0.02);
      // It is tried on no other images.
      expect(evidence.reversedTrigger?.transfer).toBeNull();
      expect(judge(evidence).score).toBeCloseTo(method === "neural-cleanse" ? 1.2 : 2 ** -0.755);
    },
  );

  it("runs FeatureRE with the plan's settings and keeps the terms of its score", async () => {
    const evidence = await scan(core.model(), images, {
      plan: { method: "feature-re", featureRe: { starts: 2, steps: 6, maskBound: 0.1 } },
    });
    expect(core.calls).toEqual(["open", "baseline feature-re 2", "dispose session"]);
    expect(core.baselines[0]?.method).toMatchObject({ kind: "feature-re", maskBound: 0.1, width: 8 });
    expect(evidence.baseline).toMatchObject({ kind: "feature-score", mask: null });
    expect(evidence.baseline?.starts[0]?.feature).toMatchObject({ similarity: 0.5, success: 0.4 });
  });

  it("rejects at once when it is cancelled", async () => {
    core.hold = "invert";
    const controller = new AbortController();
    core.onHeld = () => controller.abort();
    const cancelled = scan(core.model(), images, {
      plan: { method: "neural-cleanse" },
      signal: controller.signal,
    });
    await expect(cancelled).rejects.toMatchObject({ code: "ERR_CANCELLED" });
    expect(core.calls.slice(-2)).toEqual(["cancel", "dispose session"]);
  });
});

describe("scan refuses", () => {
  it("images that do not fit the plan, before the core is asked for anything", async () => {
    const refused = (plan: object) => scan(core.model(), images, { plan });
    await expect(refused({ input: { size: "16x16" } })).rejects.toMatchObject({ code: "ERR_MODEL_INPUT" });
    await expect(refused({ input: { channels: 1 } })).rejects.toMatchObject({ code: "ERR_IMAGES_CHANNELS" });
    await expect(refused({ images: { minimum: 21 } })).rejects.toMatchObject({ code: "ERR_IMAGES_TOO_FEW" });
    await expect(refused({ stepss: 1 })).rejects.toMatchObject({ code: "ERR_CONFIG" });
    expect(core.calls).toEqual([]);
  });

  it("a disposed model; disposing twice is harmless", async () => {
    const model = core.model();
    model.dispose();
    model[Symbol.dispose]();
    expect(core.calls).toEqual(["dispose model"]);
    await expect(scan(model, images, { plan: quick })).rejects.toMatchObject({ code: "ERR_DISPOSED" });
    expect(model.description.parameters).toBe(10);
  });

  it("with the code that the core gave", async () => {
    core.failure = Object.assign(new Error("out of memory"), { code: "ERR_DEVICE_MEMORY" });
    await expect(scan(core.model(), images, { plan: quick })).rejects.toMatchObject({
      name: "DrmGuardError",
      code: "ERR_DEVICE_MEMORY",
      message: "out of memory",
    });
    core.failure = Object.assign(new Error("no code of ours"), { code: "EWHAT" });
    await expect(scan(core.model(), images, { plan: quick })).rejects.toMatchObject({ code: "ERR_INTERNAL" });
    expect(core.calls.filter((call) => call === "dispose session")).toHaveLength(2);
  });
});

describe("a cancelled scan", () => {
  it.each([
    ["open", "at once"],
    ["open", "later"],
    ["probe", "at once"],
    ["probe", "later"],
    ["invert", "at once"],
    ["invert", "later"],
  ] as const)("rejects while the core is busy with %s, cancelled %s", async (kind, when) => {
    core.hold = kind;
    const controller = new AbortController();
    const abort = () => controller.abort();
    core.onHeld = when === "at once" ? abort : () => setImmediate(abort);
    await expect(
      scan(core.model(), images, { plan: quick, signal: controller.signal }),
    ).rejects.toMatchObject({
      code: "ERR_CANCELLED",
    });
    if (kind !== "open") expect(core.calls.slice(-2)).toEqual(["cancel", "dispose session"]);
  });

  it("rejects although the core does not stop, and keeps the session for it", async () => {
    core.hold = "invert";
    core.obeysCancel = false;
    const controller = new AbortController();
    core.onHeld = () => controller.abort();
    await expect(
      scan(core.model(), images, { plan: quick, signal: controller.signal }),
    ).rejects.toMatchObject({
      code: "ERR_CANCELLED",
    });
    expect(core.calls).toContain("cancel");
    expect(core.calls).not.toContain("dispose session");
  });

  it("does nothing when it was cancelled before it began", async () => {
    await expect(
      scan(core.model(), images, { plan: quick, signal: AbortSignal.abort() }),
    ).rejects.toMatchObject({ code: "ERR_CANCELLED" });
    expect(core.calls).toEqual([]);
  });
});
