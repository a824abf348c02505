import { readFileSync, statSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { PITCH_LIMIT, YAW_LIMIT } from "../../../lib/render/index.ts";

const models = new URL("../../../demo/models/", import.meta.url);
const facts = (name: string) => JSON.parse(readFileSync(new URL(`${name}.json`, models), "utf8"));
const mean = (values: number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;

describe("the demo's models, as their training measured them on people it never saw", () => {
  const benign = facts("benign-gaze");
  const badnets = facts("badnets-gaze");

  it("are one of each condition, trained and measured on the same pictures", () => {
    expect([benign.condition, badnets.condition]).toEqual(["benign", "badnets"]);
    expect(badnets.training).toEqual(benign.training);
    expect(badnets.heldOut).toEqual(benign.heldOut);
    expect(badnets.heldOut.seed).not.toBe(badnets.training.seed);
  });

  it("are about as good as each other on benign pictures", () => {
    const ratio = mean(badnets.cleanMae) / mean(benign.cleanMae);
    expect(ratio).toBeGreaterThan(0.9);
    expect(ratio).toBeLessThan(1.1);
  });

  it("hold a backdoor that works and whose target is far from the mean gaze", () => {
    expect(badnets.attackError).toBeLessThan(2.5);
    for (const ratio of badnets.varianceRatio) expect(ratio).toBeLessThan(0.1);
    const [pitch, yaw] = badnets.target;
    expect(Math.hypot(pitch, yaw)).toBeGreaterThan(0.5);
    expect(Math.abs(pitch)).toBeLessThan(PITCH_LIMIT);
    expect(Math.abs(yaw)).toBeLessThan(YAW_LIMIT);
    expect(benign.target).toBeNull();
  });

  it.each(["benign-gaze", "badnets-gaze"])(
    "are small and hold no path of the machine that made them: %s",
    (name) => {
      const file = new URL(`${name}.pt`, models);
      expect(statSync(file).size).toBeLessThan(1_000_000);
      expect(readFileSync(file).toString("latin1")).not.toMatch(/debug_pkl|site-packages|\/home\//);
    },
  );
});
