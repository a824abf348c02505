import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import { describe, expect, it } from "vitest";
import { type ImageBatch, loadImages } from "../../../lib/images/index.ts";
import { fixtureJson } from "./fixture.ts";

interface SharedSet {
  shape: [number, number, number, number];
  indices: number[];
  means: number[];
}

const FOLDER = join(process.env.DRMGUARD_SHARED ?? resolve("../shared"), "data");
const SETS = Object.entries(fixtureJson<Record<string, SharedSet>>("shared-means.json"));

function meanOf(batch: ImageBatch, index: number): number {
  const length = batch.channels * batch.height * batch.width;
  const image = batch.pixels.subarray(index * length, (index + 1) * length);
  return image.reduce((sum, value) => sum + value, 0) / length;
}

for (const [name, { shape, indices, means }] of SETS) {
  const path = join(FOLDER, `${name}.jpk.npz`);
  const absent = !existsSync(path);
  describe.skipIf(absent)(`${name}${absent ? " (skipped: not found; set DRMGUARD_SHARED)" : ""}`, () => {
    it("is read whole, with Pillow's means", { timeout: 60_000 }, async () => {
      const [count, height, width, channels] = shape;
      const batch = await loadImages(path);
      expect([batch.count, batch.height, batch.width, batch.channels]).toEqual([
        count,
        height,
        width,
        channels,
      ]);
      expect(batch.kind).toBe("packed-jpeg");
      for (const [at, index] of indices.entries())
        expect(meanOf(batch, index)).toBeCloseTo(means[at] as number, 3);
    });

    it("gives the chosen images under a limit", async () => {
      const batch = await loadImages(path, { limit: 64, size: { height: 32, width: 32 } });
      expect([batch.count, batch.available, batch.height]).toEqual([64, shape[0], 32]);
      expect(meanOf(batch, 0)).toBeCloseTo(means[0] as number, 1);
    });
  });
}
