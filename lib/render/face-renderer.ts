import { paintNeckAndClothes } from "./body-painting.ts";
import { develop, paintBackground } from "./camera.ts";
import { Canvas } from "./canvas.ts";
import { blend, type FaceIdentity, type FaceView } from "./face-traits.ts";
import { paintFeatures } from "./feature-painting.ts";
import { FrontalHead } from "./frontal-head.ts";
import { CROWN, faceOutline, outlineDistance } from "./head-form.ts";
import { Painter } from "./painter.ts";
import { around, ellipse, type Shape } from "./shapes.ts";

/**
 * Renders one face. Pure: equal arguments give equal bytes.
 * @param size height and width of the picture in pixels
 * @returns size × size × 3 bytes, RGB, row by row
 */
export function renderFace(identity: FaceIdentity, view: FaceView, size: number): Uint8Array {
  const bytes = new Uint8Array(size * size * 3);
  renderFaceOn(new Canvas(size), identity, view, bytes);
  return bytes;
}

/** Renders one face of the canvas's size into `bytes`. What the canvas held before does not matter. */
export function renderFaceOn(
  canvas: Canvas,
  identity: FaceIdentity,
  view: FaceView,
  bytes: Uint8Array,
): void {
  const painter = new Painter(new FrontalHead(canvas, identity, view));
  paintBackground(canvas, view);
  paintBody(painter, identity, view);
  paintHead(painter, identity);
  paintFeatures(painter, identity, view);
  paintHair(painter, identity);
  develop(canvas, view, bytes);
}

function paintBody(painter: Painter, identity: FaceIdentity, view: FaceView): void {
  const { hair, hairStyle } = identity;
  if (hairStyle === "long") {
    const mane = ellipse(0, 0.12, 0.84, 1.05);
    const back: Shape = (x, y, from, to, distance, reach) => {
      mane(x, y, from, to, distance, reach);
      for (let point = from; point < to; point++) {
        distance[point - from] = Math.max(distance[point - from] as number, (y[point] as number) - 0.95);
      }
    };
    painter.paint(around(0, 0.1, 0.86, 1.1), back, { colour: blend(hair, [0, 0, 0], 0.25) });
  }
  paintNeckAndClothes(painter, identity, view);
}

function paintHead(painter: Painter, identity: FaceIdentity): void {
  const { skin, faceHalfWidth, chin } = identity;
  for (const side of [-1, 1]) {
    const x = side * (faceHalfWidth + 0.01);
    painter.ellipse(x, 0.04, 0.085, 0.155, {
      colour: blend(skin, [0.6, 0.2, 0.15], 0.18),
    });
  }
  const head = { left: -faceHalfWidth, right: faceHalfWidth, top: CROWN, bottom: chin };
  painter.paint(head, faceOutline(identity, 0), { colour: skin });
}

function paintHair(painter: Painter, identity: FaceIdentity): void {
  const { hair, hairStyle, hairline, parting, faceHalfWidth } = identity;
  if (hairStyle === "none") return;
  const cap = outlineDistance(identity, hairStyle === "long" ? 0.13 : 0.09);
  const line = hairStyle === "fringe" ? hairline + 0.16 : hairline;
  const drop = hairStyle === "long" ? 2.6 : 1.5;
  const lowest = hairStyle === "long" ? 0.75 : 0.12;
  const shape: Shape = (xs, ys, from, to, distance, reach) => {
    for (let point = from; point < to; point++) {
      const x = xs[point] as number;
      const y = ys[point] as number;
      // The hairline rises from the temples to the parting and falls along the sides of the face.
      const fromParting = (x - parting * 0.4) / faceHalfWidth;
      const edge =
        line + drop * Math.max(0, Math.abs(x) / faceHalfWidth - 0.62) + 0.1 * fromParting * fromParting;
      const below = (y - Math.min(edge, lowest)) * 0.6;
      // Most points lie on the face, below the hairline: they need no outline.
      distance[point - from] = below > reach ? below : Math.max(cap(x, y), below);
    }
  };
  const side = faceHalfWidth + 0.15;
  const bounds = { left: -side, right: side, top: CROWN - 0.15, bottom: hairStyle === "long" ? 0.8 : 0.2 };
  painter.paint(bounds, shape, { colour: hair, softness: 0.02 });
  painter.ellipse(parting, CROWN + 0.1, 0.3, 0.05, {
    colour: blend(hair, [1, 1, 1], 0.4),
    opacity: 0.3,
    softness: 0.05,
  });
}
