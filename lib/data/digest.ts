import { createHash } from "node:crypto";
import type { LabelledImages } from "./labelled-images.ts";

/** One update of a hash takes less than 2 GiB. */
const STEP = 2 ** 28;

/**
 * SHA-256 over the shape (count, channels, height, width and the number of labels as little-endian 64-bit numbers), the
 * pixels and the float32 labels.
 */
export function digestOf(data: Omit<LabelledImages, "sha256">): string {
  const { pixels, labels, count, channels, height, width, labelNames } = data;
  const hash = createHash("sha256");
  const shape = [count, channels, height, width, labelNames.length];
  hash.update(new Uint8Array(BigInt64Array.from(shape, BigInt).buffer));
  for (let start = 0; start < pixels.length; start += STEP) {
    hash.update(pixels.subarray(start, start + STEP));
  }
  hash.update(new Uint8Array(labels.buffer, labels.byteOffset, labels.byteLength));
  return hash.digest("hex");
}
