import { EYE_LINE, paintEye } from "./eye-painting.ts";
import { blend, type Colour, type FaceIdentity, type FaceView } from "./face-traits.ts";
import { around, ellipse, type HeadForm, Painter, type Shape } from "./painter.ts";
import { RandomStream } from "./random-stream.ts";

/** Height of the middle and of the top of the head in face units. */
const FACE_CENTRE = 0.05;
const CROWN = -0.78;
const DARK: Colour = [0.12, 0.07, 0.06];

/**
 * Renders one face. Pure: equal arguments give equal bytes.
 * @param size height and width of the picture in pixels
 * @returns size × size × 3 bytes, RGB, row by row
 */
export function renderFace(identity: FaceIdentity, view: FaceView, size: number): Uint8Array {
  const form: HeadForm = {
    centreY: FACE_CENTRE,
    halfWidth: identity.faceHalfWidth * 1.12,
    halfHeight: (identity.chin - CROWN) * 0.58,
  };
  const painter = new Painter(size, view, form);
  paintBackground(painter, view);
  paintBody(painter, identity, view);
  paintHead(painter, identity);
  paintNose(painter, identity, view);
  paintMouth(painter, identity, view);
  for (const side of [-1, 1] as const) {
    paintEye(painter, identity, view, side);
    paintBrow(painter, identity, side);
    if (identity.glasses) paintGlass(painter, identity, side);
  }
  paintHair(painter, identity);
  return develop(painter, view);
}

function paintBackground(painter: Painter, view: FaceView): void {
  const { first, second, angle, wave } = view.background;
  const cos = Math.cos(angle);
  const sin = Math.sin(angle);
  const { size } = painter;
  for (let row = 0; row < size; row++) {
    for (let column = 0; column < size; column++) {
      const x = ((column + 0.5) / size) * 2 - 1;
      const y = ((row + 0.5) / size) * 2 - 1;
      const share = Math.min(1, Math.max(0, 0.5 + 0.4 * (cos * x + sin * y)));
      const shift = wave.strength * Math.sin(wave.x * x + wave.y * y + wave.phase);
      const offset = (row * size + column) * 3;
      for (let channel = 0; channel < 3; channel++) {
        const from = first[channel] as number;
        painter.pixels[offset + channel] = from + ((second[channel] as number) - from) * share + shift;
      }
    }
  }
}

/** Outline of the face: an oval that narrows towards the chin. */
function faceOutline(identity: FaceIdentity, grow: number): Shape {
  const { faceHalfWidth, jaw, chin } = identity;
  return (x, y) => {
    const dy = y - FACE_CENTRE;
    const height = dy < 0 ? FACE_CENTRE - CROWN + grow : chin - FACE_CENTRE + grow;
    const v = dy / height;
    const width = (faceHalfWidth + grow) * (v > 0 ? 1 - jaw * Math.min(1, v * v) : 1);
    const u = x / width;
    return (Math.sqrt(u * u + v * v) - 1) * width;
  };
}

function paintBody(painter: Painter, identity: FaceIdentity, view: FaceView): void {
  const { hair, hairStyle, skin, chin } = identity;
  if (hairStyle === "long") {
    const mane = ellipse(0, 0.12, 0.84, 1.05);
    const back: Shape = (x, y) => Math.max(mane(x, y), y - 0.95);
    painter.paint(around(0, 0.1, 0.86, 1.1), back, { colour: blend(hair, [0, 0, 0], 0.25) });
  }
  painter.paint(around(0, 1.05, 0.32, 0.6), (x, y) => Math.max(Math.abs(x) - 0.3, 0.5 - y), {
    colour: blend(skin, DARK, 0.3),
  });
  painter.paint(around(0, 1.6, 1.5, 0.75), ellipse(0, 1.62, 1.2, 0.66), { colour: view.clothes });
  painter.paint(around(0, chin + 0.06, 0.4, 0.2), ellipse(0, chin + 0.02, 0.32, 0.13), {
    colour: blend(skin, DARK, 0.6),
    opacity: 0.5,
    softness: 0.06,
  });
}

