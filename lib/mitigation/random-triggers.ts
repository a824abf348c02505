import type { RandomStream } from "../render/index.ts";
import type { PictureShape } from "./varied-images.ts";

/** Largest amplitude of stripes and patterns, and largest displacement in pixels at 48 pixels a side. */
const AMPLITUDE = 0.25;
const DISPLACEMENT = 3 / 48;
const SQUARE = { least: 1 / 12, most: 1 / 5 } as const;
const FREQUENCIES = { least: 2, most: 14 } as const;
const GRID = { least: 3, most: 16 } as const;

type Paint = (image: Float32Array, shape: PictureShape, random: RandomStream) => Float32Array;

/**
 * A random member of one of the kinds of trigger that a scan looks for: a square of noise, stripes, a smooth pattern or a
 * smooth warp. None of them should change what a model answers; what the attacker's is, nobody knows for certain.
 */
export const randomlyTriggered: Paint = (image, shape, random) => {
  const paint = PAINTS[random.index(PAINTS.length)] as Paint;
  return paint(image, shape, random);
};

const square: Paint = (image, { channels, height, width }, random) => {
  const side = Math.min(height, width);
  const size = Math.max(2, Math.round(side * random.uniform(SQUARE.least, SQUARE.most)));
  const top = random.index(height - size + 1);
  const left = random.index(width - size + 1);
  const block = 1 + random.index(3);
  const across = Math.ceil(size / block);
  const painted = image.slice();
  for (let channel = 0; channel < channels; channel++) {
    const values = Array.from({ length: across * across }, () => random.uniform(0, 1));
    for (let row = 0; row < size; row++) {
      for (let column = 0; column < size; column++) {
        const value = values[Math.floor(row / block) * across + Math.floor(column / block)] ?? 0;
        painted[(channel * height + top + row) * width + left + column] = value;
      }
    }
  }
  return painted;
};

const stripes: Paint = (image, shape, random) => {
  const angle = random.uniform(0, Math.PI);
  const frequency = random.uniform(FREQUENCIES.least, FREQUENCIES.most);
  const phase = random.uniform(0, 2 * Math.PI);
  const [across, down] = [frequency * Math.cos(angle), frequency * Math.sin(angle)];
  const wave = (row: number, column: number) =>
    Math.sin(2 * Math.PI * ((across * column) / shape.width + (down * row) / shape.height) + phase);
  return changed(image, shape, random, () => wave);
};

const pattern: Paint = (image, shape, random) =>
  changed(image, shape, random, () => smoothField(shape, random));

const warp: Paint = (image, shape, random) => {
  const { channels, height, width } = shape;
  const reach = DISPLACEMENT * Math.min(height, width) * random.uniform(0.3, 1);
  const [downwards, sideways] = [smoothField(shape, random), smoothField(shape, random)];
  const warped = new Float32Array(image.length);
  for (let row = 0; row < height; row++) {
    for (let column = 0; column < width; column++) {
      const y = row + reach * downwards(row, column);
      const x = column + reach * sideways(row, column);
      for (let channel = 0; channel < channels; channel++) {
        warped[(channel * height + row) * width + column] = sampled(image, shape, channel, y, x);
      }
    }
  }
  return warped;
};

const PAINTS: readonly Paint[] = [square, stripes, pattern, warp];

/** Adds a field to every channel, each at an amplitude of its own. */
function changed(
  image: Float32Array,
  { channels, height, width }: PictureShape,
  random: RandomStream,
  fieldOf: (channel: number) => (row: number, column: number) => number,
): Float32Array {
  const result = image.slice();
  for (let channel = 0; channel < channels; channel++) {
    const field = fieldOf(channel);
    const amplitude = random.uniform(-AMPLITUDE, AMPLITUDE);
    for (let row = 0; row < height; row++) {
      for (let column = 0; column < width; column++) {
        const at = (channel * height + row) * width + column;
        result[at] = Math.min(1, Math.max(0, (image[at] ?? 0) + amplitude * field(row, column)));
      }
    }
  }
  return result;
}

/** Random values in [−1,1] on a coarse grid, linear between them. */
function smoothField(
  { height, width }: PictureShape,
  random: RandomStream,
): (row: number, column: number) => number {
  const cells = GRID.least + random.index(GRID.most - GRID.least + 1);
  const values = Float32Array.from({ length: cells * cells }, () => random.uniform(-1, 1));
  const grid = { channels: 1, height: cells, width: cells };
  return (row, column) =>
    sampled(values, grid, 0, (row / (height - 1)) * (cells - 1), (column / (width - 1)) * (cells - 1));
}

/** Bilinear, the border repeated. */
function sampled(
  image: Float32Array,
  { height, width }: PictureShape,
  channel: number,
  y: number,
  x: number,
): number {
  const row = Math.min(height - 1, Math.max(0, y));
  const column = Math.min(width - 1, Math.max(0, x));
  const top = Math.min(height - 2, Math.floor(row));
  const left = Math.min(width - 2, Math.floor(column));
  const at = (down: number, across: number) =>
    image[(channel * height + top + down) * width + left + across] ?? 0;
  const [down, across] = [row - top, column - left];
  const upper = at(0, 0) + across * (at(0, 1) - at(0, 0));
  const lower = at(1, 0) + across * (at(1, 1) - at(1, 0));
  return upper + down * (lower - upper);
}
