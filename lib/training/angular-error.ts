/** Which labels have directions: pitch and yaw, with what turns their unit into radians. */
export interface DirectionLabels {
  radians: number;
}

/** How to read labels as directions; null where they are no pitch and yaw in a unit of angles. */
export function directionLabels(labelNames: readonly string[], unit: string): DirectionLabels | null {
  if (labelNames.length !== 2 || labelNames[0] !== "pitch" || labelNames[1] !== "yaw") return null;
  if (unit === "radians") return { radians: 1 };
  return unit === "degrees" ? { radians: Math.PI / 180 } : null;
}

/**
 * Mean angle in degrees between the directions that two lists of (pitch, yaw) stand for, count × 2 each:
 * (cos p · sin y, −sin p, cos p · cos y).
 */
export function meanAngularError(
  answers: ArrayLike<number>,
  truths: ArrayLike<number>,
  { radians }: DirectionLabels,
): number {
  const count = answers.length / 2;
  let sum = 0;
  for (let row = 0; row < count; row++) {
    const from = direction((answers[row * 2] ?? 0) * radians, (answers[row * 2 + 1] ?? 0) * radians);
    const to = direction((truths[row * 2] ?? 0) * radians, (truths[row * 2 + 1] ?? 0) * radians);
    sum += angleBetween(from, to);
  }
  return ((sum / count) * 180) / Math.PI;
}

type Vector = [number, number, number];

function direction(pitch: number, yaw: number): Vector {
  return [Math.cos(pitch) * Math.sin(yaw), -Math.sin(pitch), Math.cos(pitch) * Math.cos(yaw)];
}

/** By sine and cosine: the cosine alone has no digits left near 0°. */
function angleBetween([a1, a2, a3]: Vector, [b1, b2, b3]: Vector): number {
  const cross = Math.hypot(a2 * b3 - a3 * b2, a3 * b1 - a1 * b3, a1 * b2 - a2 * b1);
  return Math.atan2(cross, a1 * b1 + a2 * b2 + a3 * b3);
}