function paintHead(painter: Painter, identity: FaceIdentity): void {
  const { skin, faceHalfWidth, chin, beard, hair } = identity;
  for (const side of [-1, 1]) {
    const x = side * (faceHalfWidth + 0.01);
    painter.paint(around(x, 0.04, 0.1, 0.17), ellipse(x, 0.04, 0.085, 0.155), {
      colour: blend(skin, [0.6, 0.2, 0.15], 0.18),
    });
  }
  const outline = faceOutline(identity, 0);
  const head = { left: -faceHalfWidth, right: faceHalfWidth, top: CROWN, bottom: chin };
  painter.paint(head, outline, { colour: skin });
  for (const side of [-1, 1]) {
    const cheek = ellipse(side * 0.34, 0.27, 0.14, 0.11);
    painter.paint(around(side * 0.34, 0.27, 0.24, 0.21), cheek, {
      colour: blend(skin, [0.85, 0.3, 0.28], 0.35),
      opacity: 0.4,
      softness: 0.09,
    });
  }
  if (beard > 0) {
    // From the upper lip down, higher along the sides of the jaw.
    const jaw: Shape = (x, y) => Math.max(outline(x, y), 0.37 - 0.9 * x * x - y);
    painter.paint({ ...head, top: 0 }, jaw, { colour: hair, opacity: beard, softness: 0.03 });
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
  painter.paint(
    around(away * 0.07, middle, 0.13, length + 0.06),
    ellipse(away * 0.07, middle + 0.03, 0.045, length),
    {
      colour: blend(skin, DARK, 0.55),
      opacity: strength,
      softness: 0.035,
    },
  );
  painter.paint(
    around(-away * 0.02, middle, 0.1, length + 0.06),
    ellipse(-away * 0.02, middle + 0.03, 0.03, length),
    {
      colour: blend(skin, [1, 1, 1], 0.35),
      opacity: 0.45,
      softness: 0.03,
    },
  );
  painter.paint(around(0, tip + 0.02, 0.2, 0.11), ellipse(0, tip + 0.025, nose.halfWidth, 0.035), {
    colour: blend(skin, DARK, 0.6),
    opacity: 0.5,
    softness: 0.03,
  });
  for (const side of [-1, 1]) {
    const x = side * nose.halfWidth * 0.55;
    painter.paint(around(x, tip + 0.02, 0.05, 0.04), ellipse(x, tip + 0.02, 0.032, 0.02), {
      colour: DARK,
      opacity: 0.65,
    });
  }
}

function paintMouth(painter: Painter, identity: FaceIdentity, view: FaceView): void {
  const { mouth } = identity;
  const { height, halfWidth, thickness, lips } = mouth;
  const bounds = around(0, height, halfWidth + 0.03, 0.16);
  /** The line between the lips: corners up for a positive curve. */
  const bend = (x: number) => height - mouth.curve * (x / halfWidth) ** 2;
  const lip =
    (above: number, below: number, dip: number): Shape =>
    (x, y) => {
      const taper = Math.max(0, 1 - (x / halfWidth) ** 2);
      const cupid = dip * Math.exp(-((x / 0.045) ** 2));
      const dy = y - bend(x);
      return Math.max(-(above * taper - cupid) - dy, dy - below * taper, Math.abs(x) - halfWidth);
    };
  painter.paint(bounds, lip(thickness, 0, 0.012), { colour: blend(lips, DARK, 0.2) });
  painter.paint(bounds, lip(0, thickness * 1.25 + view.mouthOpen, 0), { colour: lips });
  const gap = 0.012 + view.mouthOpen / 2;
  painter.paint(bounds, lip(gap, gap, 0), { colour: [0.2, 0.06, 0.06], opacity: 0.8 });
  painter.paint(around(0, height + 0.12, 0.2, 0.08), ellipse(0, height + thickness + 0.07, 0.12, 0.02), {
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
  const shape: Shape = (x, y) => {
    const along = (x - cx) * side;
    const share = along / halfWidth;
    const middle = cy - brow.arch * (1 - share * share) - brow.tilt * along;
    // Thick near the nose, thin at the temple.
    const thickness = brow.thickness * (1 - 0.35 * share);
    return Math.max(Math.abs(y - middle) - thickness, Math.abs(along) - halfWidth);
  };
  painter.paint(around(cx, cy, halfWidth, 0.14), shape, {
    colour: blend(hair, DARK, 0.45),
    opacity: 0.85,
    softness: 0.015,
  });
}

function paintGlass(painter: Painter, identity: FaceIdentity, side: -1 | 1): void {
  const cx = side * (identity.eye.spacing + 0.01);
  const cy = EYE_LINE + 0.02;
  const rim = ellipse(cx, cy, 0.25, 0.2);
  const frame: Shape = (x, y) => Math.abs(rim(x, y)) - 0.014;
  painter.paint(around(cx, cy, 0.27, 0.22), frame, { colour: [0.1, 0.09, 0.1], opacity: 0.9 });
  const bridge: Shape = (x, y) => Math.max(Math.abs(y - cy + 0.02) - 0.014, Math.abs(x) - 0.05);
  painter.paint(around(0, cy, 0.06, 0.05), bridge, { colour: [0.1, 0.09, 0.1], opacity: 0.9 });
}

function paintHair(painter: Painter, identity: FaceIdentity): void {
  const { hair, hairStyle, hairline, parting, faceHalfWidth } = identity;
  if (hairStyle === "none") return;
  const cap = faceOutline(identity, hairStyle === "long" ? 0.13 : 0.09);
  const line = hairStyle === "fringe" ? hairline + 0.16 : hairline;
  const drop = hairStyle === "long" ? 2.6 : 1.5;
  const shape: Shape = (x, y) => {
    // The hairline rises from the temples to the parting and falls along the sides of the face.
    const fromParting = (x - parting * 0.4) / faceHalfWidth;
    const edge =
      line + drop * Math.max(0, Math.abs(x) / faceHalfWidth - 0.62) + 0.1 * fromParting * fromParting;
    return Math.max(cap(x, y), (y - Math.min(edge, hairStyle === "long" ? 0.75 : 0.12)) * 0.6);
  };
  const reach = faceHalfWidth + 0.15;
  const bounds = { left: -reach, right: reach, top: CROWN - 0.15, bottom: hairStyle === "long" ? 0.8 : 0.2 };
  painter.paint(bounds, shape, { colour: hair, softness: 0.02 });
  const shine = ellipse(parting, CROWN + 0.1, 0.3, 0.05);
  painter.paint(around(parting, CROWN + 0.1, 0.4, 0.12), shine, {
    colour: blend(hair, [1, 1, 1], 0.4),
    opacity: 0.3,
    softness: 0.05,
  });
}

/** Blur, noise and rounding: what the camera does. */
function develop(painter: Painter, view: FaceView): Uint8Array {
  const { size } = painter;
  const blurred = blurAlong(blurAlong(painter.pixels, size, view.blur, 3), size, view.blur, size * 3);
  const random = new RandomStream(...view.noiseKeys);
  const bytes = new Uint8ClampedArray(blurred.length);
  for (let index = 0; index < blurred.length; index++) {
    bytes[index] = ((blurred[index] as number) + view.noise * random.noise()) * 255;
  }
  return new Uint8Array(bytes.buffer);
}

/** Three-tap blur along one direction; `stride` is the distance between neighbours. Edges repeat themselves. */
function blurAlong(pixels: Float32Array, size: number, share: number, stride: number): Float32Array {
  const result = new Float32Array(pixels.length);
  const line = stride * size;
  for (let start = 0; start < pixels.length; start += line) {
    for (let place = 0; place < line; place++) {
      const index = start + place;
      const before = place >= stride ? index - stride : index;
      const after = place < line - stride ? index + stride : index;
      result[index] =
        (pixels[index] as number) * (1 - 2 * share) +
        ((pixels[before] as number) + (pixels[after] as number)) * share;
    }
  }
  return result;
}
