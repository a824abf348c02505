import { createHash } from "node:crypto";
import { splitByPerson } from "../../data/index.ts";
import { DrmGuardError } from "../../errors/index.ts";
import { type ImageBatch, imagesFromArray, rowsAt } from "../../images/index.ts";
import { RandomStream } from "../../render/index.ts";
import type { ZooImages } from "../../zoo/index.ts";
import { benchImages } from "../identify/bench-plans.ts";

/** Images with their labels, count × labelNames.length. */
export interface LabelledPart {
  images: ImageBatch;
  labels: Float32Array;
  /** Which person each image shows; null where persons are unknown. */
  subjects: Int32Array | null;
}

/** The held-out images of a zoo in two parts that share no person, or no image where persons are unknown. */
export interface ImageParts {
  /** What a mitigation has. */
  given: LabelledPart;
  /** Those of the given images that models are scanned with. */
  scanned: ImageBatch;
  /** What every model is measured on, before and after. */
  measured: LabelledPart;
  labelNames: string[];
  unit: ZooImages["unit"];
  /** Of all of it. */
  sha256: string;
}

export const GIVEN_IMAGES = 800;
/** Of the images, where they are few. */
const GIVEN_SHARE = 0.7;
/** Errors to within a few per cent of themselves; fewer would call chance a mitigation. */
export const FEWEST_MEASURED = 200;
/** Of the persons, where they are known: a few images should not all be of a few of them. */
const GIVEN_PERSONS = 0.4;
/** A quarter of them guards the clean error and must be enough for one. */
export const FEWEST_GIVEN = 32;
/** The same parts for every zoo, method and seed, so that their results compare. */
const SEED = 1;
/** Tells this stream from others of the same seed. */
const STREAM = 0x70617274;

/**
 * Cuts the held-out images in two, always in the same way. A mitigation has images of some persons, two fifths of them at least, and is
 * measured on all those of others: what it wins only on the people that it has seen is nothing (docs/decisions/0016). Images of
 * its people beyond the number are left out.
 * @param given how many images a mitigation has; null takes 800, or seven tenths of fewer than 1,143.
 * @param scanLimit most of them that models are scanned with, spread evenly.
 * @throws ERR_IMAGES_TOO_FEW when one part would be too small.
 */
export async function imageParts(
  zoo: ZooImages,
  given: number | null,
  scanLimit: number,
): Promise<ImageParts> {
  const { count, source } = zoo.images;
  const wanted = given ?? Math.min(GIVEN_IMAGES, Math.round(GIVEN_SHARE * count));
  const [ofGiven, others] = personParts(zoo, wanted);
  if (wanted < FEWEST_GIVEN || others.length < FEWEST_MEASURED) {
    throw new DrmGuardError(
      "ERR_IMAGES_TOO_FEW",
      `Expected at least ${FEWEST_GIVEN} held-out images for the mitigation and ${FEWEST_MEASURED} of other people to ` +
        `measure on, got ${wanted} and ${others.length} of ${source}.`,
      { hint: "Give fewer --images, or make the zoo with more data or a larger heldOutShare." },
    );
  }
  const random = new RandomStream(SEED, STREAM);
  const ofMitigation = await partOf(zoo, random.shuffle(ofGiven).slice(0, wanted));
  const measured = await partOf(zoo, random.shuffle(others));
  const scanned = await benchImages(ofMitigation.images, scanLimit);
  const { labelNames, unit } = zoo;
  const sha256 = digest([ofMitigation, measured], scanned);
  return { given: ofMitigation, scanned, measured, labelNames, unit, sha256 };
}

/**
 * Images of two fifths of the persons where that leaves enough to measure on, otherwise of as many as it takes for so many
 * images, and those of everybody else.
 */
function personParts({ images, subjects }: ZooImages, wanted: number): [number[], number[]] {
  const { count, source } = images;
  if (wanted <= 0 || wanted >= count) return [[], []];
  const least = wanted / count;
  const parted = (heldOutShare: number): [number[], number[]] => {
    const { heldOut, training } = splitByPerson({ count, subjects, source }, { heldOutShare, seed: SEED });
    return [[...heldOut], [...training]];
  };
  const ofMany = parted(subjects === null ? least : Math.max(least, GIVEN_PERSONS));
  return ofMany[1].length < FEWEST_MEASURED ? parted(least) : ofMany;
}

async function partOf(
  { images, labels, subjects }: ZooImages,
  rows: readonly number[],
): Promise<LabelledPart> {
  const { count, channels, height, width, source } = images;
  const data = rowsAt(images.pixels, count, rows);
  const shape = [rows.length, channels, height, width];
  const batch = await imagesFromArray(
    { data, shape, layout: "nchw", source },
    { channels: channels === 1 ? 1 : 3 },
  );
  const shown = subjects === null ? null : Int32Array.from(rows, (row) => subjects[row] ?? -1);
  return { images: batch, labels: rowsAt(labels, count, rows), subjects: shown };
}

function digest(parts: readonly LabelledPart[], scanned: ImageBatch): string {
  const hash = createHash("sha256");
  for (const { images, labels, subjects } of parts) {
    hash.update(`${images.sha256}${subjects}`);
    hash.update(new Uint8Array(labels.buffer, labels.byteOffset, labels.byteLength));
  }
  return hash.update(scanned.sha256).digest("hex");
}
