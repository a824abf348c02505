import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { digestOf } from "../../../lib/data/digest.ts";
import { imagesAsBatch, type LabelledImages, selectImages } from "../../../lib/data/index.ts";
import { imagesFromArray } from "../../../lib/images/index.ts";
import { pattern } from "./published-sets.ts";

const COUNT = 6;
const LENGTH = 3 * 4 * 5;

const unhashed = {
  pixels: Uint8Array.from({ length: COUNT }, (_, at) => at).reduce(
    (all, at) => {
      all.set(pattern(4, 5, at), at * LENGTH);
      return all;
    },
    new Uint8Array(COUNT * LENGTH),
  ),
  labels: Float32Array.from({ length: COUNT * 2 }, (_, at) => at / 4),
  labelNames: ["pitch", "yaw"],
  unit: "degrees" as const,
  subjects: Int32Array.of(0, 0, 1, 1, 2, 2),
  subjectNames: ["a", "b", "c"],
  count: COUNT,
  channels: 3,
  height: 4,
  width: 5,
  source: "set",
  kind: "npz" as const,
};
const DATA: LabelledImages = { ...unhashed, sha256: digestOf(unhashed) };
const indices = fc.array(fc.integer({ min: 0, max: COUNT - 1 }));

describe("some images of a set", () => {
  it("are those of the indices, with their labels and persons", () => {
    fc.assert(
      fc.property(indices, (chosen) => {
        const some = selectImages(DATA, chosen);
        expect(some.count).toBe(chosen.length);
        expect([...some.pixels]).toEqual(chosen.flatMap((at) => [...pattern(4, 5, at)]));
        expect([...some.labels]).toEqual(chosen.flatMap((at) => [at / 2, at / 2 + 0.25]));
        expect([...(some.subjects ?? [])]).toEqual(chosen.map((at) => Math.floor(at / 2)));
      }),
    );
  });

  it("are a set of their own: hashed, and nothing is shared", () => {
    const all = selectImages(DATA, [0, 1, 2, 3, 4, 5]);
    expect(all).toEqual(DATA);
    expect(selectImages(DATA, [1, 0, 2, 3, 4, 5]).sha256).not.toBe(DATA.sha256);
    all.pixels[0] = 77;
    expect(DATA.pixels[0]).toBe(pattern(4, 5, 0)[0]);
    expect(selectImages({ ...DATA, subjects: null }, [1]).subjects).toBeNull();
  });

  it("become the batch that imagesFromArray makes of the same pixels", async () => {
    const chosen = Int32Array.of(4, 1, 1);
    const batch = imagesAsBatch(DATA, chosen);
    const { pixels } = selectImages(DATA, chosen);
    const array = { data: pixels, shape: [3, 3, 4, 5], layout: "nchw" as const, source: "set" };
    const expected = await imagesFromArray(array, { minimum: 1 });
    expect(batch).toEqual({ ...expected, available: COUNT });
    expect(batch.kind).toBe("memory");
  });

  it.each([-1, COUNT, 0.5, Number.NaN])("do not include image %f", (index) => {
    expect(() => selectImages(DATA, [0, index])).toThrow(/indices from 0 to 5 into set/);
    expect(() => imagesAsBatch(DATA, [index])).toThrow(/indices from 0 to 5 into set/);
  });

  it("are refused as floats where they would not fit, before anything is allocated", () => {
    const wide = { ...DATA, height: 16_384, width: 16_384 };
    expect(() => imagesAsBatch(wide, [0, 1, 2])).toThrow(/at most/);
  });
});
