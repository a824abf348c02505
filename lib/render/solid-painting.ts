import type { Canvas } from "./canvas.ts";
import type { Ellipsoid } from "./ellipsoid.ts";
import type { Colour, FaceView } from "./face-traits.ts";
import type { HairCut } from "./hair-cut.ts";
import { FACE_CENTRE } from "./head-form.ts";
import type { Matrix3 } from "./head-pose.ts";
import type { Bounds } from "./shapes.ts";

// The steps in which a part of a turned head is painted, each over all its pixels: small loops without calls, whose
// constants are read once (by index: what is taken from an array by destructuring stays boxed in the loop). What the
// points of a row have in common is worked out once per row.

/** Face coordinates of what is no skin of the face's front: far outside every shape. */
export const NOWHERE = 1e3;

/**
 * Finds the pixels within `region` that an ellipsoid covers: writes their columns into the canvas's spans and, within
 * these, how much of each pixel it covers, 0 where something nearer hides it, and how near to the camera it is where
 * it covers anything (beside the outline, its nearest edge).
 */
export function traceSolid(canvas: Canvas, solid: Ellipsoid, pixelWidth: number, region: Bounds): void {
  const { size, columnPlace, rowPlace, spanFrom, spanTo, depth, share, near } = canvas;
  const { uu, uv, vv, outer, inner, u, v, w, matrix } = solid;
  const m02 = matrix[2];
  const m12 = matrix[4];
  const m22 = matrix[5];
  const middle = (u - (columnPlace[0] as number)) / pixelWidth;
  const curve = vv - (uv * uv) / uu;
  for (let row = region.top; row <= region.bottom; row++) {
    const dv = (rowPlace[row] as number) - v;
    const uvDv = uv * dv;
    const vvDv = vv * dv;
    const vvDvDv = vvDv * dv;
    const m12Dv = m12 * dv;
    // Where s is below `outer`.
    const from = middle - uvDv / (uu * pixelWidth);
    const reach = Math.sqrt(Math.max(0, outer - curve * dv * dv) / uu) / pixelWidth;
    const left = Math.max(region.left, Math.floor(from - reach));
    const right = Math.min(region.right, Math.ceil(from + reach));
    spanFrom[row] = left;
    spanTo[row] = right;
    for (let column = left, pixel = row * size + left; column <= right; column++, pixel++) {
      const du = (columnPlace[column] as number) - u;
      const gu = uu * du + uvDv;
      const gv = uv * du + vvDv;
      const s = gu * du + gv * dv;
      const square = (uu * du + 2 * uvDv) * du + vvDvDv;
      const front = w - (m02 * du + m12Dv) / m22 + Math.sqrt(Math.max(0, 1 - square) / m22);
      let covered = 0;
      if (s < outer && front >= (depth[pixel] as number)) {
        covered = s <= inner || s < 1e-12 ? 1 : edgeShare(s, gu, gv, pixelWidth);
        near[pixel] = front;
      }
      share[pixel] = covered;
    }
  }
}

/** Share of a pixel that is covered where the outline's form is `s` and half its gradient is (gu, gv). */
function edgeShare(s: number, gu: number, gv: number, pixelWidth: number): number {
  // The distance to the outline, negative inside, exact to first order near it.
  const distance = (s - Math.sqrt(s)) / Math.sqrt(gu * gu + gv * gv);
  return Math.min(1, Math.max(0, 0.5 - distance / pixelWidth));
}

/** Takes a traced shell of hair away beyond the hair's ends. */
export function cutSolid(canvas: Canvas, turn: Matrix3, cut: HairCut, { top, bottom }: Bounds): void {
  const { size, columnPlace, rowPlace, spanFrom, spanTo, share, near } = canvas;
  const t0 = turn[0];
  const t1 = turn[1];
  const t2 = turn[2];
  const t3 = turn[3];
  const t4 = turn[4];
  const t5 = turn[5];
  const t6 = turn[6];
  const t7 = turn[7];
  const t8 = turn[8];
  for (let row = top; row <= bottom; row++) {
    const v = rowPlace[row] as number;
    const left = spanFrom[row] as number;
    const right = spanTo[row] as number;
    for (let column = left, pixel = row * size + left; column <= right; column++, pixel++) {
      const covered = share[pixel] as number;
      if (covered === 0) continue;
      const u = columnPlace[column] as number;
      const w = near[pixel] as number;
      const x = t0 * u + t3 * v + t6 * w;
      const y = t1 * u + t4 * v + t7 * w;
      const z = t2 * u + t5 * v + t8 * w;
      share[pixel] = covered * cut.share(x, y, z);
    }
  }
}

