import type { Colour, FaceView } from "./face-traits.ts";

/** Where a shape's edge is: signed distance in face units, negative inside. */
export type Shape = (x: number, y: number) => number;

/** A rectangle in face units that holds the whole shape. */
export interface Bounds {
  left: number;
  right: number;
  top: number;
  bottom: number;
}

export interface Paint {
  colour: Colour;
  /** Share of the shape's colour, 1 when left out. */
  opacity?: number;
  /** Half the width of the edge in face units; a hard edge is one pixel wide. */
  softness?: number;
  /** Takes the head's light; false for things that are drawn as they are. */
  lit?: boolean;
}

/** The head as an ellipsoid: what the light falls on. */
export interface HeadForm {
  centreY: number;
  halfWidth: number;
  halfHeight: number;
}

/** Distance to an ellipse, exact to first order near its edge. */
export function ellipse(cx: number, cy: number, a: number, b: number): Shape {
  const a2 = a * a;
  const b2 = b * b;
  return (x, y) => {
    const dx = x - cx;
    const dy = y - cy;
    const q = Math.sqrt((dx * dx) / a2 + (dy * dy) / b2);
    if (q < 1e-6) return -Math.min(a, b);
    return ((q - 1) * q) / Math.sqrt((dx * dx) / (a2 * a2) + (dy * dy) / (b2 * b2));
  };
}

/** The rectangle around an ellipse. */
export function around(cx: number, cy: number, a: number, b: number): Bounds {
  return { left: cx - a, right: cx + a, top: cy - b, bottom: cy + b };
}

/** Paints anti-aliased shapes, given in face units, on a square RGB picture. */
export class Painter {
  readonly size: number;
  /** size × size × 3 in [0,1], row by row. */
  readonly pixels: Float32Array;
  /** Width of a picture's pixel in face units. */
  readonly pixelWidth: number;
  readonly #head: FaceView["head"];
  readonly #cos: number;
  readonly #sin: number;
  readonly #light: FaceView["light"];
  readonly #lightVector: readonly [number, number, number];
  readonly #form: HeadForm;

  constructor(size: number, view: FaceView, form: HeadForm) {
    this.size = size;
    this.pixels = new Float32Array(size * size * 3);
    this.#head = view.head;
    this.#cos = Math.cos(view.head.roll);
    this.#sin = Math.sin(view.head.roll);
    this.pixelWidth = 2 / (size * view.head.scale);
    this.#light = view.light;
    const { azimuth, elevation } = view.light;
    this.#lightVector = [
      Math.sin(azimuth) * Math.cos(elevation),
      -Math.sin(elevation),
      Math.cos(azimuth) * Math.cos(elevation),
    ];
    this.#form = form;
  }

  /** Light that falls on a point of the head, about 1 where it is full. */
  illumination(x: number, y: number): number {
    const form = this.#form;
    const nx = x / form.halfWidth;
    const ny = (y - form.centreY) / form.halfHeight;
    const nz = Math.sqrt(Math.max(0.06, 1 - nx * nx - ny * ny));
    const towards = this.#lightVector;
    const facing = nx * towards[0] + ny * towards[1] + nz * towards[2];
    const lambert = facing > 0 ? facing / Math.sqrt(nx * nx + ny * ny + nz * nz) : 0;
    return this.#light.ambient + this.#light.diffuse * lambert;
  }

  /** Paints a shape within its bounds. */
  paint(bounds: Bounds, shape: Shape, paint: Paint): void {
    const { colour, opacity = 1, softness = 0, lit = true } = paint;
    const width = Math.max(this.pixelWidth, 2 * softness);
    const tint = this.#light.tint;
    const region = this.#region(bounds, width);
    for (let row = region.top; row <= region.bottom; row++) {
      for (let column = region.left; column <= region.right; column++) {
        const x = this.#faceX(row, column);
        const y = this.#faceY(row, column);
        const coverage = 0.5 - shape(x, y) / width;
        if (coverage <= 0) continue;
        // A smooth step hides the ends of soft edges; on hard edges it makes no visible difference.
        const share = coverage >= 1 ? opacity : opacity * coverage * coverage * (3 - 2 * coverage);
        const light = lit ? this.illumination(x, y) : 1;
        const offset = (row * this.size + column) * 3;
        this.mix(
          offset,
          colour[0] * light * tint[0],
          colour[1] * light * tint[1],
          colour[2] * light * tint[2],
          share,
        );
      }
    }
  }

  /** Blends a colour into the pixel at an offset of `pixels`. */
  mix(offset: number, red: number, green: number, blue: number, share: number): void {
    const pixels = this.pixels;
    pixels[offset] = (pixels[offset] as number) * (1 - share) + red * share;
    pixels[offset + 1] = (pixels[offset + 1] as number) * (1 - share) + green * share;
    pixels[offset + 2] = (pixels[offset + 2] as number) * (1 - share) + blue * share;
  }

  /** Calls `each` with the face coordinates and the offset of every pixel that the bounds, grown by `margin`, touch. */
  visit(bounds: Bounds, margin: number, each: (x: number, y: number, offset: number) => void): void {
    const region = this.#region(bounds, margin);
    for (let row = region.top; row <= region.bottom; row++) {
      for (let column = region.left; column <= region.right; column++) {
        each(this.#faceX(row, column), this.#faceY(row, column), (row * this.size + column) * 3);
      }
    }
  }

  /** Rows and columns of the pixels that the bounds, grown by `margin`, touch. */
  #region(bounds: Bounds, margin: number): Bounds {
    const centreX = (bounds.left + bounds.right) / 2;
    const centreY = (bounds.top + bounds.bottom) / 2;
    const halfWidth = (bounds.right - bounds.left) / 2 + margin;
    const halfHeight = (bounds.bottom - bounds.top) / 2 + margin;
    const { scale, x: headX, y: headY } = this.#head;
    const cos = this.#cos;
    const sin = this.#sin;
    const pictureX = headX + scale * (cos * centreX - sin * centreY);
    const pictureY = headY + scale * (sin * centreX + cos * centreY);
    const reachX = scale * (Math.abs(cos) * halfWidth + Math.abs(sin) * halfHeight);
    const reachY = scale * (Math.abs(sin) * halfWidth + Math.abs(cos) * halfHeight);
    const half = this.size / 2;
    return {
      left: Math.max(0, Math.floor((pictureX - reachX + 1) * half)),
      right: Math.min(this.size - 1, Math.ceil((pictureX + reachX + 1) * half)),
      top: Math.max(0, Math.floor((pictureY - reachY + 1) * half)),
      bottom: Math.min(this.size - 1, Math.ceil((pictureY + reachY + 1) * half)),
    };
  }

  #faceX(row: number, column: number): number {
    const { x, y, scale } = this.#head;
    const half = this.size / 2;
    return (this.#cos * ((column + 0.5) / half - 1 - x) + this.#sin * ((row + 0.5) / half - 1 - y)) / scale;
  }

  #faceY(row: number, column: number): number {
    const { x, y, scale } = this.#head;
    const half = this.size / 2;
    return (this.#cos * ((row + 0.5) / half - 1 - y) - this.#sin * ((column + 0.5) / half - 1 - x)) / scale;
  }
}
