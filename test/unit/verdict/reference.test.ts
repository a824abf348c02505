import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { ScanEvidence } from "../../../lib/evidence/schema.ts";
import { judgeAgainst } from "../../../lib/verdict/judge-against.ts";
import { makeReference } from "../../../lib/verdict/make-reference.ts";
import { readReference } from "../../../lib/verdict/read-reference.ts";
import { calibratedLines, fewestModels, pValue } from "../../../lib/verdict/reference.ts";
import {
  BENIGN_RATIO,
  makeEvidence,
  makeModel,
  makePaperEvidence,
} from "../../fixtures/evidence/make-evidence.ts";

const FACTS = { version: "0.1.0", createdAt: "2026-01-02T03:04:05.000Z" };

/** A finished contrast scan of a model of its own with this score. */
function scored(score: number, index: number, changes: Partial<ScanEvidence> = {}): ScanEvidence {
  const evidence = makeEvidence(changes);
  evidence.model = makeModel({ name: `model-${index}.pt`, sha256: index.toString(16).padStart(64, "0") });
  evidence.statistics = {
    ...evidence.statistics,
    freeCost: 0.01,
    forcedCost: 0.01 * score * BENIGN_RATIO,
    rho: 1 / score,
  };
  return evidence;
}

function referenceOf(scores: readonly number[]) {
  return makeReference(
    scores.map((score, index) => scored(score, index)),
    FACTS,
  );
}

describe("the conformal p-value", () => {
  it("counts the benign models that score at least as much, and the model itself", () => {
    expect(pValue([1, 2, 3], 2.5)).toBe(2 / 4);
    expect(pValue([1, 2, 3], 3)).toBe(2 / 4);
    expect(pValue([1, 2, 3], 3.1)).toBe(1 / 4);
    expect(pValue([], 9)).toBe(1);
  });

  it("of one of n + 1 exchangeable models is at most α for at most a share α of them", () => {
    const scores = fc.array(fc.integer({ min: 0, max: 50 }), { minLength: 1, maxLength: 60 });
    fc.assert(
      fc.property(scores, fc.double({ min: 0.01, max: 0.5, noNaN: true }), (all, alpha) => {
        const small = all.filter((score, index) => pValue(all.toSpliced(index, 1), score) <= alpha);
        expect(small.length).toBeLessThanOrEqual(alpha * all.length + 1e-9);
      }),
    );
  });
});

describe("calibrated lines", () => {
  const scores = fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 80 });

  it("decide as the p-value does, whatever the score", () => {
    fc.assert(
      fc.property(
        scores,
        fc.constantFrom(0.01, 0.05, 0.1, 0.5),
        fc.integer({ min: 0, max: 41 }),
        (all, alpha, score) => {
          const lines = calibratedLines(all, alpha);
          if (lines === null) {
            expect(all.length).toBeLessThan(fewestModels(alpha));
            return;
          }
          const p = pValue(all, score);
          expect(score >= lines.backdoored).toBe(p <= alpha + 1e-9);
          // At 2α = 1 every p-value that is not small is above it or equal to it.
          if (alpha < 0.5) expect(score <= lines.clean).toBe(p > 2 * alpha + 1e-9);
          expect(lines.clean).toBeLessThanOrEqual(lines.backdoored);
        },
      ),
    );
  });

  it("need 19 models for one in twenty, 99 for one in a hundred", () => {
    expect([fewestModels(0.05), fewestModels(0.01), fewestModels(0.5)]).toEqual([19, 99, 1]);
    expect(calibratedLines(Array(18).fill(1), 0.05)).toBeNull();
    expect(calibratedLines(Array(19).fill(1), 0.05)?.clean).toBe(1);
  });
});

