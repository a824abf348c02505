import { createHash } from "node:crypto";
import { DrmGuardError } from "../errors/index.ts";
import { DECODE_CONCURRENCY, MAXIMUM_BATCH_BYTES } from "./bounds.ts";
import type { ImageBatch } from "./image-batch.ts";
import type { Picture } from "./picture.ts";
import { writeResized } from "./resize.ts";
import type { ResolvedImageOptions } from "./selection.ts";

/** The images chosen from one source, checked but not yet decoded. */
export interface PictureSet {
  source: string;
  kind: ImageBatch["kind"];
  /** How many images the source holds. */
  available: number;
  /** How many of them were chosen. */
  count: number;
  channels: 1 | 3;
  /** Size of the images as stored. Only a set that will be resized may hold other sizes as well. */
  height: number;
  width: number;
  /** Decodes one chosen image, 0 ≤ position < count. */
  read(position: number): Promise<Picture>;
}

/**
 * Decodes a set into one batch, a few images at a time.
 * @throws ERR_IMAGES_TOO_LARGE before anything is allocated; whatever `read` throws, for the first image that fails.
 */
export async function decodeSet(set: PictureSet, options: ResolvedImageOptions): Promise<ImageBatch> {
  const size = options.size ?? { height: set.height, width: set.width };
  const imageLength = set.channels * size.height * size.width;
  requireBatchFits(set, size);
  const pixels = new Float32Array(set.count * imageLength);
  await forEachBounded(set.count, DECODE_CONCURRENCY, async (position) => {
    writeResized(await set.read(position), size, pixels, position * imageLength);
  });
  const { count, channels, source, kind, available } = set;
  const sha256 = digest(pixels, [count, channels, size.height, size.width]);
  return { pixels, count, channels, ...size, source, kind, sha256, available };
}

function requireBatchFits(set: PictureSet, size: { height: number; width: number }): void {
  const bytes = set.count * set.channels * size.height * size.width * Float32Array.BYTES_PER_ELEMENT;
  if (bytes <= MAXIMUM_BATCH_BYTES) return;
  const shape = `${set.count}×${set.channels}×${size.height}×${size.width}`;
  throw new DrmGuardError(
    "ERR_IMAGES_TOO_LARGE",
    `The images of ${set.source} (${shape} float32) need ${inGigabytes(bytes)}; at most ${inGigabytes(MAXIMUM_BATCH_BYTES)} are allowed.`,
    { hint: "Use fewer images (--limit) or a smaller input size.", details: { bytes } },
  );
}

function inGigabytes(bytes: number): string {
  return `${(bytes / 2 ** 30).toFixed(1)} GiB`;
}

/**
 * Runs `work` for 0 … count−1, at most `width` at a time and starting in order. After a failure nothing new starts;
 * of several failures the one with the smallest index is thrown, so that the same input always fails the same way.
 */
export async function forEachBounded(
  count: number,
  width: number,
  work: (index: number) => Promise<void>,
): Promise<void> {
  const failures = new Map<number, unknown>();
  let next = 0;
  async function run(): Promise<void> {
    while (next < count && failures.size === 0) {
      const index = next++;
      try {
        await work(index);
      } catch (thrown) {
        failures.set(index, thrown);
      }
    }
  }
  await Promise.all(Array.from({ length: Math.min(width, count) }, run));
  if (failures.size > 0) throw failures.get(Math.min(...failures.keys()));
}

/** SHA-256 over the shape (four little-endian 64-bit numbers) and the float32 values. */
export function digest(pixels: Float32Array, shape: [number, number, number, number]): string {
  const hash = createHash("sha256");
  hash.update(new Uint8Array(BigInt64Array.from(shape, BigInt).buffer));
  const bytes = new Uint8Array(pixels.buffer, pixels.byteOffset, pixels.byteLength);
  // One update takes less than 2 GiB.
  const step = 2 ** 28;
  for (let start = 0; start < bytes.length; start += step) hash.update(bytes.subarray(start, start + step));
  return hash.digest("hex");
}
