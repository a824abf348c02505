import { DrmGuardError } from "../errors/index.ts";
import { RandomStream } from "../render/index.ts";
import type { DataSplit, LabelledImages } from "./labelled-images.ts";

/** How to split a data set. */
export interface SplitOptions {
  /** Share of the images to hold out, between 0 and 1 (both excluded). */
  heldOutShare: number;
  /** A whole number; the same one splits the same set in the same way on every machine. */
  seed: number;
}

/**
 * Splits a set for training and measuring so that no person is on both sides. The persons are shuffled by the seed and
 * held out one after the other until their images reach the share (rounded to whole images); the last person is never
 * held out. Where persons are unknown, single images are split in the same way.
 * @returns indices in increasing order; together every image once.
 * @throws ERR_CONFIG when the share or the seed is none, or there are fewer than two persons (images).
 */
export function splitByPerson(
  data: Pick<LabelledImages, "count" | "subjects" | "source">,
  options: SplitOptions,
): DataSplit {
  const { heldOutShare, seed } = options;
  if (!(heldOutShare > 0 && heldOutShare < 1)) {
    throw new DrmGuardError(
      "ERR_CONFIG",
      `Expected a held-out share between 0 and 1 (both excluded), got ${heldOutShare}.`,
    );
  }
  if (!Number.isSafeInteger(seed)) {
    throw new DrmGuardError("ERR_CONFIG", `Expected a whole number as the seed of the split, got ${seed}.`);
  }
  const personOf = (index: number) => data.subjects?.[index] ?? index;
  const sizes = personSizes(data.count, personOf);
  if (sizes.size < 2) {
    const what = data.subjects === null ? "images" : "persons";
    throw new DrmGuardError(
      "ERR_CONFIG",
      `Expected at least two ${what} in ${data.source}, one for each side of the split, got ${sizes.size}.`,
    );
  }
  const heldOut = choosePersons(sizes, Math.max(1, Math.round(heldOutShare * data.count)), seed);
  const indices = Array.from({ length: data.count }, (_, index) => index);
  return {
    training: Int32Array.from(indices.filter((index) => !heldOut.has(personOf(index)))),
    heldOut: Int32Array.from(indices.filter((index) => heldOut.has(personOf(index)))),
  };
}

/** Images of each person. */
function personSizes(count: number, personOf: (index: number) => number): Map<number, number> {
  const sizes = new Map<number, number>();
  for (let index = 0; index < count; index++) {
    const person = personOf(index);
    sizes.set(person, (sizes.get(person) ?? 0) + 1);
  }
  return sizes;
}

function choosePersons(sizes: ReadonlyMap<number, number>, images: number, seed: number): Set<number> {
  // Sorted, so that the order in which images are stored does not matter.
  const persons = new RandomStream(seed).shuffle([...sizes.keys()].sort((left, right) => left - right));
  const chosen = new Set<number>();
  let reached = 0;
  for (const person of persons.slice(0, -1)) {
    if (reached >= images) break;
    chosen.add(person);
    reached += sizes.get(person) ?? 0;
  }
  return chosen;
}
