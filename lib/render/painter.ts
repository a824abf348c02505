import type { Canvas } from "./canvas.ts";
import type { Colour } from "./face-traits.ts";
import { around, type Bounds, ellipse, type Shape } from "./shapes.ts";

export interface Paint {
  colour: Colour;
  /** Share of the shape's colour, 1 when left out. */
  opacity?: number;
  /** Half the width of the edge in face units; a hard edge is one pixel wide. */
  softness?: number;
  /** Takes the head's light; false for things that are drawn as they are. */
  lit?: boolean;
}

/** What shapes are painted on: where each pixel lies in face units and how it is lit. */
export interface Surface {
  readonly canvas: Canvas;
  /** Width of a picture's pixel in face units. */
  readonly pixelWidth: number;
  /** Colour of the light. */
  readonly tint: Colour;
  /** Rows and columns of the pixels that bounds in face units, grown by `margin`, may touch. */
  region(bounds: Bounds, margin: number): Bounds;
  /** Light on a pixel whose light is not in the canvas yet. */
  illumination(pixel: number): number;
}

/** Paints anti-aliased shapes, given in face units, on a square RGB picture. */
export class Painter {
  readonly surface: Surface;

  constructor(surface: Surface) {
    this.surface = surface;
  }

  /** Paints an ellipse with its axes along x and y. */
  ellipse(cx: number, cy: number, a: number, b: number, paint: Paint): void {
    const reach = Math.max(this.surface.pixelWidth / 2, paint.softness ?? 0);
    // The edge reaches at most `grow` times as far as the ellipse, along either axis (see ellipse).
    const grow = reach / Math.min(a, b);
    this.paint(around(cx, cy, a + a * grow - reach, b + b * grow - reach), ellipse(cx, cy, a, b), paint);
  }

  /** Paints a shape that lies within the bounds; its edge may reach beyond them. */
  paint(bounds: Bounds, shape: Shape, paint: Paint): void {
    const { colour, opacity = 1, softness = 0, lit = true } = paint;
    const { canvas, pixelWidth, tint } = this.surface;
    const { x, y, distance, size, pixels, light } = canvas;
    // By index: what is taken from an array by destructuring stays boxed in the loop.
    const red = colour[0];
    const green = colour[1];
    const blue = colour[2];
    const tintRed = tint[0];
    const tintGreen = tint[1];
    const tintBlue = tint[2];
    const width = Math.max(pixelWidth, 2 * softness);
    const reach = width / 2;
    const perWidth = 1 / width;
    const region = this.surface.region(bounds, reach);
    for (let row = region.top; row <= region.bottom; row++) {
      const from = row * size + region.left;
      const to = row * size + region.right + 1;
      shape(x, y, from, to, distance, reach);
      for (let pixel = from; pixel < to; pixel++) {
        const edge = distance[pixel - from] as number;
        if (edge >= reach) continue;
        const coverage = 0.5 - edge * perWidth;
        // A smooth step hides the ends of soft edges; on hard edges it makes no visible difference.
        const share = coverage >= 1 ? opacity : opacity * coverage * coverage * (3 - 2 * coverage);
        let brightness = 1;
        if (lit) {
          brightness = light[pixel] as number;
          if (brightness === 0) brightness = this.light(pixel);
        }
        const keep = 1 - share;
        const offset = pixel * 3;
        pixels[offset] = (pixels[offset] as number) * keep + red * brightness * tintRed * share;
        pixels[offset + 1] = (pixels[offset + 1] as number) * keep + green * brightness * tintGreen * share;
        pixels[offset + 2] = (pixels[offset + 2] as number) * keep + blue * brightness * tintBlue * share;
      }
    }
  }

  /** Light that falls on a pixel's point of the head, about 1 where it is full. */
  light(pixel: number): number {
    const { light } = this.surface.canvas;
    const known = light[pixel] as number;
    if (known !== 0) return known;
    const found = this.surface.illumination(pixel);
    light[pixel] = found;
    return found;
  }

  /** Blends a colour into a pixel. */
  mix(pixel: number, red: number, green: number, blue: number, share: number): void {
    const { pixels } = this.surface.canvas;
    const offset = pixel * 3;
    pixels[offset] = (pixels[offset] as number) * (1 - share) + red * share;
    pixels[offset + 1] = (pixels[offset + 1] as number) * (1 - share) + green * share;
    pixels[offset + 2] = (pixels[offset + 2] as number) * (1 - share) + blue * share;
  }

  /** Calls `each` for every row of pixels, `from` to `to` − 1, that the bounds, grown by `margin`, may touch. */
  visit(bounds: Bounds, margin: number, each: (from: number, to: number) => void): void {
    const { size } = this.surface.canvas;
    const region = this.surface.region(bounds, margin);
    for (let row = region.top; row <= region.bottom; row++) {
      each(row * size + region.left, row * size + region.right + 1);
    }
  }
}
