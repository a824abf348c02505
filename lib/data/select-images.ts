import { DrmGuardError } from "../errors/index.ts";
import { MAXIMUM_BATCH_BYTES } from "../images/bounds.ts";
import type { ImageBatch } from "../images/image-batch.ts";
import { digest } from "../images/picture-set.ts";
import { digestOf } from "./digest.ts";
import type { LabelledImages } from "./labelled-images.ts";

/**
 * Some images of a set, in the order of the indices; names of labels and subjects stay as they are.
 * @throws ERR_CONFIG for an index that the set does not have.
 */
export function selectImages(data: LabelledImages, indices: ArrayLike<number>): LabelledImages {
  const imageLength = data.channels * data.height * data.width;
  const labelCount = data.labelNames.length;
  const count = indices.length;
  const pixels = new Uint8Array(count * imageLength);
  const labels = new Float32Array(count * labelCount);
  const subjects = data.subjects === null ? null : new Int32Array(count);
  for (let to = 0; to < count; to++) {
    const from = requireIndex(data, indices[to]);
    pixels.set(data.pixels.subarray(from * imageLength, (from + 1) * imageLength), to * imageLength);
    labels.set(data.labels.subarray(from * labelCount, (from + 1) * labelCount), to * labelCount);
    if (subjects !== null) subjects[to] = data.subjects?.[from] ?? -1;
  }
  const selected = { ...data, pixels, labels, subjects, count };
  return { ...selected, sha256: digestOf(selected) };
}

/**
 * Some images of a set as floats in [0,1], in the order of the indices: what imagesFromArray makes of the same pixels,
 * with the same SHA-256.
 * @throws ERR_CONFIG for an index that the set does not have; ERR_IMAGES_TOO_LARGE before anything is allocated.
 */
export function imagesAsBatch(data: LabelledImages, indices: ArrayLike<number>): ImageBatch {
  const { channels, height, width, source } = data;
  const imageLength = channels * height * width;
  const count = indices.length;
  const bytes = count * imageLength * Float32Array.BYTES_PER_ELEMENT;
  if (bytes > MAXIMUM_BATCH_BYTES) {
    throw new DrmGuardError(
      "ERR_IMAGES_TOO_LARGE",
      `${count} images of ${source} need ${bytes} bytes as floats; at most ${MAXIMUM_BATCH_BYTES} are allowed.`,
      { hint: "Use fewer images, or a smaller size." },
    );
  }
  const pixels = new Float32Array(count * imageLength);
  for (let to = 0; to < count; to++) {
    const from = requireIndex(data, indices[to]) * imageLength;
    const target = pixels.subarray(to * imageLength, (to + 1) * imageLength);
    for (let at = 0; at < imageLength; at++) target[at] = (data.pixels[from + at] as number) / 255;
  }
  const shape = { count, channels, height, width };
  const sha256 = digest(pixels, [count, channels, height, width]);
  return { pixels, ...shape, source, kind: "memory", sha256, available: data.count };
}

function requireIndex(data: LabelledImages, index: number | undefined): number {
  if (index !== undefined && Number.isInteger(index) && index >= 0 && index < data.count) return index;
  throw new DrmGuardError(
    "ERR_CONFIG",
    `Expected indices from 0 to ${data.count - 1} into ${data.source}, got ${index}.`,
  );
}
