import { DrmGuardError } from "../errors/index.ts";
import type { NpyHeader } from "./npy-header.ts";
import type { Picture } from "./picture.ts";

/** A numpy element type that images may have. */
export interface ElementType {
  dtype: "|u1" | "<f2" | "<f4" | "<f8";
  bytes: number;
}

const ELEMENT_BYTES: Record<ElementType["dtype"], number> = { "|u1": 1, "<f2": 2, "<f4": 4, "<f8": 8 };

/** Floats this far outside [0,1] are rounding (a resize in float32), not another range; they are clamped. */
const ROUNDING = 1e-6;

/**
 * The element type of an image array: uint8, or little-endian float16, float32 or float64, in C order.
 * @throws ERR_IMAGES_FORMAT for every other, with the numpy call that mends it.
 */
export function elementTypeOf(header: NpyHeader, name: string): ElementType {
  const { dtype } = header;
  if (dtype.replace(/^[|<>=]/, "").startsWith("O")) {
    throw unusable(
      `${name} holds Python objects (dtype object). Reading them means unpickling, which can run code, so it is refused.`,
      "Save a numeric array: numpy.save(path, numpy.stack(images)).",
    );
  }
  const known = dtype === "<u1" || dtype === "u1" ? "|u1" : dtype;
  if (!isImageType(known)) {
    throw unusable(
      `Expected uint8 or little-endian float16, float32 or float64 in ${name}, got the dtype ${dtype}.`,
      'Convert it: images.astype("uint8") for [0,255], images.astype("<f4") for [0,1].',
    );
  }
  if (header.fortranOrder && header.shape.filter((length) => length > 1).length > 1) {
    throw unusable(
      `${name} is stored in Fortran order; only C order is read.`,
      "Save numpy.ascontiguousarray(images).",
    );
  }
  return { dtype: known, bytes: ELEMENT_BYTES[known] };
}

function isImageType(dtype: string): dtype is ElementType["dtype"] {
  return Object.hasOwn(ELEMENT_BYTES, dtype);
}

/** Turns one image's bytes (a buffer of their own) into values; floats are checked to lie in [0,1]. */
export function decodeElements(
  bytes: Uint8Array<ArrayBuffer>,
  element: ElementType,
  name: string,
): { values: Picture["values"]; maximum: number } {
  switch (element.dtype) {
    case "|u1":
      return { values: bytes, maximum: 255 };
    case "<f2":
      return unitFloats(Float32Array.from(new Uint16Array(bytes.buffer), halfToNumber), name);
    case "<f4":
      return unitFloats(new Float32Array(bytes.buffer), name);
    case "<f8":
      return unitFloats(Float32Array.from(new Float64Array(bytes.buffer)), name);
  }
}

/**
 * Checks that floats lie in [0,1] and clamps rounding noise in place.
 * @throws ERR_IMAGES_FORMAT naming the value; the range is never guessed.
 */
export function unitFloats(values: Float32Array, name: string): { values: Float32Array; maximum: number } {
  for (let index = 0; index < values.length; index++) {
    const value = values[index] as number;
    if (value >= 0 && value <= 1) continue;
    if (!(value >= -ROUNDING && value <= 1 + ROUNDING)) throw outOfRange(value, values, name);
    values[index] = value < 0 ? 0 : 1;
  }
  return { values, maximum: 1 };
}

function outOfRange(value: number, values: Float32Array, name: string): DrmGuardError {
  const message = `Expected floats in [0,1] in ${name}, got ${value}.`;
  if (!Number.isFinite(value)) return unusable(message, "Remove the images that hold NaN or infinity.");
  const least = values.reduce((smallest, each) => Math.min(smallest, each), 0);
  if (least < -ROUNDING) {
    return unusable(
      message,
      "These look normalised already. Give the pictures before normalisation and set the mean and deviation instead.",
    );
  }
  return unusable(message, "These look like [0,255]: divide the array by 255, or save it as uint8.");
}

/** IEEE 754 half precision, from its bits. */
function halfToNumber(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 0x1f;
  const fraction = bits & 0x3ff;
  if (exponent === 0x1f) return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

function unusable(message: string, hint: string): DrmGuardError {
  return new DrmGuardError("ERR_IMAGES_FORMAT", message, { hint });
}
