import { describe, expect, it } from "vitest";
import { imagesFromArray } from "../../../lib/images/index.ts";
import { joinSets, splitImages } from "../../../lib/mitigation/mitigation-images.ts";
import { randomlyTriggered } from "../../../lib/mitigation/random-triggers.ts";
import {
  mirroredAtTimes,
  mixedImage,
  partlyTriggered,
  variedImage,
} from "../../../lib/mitigation/varied-images.ts";
import { RandomStream } from "../../../lib/render/index.ts";

const shape = { channels: 3, height: 24, width: 20 };
const length = 3 * 24 * 20;
const picture = Float32Array.from({ length }, (_, index) => (index % 97) / 96);

function changedShare(one: Float32Array, other: Float32Array): number {
  return one.filter((value, index) => Math.abs(value - (other[index] ?? 0)) > 1e-6).length / one.length;
}

describe("images for a mitigation", () => {
  it("are split without losing or repeating one, each with its own label", async () => {
    const count = 40;
    const images = await imagesFromArray({
      layout: "nchw",
      data: Float32Array.from(
        { length: count * 3 * 16 * 16 },
        (_, at) => Math.floor(at / (3 * 16 * 16)) / 100,
      ),
      shape: [count, 3, 16, 16],
    });
    const labels = Float32Array.from({ length: 2 * count }, (_, at) => Math.floor(at / 2));
    const { training, heldOut } = splitImages(images, labels, { heldOutShare: 0.25, seed: 3 });
    expect([training.count, heldOut.count]).toEqual([30, 10]);
    const joined = joinSets([training, heldOut]);
    const seen = new Set<number>();
    for (let index = 0; index < count; index++) {
      const label = joined.labels[2 * index] ?? Number.NaN;
      seen.add(label);
      expect(joined.images[index * 3 * 16 * 16]).toBeCloseTo(label / 100, 6);
    }
    expect(seen.size).toBe(count);
    expect(splitImages(images, labels, { heldOutShare: 0.25, seed: 3 })).toEqual({ training, heldOut });
    expect(() => splitImages(images, labels, { heldOutShare: 0.1, seed: 3 })).toThrow(/at least 8 images/);
  });

  it("are varied a little: as bright to a tenth, and no further away than a shift", () => {
    for (let seed = 0; seed < 20; seed++) {
      const varied = variedImage(picture, shape, new RandomStream(seed));
      const mean = (image: Float32Array) => image.reduce((sum, value) => sum + value, 0) / length;
      expect(Math.abs(mean(varied) / mean(picture) - 1)).toBeLessThan(0.2);
      expect(Math.max(...varied)).toBeLessThanOrEqual(1);
    }
  });

  it("are mirrored every other time, and come back where they are mirrored twice", () => {
    const once = Array.from({ length: 100 }, (_, seed) =>
      mirroredAtTimes(picture, shape, new RandomStream(seed)),
    );
    const mirrored = once.filter((image) => image !== picture);
    expect(mirrored.length).toBeGreaterThan(30);
    expect(mirrored.length).toBeLessThan(70);
    const [image = picture] = mirrored;
    for (const [channel, row, column] of [
      [0, 0, 0],
      [2, 23, 19],
      [1, 7, 4],
    ] as const) {
      const at = (channel * shape.height + row) * shape.width;
      expect(image[at + column]).toBe(picture[at + shape.width - 1 - column]);
    }
    const back = Array.from({ length: 20 }, (_, seed) =>
      mirroredAtTimes(image, shape, new RandomStream(seed)),
    );
    expect(back.find((again) => again !== image)).toEqual(picture);
  });

  it("show another image over them, never more of it than of themselves", () => {
    const other = picture.map((value) => 1 - value);
    const shares = Array.from({ length: 200 }, (_, seed) => {
      const mixed = mixedImage(picture, other, new RandomStream(seed));
      const [first = 0, ...others] = [...mixed].flatMap((value, at) => {
        const way = (other[at] ?? 0) - (picture[at] ?? 0);
        return Math.abs(way) > 0.01 ? [(value - (picture[at] ?? 0)) / way] : [];
      });
      // The same share everywhere; one comparison for all of them, because there are many.
      expect(Math.max(...others.map((share) => Math.abs(share - first)))).toBeLessThan(5e-4);
      return first;
    });
    expect(Math.min(...shares)).toBeLessThan(0.05);
    expect(Math.max(...shares)).toBeGreaterThan(0.45);
    expect(Math.max(...shares)).toBeLessThanOrEqual(0.5);
  });

  it("carry a part of their trigger between nothing and all of it, some all of it", () => {
    const triggered = picture.slice();
    for (let row = 2; row < 8; row++) triggered.fill(1, row * 20 + 3, row * 20 + 9);
    let whole = 0;
    for (let seed = 0; seed < 20; seed++) {
      const partly = partlyTriggered(picture, triggered, shape, new RandomStream(seed));
      if (changedShare(partly, triggered) === 0) whole++;
      for (const [at, value] of partly.entries()) {
        const [low, high] = [picture[at] ?? 0, triggered[at] ?? 0].toSorted((a, b) => a - b) as [
          number,
          number,
        ];
        expect(value).toBeGreaterThanOrEqual(low - 1e-6);
        expect(value).toBeLessThanOrEqual(high + 1e-6);
      }
      expect(changedShare(partly, picture)).toBeGreaterThan(0);
    }
    expect(whole).toBeGreaterThan(0);
    expect(whole).toBeLessThan(20);
  });

  it("are disturbed at random within [0,1], the same for the same stream", () => {
    for (let seed = 0; seed < 40; seed++) {
      const disturbed = randomlyTriggered(picture, shape, new RandomStream(seed));
      expect(Math.min(...disturbed)).toBeGreaterThanOrEqual(0);
      expect(Math.max(...disturbed)).toBeLessThanOrEqual(1);
      expect(changedShare(disturbed, picture)).toBeGreaterThan(0.005);
      expect(randomlyTriggered(picture, shape, new RandomStream(seed))).toEqual(disturbed);
    }
  });
});
