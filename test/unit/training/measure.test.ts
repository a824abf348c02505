import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { AttackSpec, TriggerEffect } from "../../../lib/native/addon.ts";
import { directionLabels, meanAngularError } from "../../../lib/training/angular-error.ts";
import { attackErrors, measureModel } from "../../../lib/training/measure.ts";
import { PATCH, PLAN, smallSets } from "./small-sets.ts";
import { StubTraining } from "./stub-addon.ts";

const RADIANS = { radians: 1 };

describe("the angle between gaze directions", () => {
  it("is that of spherical trigonometry", () => {
    const angle = fc.double({ min: -1.5, max: 1.5, noNaN: true });
    fc.assert(
      fc.property(angle, angle, angle, angle, (p1, y1, p2, y2) => {
        const cosine = Math.sin(p1) * Math.sin(p2) + Math.cos(p1) * Math.cos(p2) * Math.cos(y1 - y2);
        const expected = (Math.acos(Math.min(1, Math.max(-1, cosine))) * 180) / Math.PI;
        // acos has no digits left near 1: 1e-16 there is an angle of 1e-8.
        expect(meanAngularError([p1, y1], [p2, y2], RADIANS)).toBeCloseTo(expected, 5);
      }),
    );
  });

  it("is averaged over rows, and read in the labels' unit", () => {
    const answers = [0, 0, 10, 0];
    const truths = [0, 30, 0, 0];
    expect(meanAngularError(answers, truths, { radians: Math.PI / 180 })).toBeCloseTo(20, 10);
    expect(meanAngularError([0, 1e-9], [0, 0], RADIANS)).toBeCloseTo((1e-9 * 180) / Math.PI, 12);
  });

  it("exists for pitch and yaw only", () => {
    expect(directionLabels(["pitch", "yaw"], "radians")).toEqual({ radians: 1 });
    expect(directionLabels(["pitch", "yaw"], "degrees")?.radians).toBeCloseTo(Math.PI / 180);
    expect(directionLabels(["yaw", "pitch"], "radians")).toBeNull();
    expect(directionLabels(["pitch", "yaw", "roll"], "degrees")).toBeNull();
    expect(directionLabels(["pitch", "yaw"], "unknown")).toBeNull();
  });
});

describe("the errors of an attack", () => {
  const labels = Float32Array.of(1, 2, 3, 4);
  const benign = Float32Array.of(1, 1, 3, 5);
  const triggered = Float32Array.of(5, 6, 5, 9);
  const effect: TriggerEffect = {
    cost: 0.01,
    outputs: triggered,
    varianceRatio: [0.25, 0.75],
    rav: [0.1, 0.2],
    rnv: null,
  };
  const attack = (target: AttackSpec["target"]): AttackSpec => ({ ...PATCH, target });

  it("are distances to a fixed target and to the truth", () => {
    const errors = attackErrors(attack({ kind: "fixed", value: [5, 7] }), effect, benign, labels, null);
    expect(errors).toEqual({
      attackError: [0, 1.5],
      defendingAttackError: [3, 4.5],
      attackAngularError: null,
      defendingAttackAngularError: null,
      varianceRatio: [0.25, 0.75],
      rav: [0.1, 0.2],
      rnv: null,
      triggerMeanL1: 0.01,
    });
  });

  it("are distances to the truth plus the offset, and variances of what the trigger adds", () => {
    const errors = attackErrors(attack({ kind: "offset", value: [3, 4] }), effect, benign, labels, null);
    // |5 − 4|, |5 − 6| and |6 − 6|, |9 − 8|.
    expect(errors.attackError).toEqual([1, 0.5]);
    // Shifts 4, 2 and 5, 4 over outputs 1, 3 and 1, 5: variances 1 and .25 over 1 and 4.
    expect(errors.varianceRatio).toEqual([1, 0.0625]);
  });

  it("refuse outputs of another shape", () => {
    const wide = { ...effect, outputs: new Float32Array(6) };
    expect(() => attackErrors(attack({ kind: "fixed", value: [5, 7] }), wide, benign, labels, null)).toThrow(
      expect.objectContaining({ code: "ERR_INTERNAL" }),
    );
  });
});

describe("measureModel", () => {
  const sets = smallSets();
  const { heldOut, heldOutLabels, statistics } = sets;
  const weights = Float32Array.of(0.5, -1);
  const archive = new Uint8Array(weights.buffer);
  const state = {
    name: "pattern",
    dtype: "float32" as const,
    shape: [1],
    data: new Uint8Array(Float32Array.of(0.25).buffer),
  };

  it("compares with the training mean on held-out images, and stamps every one of them", async () => {
    const subject = { archive, attackStates: [[state]] };
    const measured = await measureModel(new StubTraining().addon(), subject, PLAN, sets);
    const brightness = Array.from({ length: heldOut.count }, (_, row) => {
      const length = heldOut.pixels.length / heldOut.count;
      const image = heldOut.pixels.subarray(row * length, (row + 1) * length);
      return image.reduce((sum, pixel) => sum + pixel, 0) / length;
    });
    for (const [output, weight] of weights.entries()) {
      const truths = brightness.map((_, row) => heldOutLabels[row * 2 + output] ?? 0);
      const meanOf = (values: number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
      const clean = meanOf(truths.map((truth, row) => Math.abs((brightness[row] ?? 0) * weight - truth)));
      expect(measured.cleanError[output]).toBeCloseTo(clean, 5);
      const centre = statistics.mean[output] ?? 0;
      expect(measured.constantError[output]).toBeCloseTo(
        meanOf(truths.map((truth) => Math.abs(truth - centre))),
        5,
      );
      const middle = meanOf(truths);
      const deviation = Math.sqrt(meanOf(truths.map((truth) => (truth - middle) ** 2)));
      expect(measured.labelDeviation[output]).toBeCloseTo(deviation, 5);
    }
    const added = heldOut.pixels.map((pixel) => Math.min(1, pixel + 0.25) - pixel);
    const change = added.reduce((sum, difference) => sum + difference, 0) / added.length;
    expect(measured.attacks[0]?.triggerMeanL1).toBeCloseTo(change, 5);
    expect(measured.cleanAngularError).toBeGreaterThan(0);
  });

  it("stops when cancelled", async () => {
    const subject = { archive, attackStates: [[state]] };
    await expect(
      measureModel(new StubTraining().addon(), subject, PLAN, sets, AbortSignal.abort()),
    ).rejects.toMatchObject({ code: "ERR_CANCELLED" });
  });
});
