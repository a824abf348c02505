import type { Matrix3 } from "./head-pose.ts";

/** An ellipsoid with its axes along those of the head: centre and half axes in face units. */
export interface EllipsoidForm {
  centre: readonly [number, number, number];
  halfAxes: readonly [number, number, number];
}

/**
 * An ellipsoid of a turned head as the camera sees it from far away: points are given in the picture's axes and face
 * units, from the middle of the head. With M the ellipsoid's matrix after the turn, its surface is pᵀMp = 1.
 */
export class Ellipsoid {
  /** Centre: right, down, towards the camera. */
  readonly u: number;
  readonly v: number;
  readonly w: number;
  /** Half the width and height of the outline's bounding rectangle. */
  readonly reachU: number;
  readonly reachV: number;
  /** The upper triangle of M, row by row. */
  readonly matrix: readonly [number, number, number, number, number, number];
  /** The outline: s = uu·u² + 2uv·u·v + vv·v² is 1 on it (the Schur complement of M's last diagonal element). */
  readonly uu: number;
  readonly uv: number;
  readonly vv: number;
  /** Beyond these values of s a point is farther than half a pixel from the outline. */
  readonly outer: number;
  readonly inner: number;

  /** @param pixelWidth width of a picture's pixel in face units */
  constructor({ centre, halfAxes }: EllipsoidForm, turn: Matrix3, pixelWidth: number) {
    const along = (row: 0 | 3 | 6) =>
      turn[row] * centre[0] +
      (turn[(row + 1) as 1] as number) * centre[1] +
      (turn[(row + 2) as 2] as number) * centre[2];
    this.u = along(0);
    this.v = along(3);
    this.w = along(6);
    const weight = halfAxes.map((axis) => 1 / (axis * axis)) as unknown as [number, number, number];
    const element = (row: number, column: number) =>
      [0, 1, 2].reduce(
        (sum, k) =>
          sum +
          (turn[(row * 3 + k) as 0] as number) *
            (weight[k as 0] as number) *
            (turn[(column * 3 + k) as 0] as number),
        0,
      );
    this.matrix = [element(0, 0), element(0, 1), element(0, 2), element(1, 1), element(1, 2), element(2, 2)];
    const [m00, m01, m02, m11, m12, m22] = this.matrix;
    this.uu = m00 - (m02 * m02) / m22;
    this.uv = m01 - (m02 * m12) / m22;
    this.vv = m11 - (m12 * m12) / m22;
    const determinant = this.uu * this.vv - this.uv * this.uv;
    const mean = (this.uu + this.vv) / 2;
    const spread = Math.sqrt(Math.max(0, mean * mean - determinant));
    // The distance is at least |√s − 1| times the shorter half axis.
    const relative = (pixelWidth / 2) * Math.sqrt(mean + spread);
    this.outer = (1 + relative) ** 2;
    this.inner = Math.max(0, 1 - relative) ** 2;
    this.reachU = Math.sqrt(this.vv / determinant);
    this.reachV = Math.sqrt(this.uu / determinant);
  }
}
