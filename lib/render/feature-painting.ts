import { EYE_LINE, paintEye } from "./eye-painting.ts";
import { blend, DARK, type FaceIdentity, type FaceView } from "./face-traits.ts";
import { outlineDistance } from "./head-form.ts";
import type { Paint, Painter } from "./painter.ts";
import { around, ellipseDistance, type Shape } from "./shapes.ts";

/** Paints what lies on the skin of a face, from the cheeks to the glasses. */
export function paintFeatures(painter: Painter, identity: FaceIdentity, view: FaceView): void {
  paintCheeks(painter, identity);
  paintNose(painter, identity, view);
  paintMouth(painter, identity, view);
  for (const side of [-1, 1] as const) {
    paintEye(painter, identity, view, side);
    paintBrow(painter, identity, side);
    if (identity.glasses) paintGlass(painter, identity, side);
  }
}

/** Red cheeks and the beard, on the skin of the head. */
function paintCheeks(painter: Painter, identity: FaceIdentity): void {
  const { skin, faceHalfWidth, chin, beard, hair } = identity;
  for (const side of [-1, 1]) {
    painter.ellipse(side * 0.34, 0.27, 0.14, 0.11, {
      colour: blend(skin, [0.85, 0.3, 0.28], 0.35),
      opacity: 0.4,
      softness: 0.09,
    });
  }
  if (beard > 0) {
    // From the upper lip down, higher along the sides of the jaw.
    const outline = outlineDistance(identity, 0);
    const jaw: Shape = (xs, ys, from, to, distance) => {
      for (let point = from; point < to; point++) {
        const x = xs[point] as number;
        const y = ys[point] as number;
        distance[point - from] = Math.max(outline(x, y), 0.37 - 0.9 * x * x - y);
      }
    };
    const bounds = { left: -faceHalfWidth, right: faceHalfWidth, top: 0, bottom: chin };
    painter.paint(bounds, jaw, { colour: hair, opacity: beard, softness: 0.03 });
  }
}

function paintNose(painter: Painter, identity: FaceIdentity, view: FaceView): void {
  const { skin, nose } = identity;
  const tip = EYE_LINE + nose.length;
  // The side of the nose away from the light is in shadow, the other catches it.
  const away = view.light.azimuth > 0 ? -1 : 1;
  const strength = 0.25 + 0.35 * Math.min(1, Math.abs(view.light.azimuth));
  const middle = (EYE_LINE + tip) / 2;
  const length = nose.length / 2;
  painter.ellipse(away * 0.07, middle + 0.03, 0.045, length, {
    colour: blend(skin, DARK, 0.55),
    opacity: strength,
    softness: 0.035,
  });
  painter.ellipse(-away * 0.02, middle + 0.03, 0.03, length, {
    colour: blend(skin, [1, 1, 1], 0.35),
    opacity: 0.45,
    softness: 0.03,
  });
  painter.ellipse(0, tip + 0.025, nose.halfWidth, 0.035, {
    colour: blend(skin, DARK, 0.6),
    opacity: 0.5,
    softness: 0.03,
  });
  for (const side of [-1, 1]) {
    const x = side * nose.halfWidth * 0.55;
    painter.ellipse(x, tip + 0.02, 0.032, 0.02, {
      colour: DARK,
      opacity: 0.65,
    });
  }
}

function paintMouth(painter: Painter, identity: FaceIdentity, view: FaceView): void {
  const { mouth } = identity;
  const { height, halfWidth, thickness, lips } = mouth;
  /** The line between the lips: corners up for a positive curve. */
  const bend = (x: number) => height - mouth.curve * (x / halfWidth) ** 2;
  const paintLip = (above: number, below: number, dip: number, paint: Paint) => {
    const shape: Shape = (xs, ys, from, to, distance) => {
      for (let point = from; point < to; point++) {
        const x = xs[point] as number;
        const y = ys[point] as number;
        const taper = Math.max(0, 1 - (x / halfWidth) ** 2);
        const cupid = dip === 0 ? 0 : dip * Math.exp(-((x / 0.045) ** 2));
        const dy = y - bend(x);
        distance[point - from] = Math.max(
          -(above * taper - cupid) - dy,
          dy - below * taper,
          Math.abs(x) - halfWidth,
        );
      }
    };
    // The curve goes on beyond the corners for half a pixel.
    const rise = 2 * Math.abs(mouth.curve);
    const bounds = {
      left: -halfWidth,
      right: halfWidth,
      top: height - above - rise,
      bottom: height + below + rise,
    };
    painter.paint(bounds, shape, paint);
  };
  paintLip(thickness, 0, 0.012, { colour: blend(lips, DARK, 0.2) });
  paintLip(0, thickness * 1.25 + view.mouthOpen, 0, { colour: lips });
  const gap = 0.012 + view.mouthOpen / 2;
  paintLip(gap, gap, 0, { colour: [0.2, 0.06, 0.06], opacity: 0.8 });
  painter.ellipse(0, height + thickness + 0.07, 0.12, 0.02, {
    colour: blend(identity.skin, DARK, 0.5),
    opacity: 0.35,
    softness: 0.03,
  });
}

function paintBrow(painter: Painter, identity: FaceIdentity, side: -1 | 1): void {
  const { brow, eye, hair } = identity;
  const cx = side * (eye.spacing + 0.015);
  const cy = EYE_LINE - brow.height;
  const halfWidth = eye.halfWidth + 0.025;
  const { arch, tilt, thickness } = brow;
  const shape: Shape = (xs, ys, from, to, distance) => {
    for (let point = from; point < to; point++) {
      const along = ((xs[point] as number) - cx) * side;
      const share = along / halfWidth;
      const middle = cy - arch * (1 - share * share) - tilt * along;
      // Thick near the nose, thin at the temple.
      const thick = thickness * (1 - 0.35 * share);
      distance[point - from] = Math.max(
        Math.abs((ys[point] as number) - middle) - thick,
        Math.abs(along) - halfWidth,
      );
    }
  };
  const slack = Math.abs(brow.tilt) * halfWidth + 1.35 * brow.thickness;
  const bounds = {
    left: cx - halfWidth,
    right: cx + halfWidth,
    top: cy - brow.arch - slack,
    bottom: cy + brow.arch + slack,
  };
  painter.paint(bounds, shape, {
    colour: blend(hair, DARK, 0.45),
    opacity: 0.85,
    softness: 0.015,
  });
}

function paintGlass(painter: Painter, identity: FaceIdentity, side: -1 | 1): void {
  const cx = side * (identity.eye.spacing + 0.01);
  const cy = EYE_LINE + 0.02;
  const rim = ellipseDistance(cx, cy, 0.25, 0.2);
  const frame: Shape = (xs, ys, from, to, distance) => {
    for (let point = from; point < to; point++) {
      distance[point - from] = Math.abs(rim(xs[point] as number, ys[point] as number)) - 0.014;
    }
  };
  painter.paint(around(cx, cy, 0.27, 0.22), frame, { colour: [0.1, 0.09, 0.1], opacity: 0.9 });
  const bridge: Shape = (xs, ys, from, to, distance) => {
    for (let point = from; point < to; point++) {
      const x = xs[point] as number;
      const y = ys[point] as number;
      distance[point - from] = Math.max(Math.abs(y - cy + 0.02) - 0.014, Math.abs(x) - 0.05);
    }
  };
  painter.paint(around(0, cy, 0.06, 0.05), bridge, { colour: [0.1, 0.09, 0.1], opacity: 0.9 });
}
