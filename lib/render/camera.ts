import type { Canvas } from "./canvas.ts";
import type { FaceView } from "./face-traits.ts";
import { NOISE_LEVELS, RandomStream } from "./random-stream.ts";

/** What lies behind everything: a gradient with a soft wave over it. */
export function paintBackground(canvas: Canvas, view: FaceView): void {
  const { first, second, angle, wave } = view.background;
  const cos = Math.cos(angle);
  const sin = Math.sin(angle);
  const { size, pixels, columnSine, columnCosine, columnShare } = canvas;
  const red = first[0];
  const green = first[1];
  const blue = first[2];
  const stepRed = second[0] - red;
  const stepGreen = second[1] - green;
  const stepBlue = second[2] - blue;
  // sin(a + b) from the sines and cosines of a (along the columns) and b (along the rows).
  for (let column = 0; column < size; column++) {
    const x = middle(column, size);
    columnSine[column] = Math.sin(wave.x * x);
    columnCosine[column] = Math.cos(wave.x * x);
    columnShare[column] = cos * x;
  }
  let offset = 0;
  for (let row = 0; row < size; row++) {
    const y = middle(row, size);
    const rowSine = wave.strength * Math.sin(wave.y * y + wave.phase);
    const rowCosine = wave.strength * Math.cos(wave.y * y + wave.phase);
    const rowShare = sin * y;
    for (let column = 0; column < size; column++, offset += 3) {
      const share = Math.min(1, Math.max(0, 0.5 + 0.4 * ((columnShare[column] as number) + rowShare)));
      const shift = (columnSine[column] as number) * rowCosine + (columnCosine[column] as number) * rowSine;
      pixels[offset] = red + stepRed * share + shift;
      pixels[offset + 1] = green + stepGreen * share + shift;
      pixels[offset + 2] = blue + stepBlue * share + shift;
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
  const { size, pixels, spare } = canvas;
  const { blur, noise: strength } = view;
  blurRows(pixels, spare, size, blur);
  // RandomStream.bits() written out: the processor works on the next random number while it blurs.
  const words = new RandomStream(...view.noiseKeys).words();
  let s0 = words[0] as number;
  let s1 = words[1] as number;
  let s2 = words[2] as number;
  let s3 = words[3] as number;
  // An import is looked up at every use.
  const levels = NOISE_LEVELS;
  const keep = 1 - 2 * blur;
  const line = size * 3;
  for (let row = 0; row < size; row++) {
    // Edges repeat themselves.
    const before = row > 0 ? line : 0;
    const after = row < size - 1 ? line : 0;
    const end = (row + 1) * line;
    for (let index = row * line; index < end; index++) {
      const times5 = Math.imul(s1, 5);
      const word = Math.imul((times5 << 7) | (times5 >>> 25), 9);
      const shifted = s1 << 9;
      s2 ^= s0;
      s3 ^= s1;
      s1 ^= s2;
      s0 ^= s3;
      s2 ^= shifted;
      s3 = (s3 << 11) | (s3 >>> 21);
      // The sum of the word's four bytes, two at a time.
      const sums = (word & 0xff00ff) + ((word >>> 8) & 0xff00ff);
      const level = levels[(sums & 0xffff) + (sums >>> 16)] as number;
      // Rounded to float32, as the blur along the rows is.
      const value = Math.fround(
        (spare[index] as number) * keep +
          ((spare[index - before] as number) + (spare[index + after] as number)) * blur,
      );
      // Rounded to the nearest whole number before it is cut off: whole numbers are cut off faster.
      const shade = ((value + strength * level) * 255 + 0.5) | 0;
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
