import { describe, expect, it } from "vitest";
import { imageParts } from "../../../../lib/bench/index.ts";
import type { ZooImages } from "../../../../lib/zoo/index.ts";

/** Images that tell which one they are: every pixel of the n-th is n / count, and its label is n. */
function countedImages(count: number): ZooImages {
  const pixels = Float32Array.from({ length: count * 64 }, (_, at) => Math.floor(at / 64) / count);
  const facts = { source: "counted", kind: "memory", sha256: "c".repeat(64), available: count } as const;
  return {
    images: { pixels, count, channels: 1, height: 8, width: 8, ...facts },
    labels: Float32Array.from({ length: count }, (_, at) => at),
    subjects: null,
    labelNames: ["number"],
    unit: "unknown",
  };
}

describe("image parts", () => {
  it("share no image and keep every label with its image", async () => {
    const parts = await imageParts(countedImages(300), 60, 20);
    const numbers = [...parts.given.labels, ...parts.measured.labels];
    expect(parts.given.images.count).toBe(60);
    expect(parts.measured.images.count).toBe(240);
    expect(numbers.toSorted((a, b) => a - b)).toEqual(Array.from({ length: 300 }, (_, at) => at));
    for (const { images, labels } of [parts.given, parts.measured]) {
      for (const [row, label] of labels.entries()) expect(images.pixels[row * 64]).toBeCloseTo(label / 300);
    }
    expect(parts.given.labels).not.toEqual(parts.given.labels.toSorted());
    const known = new Set(parts.given.images.pixels);
    expect(parts.scanned.count).toBe(20);
    expect(parts.scanned.pixels.every((pixel) => known.has(pixel))).toBe(true);
  });

  it.each([
    [60, 0.4],
    [300, 0.5],
  ])("of %i given images share no person, and a few are not all of a few persons", async (given, share) => {
    const persons = 23;
    const subjects = Int32Array.from({ length: 600 }, (_, at) => 7 * (at % persons));
    const parts = await imageParts({ ...countedImages(600), subjects }, given, 20);
    const [some, others] = [parts.given, parts.measured].map((part) => {
      expect(part.subjects).toEqual(Int32Array.from(part.labels, (label) => 7 * (label % persons)));
      return new Set(part.subjects);
    });
    expect(parts.given.images.count).toBe(given);
    expect(some?.size).toBe(Math.ceil(share * persons));
    // Everybody else, with all of their images.
    expect(others?.size).toBe(persons - Math.ceil(share * persons));
    expect([...(some ?? [])].filter((person) => others?.has(person))).toEqual([]);
    expect(parts.measured.images.count).toBeGreaterThanOrEqual(600 * (1 - share) - 600 / persons);
    const unknown = await imageParts(countedImages(600), given, 20);
    expect(unknown.measured.images.count).toBe(600 - given);
    expect(unknown.sha256).not.toBe(parts.sha256);
  });

  it("are of fewer persons where two fifths would leave too little to measure on", async () => {
    const subjects = Int32Array.from({ length: 253 }, (_, at) => at % 23);
    const parts = await imageParts({ ...countedImages(253), subjects }, 40, 20);
    expect(new Set(parts.given.subjects).size).toBe(4);
    expect(parts.measured.images.count).toBe(19 * 11);
  });

  it("are the same every time, and others for other images", async () => {
    const one = await imageParts(countedImages(300), 60, 20);
    const again = await imageParts(countedImages(300), 60, 20);
    expect(again.sha256).toBe(one.sha256);
    expect(again.given.labels).toEqual(one.given.labels);
    const hashes = await Promise.all([
      imageParts(countedImages(300), 61, 20),
      imageParts(countedImages(300), 60, 21),
      imageParts(countedImages(301), 60, 20),
    ]);
    expect(new Set([one, ...hashes].map(({ sha256 }) => sha256)).size).toBe(4);
  });

  it("leave enough to measure on when nothing was asked for", async () => {
    expect((await imageParts(countedImages(700), null, 200)).given.images.count).toBe(490);
    expect((await imageParts(countedImages(1200), null, 200)).given.images.count).toBe(800);
  });

  it.each([
    [300, 101],
    [231, null],
    [150, null],
  ])("of %i images are refused when one is too small", async (count, given) => {
    await expect(imageParts(countedImages(count), given, 20)).rejects.toMatchObject({
      code: "ERR_IMAGES_TOO_FEW",
    });
  });
});
