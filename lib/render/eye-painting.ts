import type { FaceIdentity, FaceView } from "./face-traits.ts";
import { blend, type Colour } from "./face-traits.ts";
import type { Paint, Painter } from "./painter.ts";
import { around, type Shape } from "./shapes.ts";

/** Height of the line through the eyes in face units. */
export const EYE_LINE = -0.06;
/** Distance from the camera to the eyes in face units: near enough that the two eyes are seen at different angles. */
const CAMERA_DISTANCE = 7;
const PUPIL_SHARE = 0.46;
const SCLERA: Colour = [0.93, 0.92, 0.91];
const LASHES: Colour = [0.1, 0.07, 0.06];

/** The opening between the lids, in the eye's own axes: x along the eye, y down, both from the eye's centre. */
interface LidOpening {
  halfWidth: number;
  /** How far the upper lid's middle is above the centre, and the lower lid's below. */
  upper: number;
  lower: number;
}

/** The lids follow the gaze: looking up lifts the upper one, looking down lowers both. */
function lidOpening(identity: FaceIdentity, view: FaceView): LidOpening {
  const vertical = Math.sin(view.pitch);
  const { halfWidth, halfHeight } = identity.eye;
  return {
    halfWidth,
    upper: halfHeight * view.lids * (1 + 0.45 * vertical),
    lower: halfHeight * 0.85 * (1 - 0.35 * vertical),
  };
}

/** Height of a lid at x: a parabola from corner to corner. */
function lidCurve(x: number, halfWidth: number): number {
  const share = x / halfWidth;
  return Math.max(0, 1 - share * share);
}

/** Signed distance (roughly, in face units) to the opening, negative inside. */
function openingDistance(lids: LidOpening, x: number, y: number): number {
  const curve = lidCurve(x, lids.halfWidth);
  return Math.max(-lids.upper * curve - y, y - lids.lower * curve, Math.abs(x) - lids.halfWidth);
}

/**
 * Direction from the eyeball's centre to the point of its surface that the camera sees at (x, y), which is given
 * from the picture's centre in the plane through the eyeballs' centres. Beside the ball: the nearest edge.
 */
function surfaceNormal(
  x: number,
  y: number,
  cx: number,
  cy: number,
  radius: number,
): [number, number, number] {
  // Ray (t·x, t·y, D·(1−t)) against the sphere around (cx, cy, 0): a·t² − 2·b·t + c = 0, the nearer root.
  const d = CAMERA_DISTANCE;
  const a = x * x + y * y + d * d;
  const b = x * cx + y * cy + d * d;
  const c = cx * cx + cy * cy + d * d - radius * radius;
  const root = Math.sqrt(Math.max(0, b * b - a * c));
  const t = (b - root) / a;
  const nx = t * x - cx;
  const ny = t * y - cy;
  const nz = d * (1 - t);
  const length = Math.sqrt(nx * nx + ny * ny + nz * nz);
  return [nx / length, ny / length, nz / length];
}

/** Unit gaze vector in the picture's axes: x right, y down, z towards the camera. */
export function gazeVector(pitch: number, yaw: number): [number, number, number] {
  return [Math.cos(pitch) * Math.sin(yaw), -Math.sin(pitch), Math.cos(pitch) * Math.cos(yaw)];
}

const clampUnit = (value: number) => Math.min(1, Math.max(0, value));

/** Gaze in the head's axes while the picture's are rolled against them. */
function gazeInHead(view: FaceView): [number, number, number] {
  const picture = gazeVector(view.pitch, view.yaw);
  const cos = Math.cos(view.head.roll);
  const sin = Math.sin(view.head.roll);
  return [cos * picture[0] + sin * picture[1], cos * picture[1] - sin * picture[0], picture[2]];
}

/** Sclera, iris, pupil and highlight within the lids; `side` is −1 for the picture's left eye, 1 for its right. */
function paintEyeball(painter: Painter, identity: FaceIdentity, view: FaceView, side: number): void {
  const { eye } = identity;
  const lids = lidOpening(identity, view);
  const cos = Math.cos(side * eye.tilt);
  const sin = Math.sin(side * eye.tilt);
  const cx = side * eye.spacing;
  const paintPoint = eyeballPainter(painter, identity, lids, gazeInHead(view), cx);
  const { pixelWidth, canvas } = painter.surface;
  const { x, y } = canvas;
  const bounds = around(cx, EYE_LINE, eye.halfWidth, eye.halfHeight * 1.6);
  painter.visit(bounds, pixelWidth, (from, to) => {
    for (let pixel = from; pixel < to; pixel++) {
      const dx = (x[pixel] as number) - cx;
      const dy = (y[pixel] as number) - EYE_LINE;
      const along = cos * dx - sin * dy;
      const across = cos * dy + sin * dx;
      const coverage = clampUnit(0.5 - openingDistance(lids, along, across) / pixelWidth);
      if (coverage > 0) paintPoint(pixel, along, across, coverage);
    }
  });
  paintHighlight(painter, identity, view, side);
}

