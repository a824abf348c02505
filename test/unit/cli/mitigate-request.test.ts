import { describe, expect, it } from "vitest";
import { stepsOfFlag } from "../../../lib/cli/mitigate-request.ts";
import { MITIGATION_METHODS } from "../../../lib/mitigation/index.ts";

describe("steps of training in a round", () => {
  it("are more of drmguard, which shows more than the images, where none are asked for", () => {
    const stepsOf = stepsOfFlag({});
    expect(MITIGATION_METHODS.map((method) => stepsOf(method, 800))).toEqual([300, 100, 100, 100]);
  });

  it("are as few of few images, which more would teach by heart", () => {
    const stepsOf = stepsOfFlag({});
    expect([80, 249, 250, 251].map((images) => stepsOf("drmguard", images))).toEqual([100, 100, 300, 300]);
  });

  it("are those that are asked for, of every method and any number of images", () => {
    const stepsOf = stepsOfFlag({ steps: "7" });
    expect(MITIGATION_METHODS.flatMap((method) => [stepsOf(method, 80), stepsOf(method, 800)])).toEqual(
      Array.from({ length: 8 }, () => 7),
    );
  });

  it.each(["0", "-1", "1.5", "1000001", "many", ""])("refuses %j", (steps) => {
    expect(() => stepsOfFlag({ steps })).toThrow("--steps: expected");
  });
});
