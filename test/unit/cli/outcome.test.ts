import { describe, expect, it } from "vitest";
import { exitCodeOf, exitCodeOfError } from "../../../lib/cli/exit-codes.ts";
import { errorText, wantsColour } from "../../../lib/cli/terminal.ts";
import { DrmGuardError } from "../../../lib/errors/index.ts";
import { buildReport, type ModelEntry } from "../../../lib/report/index.ts";
import { judge } from "../../../lib/verdict/judge.ts";
import type { VerdictLabel } from "../../../lib/verdict/verdict.ts";
import { makeEvidence } from "../../fixtures/evidence/make-evidence.ts";

function scanned(label: VerdictLabel): ModelEntry {
  const evidence = makeEvidence();
  return { outcome: "scanned", path: label, evidence, verdict: { ...judge(evidence), label } };
}
const failed: ModelEntry = {
  outcome: "error",
  path: "x.pt",
  error: { code: "ERR_MODEL_FORMAT", message: "no model", hint: "give one" },
};
const skipped: ModelEntry = { outcome: "skipped", path: "x.onnx", reason: "not read" };

const rules = { failOn: "inconclusive", exitZero: false, interrupted: false } as const;

describe("exitCodeOf", () => {
  it.each([
    [[scanned("clean")], 0],
    [[scanned("clean"), scanned("backdoored"), failed], 1],
    [[scanned("clean"), scanned("inconclusive")], 2],
    [[scanned("clean"), failed], 2],
    [[scanned("clean"), skipped], 2],
    [[failed], 2],
    [[skipped], 3],
    [[], 3],
  ])("follows the report (%#)", (entries, code) => {
    expect(exitCodeOf(buildReport(entries), rules)).toBe(code);
  });

  it("lets inconclusive pass with --fail-on backdoored, and nothing else", () => {
    const lenient = { ...rules, failOn: "backdoored" } as const;
    const codeOf = (...entries: ModelEntry[]) => exitCodeOf(buildReport(entries), lenient);
    expect(codeOf(scanned("inconclusive"))).toBe(0);
    expect(codeOf(scanned("inconclusive"), scanned("backdoored"))).toBe(1);
    expect(codeOf(scanned("inconclusive"), failed)).toBe(2);
    expect(codeOf(skipped)).toBe(3);
  });

  it("is 0 with --exit-zero whatever was found, unless it was interrupted", () => {
    const report = buildReport([scanned("backdoored"), failed]);
    expect(exitCodeOf(report, { ...rules, exitZero: true })).toBe(0);
    expect(exitCodeOf(report, { ...rules, exitZero: true, interrupted: true })).toBe(130);
  });
});

describe("exitCodeOfError", () => {
  it("tells the command line's faults from others", () => {
    expect(exitCodeOfError("ERR_USAGE")).toBe(4);
    expect(exitCodeOfError("ERR_CONFIG")).toBe(4);
    expect(exitCodeOfError("ERR_NATIVE_MISSING")).toBe(2);
    expect(exitCodeOfError("ERR_FILE_WRITE")).toBe(2);
    expect(exitCodeOfError("ERR_CANCELLED")).toBe(130);
  });
});

describe("wantsColour", () => {
  it("colours terminals only, and not against the user's will", () => {
    const terminal = { isTTY: true };
    expect(wantsColour(true, terminal, {})).toBe(true);
    expect(wantsColour(true, {}, {})).toBe(false);
    expect(wantsColour(false, terminal, {})).toBe(false);
    expect(wantsColour(true, terminal, { NO_COLOR: "1" })).toBe(false);
    expect(wantsColour(true, terminal, { NO_COLOR: "" })).toBe(true);
    expect(wantsColour(true, terminal, { TERM: "dumb" })).toBe(false);
  });
});

describe("errorText", () => {
  it("gives code, subject, message and what to do, and lets no text drive the terminal", () => {
    const error = new DrmGuardError("ERR_MODEL_FORMAT", "expected a model\u001b[2J", { hint: "give one" });
    expect(errorText(error, "a.pt")).toBe(
      "drmguard: ERR_MODEL_FORMAT: a.pt: expected a model\\u{1b}[2J\n  → give one\n",
    );
    expect(errorText(new DrmGuardError("ERR_MODEL_FORMAT", "a.pt is none", { hint: "h" }), "a.pt")).toBe(
      "drmguard: ERR_MODEL_FORMAT: a.pt is none\n  → h\n",
    );
  });
});
