import { describe, expect, it } from "vitest";
import { imagesFromArray } from "../../../lib/images/index.ts";
import { joinSets, splitImages } from "../../../lib/mitigation/mitigation-images.ts";
import { randomlyTriggered } from "../../../lib/mitigation/random-triggers.ts";
import {
  mixedImages,
  mixedTriggered,
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

function mirrored(image: Float32Array): Float32Array {
  const { width } = shape;
  return image.map((_, at) => image[at - (at % width) + (width - 1 - (at % width))] ?? Number.NaN);
}

describe("images for a mitigation", () => {
  /** Images of 3×16×16 that tell which one they are, and two labels of each that do, too. */
  async function numbered(count: number) {
    const length = 3 * 16 * 16;
    const images = await imagesFromArray({
      layout: "nchw",
      data: Float32Array.from({ length: count * length }, (_, at) => Math.floor(at / length) / 100),
      shape: [count, 3, 16, 16],
    });
    return { images, labels: Float32Array.from({ length: 2 * count }, (_, at) => Math.floor(at / 2)) };
  }

  it("are split without losing or repeating one, each with its own label", async () => {
    const count = 40;
    const { images, labels } = await numbered(count);
    const unknown = { images, subjects: null };
    const { training, heldOut } = splitImages(unknown, labels, { heldOutShare: 0.25, seed: 3 });
    expect([training.count, heldOut.count]).toEqual([30, 10]);
    const joined = joinSets([training, heldOut]);
    const seen = new Set<number>();
    for (let index = 0; index < count; index++) {
      const label = joined.labels[2 * index] ?? Number.NaN;
      seen.add(label);
      expect(joined.images[index * 3 * 16 * 16]).toBeCloseTo(label / 100, 6);
    }
    expect(seen.size).toBe(count);
    expect(splitImages(unknown, labels, { heldOutShare: 0.25, seed: 3 })).toEqual({
      training,
      heldOut,
      heldOutPersons: null,
    });
    expect(() => splitImages(unknown, labels, { heldOutShare: 0.1, seed: 3 })).toThrow(/at least 8 images/);
  });

  it("are split by person where there are enough of them, and not in the order of persons", async () => {
    const count = 60;
    const { images, labels } = await numbered(count);
    const split = (persons: number) => {
      const personOf = (at: number) => Math.floor((at * persons) / count);
      const subjects = Int32Array.from({ length: count }, (_, at) => 1000 - personOf(at));
      const { training, heldOut, heldOutPersons } = splitImages({ images, subjects }, labels, {
        heldOutShare: 0.25,
        seed: 3,
      });
      expect(training.count + heldOut.count).toBe(count);
      expect(training.labels).not.toEqual(training.labels.toSorted());
      const [learned, guarding] = [training, heldOut].map((set) => [...set.labels].map(personOf));
      expect(heldOutPersons).toBe(persons < 8 ? null : new Set(guarding).size);
      return guarding?.filter((person) => learned?.includes(person)).length ?? 0;
    };
    expect(split(12)).toBe(0);
    expect(split(8)).toBe(0);
    // Seven persons or one are no sample of any: images are split, and persons are on both sides.
    expect(split(7)).toBeGreaterThan(0);
    expect(split(1)).toBeGreaterThan(0);
  });

  it("are varied a little: as bright to a tenth, and no further away than a shift", () => {
    for (let seed = 0; seed < 20; seed++) {
      const varied = variedImage(picture, shape, new RandomStream(seed));
      const mean = (image: Float32Array) => image.reduce((sum, value) => sum + value, 0) / length;
      expect(Math.abs(mean(varied) / mean(picture) - 1)).toBeLessThan(0.2);
      expect(Math.max(...varied)).toBeLessThanOrEqual(1);
    }
  });

  it("show another image over them, either mirrored as often as not, and tell how much is seen the right way round", () => {
    const other = picture.map((value) => 1 - value ** 2);
    const counts = { image: 0, other: 0 };
    const seen: number[] = [];
    for (let seed = 0; seed < 200; seed++) {
      const { pixels, shares } = mixedImages(picture, other, shape, new RandomStream(seed));
      const upright = { image: shares.image > 0, other: shares.other > 0 };
      if (upright.image) counts.image++;
      if (upright.other) counts.other++;
      if (upright.image && upright.other) expect(shares.image + shares.other).toBeCloseTo(1, 6);
      if (!(upright.image || upright.other)) continue;
      const share = upright.other ? shares.other : 1 - shares.image;
      const [below, above] = [
        upright.image ? picture : mirrored(picture),
        upright.other ? other : mirrored(other),
      ];
      // One comparison for all pixels, because there are many.
      const off = [...pixels].map((value, at) =>
        Math.abs(value - (1 - share) * (below[at] ?? 0) - share * (above[at] ?? 0)),
      );
      expect(Math.max(...off)).toBeLessThan(1e-5);
      seen.push(share);
    }
    for (const count of [counts.image, counts.other]) {
      expect(count).toBeGreaterThan(70);
      expect(count).toBeLessThan(130);
    }
    expect(Math.min(...seen)).toBeLessThan(0.05);
    expect(Math.max(...seen)).toBeGreaterThan(0.45);
    expect(Math.max(...seen)).toBeLessThanOrEqual(0.5);
  });

  it("with a trigger show another one with the same trigger over them, neither mirrored", () => {
    const other = picture.map((value) => 1 - value ** 2);
    const trigger = (image: Float32Array) => image.map((value, at) => (at % 20 < 5 ? 1 : value - 0.1));
    const seen: number[] = [];
    for (let seed = 0; seed < 50; seed++) {
      const pair = (image: Float32Array) => ({ benign: image, triggered: trigger(image) });
      const { benign, triggered, shares } = mixedTriggered(
        pair(picture),
        pair(other),
        new RandomStream(seed),
      );
      expect(shares.image + shares.other).toBeCloseTo(1, 6);
      const expected = picture.map((value, at) => value + shares.other * ((other[at] ?? 0) - value));
      const off = [...benign].map((value, at) => Math.abs(value - (expected[at] ?? 0)));
      const triggeredOff = [...trigger(benign)].map((value, at) => Math.abs(value - (triggered[at] ?? 0)));
      expect(Math.max(...off, ...triggeredOff)).toBeLessThan(1e-5);
      seen.push(shares.other);
    }
    expect(Math.min(...seen)).toBeLessThan(0.05);
    expect(Math.max(...seen)).toBeGreaterThan(0.45);
    expect(Math.max(...seen)).toBeLessThanOrEqual(0.5);
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
