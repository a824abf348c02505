import { describe, expect, it } from "vitest";
import { mitigationSummary } from "../../../lib/cli/mitigation-summary.ts";
import {
  MITIGATION_DEFAULTS,
  type MitigationFacts,
  type TriggerPull,
} from "../../../lib/mitigation/index.ts";

const sha256 = "0".repeat(64);
const verdict = { label: "backdoored", score: 2.5, target: [0.1, 0.2] } as const;

function summaryOf(changes: Partial<MitigationFacts> = {}): string {
  const facts: MitigationFacts = {
    schemaVersion: 1,
    tool: { name: "drmguard", version: "0.1.0", libtorch: "2.13.0" },
    model: { name: "gaze.pt", sha256, format: "torchscript" },
    verdictBefore: { ...verdict, target: [...verdict.target] },
    verdictAfter: { ...verdict, label: "clean", score: 0.9, target: [...verdict.target] },
    plan: MITIGATION_DEFAULTS,
    input: { preset: "unit" } as unknown as MitigationFacts["input"],
    images: { source: "images.npz", sha256, training: 600, heldOut: 200, heldOutPersons: null },
    labels: "given",
    cleanErrorBefore: [0.04],
    cleanErrorAfter: [0.041],
    growth: 0.025,
    growthInterval: [-0.0034, 0.0534],
    withinBound: true,
    triggers: [],
    share: 1,
    rounds: [],
    parameters: 1,
    files: { model: { name: "out.pt", sha256 }, weights: null },
    seconds: 1,
    ...changes,
  };
  return mitigationSummary(facts);
}

const pull = (before: number, after: number): TriggerPull => ({
  family: "patch",
  target: [0.1, 0.2],
  score: 2,
  before,
  after,
});

describe("a mitigation's summary", () => {
  it("says whether people guard whom the model did not learn from", () => {
    expect(summaryOf()).toContain("on 200 images held out of 800\n");
    const images = { source: "images.npz", sha256, training: 600, heldOut: 200, heldOutPersons: 21 };
    expect(summaryOf({ images })).toContain("held out of 800, of 21 people that it did not learn from\n");
  });

  it("says nothing of the bound where all of the change stands", () => {
    expect(summaryOf()).not.toContain("bound");
  });

  it.each([
    [0.95, "5 % of the way was taken back"],
    [0.8, "20 % of the way was taken back"],
  ])("says what of the change the bound took back: share %s", (share, text) => {
    const summary = summaryOf({ share });
    expect(summary).toContain(text);
    expect(summary).not.toContain("the model is as it was");
  });

  it("warns of a growth beyond the bound that stands because chance may explain it", () => {
    const wide = { growth: 0.15, growthInterval: [-0.19, 0.49] as [number, number], withinBound: false };
    const images = { source: "images.npz", sha256, training: 60, heldOut: 20, heldOutPersons: null };
    expect(summaryOf({ ...wide, images })).toContain(
      "beyond the bound, which 20 images cannot tell from chance",
    );
    // What was taken back as a whole has not grown.
    expect(summaryOf({ ...wide, share: 0 })).not.toContain("from chance");
  });

  it("says that the model is as it was where everything was taken back, and what would help", () => {
    const summary = summaryOf({ share: 0 });
    expect(summary).toContain("everything was taken back, the model is as it was");
    expect(summary).toContain("give more images with labels, or a higher --bound");
    expect(summary).not.toContain("of the way was taken back");
  });

  it("gives the clean error's growth with its interval", () => {
    expect(summaryOf()).toContain("0.0410 after (+2.5 %, 95 % interval -0.3 % to +5.3 %)");
    const own = summaryOf({ labels: "own answers" });
    expect(own).toContain(
      "answers moved by 0.0410, +2.5 %, 95 % interval -0.3 % to +5.3 % of their deviation",
    );
  });

  it("says how far the strongest of the known triggers draws the outputs, before and now", () => {
    const summary = summaryOf({ triggers: [pull(0.62, 0.01), pull(0.3, 0.07)] });
    expect(summary).toContain("drew its outputs up to 62 % of the way to their targets, now up to 7 %");
    expect(summary).not.toContain("NOT repaired");
    // Pushing away is no pull.
    expect(summaryOf({ triggers: [pull(0.5, -0.2)] })).toContain("now up to 0 %");
    expect(summaryOf()).not.toContain("of the way to their targets");
  });

  it("says that the model is not repaired where a known trigger still works, whatever the scan says", () => {
    const summary = summaryOf({ triggers: [pull(0.62, 0.01), pull(0.3, 0.25)] });
    expect(summary).toContain("clean (0.90) after");
    expect(summary).toContain("NOT repaired: a trigger that was found still works");
  });
});