/** Paints one pixel of an eyeball, at `along` and `across` in the eye's own axes. */
function eyeballPainter(
  painter: Painter,
  { eye }: FaceIdentity,
  lids: LidOpening,
  gaze: readonly [number, number, number],
  cx: number,
): (pixel: number, along: number, across: number, coverage: number) => void {
  const { ballRadius } = eye;
  const irisChord = 2 * Math.sin(Math.asin(eye.irisRadius / ballRadius) / 2);
  const rim = blend(eye.iris, [0.05, 0.04, 0.04], 0.6);
  const { pixelWidth, canvas } = painter.surface;
  return (pixel, along, across, coverage) => {
    const n = surfaceNormal(canvas.x[pixel] as number, canvas.y[pixel] as number, cx, EYE_LINE, ballRadius);
    // The chord between the surface point and the iris's middle, in ball radii.
    const distance = Math.sqrt((n[0] - gaze[0]) ** 2 + (n[1] - gaze[1]) ** 2 + (n[2] - gaze[2]) ** 2);
    const iris = clampUnit(0.5 - ((distance - irisChord) * ballRadius) / pixelWidth);
    const pupil = clampUnit(0.5 - ((distance - irisChord * PUPIL_SHARE) * ballRadius) / pixelWidth);
    const ring = clampUnit((distance / irisChord - 0.6) / 0.4);
    const light = 0.35 + 0.65 * painter.light(pixel);
    // The upper lid throws a soft shadow, and the ball darkens towards its sides.
    const lidShadow = 0.72 + 0.28 * clampUnit((across + lids.upper * lidCurve(along, lids.halfWidth)) / 0.09);
    const shade = light * lidShadow * (0.7 + 0.3 * n[2]);
    const channel = (index: 0 | 1 | 2) => {
      const coloured = (eye.iris[index] * (1 - ring) + rim[index] * ring) * (1 - pupil) + 0.03 * pupil;
      return (SCLERA[index] * (1 - iris) + coloured * iris) * shade;
    };
    painter.mix(pixel, channel(0), channel(1), channel(2), coverage);
  };
}

/** The light's reflection on the cornea: it moves little with the gaze and is never larger than the pupil. */
function paintHighlight(painter: Painter, identity: FaceIdentity, view: FaceView, side: number): void {
  const { eye } = identity;
  const lids = lidOpening(identity, view);
  const [gx, gy] = gazeVector(view.pitch, view.yaw);
  const x = side * eye.spacing + eye.ballRadius * (0.75 * gx + 0.14 * Math.sin(view.light.azimuth));
  const y = EYE_LINE + eye.ballRadius * (0.75 * gy - 0.16);
  if (openingDistance(lids, x - side * eye.spacing, y - EYE_LINE) > -0.015) return;
  painter.ellipse(x, y, 0.022, 0.022, { colour: [1, 1, 1], opacity: 0.75, lit: false });
}

/** Lash line and crease above the eye. */
function paintLids(painter: Painter, identity: FaceIdentity, view: FaceView, side: number): void {
  const { eye } = identity;
  const lids = lidOpening(identity, view);
  const cos = Math.cos(side * eye.tilt);
  const sin = Math.sin(side * eye.tilt);
  const cx = side * eye.spacing;
  const slant = Math.abs(sin) * (eye.halfWidth + 0.03);
  const paintStroke = (rise: number, thickness: number, paint: Paint) => {
    const { upper, halfWidth } = lids;
    const shape: Shape = (xs, ys, from, to, distance) => {
      for (let point = from; point < to; point++) {
        const dx = (xs[point] as number) - cx;
        const dy = (ys[point] as number) - EYE_LINE;
        const along = cos * dx - sin * dy;
        const across = cos * dy + sin * dx;
        const edge = -upper * lidCurve(along, halfWidth) - rise;
        distance[point - from] = Math.max(
          Math.abs(across - edge) - thickness,
          Math.abs(along) - halfWidth - 0.01,
        );
      }
    };
    const bounds = {
      left: cx - eye.halfWidth - 0.03,
      right: cx + eye.halfWidth + 0.03,
      top: EYE_LINE - lids.upper - rise - thickness - slant,
      bottom: EYE_LINE - rise + thickness + slant,
    };
    painter.paint(bounds, shape, paint);
  };
  paintStroke(0.055, 0.012, { colour: blend(identity.skin, [0.2, 0.1, 0.08], 0.5), opacity: 0.6 });
  paintStroke(0.008, 0.017, { colour: LASHES, opacity: 0.85 });
}

/** Paints one eye with its socket's shadow. */
export function paintEye(painter: Painter, identity: FaceIdentity, view: FaceView, side: -1 | 1): void {
  const cx = side * identity.eye.spacing;
  painter.ellipse(cx, EYE_LINE - 0.02, 0.21, 0.15, {
    colour: blend(identity.skin, [0.25, 0.12, 0.1], 0.45),
    opacity: 0.45,
    softness: 0.08,
  });
  paintEyeball(painter, identity, view, side);
  paintLids(painter, identity, view, side);
}