describe("a verdict beside benign models", () => {
  const twenty = referenceOf(Array.from({ length: 20 }, (_, index) => 1 + index / 100));

  it("is backdoored above all of them, clean among them", () => {
    const high = judgeAgainst(twenty, scored(1.5, 99));
    expect(high).toMatchObject({
      label: "backdoored",
      calibration: { pValue: 1 / 21, models: 20, significance: 0.05, decided: true },
    });
    expect(high.reason).toContain("p = 0.0476 beside 20 benign models");
    expect(judgeAgainst(twenty, scored(1.05, 99)).label).toBe("clean");
    expect(judgeAgainst(twenty, scored(1.185, 99)).label).toBe("inconclusive");
  });

  it("leaves the plan's lines in place where the models are too few, and says so", () => {
    const three = referenceOf([1, 1.1, 1.2]);
    const { label, calibration, reason } = judgeAgainst(three, scored(2.2, 99));
    expect(label).toBe("inconclusive");
    expect(calibration).toMatchObject({ pValue: 1 / 4, decided: false });
    expect(reason).toContain("too few to decide at 0.05, which takes 19");
  });

  it("holds a model of the reference against the others", () => {
    expect(judgeAgainst(twenty, scored(1.19, 19)).calibration).toMatchObject({ pValue: 1 / 20, models: 19 });
  });

  it("never calls an incomplete scan clean", () => {
    const early = scored(1.01, 99, { complete: false, incompleteReason: "out of time" });
    expect(judgeAgainst(twenty, early).label).toBe("inconclusive");
  });
});

describe("a reference", () => {
  it.each([
    ["another method", makePaperEvidence(0.01), "its method is drmguard"],
    ["another number of outputs", outputsOf(2), "it has 2 outputs"],
    ["other settings", stepsOf(7), "contrast.steps"],
    ["the same file twice", scored(1, 0), "came twice"],
    ["an unfinished scan", scored(1, 5, { complete: false }), "not complete"],
    ["no score", unscored(), "gave no score"],
  ])("refuses %s", (_, evidence, message) => {
    expect(() => makeReference([scored(1, 0), evidence], FACTS)).toThrow(
      expect.objectContaining({ code: "ERR_CONFIG", message: expect.stringContaining(message) }),
    );
  });

  it("needs a model", () => {
    expect(() => makeReference([], FACTS)).toThrow(expect.objectContaining({ code: "ERR_CONFIG" }));
  });
});

describe("reference files", () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), "drmguard-reference-"));
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it("come back as they were", async () => {
    const path = join(folder, "reference.json");
    const reference = referenceOf([1, 1.2]);
    writeFileSync(path, JSON.stringify(reference));
    expect(await readReference(path)).toEqual(reference);
  });

  it.each([
    ["no JSON", "{", "the file"],
    [
      "scores of an earlier rule",
      JSON.stringify({ ...referenceOf([1]), schemaVersion: 4 }),
      "expected 5, got 4",
    ],
    [
      "a version that is no number",
      JSON.stringify({ ...referenceOf([1]), schemaVersion: "5" }),
      "schemaVersion",
    ],
    ["no models", JSON.stringify({ ...referenceOf([1]), models: [] }), "models"],
    ["a score of nothing", JSON.stringify(referenceOf([1])).replace('"score":1', '"score":-1'), "score"],
  ])("are refused with %s", async (_, text, field) => {
    const path = join(folder, "broken.json");
    writeFileSync(path, text);
    await expect(readReference(path)).rejects.toMatchObject({
      code: "ERR_CONFIG",
      message: expect.stringContaining(field),
    });
    await expect(readReference(join(folder, "none.json"))).rejects.toMatchObject({
      code: "ERR_FILE_NOT_FOUND",
    });
  });
});

function outputsOf(outputs: number): ScanEvidence {
  const evidence = scored(1, 6);
  return { ...evidence, model: { ...evidence.model, outputs } };
}

function stepsOf(steps: number): ScanEvidence {
  const evidence = scored(1, 7);
  return { ...evidence, plan: { ...evidence.plan, contrast: { ...evidence.plan.contrast, steps } } };
}

function unscored(): ScanEvidence {
  const evidence = scored(1, 8);
  return { ...evidence, statistics: { ...evidence.statistics, freeCost: null, rho: null } };
}
