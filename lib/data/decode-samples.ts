import { constants } from "node:buffer";
import { DrmGuardError } from "../errors/index.ts";
import { DECODE_CONCURRENCY, MAXIMUM_BATCH_BYTES } from "../images/bounds.ts";
import { requireChannels } from "../images/channels.ts";
import { compareNatural } from "../images/natural-order.ts";
import { greyAsRgb, type Picture } from "../images/picture.ts";
import { forEachBounded } from "../images/picture-set.ts";
import { writeResized } from "../images/resize.ts";
import { type Selection, selectImages } from "../images/selection.ts";
import { type ResolvedDataSetOptions, requireNotCancelled } from "./data-set-options.ts";
import { digestOf } from "./digest.ts";
import { chooseColumns } from "./label-columns.ts";
import type { LabelledImages } from "./labelled-images.ts";
import type { Sample, SampleSet } from "./sample-set.ts";

/** Bytes of pixels and labels together, and what one array of this Node can hold. */
const MAXIMUM_BYTES = Math.min(MAXIMUM_BATCH_BYTES, constants.MAX_LENGTH);

/**
 * Decodes the chosen images of a set, a few at a time, and keeps the chosen labels.
 * @throws ERR_CONFIG for labels that the set does not have, ERR_IMAGES_MIXED_SIZES without a size where one is needed,
 *   ERR_IMAGES_TOO_FEW, ERR_IMAGES_TOO_LARGE before anything is allocated, ERR_IMAGES_CHANNELS, ERR_IMAGES_FORMAT for a
 *   label that is not finite, ERR_CANCELLED; whatever the set's `read` throws, for the first image that fails.
 */
export async function decodeSamples(
  set: SampleSet,
  options: ResolvedDataSetOptions,
): Promise<LabelledImages> {
  const { source, kind, unit, channels } = set;
  const selection = selectImages(set.available, options.images, source);
  const chosen = chooseColumns(set.columns, options.labels, source);
  const { height, width } = requireSize(set, options);
  requireChannels(channels, options.images.channels, source);
  const { count } = selection;
  const imageLength = channels * height * width;
  requireFits(count, imageLength, chosen.length, source);
  const pixels = new Uint8Array(count * imageLength);
  const labels = new Float32Array(count * chosen.length);
  await forEachBounded(count, DECODE_CONCURRENCY, async (position) => {
    requireNotCancelled(options.signal, source);
    const sample = await set.read(selection.indexAt(position));
    writeLabels(sample, set, chosen, labels.subarray(position * chosen.length));
    const picture = withChannels(sample.picture, channels, sample.name);
    writeBytes(picture, { height, width }, pixels.subarray(position * imageLength));
  });
  const labelNames = chosen.map((index) => set.columns[index]?.name ?? "");
  const shape = { count, channels, height, width };
  const data = {
    pixels,
    labels,
    labelNames,
    unit,
    ...numberSubjects(set, selection),
    ...shape,
    source,
    kind,
  };
  return { ...data, sha256: digestOf(data) };
}

function requireSize(set: SampleSet, { images }: ResolvedDataSetOptions): { height: number; width: number } {
  const size = images.size ?? set.size;
  if (size !== null) return size;
  throw new DrmGuardError(
    "ERR_IMAGES_MIXED_SIZES",
    `The images of ${set.source} (${set.kind}) have no fixed size, and no size was given.`,
    { hint: "Set the height and width that every image is resized to." },
  );
}

function requireFits(count: number, imageLength: number, columns: number, source: string): void {
  const bytes = count * (imageLength + columns * Float32Array.BYTES_PER_ELEMENT);
  if (bytes <= MAXIMUM_BYTES) return;
  const gigabytes = [bytes, MAXIMUM_BYTES].map((each) => `${(each / 2 ** 30).toFixed(1)} GiB`);
  throw new DrmGuardError(
    "ERR_IMAGES_TOO_LARGE",
    `The ${count} images of ${source} need ${gigabytes[0]}; at most ${gigabytes[1]} are allowed.`,
    { hint: "Use fewer images (a limit) or a smaller size.", details: { bytes } },
  );
}

function writeLabels(sample: Sample, set: SampleSet, chosen: readonly number[], target: Float32Array): void {
  for (const [at, index] of chosen.entries()) {
    const value = sample.labels[index];
    if (value === undefined || !Number.isFinite(Math.fround(value))) {
      throw new DrmGuardError(
        "ERR_IMAGES_FORMAT",
        `Expected a finite number as the label "${set.columns[index]?.name}" of ${sample.name}, got ${value}.`,
        { hint: "Correct the label, or remove the image." },
      );
    }
    target[at] = value;
  }
}

function withChannels(picture: Picture, channels: 1 | 3, name: string): Picture {
  if (picture.channels > channels) requireChannels(picture.channels, channels, name);
  return picture.channels < channels ? greyAsRgb(picture) : picture;
}

function writeBytes(picture: Picture, size: { height: number; width: number }, target: Uint8Array): void {
  const values = new Float32Array(picture.channels * size.height * size.width);
  writeResized(picture, size, values, 0);
  for (let index = 0; index < values.length; index++) {
    target[index] = Math.round((values[index] as number) * 255);
  }
}

function numberSubjects(
  { subjectOf }: SampleSet,
  selection: Selection,
): Pick<LabelledImages, "subjects" | "subjectNames"> {
  if (subjectOf === null) return { subjects: null, subjectNames: [] };
  const names = Array.from({ length: selection.count }, (_, at) => subjectOf(selection.indexAt(at)));
  const subjectNames = [...new Set(names)].sort(compareNatural);
  const numbers = new Map(subjectNames.map((name, number) => [name, number]));
  return { subjects: Int32Array.from(names, (name) => numbers.get(name) ?? -1), subjectNames };
}
