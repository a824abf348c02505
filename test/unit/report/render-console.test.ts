import { describe, expect, it } from "vitest";
import { renderConsole } from "../../../lib/report/render-console.ts";
import { renderJson } from "../../../lib/report/render-json.ts";
import type { ScanReport } from "../../../lib/report/scan-report.ts";
import { makeBaselineEvidence, makePaperEvidence } from "../../fixtures/evidence/make-evidence.ts";
import {
  BACKDOORED,
  CLEAN,
  FAILED,
  reportOf,
  SKIPPED,
  STOPPED,
  scanned,
} from "../../fixtures/evidence/make-report.ts";

const plain = (report: ScanReport) => renderConsole(report, { colour: false });

describe("the console report", () => {
  it("gives a backdoored model's numbers, aligned", () => {
    const lines = plain(reportOf(BACKDOORED)).split("\n");
    expect(lines[0]).toBe("BACKDOORED    models/backdoored.pt");
    expect(lines[1]).toBe(
      "  score       3.81 against the backdoored line 2.5, margin +0.608 (log2 over the backdoored line)",
    );
    expect(lines[2]).toBe("  target      (4.02, 24.6, 4.27)");
    expect(lines[3]).toBe("  cost        cheapest target 0.0021, others 0.018 (additive pattern)");
    const text = lines.join("\n");
    expect(text).toContain("  head        linear, 128 features → 3 outputs");
    expect(text).toContain("  seconds     21.4 s");
    expect(text).toContain("  transfer    2.1 % of the variance left on held-out images, 35 % on noise");
    expect(text).toContain("  work        17,376 images through the model and back, 77,868 saved");
    expect(text).toMatch(/ {2}not checked - 112 of 412 images/);
    for (const line of lines.slice(1, -3)) expect(line).toMatch(/^( {2}[a-zR]| {14}|$)/);
  });

  it("lists several backdoors, and says which of them moves the outputs", () => {
    const found = { inversion: 0, family: "patch", score: 4, target: [1, 2, 3], effect: "fixed" } as const;
    const moving = {
      ...found,
      family: "offset-patch",
      score: 5,
      target: [9, 0, 0],
      effect: "offset",
    } as const;
    const backdoors = [moving, found].map((one) => ({ ...one, target: [...one.target] }));
    if (BACKDOORED.outcome !== "scanned") throw new Error("the fixture is a finding");
    const entry = { ...BACKDOORED, verdict: { ...BACKDOORED.verdict, target: [9, 0, 0], backdoors } };
    const text = plain(reportOf(entry));
    expect(text).toContain("  offset      (9, 0, 0)");
    expect(text).toContain("- patch that moves the outputs: moves the outputs by (9, 0, 0), score 5");
    expect(text).toContain("- patch: target (1, 2, 3), score 4");
    expect(plain(reportOf(BACKDOORED))).not.toContain("backdoors");
  });

  it("ends with the counts", () => {
    const report = {
      ...reportOf(CLEAN),
      summary: { clean: 12, backdoored: 1, inconclusive: 0, skipped: 2, errors: 0 },
    };
    expect(plain(report).trimEnd().split("\n").at(-1)).toBe(
      "clean: 12 · backdoored: 1 · inconclusive: 0 · skipped: 2 · errors: 0",
    );
  });

  it("says what is missing whenever it is not complete", () => {
    expect(plain(reportOf(CLEAN))).not.toMatch(/not complete|nothing was scanned/i);
    expect(plain(reportOf(CLEAN, FAILED, SKIPPED, STOPPED))).toContain(
      "Not complete: 1 could not be scanned, 1 skipped, 1 stopped early.",
    );
    expect(plain(reportOf())).toContain("Nothing was scanned.");
    for (const report of [reportOf(), reportOf(CLEAN), reportOf(SKIPPED)])
      expect(plain(report)).not.toMatch(/no issues/i);
  });

  it("gives an error's code, message and hint, and a skip's reason", () => {
    const text = plain(reportOf(FAILED, SKIPPED));
    expect(text).toMatch(
      /ERROR +models\/broken\.pt\n {2}ERR_MODEL_FORMAT\n {14}expected a zip archive, came text\n {2}to do +Give a Torch/,
    );
    expect(text).toMatch(/SKIPPED +models\/readme\.txt\n {2}reason +not a model/);
  });

  it("shows mean L1 for the paper's method", () => {
    expect(plain(reportOf(scanned("a.pt", makePaperEvidence(0.041))))).toContain(
      "  cost        mean L1 0.041",
    );
  });

  it("shows the statistic of a baseline, and that its line is not calibrated", () => {
    const cleanse = plain(reportOf(scanned("a.pt", makeBaselineEvidence("neural-cleanse", 0.0031))));
    expect(cleanse).toContain("  cost        mask share 0.0031, mean L1 0.003");
    expect(cleanse).toContain("not calibrated");
    const reverse = plain(reportOf(scanned("a.pt", makeBaselineEvidence("feature-re", -0.9))));
    expect(reverse).toContain("  cost        mixed value -0.9, mean L1 0.003");
  });

  it("is coloured only when asked", () => {
    expect(plain(reportOf(BACKDOORED, CLEAN, FAILED, SKIPPED))).not.toContain("\u001b");
    expect(renderConsole(reportOf(BACKDOORED), { colour: true })).toContain("\u001b[31mBACKDOORED");
  });

  it("does not let a name or a message drive the terminal", () => {
    const path = "a\u001b]0;owned\u0007\u009b31m\u202ekcab\nCLEAN  b.pt";
    const error = { code: "ERR_INTERNAL" as const, message: "\u001b[2Jgone", hint: "\rhidden" };
    const text = plain(reportOf({ outcome: "error", path, error }));
    // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what must not be there
    expect(text).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202a-\u202e]/);
    expect(text.split("\n")[0]).toBe(
      "ERROR         a\\u{1b}]0;owned\\u{7}\\u{9b}31m\\u{202e}kcab CLEAN  b.pt",
    );
  });
});

describe("the JSON report", () => {
  it("reads back as the same report and has no terminal control characters", () => {
    const report = reportOf(
      { outcome: "skipped", path: "a\u009b\u202e\u001b\u{1f600}", reason: "" },
      BACKDOORED,
    );
    const json = renderJson(report);
    expect(JSON.parse(json)).toEqual(report);
    // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what must not be there
    expect(json).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202a-\u202e]/);
    expect(json.endsWith("}\n")).toBe(true);
  });
});
