import { describe, expect, it } from "vitest";
import { unseenImages } from "../../../lib/scan/unseen-images.ts";

const shape = { count: 200, channels: 3, height: 9, width: 10 };

describe("unseen images", () => {
  it("are an eighth of the benign ones, and noise in blocks of four sizes", () => {
    const { heldOut, others, otherCount } = unseenImages(shape, 1);
    expect(heldOut).toBe(25);
    expect(others).toHaveLength(otherCount * 3 * 9 * 10);
    expect(others.every((value) => value >= 0 && value < 1)).toBe(true);
    const image = (index: number) => others.subarray(index * 270, (index + 1) * 270);
    expect(new Set(image(0)).size).toBeGreaterThan(260);
    // Blocks of 8 pixels: two across and two down, of each colour.
    expect(new Set(image(3)).size).toBe(12);
    expect(image(3)[7]).toBe(image(3)[0]);
    expect(image(3)[8]).not.toBe(image(3)[0]);
  });

  it("are the same for the same seed only", () => {
    expect(unseenImages(shape, 1).others).toEqual(unseenImages(shape, 1).others);
    expect(unseenImages(shape, 2).others).not.toEqual(unseenImages(shape, 1).others);
  });
});
