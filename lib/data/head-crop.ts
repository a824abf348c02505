import { DrmGuardError } from "../errors/index.ts";
import type { Picture } from "../images/picture.ts";

/**
 * Side of the cube around a head, in millimetres, that a crop shows: a head with some room, so that a turned head and
 * an annotated centre that is a few centimetres off stay inside.
 */
export const HEAD_CUBE_MILLIMETRES = 300;

/** A square of a picture, in pixels: its centre and side, before rounding. */
export interface HeadSquare {
  column: number;
  row: number;
  side: number;
}

/**
 * The part of a picture in a square, as a view. A square that reaches over the border is moved inside (and shrunk to
 * the picture's shorter side if it is larger), so that the scale stays and nothing is made up.
 * @throws ERR_IMAGES_FORMAT when the centre is outside the picture or the square has no pixels.
 */
export function cropSquare(picture: Picture, square: HeadSquare, name: string): Picture {
  const { column, row, side } = square;
  const inside = column >= 0 && row >= 0 && column < picture.width && row < picture.height;
  if (!inside || !(side >= 1)) {
    const at = `column ${column.toFixed(1)}, row ${row.toFixed(1)}, side ${side.toFixed(1)}`;
    throw new DrmGuardError(
      "ERR_IMAGES_FORMAT",
      `Expected the annotated head inside ${name} (${picture.height}×${picture.width}), got ${at}.`,
      { hint: "Check the annotation and the camera's calibration." },
    );
  }
  const length = Math.min(Math.round(side), picture.height, picture.width);
  const left = clamp(Math.round(column - length / 2), picture.width - length);
  const top = clamp(Math.round(row - length / 2), picture.height - length);
  const start = top * picture.rowStride + left * picture.columnStride;
  return { ...picture, height: length, width: length, values: picture.values.subarray(start) };
}

function clamp(start: number, most: number): number {
  return Math.min(Math.max(start, 0), most);
}
