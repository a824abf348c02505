import type { Canvas } from "./canvas.ts";
import { Ellipsoid, type EllipsoidForm } from "./ellipsoid.ts";
import type { Colour, FaceIdentity, FaceView } from "./face-traits.ts";
import { lightVector } from "./frontal-head.ts";
import { CROWN, FACE_CENTRE } from "./head-form.ts";
import { type HeadPose, type Matrix3, rotationOf } from "./head-pose.ts";
import type { Surface } from "./painter.ts";
import type { Bounds } from "./shapes.ts";

/** Face coordinates of what is no skin of the face's front: far outside every shape. */
const NOWHERE = 1e3;
/** No point of the face is further in front than the tip of the nose. */
const FARTHEST_FRONT = 0.82;

/** The parts of a head, from the middle of the head on (FACE_CENTRE) in the head's axes: x right, y down, z forward. */
export interface HeadParts {
  skull: EllipsoidForm;
  jaw: EllipsoidForm;
  nose: EllipsoidForm;
  ears: readonly [EllipsoidForm, EllipsoidForm];
  /** The whole head at once, which the light falls on: without the crease between skull and jaw. */
  whole: EllipsoidForm;
}

export function headParts({ faceHalfWidth, jaw, chin, nose }: FaceIdentity): HeadParts {
  const ear = (side: number): EllipsoidForm => ({
    centre: [side * faceHalfWidth, 0, -0.08],
    halfAxes: [0.075, 0.155, 0.11],
  });
  const crown = CROWN - FACE_CENTRE;
  const bottom = chin - FACE_CENTRE;
  return {
    skull: { centre: [0, crown + 0.64, -0.1], halfAxes: [faceHalfWidth, 0.64, 0.76] },
    jaw: { centre: [0, bottom - 0.54, 0.12], halfAxes: [faceHalfWidth * (1 - 0.5 * jaw), 0.54, 0.5] },
    nose: {
      centre: [0, -0.11 + nose.length * 0.66, 0.54],
      halfAxes: [nose.halfWidth * 0.85, nose.length * 0.52, 0.21],
    },
    ears: [ear(-1), ear(1)],
    whole: {
      centre: [0, (crown + bottom) / 2, -0.02],
      halfAxes: [faceHalfWidth * 1.08, (bottom - crown) * 0.56, 0.8],
    },
  };
}

/**
 * A head that is turned as a rigid body: parts are painted where the camera sees them, and every pixel that shows the
 * front of the face gets the face coordinates of the point that it shows, so that features painted on this surface
 * move and foreshorten with it.
 */
export class TurnedHead implements Surface {
  readonly canvas: Canvas;
  readonly pixelWidth: number;
  readonly tint: Colour;
  readonly turn: Matrix3;
  readonly #view: FaceView;
  readonly #towards: readonly [number, number, number];
  readonly #parts: HeadParts;
  readonly #whole: Ellipsoid;

  /** Empties the canvas's coordinates and depths. */
  constructor(canvas: Canvas, identity: FaceIdentity, view: FaceView, pose: HeadPose) {
    this.canvas = canvas;
    this.pixelWidth = 2 / (canvas.size * view.head.scale);
    this.tint = view.light.tint;
    this.turn = rotationOf(pose);
    this.#view = view;
    this.#towards = lightVector(view.light);
    this.#parts = headParts(identity);
    this.#whole = this.solid(this.#parts.whole);
    canvas.x.fill(NOWHERE);
    canvas.y.fill(NOWHERE);
    canvas.light.fill(1);
    canvas.depth.fill(Number.NEGATIVE_INFINITY);
  }

  /** Every pixel with face coordinates was lit when its part was painted. */
  illumination(): number {
    return 1;
  }

  /** Paints ears, skull, jaw and nose, hidden parts behind nearer ones. */
  paintSkin(skin: Colour, ears: Colour): void {
    const { ears: pair, skull, jaw, nose } = this.#parts;
    for (const ear of pair) this.paintSolid(this.solid(ear), ears, null, false);
    this.paintSolid(this.solid(skull), skin, null, true);
    this.paintSolid(this.solid(jaw), skin, null, true);
    const ridge = this.solid(nose);
    this.paintSolid(ridge, skin, ridge, true);
  }

  /** A part of this head, turned with it. */
  solid(form: EllipsoidForm): Ellipsoid {
    return new Ellipsoid(form, this.turn, this.pixelWidth / 2);
  }

