import { blend, DARK, type FaceIdentity, type FaceView } from "./face-traits.ts";
import type { Painter } from "./painter.ts";
import { around, type Shape } from "./shapes.ts";

/** Paints the neck with the chin's shadow, and the shoulders. */
export function paintNeckAndClothes(painter: Painter, identity: FaceIdentity, view: FaceView): void {
  const { skin, chin } = identity;
  const neck: Shape = (xs, ys, from, to, distance) => {
    for (let point = from; point < to; point++) {
      const x = xs[point] as number;
      const y = ys[point] as number;
      distance[point - from] = Math.max(Math.abs(x) - 0.3, 0.5 - y);
    }
  };
  painter.paint(around(0, 1.05, 0.32, 0.6), neck, {
    colour: blend(skin, DARK, 0.3),
  });
  painter.ellipse(0, 1.62, 1.2, 0.66, { colour: view.clothes });
  painter.ellipse(0, chin + 0.02, 0.32, 0.13, {
    colour: blend(skin, DARK, 0.6),
    opacity: 0.5,
    softness: 0.06,
  });
}
