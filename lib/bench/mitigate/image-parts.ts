import { createHash } from "node:crypto";
import { DrmGuardError } from "../../errors/index.ts";
import { type ImageBatch, imagesFromArray, rowsAt } from "../../images/index.ts";
import { RandomStream } from "../../render/index.ts";
import type { ZooImages } from "../../zoo/index.ts";
import { benchImages } from "../identify/bench-plans.ts";

/** Images with their labels, count × labelNames.length. */
export interface LabelledPart {
  images: ImageBatch;
  labels: Float32Array;
}

/** The held-out images of a zoo in two parts that share no image. */
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
/** Errors to within a few per cent of themselves; fewer would call chance a mitigation. */
export const FEWEST_MEASURED = 200;
/** A quarter of them guards the clean error and must be enough for one. */
export const FEWEST_GIVEN = 32;
/** The same parts for every zoo, method and seed, so that their results compare. */
const SEED = 1;
/** Tells this stream from others of the same seed. */
const STREAM = 0x70617274;

/**
 * Cuts the held-out images in two after a shuffle that is always the same.
 * @param given how many images a mitigation has; null takes 800, or as many as leave enough to measure on.
 * @param scanLimit most of them that models are scanned with, spread evenly.
 * @throws ERR_IMAGES_TOO_FEW when one part would be too small.
 */
export async function imageParts(
  zoo: ZooImages,
  given: number | null,
  scanLimit: number,
): Promise<ImageParts> {
  const { count, source } = zoo.images;
  const first = given ?? Math.min(GIVEN_IMAGES, count - FEWEST_MEASURED);
  if (first < FEWEST_GIVEN || count - first < FEWEST_MEASURED) {
    throw new DrmGuardError(
      "ERR_IMAGES_TOO_FEW",
      `Expected at least ${FEWEST_GIVEN} held-out images for the mitigation and ${FEWEST_MEASURED} more to measure ` +
        `on, got ${Math.max(0, first)} and ${count - Math.max(0, first)} of ${source}.`,
      { hint: "Give fewer --images, or make the zoo with more data or a larger heldOutShare." },
    );
  }
  const order = new RandomStream(SEED, STREAM).shuffle(Array.from({ length: count }, (_, index) => index));
  const ofMitigation = await partOf(zoo, order.slice(0, first));
  const measured = await partOf(zoo, order.slice(first));
  const scanned = await benchImages(ofMitigation.images, scanLimit);
  const { labelNames, unit } = zoo;
  const sha256 = digest([ofMitigation, measured], scanned);
  return { given: ofMitigation, scanned, measured, labelNames, unit, sha256 };
}

async function partOf({ images, labels }: ZooImages, rows: readonly number[]): Promise<LabelledPart> {
  const { count, channels, height, width, source } = images;
  const data = rowsAt(images.pixels, count, rows);
  const shape = [rows.length, channels, height, width];
  const batch = await imagesFromArray(
    { data, shape, layout: "nchw", source },
    { channels: channels === 1 ? 1 : 3 },
  );
  return { images: batch, labels: rowsAt(labels, count, rows) };
}

function digest(parts: readonly LabelledPart[], scanned: ImageBatch): string {
  const hash = createHash("sha256");
  for (const { images, labels } of parts) {
    hash.update(images.sha256);
    hash.update(new Uint8Array(labels.buffer, labels.byteOffset, labels.byteLength));
  }
  return hash.update(scanned.sha256).digest("hex");
}
