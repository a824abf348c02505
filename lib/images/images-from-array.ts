import { DrmGuardError } from "../errors/index.ts";
import { unitFloats } from "./element-type.ts";
import {
  type ArrayLayout,
  checkedShape,
  type ImageArrayShape,
  imageShapeOf,
  openImageArray,
} from "./image-array.ts";
import type { ImageBatch, ImageOptions } from "./image-batch.ts";
import { decodeSet } from "./picture-set.ts";
import { resolveImageOptions } from "./selection.ts";

/** Images that the calling program has in memory. */
export interface ImageArray {
  /** RGB or grey: floats in [0,1], or bytes in [0,255]. Not kept and not changed. */
  data: Float32Array | Uint8Array;
  /** Four lengths in the order that `layout` says, or three (N, H, W) for grey images. */
  shape: readonly number[];
  /** "nchw": images × channels × height × width. "nhwc": images × height × width × channels. */
  layout: ArrayLayout;
  /** How the report calls the images; "memory" when left out. */
  source?: string;
}

/**
 * Makes a batch of images that a program holds already, with the checks of loadImages.
 * @throws ERR_CONFIG for wrong options, ERR_IMAGES_FORMAT for a shape that does not fit the data or floats outside
 *   [0,1], ERR_IMAGES_CHANNELS, ERR_IMAGES_TOO_FEW, ERR_IMAGES_TOO_LARGE.
 */
export async function imagesFromArray(array: ImageArray, options: ImageOptions = {}): Promise<ImageBatch> {
  const resolved = resolveImageOptions(options);
  const source = array.source ?? "memory";
  const { data } = array;
  const shape = requireShape(array, source);
  const length = shape.channels * shape.height * shape.width;
  const set = openImageArray(shape, source, { source, kind: "memory" }, resolved, async (index) => {
    const image = data.subarray(index * length, (index + 1) * length);
    return image instanceof Float32Array
      ? unitFloats(new Float32Array(image), `image ${index} of ${source}`)
      : { values: image, maximum: 255 };
  });
  return decodeSet(set, resolved);
}

/** Here the caller says the layout, so that no shape is ambiguous. */
function requireShape({ data, shape, layout }: ImageArray, source: string): ImageArrayShape {
  if (!(data instanceof Float32Array || data instanceof Uint8Array)) {
    throw new DrmGuardError("ERR_IMAGES_FORMAT", `Expected a Float32Array or Uint8Array in ${source}.`);
  }
  if (layout !== "nchw" && layout !== "nhwc") {
    throw new DrmGuardError("ERR_CONFIG", `The layout must be "nchw" or "nhwc", got ${String(layout)}.`);
  }
  const elements = shape.reduce((product, each) => product * each, 1);
  if (!shape.every((each) => Number.isSafeInteger(each) && each >= 0) || elements !== data.length) {
    throw new DrmGuardError(
      "ERR_IMAGES_FORMAT",
      `The shape ${shape.join("×")} does not fit ${source}: it takes ${elements} values, but there are ${data.length}.`,
    );
  }
  if (shape.length !== 4) return imageShapeOf(shape, source);
  const [count, second, third, fourth] = shape as [number, number, number, number];
  const image =
    layout === "nhwc"
      ? { channels: fourth, height: second, width: third }
      : { channels: second, height: third, width: fourth };
  if (image.channels !== 1 && image.channels !== 3) {
    throw new DrmGuardError(
      "ERR_IMAGES_CHANNELS",
      `Expected 1 or 3 channels in ${source}, got ${image.channels} (${layout} shape ${shape.join("×")}).`,
    );
  }
  return checkedShape({ count, ...image, channels: image.channels, layout }, source);
}
