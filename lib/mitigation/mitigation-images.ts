import { DrmGuardError } from "../errors/index.ts";
import { type ImageBatch, rowsAt } from "../images/index.ts";
import type { TuningSet } from "../native/addon.ts";
import { RandomStream } from "../render/index.ts";

/** Images to repair a model with, and what it should answer for them. */
export interface MitigationImages {
  images: ImageBatch;
  /** count × outputs in the model's own units; null takes the model's own answers. */
  labels: Float32Array | null;
}

/** The images cut in two: what the model learns from, and what guards its clean error. */
export interface MitigationSets {
  training: TuningSet;
  heldOut: TuningSet;
}

/** A variance needs more, and so does a mean error that a model is rolled back for. */
const FEWEST_HELD_OUT = 8;

/**
 * @param labels count × outputs.
 * @throws ERR_IMAGES_TOO_FEW when one side would be too small.
 */
export function splitImages(
  images: ImageBatch,
  labels: Float32Array,
  { heldOutShare, seed }: { heldOutShare: number; seed: number },
): MitigationSets {
  const heldOut = Math.round(images.count * heldOutShare);
  if (heldOut < FEWEST_HELD_OUT || images.count - heldOut < FEWEST_HELD_OUT) {
    throw new DrmGuardError(
      "ERR_IMAGES_TOO_FEW",
      `Expected at least ${FEWEST_HELD_OUT} images to learn from and as many to guard the clean error, got ` +
        `${images.count - heldOut} and ${heldOut} from ${images.source}.`,
    );
  }
  const order = new RandomStream(seed).shuffle(Array.from({ length: images.count }, (_, index) => index));
  return {
    heldOut: rowsOf(images, labels, order.slice(0, heldOut)),
    training: rowsOf(images, labels, order.slice(heldOut)),
  };
}

function rowsOf(images: ImageBatch, labels: Float32Array, rows: readonly number[]): TuningSet {
  return {
    images: rowsAt(images.pixels, images.count, rows),
    labels: rowsAt(labels, images.count, rows),
    count: rows.length,
  };
}

/** Several sets as one, in order. */
export function joinSets(sets: readonly TuningSet[]): TuningSet {
  const join = (parts: readonly Float32Array[]) => {
    const joined = new Float32Array(parts.reduce((sum, { length }) => sum + length, 0));
    let at = 0;
    for (const part of parts) {
      joined.set(part, at);
      at += part.length;
    }
    return joined;
  };
  return {
    images: join(sets.map(({ images }) => images)),
    labels: join(sets.map(({ labels }) => labels)),
    count: sets.reduce((sum, { count }) => sum + count, 0),
  };
}
