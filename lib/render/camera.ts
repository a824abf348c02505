import type { Canvas } from "./canvas.ts";
import type { FaceView } from "./face-traits.ts";
import { NOISE_LEVELS, RandomStream } from "./random-stream.ts";

/** What lies behind everything: a gradient with a soft wave over it. */
export function paintBackground(canvas: Canvas, view: FaceView): void {
  const { first, second, angle, wave } = view.background;
  const cos = Math.cos(angle);
  const sin = Math.sin(angle);
  const { size, pixels } = canvas;
  const step = [second[0] - first[0], second[1] - first[1], second[2] - first[2]] as const;
  // sin(a + b) from the sines and cosines of a (along the columns) and b (along the rows).
  const columnSine = new Float64Array(size);
  const columnCosine = new Float64Array(size);
  for (let column = 0; column < size; column++) {
    columnSine[column] = Math.sin(wave.x * middle(column, size));
    columnCosine[column] = Math.cos(wave.x * middle(column, size));
  }
  let offset = 0;
  for (let row = 0; row < size; row++) {
    const y = middle(row, size);
    const rowSine = wave.strength * Math.sin(wave.y * y + wave.phase);
    const rowCosine = wave.strength * Math.cos(wave.y * y + wave.phase);
    for (let column = 0; column < size; column++, offset += 3) {
      const share = Math.min(1, Math.max(0, 0.5 + 0.4 * (cos * middle(column, size) + sin * y)));
      const shift = (columnSine[column] as number) * rowCosine + (columnCosine[column] as number) * rowSine;
      pixels[offset] = first[0] + step[0] * share + shift;
      pixels[offset + 1] = first[1] + step[1] * share + shift;
      pixels[offset + 2] = first[2] + step[2] * share + shift;
    }
  }
}

/** Where the middle of a row or column lies in the picture, which spans [−1,1]. */
function middle(index: number, size: number): number {
  return ((index + 0.5) / size) * 2 - 1;
}

/**
 * Blur, noise and rounding: what the camera does.
 * @param bytes receives size × size × 3 bytes, RGB, row by row
 */
export function develop(canvas: Canvas, view: FaceView, bytes: Uint8Array): void {
  const { size, pixels, spare, noise } = canvas;
  blurRows(pixels, spare, size, view.blur);
  const random = new RandomStream(...view.noiseKeys);
  const { blur, noise: strength } = view;
  const keep = 1 - 2 * blur;
  const line = size * 3;
  for (let row = 0; row < size; row++) {
    // Edges repeat themselves.
    const before = row > 0 ? line : 0;
    const after = row < size - 1 ? line : 0;
    random.fillNoise(noise);
    for (let place = 0; place < line; place++) {
      const index = row * line + place;
      // Rounded to float32, as the blur along the rows is.
      const value = Math.fround(
        (spare[index] as number) * keep +
          ((spare[index - before] as number) + (spare[index + after] as number)) * blur,
      );
      // Rounded to the nearest whole number before it is cut off: whole numbers are cut off faster.
      const shade = ((value + strength * (NOISE_LEVELS[noise[place] as number] as number)) * 255 + 0.5) | 0;
      bytes[index] = Math.min(255, Math.max(0, shade));
    }
  }
}

/** Three-tap blur along the rows. Edges repeat themselves. */
function blurRows(pixels: Float32Array, result: Float32Array, size: number, share: number): void {
  const keep = 1 - 2 * share;
  const line = size * 3;
  for (let start = 0; start < pixels.length; start += line) {
    for (let channel = start; channel < start + 3; channel++) {
      const last = channel + line - 3;
      let before = pixels[channel] as number;
      let value = before;
      for (let index = channel; index < last; index += 3) {
        const after = pixels[index + 3] as number;
        result[index] = value * keep + (before + after) * share;
        before = value;
        value = after;
      }
      result[last] = value * keep + (before + value) * share;
    }
  }
}
