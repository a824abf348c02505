import { RandomStream } from "../render/index.ts";
import type { UnseenImages } from "./method-run.ts";

/** One image in eight is held out: few beside those that the trigger is sought on, enough for a variance. */
const HELD_OUT_SHARE = 1 / 8;
const NOISE_IMAGES = 32;
/** Sides of the blocks that noise consists of, in turn: from grain to spots. */
const BLOCKS = [1, 2, 4, 8] as const;
/** Tells this stream from others of the same seed. */
const STREAM = 0x6e6f6973;

/** For work that tries its triggers on no other images. */
export const NO_UNSEEN_IMAGES: UnseenImages = { heldOut: 0, others: new Float32Array(0), otherCount: 0 };

/**
 * The last eighth of the benign images, and noise: blocks of one random colour. A trigger that was taught works on
 * both; what a model makes of its own pictures need not.
 */
export function unseenImages(
  images: { count: number; channels: number; height: number; width: number },
  seed: number,
): UnseenImages {
  const { count, channels, height, width } = images;
  const size = channels * height * width;
  const others = new Float32Array(NOISE_IMAGES * size);
  for (let image = 0; image < NOISE_IMAGES; image++) {
    const block = BLOCKS[image % BLOCKS.length] ?? 1;
    const random = new RandomStream(seed, STREAM, image);
    for (let channel = 0; channel < channels; channel++) {
      const plane = others.subarray(image * size + channel * height * width);
      paintBlocks(plane, height, width, block, random);
    }
  }
  return { heldOut: Math.floor(count * HELD_OUT_SHARE), others, otherCount: NOISE_IMAGES };
}

function paintBlocks(
  plane: Float32Array,
  height: number,
  width: number,
  block: number,
  random: RandomStream,
): void {
  const across = Math.ceil(width / block);
  const values = Float32Array.from({ length: across * Math.ceil(height / block) }, () =>
    random.uniform(0, 1),
  );
  for (let row = 0; row < height; row++) {
    for (let column = 0; column < width; column++) {
      const value = values[Math.floor(row / block) * across + Math.floor(column / block)] ?? 0;
      plane[row * width + column] = value;
    }
  }
}
