import type { FaceIdentity } from "./face-traits.ts";
import type { Shape } from "./shapes.ts";

/** Height of the middle and of the top of the head in face units. */
export const FACE_CENTRE = 0.05;
export const CROWN = -0.78;

/** Distance to the outline of the face seen from the front: an oval that narrows towards the chin. */
export function outlineDistance(identity: FaceIdentity, grow: number): (x: number, y: number) => number {
  const { faceHalfWidth, jaw, chin } = identity;
  const perAbove = 1 / (FACE_CENTRE - CROWN + grow);
  const perBelow = 1 / (chin - FACE_CENTRE + grow);
  return (x, y) => {
    const dy = y - FACE_CENTRE;
    const v = dy * (dy < 0 ? perAbove : perBelow);
    const width = (faceHalfWidth + grow) * (v > 0 ? 1 - jaw * Math.min(1, v * v) : 1);
    const u = x / width;
    return (Math.sqrt(u * u + v * v) - 1) * width;
  };
}

/** The outline of the face seen from the front, larger by `grow`. */
export function faceOutline(identity: FaceIdentity, grow: number): Shape {
  const distanceAt = outlineDistance(identity, grow);
  const above = FACE_CENTRE - CROWN + grow;
  const widest = identity.faceHalfWidth + grow;
  const narrowest = widest * (1 - identity.jaw);
  return (x, y, from, to, distance, reach) => {
    // Points far within an ellipse that lies within the outline need no root.
    const inner = Math.max(0, 1 - reach / narrowest) ** 2;
    const inverse = [
      1 / narrowest ** 2,
      1 / Math.min(above, identity.chin - FACE_CENTRE + grow) ** 2,
    ] as const;
    for (let point = from; point < to; point++) {
      const px = x[point] as number;
      const py = y[point] as number;
      const dy = py - FACE_CENTRE;
      const within = px * px * inverse[0] + dy * dy * inverse[1] < inner;
      distance[point - from] = within ? Number.NEGATIVE_INFINITY : distanceAt(px, py);
    }
  };
}
