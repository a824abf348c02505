import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { channelsFirst, channelsLast } from "../../../lib/images/picture.ts";
import { writeResized } from "../../../lib/images/resize.ts";
import { fixtureJson, largestDifference } from "./fixture.ts";

interface Resized {
  height: number;
  width: number;
  pixels: number[];
  cases: { height: number; width: number; values: number[] }[];
}

const RESIZED = fixtureJson<Resized>("resized.json");

describe("resizing", () => {
  it.each(RESIZED.cases)(
    "13×17 to $height×$width equals torch's antialiased bilinear",
    ({ values, ...size }) => {
      const picture = channelsLast(
        Uint8Array.from(RESIZED.pixels),
        { channels: 3, height: 13, width: 17 },
        255,
      );
      const target = new Float32Array(values.length + 1).fill(-1);
      writeResized(picture, size, target, 1);
      expect(target[0]).toBe(-1);
      expect(largestDifference(target.subarray(1), values)).toBeLessThan(1e-6);
    },
  );

  it("stays within the range of the picture and keeps a flat one flat", () => {
    const side = fc.integer({ min: 1, max: 12 });
    const property = fc.property(
      side,
      side,
      side,
      side,
      fc.infiniteStream(fc.nat(255)),
      (h, w, h2, w2, stream) => {
        const values = Uint8Array.from({ length: h * w }, () => stream.next().value as number);
        const shape = { channels: 1 as const, height: h, width: w };
        const target = new Float32Array(h2 * w2);
        writeResized(channelsFirst(values, shape, 255), { height: h2, width: w2 }, target, 0);
        expect(Math.min(...target)).toBeGreaterThanOrEqual(Math.fround(Math.min(...values) / 255) - 1e-7);
        expect(Math.max(...target)).toBeLessThanOrEqual(Math.fround(Math.max(...values) / 255) + 1e-7);
      },
    );
    fc.assert(property, { seed: 1, numRuns: 200 });
  });
});
