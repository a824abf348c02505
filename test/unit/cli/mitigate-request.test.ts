import { describe, expect, it } from "vitest";
import { roundSettings } from "../../../lib/cli/mitigate-request.ts";
import { MITIGATION_METHODS } from "../../../lib/mitigation/index.ts";

const FLAGS = { rounds: "12", learningRate: "0.008", bound: "0.05" };

describe("steps of training in a round", () => {
  it("are more of drmguard, which shows more than the images, where none are asked for", () => {
    const steps = MITIGATION_METHODS.map((method) => roundSettings(method, FLAGS).steps);
    expect(steps).toEqual([300, 100, 100, 100]);
  });

  it("are those that are asked for, of every method", () => {
    const steps = MITIGATION_METHODS.map((method) => roundSettings(method, { ...FLAGS, steps: "7" }).steps);
    expect(steps).toEqual([7, 7, 7, 7]);
  });

  it.each(["0", "-1", "1.5", "1000001", "many", ""])("refuses %j", (steps) => {
    expect(() => roundSettings("drmguard", { ...FLAGS, steps })).toThrow("--steps: expected");
  });
});
