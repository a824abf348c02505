import type { Canvas } from "./canvas.ts";
import { Ellipsoid, type EllipsoidForm } from "./ellipsoid.ts";
import type { Colour, FaceIdentity, FaceView } from "./face-traits.ts";
import { lightVector } from "./frontal-head.ts";
import type { HairCut } from "./hair-cut.ts";
import { CROWN, FACE_CENTRE } from "./head-form.ts";
import { type HeadPose, type Matrix3, rotationOf } from "./head-pose.ts";
import type { Surface } from "./painter.ts";
import type { Bounds } from "./shapes.ts";
import { cutSolid, NOWHERE, shadeSolid, showSolid, traceSolid } from "./solid-painting.ts";

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
    const firstU = this.#right(0);
    for (let place = 0; place < canvas.size; place++) {
      canvas.columnPlace[place] = firstU + this.pixelWidth * place;
      canvas.rowPlace[place] = this.#down(place);
    }
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
    for (const ear of pair) this.#paintSolid(this.solid(ear), ears, this.#whole, false);
    this.#paintSolid(this.solid(skull), skin, this.#whole, true);
    this.#paintSolid(this.solid(jaw), skin, this.#whole, true);
    const ridge = this.solid(nose);
    this.#paintSolid(ridge, skin, ridge, true);
  }

  /** A part of this head, turned with it. */
  solid(form: EllipsoidForm): Ellipsoid {
    return new Ellipsoid(form, this.turn, this.pixelWidth);
  }

  /** Paints hair in front of what is there. Nothing is known about its pixels afterwards: it is painted last. */
  paintHair(hair: Ellipsoid, colour: Colour, cut: HairCut | null): void {
    const region = this.#trace(hair);
    if (cut !== null) cutSolid(this.canvas, this.turn, cut, region);
    this.#shade(hair, colour, region);
  }

  /**
   * Paints an ellipsoid where it is nearer than what is there.
   * @param lit whose normals shade it
   * @param face whether its front carries the features of the face
   */
  #paintSolid(solid: Ellipsoid, colour: Colour, lit: Ellipsoid, face: boolean): void {
    const region = this.#trace(solid);
    this.#shade(lit, colour, region);
    showSolid(this.canvas, this.turn, face, region);
  }

  #trace(solid: Ellipsoid): Bounds {
    const region = this.#regionOf(solid, this.pixelWidth / 2);
    traceSolid(this.canvas, solid, this.pixelWidth, region);
    return region;
  }

  #shade(lit: Ellipsoid, colour: Colour, region: Bounds): void {
    const { tint } = this;
    const tinted: Colour = [colour[0] * tint[0], colour[1] * tint[1], colour[2] * tint[2]];
    shadeSolid(this.canvas, lit, this.#view.light, this.#towards, tinted, region);
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
    const front = this.#foremost(left, right, top, bottom);
    const { turn } = this;
    // The box around the shape's piece of the surface, turned: its middle and half its extents.
    const x = (left + right) / 2;
    const y = (top + bottom) / 2;
    const z = (back + front) / 2;
    const half = [right - x, bottom - y, front - z] as const;
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

  /** How far in front the face's foremost point within a rectangle of its frontal view is, and a little more. */
  #foremost(left: number, right: number, top: number, bottom: number): number {
    const { skull, jaw, nose } = this.#parts;
    // The point of the rectangle nearest to an ellipsoid's middle is where the ellipsoid is foremost.
    const highest = (form: EllipsoidForm) => {
      const x = Math.min(right, Math.max(left, form.centre[0]));
      const y = Math.min(bottom, Math.max(top, form.centre[1]));
      const height = heightOf(form, x, y);
      return height > form.centre[2] ? height : 0;
    };
    return Math.max(highest(skull), highest(jaw), highest(nose)) + 0.02;
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
