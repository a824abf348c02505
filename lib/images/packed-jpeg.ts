import { DrmGuardError } from "../errors/index.ts";
import { MAXIMUM_IMAGE_FILE_BYTES } from "./bounds.ts";
import type { ByteSource } from "./byte-source.ts";
import { requireChannels } from "./channels.ts";
import { checkedShape, type ImageArrayShape } from "./image-array.ts";
import { decodeImageFile, readImageFacts } from "./image-file.ts";
import { type NpyHeader, readNpyHeader } from "./npy-header.ts";
import type { NamedArrays } from "./npz-arrays.ts";
import { greyAsRgb, type Picture } from "./picture.ts";
import type { PictureSet } from "./picture-set.ts";
import { type ResolvedImageOptions, selectImages } from "./selection.ts";
import type { ZipArchive } from "./zip-archive.ts";
import type { ZipEntry } from "./zip-directory.ts";

/** One array of the packed form, its values still in the file. */
interface PackedArray {
  header: NpyHeader;
  values: ByteSource;
  label: string;
}

/**
 * Opens the packed form: `jpeg` (uint8, JPEG files end to end), `offsets` (int64, N+1: file i is
 * jpeg[offsets[i] … offsets[i+1]]) and `shape` (int64: N, H, W, C). Other arrays (labels, subjects) are not read.
 * @throws ERR_IMAGES_FORMAT when the three do not fit together; ERR_IMAGES_UNREADABLE, naming the image, when a JPEG
 *   is damaged or has another size than `shape` says.
 */
export async function openPackedJpeg(
  archive: ZipArchive,
  arrays: NamedArrays,
  path: string,
  options: ResolvedImageOptions,
): Promise<PictureSet> {
  const jpeg = await openArray(archive, arrays, "jpeg", ["|u1", "<u1"], path);
  const offsets = await readIntegers(await openArray(archive, arrays, "offsets", ["<i8"], path));
  const shape = requireShape(
    await readIntegers(await openArray(archive, arrays, "shape", ["<i8"], path)),
    path,
  );
  requireOffsets(offsets, shape.count, jpeg, path);
  requireChannels(shape.channels, options.channels, path);
  const selection = selectImages(shape.count, options, path);
  return {
    source: path,
    kind: "packed-jpeg",
    available: shape.count,
    count: selection.count,
    channels: shape.channels,
    height: shape.height,
    width: shape.width,
    async read(position) {
      const index = selection.indexAt(position);
      const start = Number(offsets[index]);
      const length = Number(offsets[index + 1]) - start;
      const bytes = await jpeg.values.read(jpeg.header.dataOffset + start, length);
      return decodePacked(bytes, shape, `image ${index} of ${path}`);
    },
  };
}

async function openArray(
  archive: ZipArchive,
  arrays: NamedArrays,
  name: string,
  dtypes: string[],
  path: string,
): Promise<PackedArray> {
  const { entry } = arrays.get(name) as { entry: ZipEntry };
  const label = `the array "${name}" of ${path}`;
  const values = await archive.open(entry);
  const header = await readNpyHeader(values, label);
  const bytes = header.elements * (header.dtype.endsWith("8") ? 8 : 1);
  if (!dtypes.includes(header.dtype) || header.shape.length !== 1) {
    throw broken(
      `Expected a one-dimensional ${dtypes[0]} array, got ${header.dtype} ${header.shape.join("×")} in ${label}.`,
    );
  }
  if (header.dataOffset + bytes !== values.size)
    throw broken(`The length of ${label} does not fit its header.`);
  return { header, values, label };
}

async function readIntegers(array: PackedArray): Promise<BigInt64Array> {
  const { dataOffset, elements } = array.header;
  return new BigInt64Array((await array.values.read(dataOffset, elements * 8)).buffer);
}

function requireShape(values: BigInt64Array, path: string): ImageArrayShape {
  const [count, height, width, channels] = Array.from(values, Number) as [number, number, number, number];
  const sound =
    values.length === 4 &&
    Array.from(values, Number).every((each) => Number.isSafeInteger(each) && each >= 0);
  if (!sound) throw broken(`Expected N, H, W, C in the array "shape" of ${path}, got ${values.join(", ")}.`);
  if (channels !== 1 && channels !== 3) {
    throw new DrmGuardError("ERR_IMAGES_CHANNELS", `Expected 1 or 3 channels in ${path}, got ${channels}.`);
  }
  return checkedShape({ count, height, width, channels, layout: "nhwc" }, path);
}

function requireOffsets(offsets: BigInt64Array, count: number, jpeg: PackedArray, path: string): void {
  if (offsets.length !== count + 1) {
    throw broken(`Expected ${count + 1} offsets for ${count} images in ${path}, got ${offsets.length}.`);
  }
  if (offsets[0] !== 0n || offsets[count] !== BigInt(jpeg.header.elements)) {
    throw broken(
      `The offsets of ${path} must run from 0 to ${jpeg.header.elements}, but run from ${offsets[0]} to ${offsets[count]}.`,
    );
  }
  for (let index = 0; index < count; index++) {
    const length = (offsets[index + 1] as bigint) - (offsets[index] as bigint);
    if (length <= 0n || length > BigInt(MAXIMUM_IMAGE_FILE_BYTES)) {
      throw broken(`Image ${index} of ${path} takes ${length} bytes by its offsets.`);
    }
  }
}

async function decodePacked(bytes: Uint8Array, shape: ImageArrayShape, name: string): Promise<Picture> {
  const facts = await readImageFacts(bytes, name);
  if (facts.format !== "jpeg" || facts.height !== shape.height || facts.width !== shape.width) {
    throw new DrmGuardError(
      "ERR_IMAGES_UNREADABLE",
      `Expected a JPEG of ${shape.height}×${shape.width} as ${name}, got a ${facts.format} of ${facts.height}×${facts.width}.`,
    );
  }
  if (facts.channels > shape.channels) requireChannels(facts.channels, shape.channels, name);
  const picture = await decodeImageFile(bytes, facts, name);
  return picture.channels < shape.channels ? greyAsRgb(picture) : picture;
}

function broken(message: string): DrmGuardError {
  return new DrmGuardError("ERR_IMAGES_FORMAT", message, {
    hint: "The packed form needs jpeg (uint8), offsets (int64, N+1) and shape (int64: N, H, W, C).",
  });
}
