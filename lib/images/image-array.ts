import { DrmGuardError } from "../errors/index.ts";
import { MAXIMUM_IMAGE_PIXELS } from "./bounds.ts";
import type { ByteSource } from "./byte-source.ts";
import { requireChannels } from "./channels.ts";
import { decodeElements, type ElementType, elementTypeOf } from "./element-type.ts";
import type { ImageBatch } from "./image-batch.ts";
import { type NpyHeader, readNpyHeader } from "./npy-header.ts";
import { channelsFirst, channelsLast, type Picture } from "./picture.ts";
import type { PictureSet } from "./picture-set.ts";
import { type ResolvedImageOptions, selectImages } from "./selection.ts";

/** How the images lie in an array: channels after the columns ("nhwc") or before the rows ("nchw"). */
export type ArrayLayout = "nhwc" | "nchw";

/** An array's shape, understood as images. */
export interface ImageArrayShape {
  count: number;
  channels: 1 | 3;
  height: number;
  width: number;
  layout: ArrayLayout;
}

/**
 * Understands N×H×W×C, N×C×H×W (C = 1 or 3) and N×H×W (grey).
 * @throws ERR_IMAGES_CHANNELS for four lengths of which none is 1 or 3 channels, ERR_IMAGES_FORMAT for other shapes
 *   and for those that can be read both ways.
 */
export function imageShapeOf(shape: readonly number[], name: string): ImageArrayShape {
  const [count, second, third, fourth] = shape as [number, number, number, number];
  if (shape.length === 3) {
    // A single picture, H×W×3, is the usual slip; images three pixels wide do not occur.
    if (third === 3 || third === 4) throw notImages(name, shape, "it looks like one picture, not a batch");
    return checkedShape({ count, channels: 1, height: second, width: third, layout: "nchw" }, name);
  }
  if (shape.length !== 4) throw notImages(name, shape, "the number of dimensions is neither 3 nor 4");
  const last = fourth === 1 || fourth === 3;
  const first = second === 1 || second === 3;
  if (first && last) throw notImages(name, shape, "either end could be the channels");
  if (last) {
    return checkedShape({ count, channels: fourth, height: second, width: third, layout: "nhwc" }, name);
  }
  if (first) {
    return checkedShape({ count, channels: second, height: third, width: fourth, layout: "nchw" }, name);
  }
  throw new DrmGuardError(
    "ERR_IMAGES_CHANNELS",
    `Expected 1 or 3 channels in ${name}, as N×H×W×C or N×C×H×W, got the shape ${shape.join("×")}.`,
  );
}

/** @throws ERR_IMAGES_FORMAT for images without pixels, ERR_IMAGES_TOO_LARGE for images beyond the bound. */
export function checkedShape(shape: ImageArrayShape, name: string): ImageArrayShape {
  const pixels = shape.height * shape.width;
  if (pixels === 0) throw notImages(name, [shape.count, shape.height, shape.width], "an image has no pixels");
  if (pixels > MAXIMUM_IMAGE_PIXELS) {
    throw new DrmGuardError(
      "ERR_IMAGES_TOO_LARGE",
      `The images of ${name} are ${shape.height}×${shape.width}; at most ${MAXIMUM_IMAGE_PIXELS} pixels are allowed.`,
    );
  }
  return shape;
}

function notImages(name: string, shape: readonly number[], why: string): DrmGuardError {
  return new DrmGuardError(
    "ERR_IMAGES_FORMAT",
    `Expected N×H×W×3, N×3×H×W or N×H×W images in ${name}, got the shape ${shape.join("×") || "()"}: ${why}.`,
    { hint: "Reshape the array, or save the images as N×H×W×C." },
  );
}

/** Checks an image array of a file; only the images that are chosen will be read. */
export async function openNpy(
  values: ByteSource,
  name: string,
  origin: { source: string; kind: ImageBatch["kind"] },
  options: ResolvedImageOptions,
): Promise<PictureSet> {
  const header = await readNpyHeader(values, name);
  const element = elementTypeOf(header, name);
  const shape = imageShapeOf(header.shape, name);
  requireWholeArray(header, element, values.size, name);
  const imageBytes = (header.elements / Math.max(1, shape.count)) * element.bytes;
  return openImageArray(shape, name, origin, options, async (index) => {
    const bytes = await values.read(header.dataOffset + index * imageBytes, imageBytes);
    return decodeElements(bytes, element, `image ${index} of ${name}`);
  });
}

/** @throws ERR_IMAGES_FORMAT unless the file holds exactly the values that the header promises. */
export function requireWholeArray(header: NpyHeader, element: ElementType, size: number, name: string): void {
  const expected = header.dataOffset + header.elements * element.bytes;
  if (size === expected) return;
  const what = size < expected ? "is cut short" : "has bytes behind its end";
  throw new DrmGuardError(
    "ERR_IMAGES_FORMAT",
    `${name} ${what}: a ${header.dtype} array of shape ${header.shape.join("×")} takes ${expected} bytes, but there are ${size}.`,
    { hint: "Copy the file again, or write it again with numpy.save." },
  );
}

/** Images of an array as a set; `values` gives one image's values in the array's own layout. */
export function openImageArray(
  shape: ImageArrayShape,
  name: string,
  origin: { source: string; kind: ImageBatch["kind"] },
  options: ResolvedImageOptions,
  values: (index: number) => Promise<{ values: Picture["values"]; maximum: number }>,
): PictureSet {
  requireChannels(shape.channels, options.channels, name);
  const selection = selectImages(shape.count, options, name);
  const { channels, height, width } = shape;
  return {
    ...origin,
    available: shape.count,
    count: selection.count,
    channels,
    height,
    width,
    async read(position) {
      const image = await values(selection.indexAt(position));
      const view = shape.layout === "nhwc" ? channelsLast : channelsFirst;
      return view(image.values, { channels, height, width }, image.maximum);
    },
  };
}
