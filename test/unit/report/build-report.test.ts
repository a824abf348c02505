import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { buildReport } from "../../../lib/report/build-report.ts";
import { exitCode } from "../../../lib/report/exit-code.ts";
import { notChecked } from "../../../lib/report/not-checked.ts";
import type { ModelEntry } from "../../../lib/report/scan-report.ts";
import { makeEvidence, makeModel, makePaperEvidence } from "../../fixtures/evidence/make-evidence.ts";
import {
  BACKDOORED,
  CLEAN,
  FAILED,
  INCONCLUSIVE,
  reportOf,
  SKIPPED,
  STOPPED,
} from "../../fixtures/evidence/make-report.ts";

describe("a report", () => {
  it("counts every outcome and keeps the order", () => {
    const entries = [CLEAN, BACKDOORED, CLEAN, INCONCLUSIVE, FAILED, SKIPPED, SKIPPED];
    const report = reportOf(...entries);
    expect(report.summary).toEqual({ clean: 2, backdoored: 1, inconclusive: 1, errors: 1, skipped: 2 });
    expect(report.models).toEqual(entries);
    expect(report).toMatchObject({
      schemaVersion: 2,
      createdAt: "2026-11-24T10:00:00.000Z",
      complete: false,
    });
  });

  it("is complete only when every model was scanned to the end", () => {
    expect(reportOf(CLEAN, BACKDOORED, INCONCLUSIVE).complete).toBe(true);
    for (const gap of [FAILED, SKIPPED, STOPPED]) expect(reportOf(CLEAN, gap).complete).toBe(false);
    expect(reportOf().complete).toBe(false);
  });

  it("carries the package's version", () => {
    const manifest = JSON.parse(readFileSync(new URL("../../../package.json", import.meta.url), "utf8"));
    expect(buildReport([]).tool).toEqual({ name: "drmguard", version: manifest.version });
  });
});

describe("the exit code", () => {
  const cases: [code: number, what: string, entries: ModelEntry[]][] = [
    [0, "all clean and complete", [CLEAN, CLEAN]],
    [1, "a finding", [CLEAN, BACKDOORED]],
    [
      1,
      "a finding beside an error, a skip, an inconclusive and a stopped scan",
      [BACKDOORED, FAILED, SKIPPED, INCONCLUSIVE, STOPPED],
    ],
    [2, "inconclusive", [CLEAN, INCONCLUSIVE]],
    [2, "stopped early", [CLEAN, STOPPED]],
    [2, "one error", [CLEAN, FAILED]],
    [2, "only an error: the model was given and could not be read", [FAILED]],
    [2, "an error and a skip", [FAILED, SKIPPED]],
    [2, "clean beside a skip", [CLEAN, SKIPPED]],
    [3, "only skips", [SKIPPED, SKIPPED]],
    [3, "nothing given", []],
  ];
  it.each(cases)("is %i for %s", (code, _, entries) => {
    expect(exitCode(reportOf(...entries))).toBe(code);
  });
});

describe("what was not checked", () => {
  it("names what the scan left out before what the method cannot see", () => {
    const evidence = makeEvidence({
      model: makeModel({ head: null, headReason: "the last layer is a softmax" }),
    });
    evidence.plan.contrast.probeStarts = 0;
    const gaps = notChecked(evidence);
    expect(gaps[0]).toContain("the last layer is a softmax");
    expect(gaps.join("; ")).toMatch(
      /112 of 412 images.*probe sweep.*warps.*differ from image to image.*scale the outputs/,
    );
  });

  it("leaves out what was checked", () => {
    const full = makeEvidence();
    full.images.available = full.images.count;
    for (const family of ["encoder-decoder", "smooth-warp"] as const) {
      full.inversions.push({ ...(full.inversions[0] as (typeof full.inversions)[0]), family });
    }
    expect(notChecked(full).join("; ")).not.toMatch(/images|probe|warp|pattern|RAV|stopped/);
  });

  it("tells a family that a clear finding made needless from one that was off", () => {
    const evidence = makeEvidence();
    evidence.plan.contrast.families = ["additive-pattern", "smooth-warp"];
    const gaps = notChecked(evidence).join("; ");
    expect(gaps).toMatch(/warps[^;]*ended before them with a clear finding/);
    expect(gaps).toMatch(/image to image[^;]*which were off/);
    evidence.statistics.score = 0.9;
    expect(notChecked(evidence).join("; ")).toMatch(/warps[^;]*no family before them gave reason to doubt/);
  });

  it("says why a scan stopped, and what the paper's method lacks", () => {
    const gaps = notChecked(
      makePaperEvidence(0.1, { complete: false, incompleteReason: "out of time" }),
    ).join("; ");
    expect(gaps).toMatch(/stopped early: out of time.*comparison between targets/);
  });
});
