import type { Canvas } from "./canvas.ts";
import type { Colour, FaceIdentity, FaceView } from "./face-traits.ts";
import { CROWN, FACE_CENTRE } from "./head-form.ts";
import type { Surface } from "./painter.ts";
import type { Bounds } from "./shapes.ts";

/** Direction towards the light in the picture's axes: x right, y down, z towards the camera. */
export function lightVector({ azimuth, elevation }: FaceView["light"]): readonly [number, number, number] {
  return [
    Math.sin(azimuth) * Math.cos(elevation),
    -Math.sin(elevation),
    Math.cos(azimuth) * Math.cos(elevation),
  ];
}

/** A head that faces the camera: a flat picture, shifted, scaled and rolled, lit as an ellipsoid. */
export class FrontalHead implements Surface {
  readonly canvas: Canvas;
  readonly pixelWidth: number;
  readonly tint: Colour;
  readonly #head: FaceView["head"];
  readonly #cos: number;
  readonly #sin: number;
  readonly #light: FaceView["light"];
  readonly #lightVector: readonly [number, number, number];
  readonly #perWidth: number;
  readonly #perHeight: number;

  /** Fills the canvas's coordinates and forgets its light. */
  constructor(canvas: Canvas, identity: FaceIdentity, view: FaceView) {
    this.canvas = canvas;
    this.pixelWidth = 2 / (canvas.size * view.head.scale);
    this.tint = view.light.tint;
    this.#head = view.head;
    this.#cos = Math.cos(view.head.roll);
    this.#sin = Math.sin(view.head.roll);
    this.#light = view.light;
    this.#lightVector = lightVector(view.light);
    this.#perWidth = 1 / (identity.faceHalfWidth * 1.12);
    this.#perHeight = 1 / ((identity.chin - CROWN) * 0.58);
    this.#fill();
  }

  #fill(): void {
    const { x, y, light, size } = this.canvas;
    const { scale, x: headX, y: headY } = this.#head;
    const cos = this.#cos;
    const sin = this.#sin;
    const half = size / 2;
    const stepX = cos / (half * scale);
    const stepY = sin / (half * scale);
    let pixel = 0;
    for (let row = 0; row < size; row++) {
      const down = (row + 0.5) / half - 1 - headY;
      const startX = (sin * down - cos * (1 + headX)) / scale;
      const startY = (cos * down + sin * (1 + headX)) / scale;
      for (let column = 0; column < size; column++, pixel++) {
        x[pixel] = startX + (column + 0.5) * stepX;
        y[pixel] = startY - (column + 0.5) * stepY;
      }
    }
    light.fill(0);
  }

  illumination(pixel: number): number {
    const nx = (this.canvas.x[pixel] as number) * this.#perWidth;
    const ny = ((this.canvas.y[pixel] as number) - FACE_CENTRE) * this.#perHeight;
    const towards = this.#lightVector;
    const depth = 1 - nx * nx - ny * ny;
    // Beside the head the surface goes on, turned away.
    const nz = Math.sqrt(Math.max(0.06, depth));
    const facing = nx * towards[0] + ny * towards[1] + nz * towards[2];
    const length = depth >= 0.06 ? 1 : Math.sqrt(nx * nx + ny * ny + nz * nz);
    const lambert = facing > 0 ? facing / length : 0;
    return this.#light.ambient + this.#light.diffuse * lambert;
  }

  region(bounds: Bounds, margin: number): Bounds {
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
    const { size } = this.canvas;
    const half = size / 2;
    return {
      left: Math.max(0, Math.floor((pictureX - reachX + 1) * half)),
      right: Math.min(size - 1, Math.ceil((pictureX + reachX + 1) * half)),
      top: Math.max(0, Math.floor((pictureY - reachY + 1) * half)),
      bottom: Math.min(size - 1, Math.ceil((pictureY + reachY + 1) * half)),
    };
  }
}
