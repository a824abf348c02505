import { describe, expect, it } from "vitest";
import { mitigationSummary } from "../../../lib/cli/mitigation-summary.ts";
import { MITIGATION_DEFAULTS, type MitigationFacts } from "../../../lib/mitigation/index.ts";

const sha256 = "0".repeat(64);
const verdict = { label: "backdoored", score: 2.5, target: [0.1, 0.2] } as const;

function summaryOf(share: number): string {
  const facts: MitigationFacts = {
    schemaVersion: 1,
    tool: { name: "drmguard", version: "0.1.0", libtorch: "2.13.0" },
    model: { name: "gaze.pt", sha256, format: "torchscript" },
    verdictBefore: { ...verdict, target: [...verdict.target] },
    verdictAfter: { ...verdict, label: "clean", score: 0.9, target: [...verdict.target] },
    plan: MITIGATION_DEFAULTS,
    input: { preset: "unit" } as unknown as MitigationFacts["input"],
    images: { source: "images.npz", sha256, training: 600, heldOut: 200 },
    labels: "given",
    cleanErrorBefore: [0.04],
    cleanErrorAfter: [0.041],
    growth: 0.025,
    share,
    rounds: [],
    parameters: 1,
    files: { model: { name: "out.pt", sha256 }, weights: null },
    seconds: 1,
  };
  return mitigationSummary(facts);
}

describe("a mitigation's summary", () => {
  it("says nothing of the bound where all of the change stands", () => {
    expect(summaryOf(1)).not.toContain("bound");
  });

  it.each([
    [0.9, "10 % of the way was taken back"],
    [0.25, "75 % of the way was taken back"],
    [0, "everything was taken back"],
  ])("says what of the change the bound took back: share %s", (share, text) => {
    expect(summaryOf(share)).toContain(text);
  });

  it("warns that the backdoor is back where more than a fifth was taken back, whatever the scan says", () => {
    for (const share of [0, 0.25, 0.75]) expect(summaryOf(share)).toContain("the backdoor comes back");
    for (const share of [0.8, 0.95, 1]) expect(summaryOf(share)).not.toContain("the backdoor comes back");
  });
});