/**
 * Blends a traced part into the picture, in the light that falls on the ellipsoid `lit` at its points. Pixels that it
 * covers for the most part keep this light.
 * @param towards where the light comes from
 */
export function shadeSolid(
  canvas: Canvas,
  lit: Ellipsoid,
  { ambient, diffuse }: FaceView["light"],
  towards: readonly [number, number, number],
  colour: Colour,
  { top, bottom }: Bounds,
): void {
  const { size, columnPlace, rowPlace, spanFrom, spanTo, share, near, light, pixels } = canvas;
  const { matrix } = lit;
  const m00 = matrix[0];
  const m01 = matrix[1];
  const m02 = matrix[2];
  const m11 = matrix[3];
  const m12 = matrix[4];
  const m22 = matrix[5];
  const towardsU = towards[0];
  const towardsV = towards[1];
  const towardsW = towards[2];
  const red = colour[0];
  const green = colour[1];
  const blue = colour[2];
  const { u, v, w } = lit;
  for (let row = top; row <= bottom; row++) {
    const dv = (rowPlace[row] as number) - v;
    const m01Dv = m01 * dv;
    const m11Dv = m11 * dv;
    const m12Dv = m12 * dv;
    const left = spanFrom[row] as number;
    const right = spanTo[row] as number;
    for (let column = left, pixel = row * size + left; column <= right; column++, pixel++) {
      const covered = share[pixel] as number;
      if (covered === 0) continue;
      const du = (columnPlace[column] as number) - u;
      const dw = (near[pixel] as number) - w;
      const nu = m00 * du + m01Dv + m02 * dw;
      const nv = m01 * du + m11Dv + m12 * dw;
      const nw = m02 * du + m12Dv + m22 * dw;
      const facing = nu * towardsU + nv * towardsV + nw * towardsW;
      const lambert = facing > 0 ? facing / Math.sqrt(nu * nu + nv * nv + nw * nw) : 0;
      const brightness = ambient + diffuse * lambert;
      if (covered >= 0.5) light[pixel] = brightness;
      const keep = 1 - covered;
      const offset = pixel * 3;
      pixels[offset] = (pixels[offset] as number) * keep + red * brightness * covered;
      pixels[offset + 1] = (pixels[offset + 1] as number) * keep + green * brightness * covered;
      pixels[offset + 2] = (pixels[offset + 2] as number) * keep + blue * brightness * covered;
    }
  }
}

/**
 * Writes down which points the pixels show that a traced part covers for the most part.
 * @param face whether its front carries the features of the face
 */
export function showSolid(canvas: Canvas, turn: Matrix3, face: boolean, { top, bottom }: Bounds): void {
  const centre = FACE_CENTRE;
  const { size, columnPlace, rowPlace, spanFrom, spanTo, share, near, depth, x, y } = canvas;
  const t0 = turn[0];
  const t1 = turn[1];
  const t2 = turn[2];
  const t3 = turn[3];
  const t4 = turn[4];
  const t5 = turn[5];
  const t6 = turn[6];
  const t7 = turn[7];
  const t8 = turn[8];
  for (let row = top; row <= bottom; row++) {
    const v = rowPlace[row] as number;
    const left = spanFrom[row] as number;
    const right = spanTo[row] as number;
    for (let column = left, pixel = row * size + left; column <= right; column++, pixel++) {
      if ((share[pixel] as number) < 0.5) continue;
      const u = columnPlace[column] as number;
      const w = near[pixel] as number;
      depth[pixel] = w;
      const inFront = face && t2 * u + t5 * v + t8 * w > 0;
      x[pixel] = inFront ? t0 * u + t3 * v + t6 * w : NOWHERE;
      y[pixel] = inFront ? t1 * u + t4 * v + t7 * w + centre : NOWHERE;
    }
  }
}
