import { splitByPerson } from "../data/index.ts";
import { DrmGuardError } from "../errors/index.ts";
import { type ImageBatch, rowsAt } from "../images/index.ts";
import type { TuningSet } from "../native/addon.ts";
import { RandomStream } from "../render/index.ts";

/** Images to repair a model with, and what it should answer for them. */
export interface MitigationImages {
  images: ImageBatch;
  /** count × outputs in the model's own units; null takes the model's own answers. */
  labels: Float32Array | null;
  /** Which person each image shows, any whole number each; null where that is unknown. */
  subjects: Int32Array | null;
}

/** The images cut in two: what the model learns from, and what guards its clean error. */
export interface MitigationSets {
  training: TuningSet;
  heldOut: TuningSet;
  /** How many people the held-out images show, none of whom the others do; null where images were split one by one. */
  heldOutPersons: number | null;
}

/** A variance needs more, and so does a mean error that a model is rolled back for. */
const FEWEST_HELD_OUT = 8;

/** Of fewer, those that are held out stand for nobody but themselves. */
const FEWEST_PERSONS = 8;

/**
 * Where persons are known, nobody is on both sides: labels of a few hundred images teach a model the faces that they are of, and on
 * these it then errs less than on all others (docs/decisions/0016). Of fewer than eight persons single images are split.
 * @param labels count × outputs.
 * @throws ERR_IMAGES_TOO_FEW when one side would be too small.
 */
export function splitImages(
  { images, subjects }: Pick<MitigationImages, "images" | "subjects">,
  labels: Float32Array,
  { heldOutShare, seed }: { heldOutShare: number; seed: number },
): MitigationSets {
  const { count, source } = images;
  const persons = new Set(subjects).size < FEWEST_PERSONS ? null : subjects;
  const split = splitByPerson({ count, subjects: persons, source }, { heldOutShare, seed });
  const sizes = [split.training.length, split.heldOut.length] as const;
  if (Math.min(...sizes) < FEWEST_HELD_OUT) {
    throw new DrmGuardError(
      "ERR_IMAGES_TOO_FEW",
      `Expected at least ${FEWEST_HELD_OUT} images to learn from and as many to guard the clean error, got ` +
        `${sizes.join(" and ")} from ${source}.`,
    );
  }
  // What reads the first few images of a set should not see one person.
  const random = new RandomStream(seed);
  return {
    heldOut: rowsOf(images, labels, random.shuffle([...split.heldOut])),
    training: rowsOf(images, labels, random.shuffle([...split.training])),
    heldOutPersons: persons && new Set([...split.heldOut].map((row) => persons[row])).size,
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
