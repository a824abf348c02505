/**
 * Where a shape's edge is: writes the signed distance in face units (negative inside) of the points `from` to `to` − 1
 * of the grids `x` and `y` into `distance`, from its first element on. A whole row at once keeps the loop within the
 * shape, where it is compiled as one. Beyond ±`reach` any number further out will do.
 */
export type Shape = (
  x: Float64Array,
  y: Float64Array,
  from: number,
  to: number,
  distance: Float64Array,
  reach: number,
) => void;

/** A rectangle that holds a whole shape: in face units, or in rows and columns (both ends included). */
export interface Bounds {
  left: number;
  right: number;
  top: number;
  bottom: number;
}

/** The rectangle around an ellipse. */
export function around(cx: number, cy: number, a: number, b: number): Bounds {
  return { left: cx - a, right: cx + a, top: cy - b, bottom: cy + b };
}

/** Distance to an ellipse, exact to first order near its edge. */
export function ellipseDistance(cx: number, cy: number, a: number, b: number) {
  const perA = 1 / (a * a);
  const perB = 1 / (b * b);
  return (x: number, y: number): number => {
    const u = (x - cx) * perA;
    const v = (y - cy) * perB;
    const squared = u * (x - cx) + v * (y - cy);
    if (squared < 1e-12) return -Math.min(a, b);
    return (squared - Math.sqrt(squared)) / Math.sqrt(u * u + v * v);
  };
}

/** An ellipse with its axes along x and y. */
export function ellipse(cx: number, cy: number, a: number, b: number): Shape {
  const perA = 1 / (a * a);
  const perB = 1 / (b * b);
  const least = Math.min(a, b);
  return (x, y, from, to, distance, reach) => {
    // The distance is at least |q − 1| times the shorter half axis: most points need no root.
    const outer = (1 + reach / least) ** 2;
    const inner = Math.max(0, 1 - reach / least) ** 2;
    for (let point = from; point < to; point++) {
      const dx = (x[point] as number) - cx;
      const dy = (y[point] as number) - cy;
      const u = dx * perA;
      const v = dy * perB;
      const squared = u * dx + v * dy;
      if (squared >= outer) distance[point - from] = Number.POSITIVE_INFINITY;
      else if (squared <= inner) distance[point - from] = Number.NEGATIVE_INFINITY;
      else if (squared < 1e-12) distance[point - from] = -least;
      else distance[point - from] = (squared - Math.sqrt(squared)) / Math.sqrt(u * u + v * v);
    }
  };
}