  /**
   * Paints an ellipsoid where it is nearer than what is there.
   * @param lit whose normals shade it; null for the whole head's
   * @param face whether its front carries the features of the face
   * @param share opacity at a point in the head's axes, 1 everywhere when left out
   */
  paintSolid(
    solid: Ellipsoid,
    colour: Colour,
    lit: Ellipsoid | null,
    face: boolean,
    share?: (x: number, y: number, z: number) => number,
  ): void {
    const { canvas, pixelWidth, tint, turn } = this;
    const { size, pixels, depth } = canvas;
    const { ambient, diffuse } = this.#view.light;
    const [red, green, blue] = [colour[0] * tint[0], colour[1] * tint[1], colour[2] * tint[2]];
    const shape = lit ?? this.#whole;
    const reach = pixelWidth / 2;
    const region = this.#regionOf(solid, reach);
    const towards = this.#towards;
    const firstU = this.#right(0);
    for (let row = region.top; row <= region.bottom; row++) {
      const v = this.#down(row);
      for (let column = region.left; column <= region.right; column++) {
        const u = firstU + pixelWidth * column;
        const edge = solid.outline(u, v);
        if (edge >= reach) continue;
        const w = solid.depth(u, v);
        const pixel = row * size + column;
        if (w < (depth[pixel] as number)) continue;
        const x = turn[0] * u + turn[3] * v + turn[6] * w;
        const y = turn[1] * u + turn[4] * v + turn[7] * w;
        const z = turn[2] * u + turn[5] * v + turn[8] * w;
        const coverage = Math.min(1, 0.5 - edge / pixelWidth) * (share === undefined ? 1 : share(x, y, z));
        if (coverage === 0) continue;
        const light = ambient + diffuse * shape.lambert(u, v, w, towards);
        const keep = 1 - coverage;
        const offset = pixel * 3;
        pixels[offset] = (pixels[offset] as number) * keep + red * light * coverage;
        pixels[offset + 1] = (pixels[offset + 1] as number) * keep + green * light * coverage;
        pixels[offset + 2] = (pixels[offset + 2] as number) * keep + blue * light * coverage;
        if (coverage >= 0.5) this.#show(pixel, x, y + FACE_CENTRE, w, light, face && z > 0);
      }
    }
  }

  #show(pixel: number, x: number, y: number, w: number, light: number, face: boolean): void {
    const { canvas } = this;
    canvas.depth[pixel] = w;
    canvas.light[pixel] = light;
    canvas.x[pixel] = face ? x : NOWHERE;
    canvas.y[pixel] = face ? y : NOWHERE;
  }

  region(bounds: Bounds, margin: number): Bounds {
    const left = bounds.left - margin;
    const right = bounds.right + margin;
    const top = bounds.top - margin - FACE_CENTRE;
    const bottom = bounds.bottom + margin - FACE_CENTRE;
    // The surface bends back towards the corners.
    const back =
      Math.min(
        this.#front(left, top),
        this.#front(right, top),
        this.#front(left, bottom),
        this.#front(right, bottom),
      ) - 0.02;
    const { turn } = this;
    // The box around the shape's piece of the surface, turned: its middle and half its extents.
    const x = (left + right) / 2;
    const y = (top + bottom) / 2;
    const z = (back + FARTHEST_FRONT) / 2;
    const half = [right - x, bottom - y, FARTHEST_FRONT - z] as const;
    const u = turn[0] * x + turn[1] * y + turn[2] * z;
    const v = turn[3] * x + turn[4] * y + turn[5] * z;
    const reachU = Math.abs(turn[0]) * half[0] + Math.abs(turn[1]) * half[1] + Math.abs(turn[2]) * half[2];
    const reachV = Math.abs(turn[3]) * half[0] + Math.abs(turn[4]) * half[1] + Math.abs(turn[5]) * half[2];
    return this.#rectangle(u - reachU, u + reachU, v - reachV, v + reachV);
  }

  /** How far in front the face is at a point of its frontal view; 0 beside it. */
  #front(x: number, y: number): number {
    return Math.max(0, heightOf(this.#parts.skull, x, y), heightOf(this.#parts.jaw, x, y));
  }

  #regionOf(solid: Ellipsoid, margin: number): Bounds {
    const { u, v, reachU, reachV } = solid;
    return this.#rectangle(
      u - reachU - margin,
      u + reachU + margin,
      v - reachV - margin,
      v + reachV + margin,
    );
  }

  #rectangle(u0: number, u1: number, v0: number, v1: number): Bounds {
    const { scale, x, y } = this.#view.head;
    const { size } = this.canvas;
    const column = (u: number) => ((x + scale * u + 1) * size) / 2 - 0.5;
    const row = (v: number) => ((y + scale * (v + FACE_CENTRE) + 1) * size) / 2 - 0.5;
    return {
      left: Math.max(0, Math.ceil(column(u0))),
      right: Math.min(size - 1, Math.floor(column(u1))),
      top: Math.max(0, Math.ceil(row(v0))),
      bottom: Math.min(size - 1, Math.floor(row(v1))),
    };
  }

  /** Picture's axes from the middle of the head on, in face units. */
  #right(column: number): number {
    const { scale, x } = this.#view.head;
    return (((column + 0.5) * 2) / this.canvas.size - 1 - x) / scale;
  }

  #down(row: number): number {
    const { scale, y } = this.#view.head;
    return (((row + 0.5) * 2) / this.canvas.size - 1 - y) / scale - FACE_CENTRE;
  }
}

/** How far in front an ellipsoid's surface is at (x, y) in the head's axes; beside it, its middle. */
function heightOf({ centre, halfAxes }: EllipsoidForm, x: number, y: number): number {
  const dx = (x - centre[0]) / halfAxes[0];
  const dy = (y - centre[1]) / halfAxes[1];
  return centre[2] + halfAxes[2] * Math.sqrt(Math.max(0, 1 - dx * dx - dy * dy));
}
