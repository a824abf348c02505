import { describe, expect, it } from "vitest";
import { knownTriggers } from "../../../lib/mitigation/known-triggers.ts";
import type { MitigationContext } from "../../../lib/mitigation/method-context.ts";
import { MITIGATION_DEFAULTS } from "../../../lib/mitigation/mitigation-plan.ts";
import { makeInversion, makePlan } from "../../fixtures/evidence/make-evidence.ts";
import { STUB_ORIGIN, StubCore } from "../scan/stub-model.ts";

const COUNT = 8;
const SHAPE = { channels: 3, height: 8, width: 8 };
const pixels = new Float32Array(COUNT * 3 * 8 * 8).fill(0.5);

/**
 * Triggers of a model from which the scan's best stripes left `scanned` of the outputs' variance, and those of the
 * mitigation's reversals leave what `reversed` says, one number per seed; other stripes leave half.
 */
async function known(scanned: number, reversed: readonly number[]) {
  const core = new StubCore(
    2,
    Array.from({ length: COUNT }, (_, row) => [row, -row]),
  );
  core.outcomeOf = ({ seed, family }) => ({
    collapse: family === "wave" ? (reversed[seed - MITIGATION_DEFAULTS.seed] ?? Number.NaN) : 0.5,
    target: [3, -3],
  });
  const inversions = [makeInversion({ family: "wave", collapse: scanned, reference: 0.45 })];
  const fractions: number[] = [];
  const triggers = await knownTriggers({
    untouched: async () => core.model().native,
    plan: MITIGATION_DEFAULTS,
    evidence: { plan: makePlan(), inversions },
    origin: STUB_ORIGIN,
    batch: { ...SHAPE, pixels, count: COUNT, available: COUNT, source: "", kind: "memory", sha256: "" },
    onProgress: (done: number) => fractions.push(done),
  } as unknown as MitigationContext);
  const sweeps = core.calls.filter((call) => call === "sweep waves").length;
  return { sweeps, fractions, scores: triggers.map(({ score }) => score ?? 0) };
}

describe("known triggers", () => {
  it("are reversed once where that finds what the scan found", async () => {
    const { sweeps, scores } = await known(0.01, [0.01, 0.001, 0.001]);
    expect(sweeps).toBe(1);
    expect(scores.length).toBeGreaterThan(0);
  });

  it("are reversed with other seeds where the first finds much less, and the better ones are kept", async () => {
    const once = await known(0.01, [0.01]);
    const { sweeps, scores, fractions } = await known(0.01, [0.2, 0.01, 0.001]);
    expect(sweeps).toBe(2);
    expect(Math.max(...scores)).toBeCloseTo(Math.max(...once.scores), 6);
    expect(Math.min(...scores)).toBeGreaterThanOrEqual(Math.max(...scores) / 2);
    expect(fractions).toEqual([...fractions].sort((a, b) => a - b));
  });

  it("are what was found in the end where nothing comes near the scan's", async () => {
    const { sweeps, scores } = await known(0.0001, [0.2, 0.15, 0.2]);
    expect(sweeps).toBe(3);
    expect(scores.length).toBeGreaterThan(0);
  });
});
