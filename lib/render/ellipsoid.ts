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
  readonly #m: readonly [number, number, number, number, number, number];
  /** The outline: s = uu·u² + 2uv·u·v + vv·v² is 1 on it (the Schur complement of M's last diagonal element). */
  readonly #uu: number;
  readonly #uv: number;
  readonly #vv: number;
  /** Beyond these values of s a point is farther than `reach` from the outline. */
  readonly #outer: number;
  readonly #inner: number;

  /** @param reach beyond this distance from the outline, in or out, any larger distance will do for `outline` */
  constructor({ centre, halfAxes }: EllipsoidForm, turn: Matrix3, reach: number) {
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
    const m = [element(0, 0), element(0, 1), element(0, 2), element(1, 1), element(1, 2), element(2, 2)];
    this.#m = m as unknown as [number, number, number, number, number, number];
    const [m00, m01, m02, m11, m12, m22] = this.#m;
    this.#uu = m00 - (m02 * m02) / m22;
    this.#uv = m01 - (m02 * m12) / m22;
    this.#vv = m11 - (m12 * m12) / m22;
    const determinant = this.#uu * this.#vv - this.#uv * this.#uv;
    const mean = (this.#uu + this.#vv) / 2;
    const spread = Math.sqrt(Math.max(0, mean * mean - determinant));
    // The distance is at least |√s − 1| times the shorter half axis.
    const relative = reach * Math.sqrt(mean + spread);
    this.#outer = (1 + relative) ** 2;
    this.#inner = Math.max(0, 1 - relative) ** 2;
    this.reachU = Math.sqrt(this.#vv / determinant);
    this.reachV = Math.sqrt(this.#uu / determinant);
  }

  /** Distance of a point of the picture to the outline, negative inside, exact to first order near it. */
  outline(u: number, v: number): number {
    const du = u - this.u;
    const dv = v - this.v;
    const gu = this.#uu * du + this.#uv * dv;
    const gv = this.#uv * du + this.#vv * dv;
    const s = gu * du + gv * dv;
    if (s >= this.#outer) return Number.POSITIVE_INFINITY;
    if (s <= this.#inner || s < 1e-12) return Number.NEGATIVE_INFINITY;
    return (s - Math.sqrt(s)) / Math.sqrt(gu * gu + gv * gv);
  }

  /** How near to the camera the surface is at a point of the picture; beside the outline, its nearest edge. */
  depth(u: number, v: number): number {
    const du = u - this.u;
    const dv = v - this.v;
    const s = (this.#uu * du + 2 * this.#uv * dv) * du + this.#vv * dv * dv;
    const m = this.#m;
    return this.w - (m[2] * du + m[4] * dv) / m[5] + Math.sqrt(Math.max(0, 1 - s) / m[5]);
  }

  /** Share of the light from `towards` that the surface's point at (u, v, w) takes: the cosine between them, or 0. */
  lambert(u: number, v: number, w: number, towards: readonly [number, number, number]): number {
    const du = u - this.u;
    const dv = v - this.v;
    const dw = w - this.w;
    const m = this.#m;
    const nu = m[0] * du + m[1] * dv + m[2] * dw;
    const nv = m[1] * du + m[3] * dv + m[4] * dw;
    const nw = m[2] * du + m[4] * dv + m[5] * dw;
    const facing = nu * towards[0] + nv * towards[1] + nw * towards[2];
    return facing > 0 ? facing / Math.sqrt(nu * nu + nv * nv + nw * nw) : 0;
  }
}
