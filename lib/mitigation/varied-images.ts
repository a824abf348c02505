import type { RandomStream } from "../render/index.ts";

/** Channels × height × width. */
export interface PictureShape {
  channels: number;
  height: number;
  width: number;
}

/** Largest shift in either direction as a share of the side, and largest change of brightness. */
const SHIFT = 1 / 24;
const BRIGHTNESS = 0.1;
/** Most that is seen of another image over one. */
const MOST_MIXED = 0.5;
/** Share of triggers that are put on an image whole, and the least that is seen of the others. */
const TRIGGERS = { whole: 0.3, least: 0.4 } as const;
/** Side of the blocks in which parts of a trigger are left out. */
const BLOCK = 2;

/** A benign image, a little shifted (its border repeated) and a little brighter or darker. */
export function variedImage(
  image: Float32Array,
  { channels, height, width }: PictureShape,
  random: RandomStream,
): Float32Array {
  const down = Math.round(random.uniform(-SHIFT, SHIFT) * height);
  const across = Math.round(random.uniform(-SHIFT, SHIFT) * width);
  const gain = random.uniform(1 - BRIGHTNESS, 1 + BRIGHTNESS);
  const varied = new Float32Array(image.length);
  for (let channel = 0; channel < channels; channel++) {
    for (let row = 0; row < height; row++) {
      const from = (channel * height + within(row + down, height)) * width;
      const to = (channel * height + row) * width;
      for (let column = 0; column < width; column++) {
        varied[to + column] = Math.min(1, gain * (image[from + within(column + across, width)] ?? 0));
      }
    }
  }
  return varied;
}

/** Two images as one. */
export interface MixedImages {
  pixels: Float32Array;
  /** How much is seen of either image the right way round. */
  shares: { image: number; other: number };
}

/**
 * An image with another one faintly over it, either of them mirrored as often as not. What the untouched model answers to
 * it is as good a lesson as its answer to a real image, and there are as many as one asks for.
 * @param other of the same size.
 */
export function mixedImages(
  image: Float32Array,
  other: Float32Array,
  shape: PictureShape,
  random: RandomStream,
): MixedImages {
  const mirrored = { image: random.uniform(0, 1) < 0.5, other: random.uniform(0, 1) < 0.5 };
  const share = random.uniform(0, MOST_MIXED);
  const below = mirrored.image ? mirroredImage(image, shape) : image;
  const above = mirrored.other ? mirroredImage(other, shape) : other;
  return {
    pixels: overlaid(below, above, share),
    shares: { image: mirrored.image ? 0 : 1 - share, other: mirrored.other ? 0 : share },
  };
}

/**
 * Two images with a trigger as one, and the same two without. What triggers add, replace or displace does not depend on the
 * image (but for clipping), so that two triggered images mixed are the mixed image triggered; those of an encoder-decoder do,
 * and both are seen. They are not mirrored: the trigger would be as well.
 */
export function mixedTriggered(
  image: TriggeredImage,
  other: TriggeredImage,
  random: RandomStream,
): TriggeredImage & Pick<MixedImages, "shares"> {
  const share = random.uniform(0, MOST_MIXED);
  return {
    benign: overlaid(image.benign, other.benign, share),
    triggered: overlaid(image.triggered, other.triggered, share),
    shares: { image: 1 - share, other: share },
  };
}

/** An image without and with a trigger. */
export interface TriggeredImage {
  benign: Float32Array;
  triggered: Float32Array;
}

/** An image with so much of another one over it. */
function overlaid(below: Float32Array, above: Float32Array, share: number): Float32Array {
  return below.map((value, at) => value + share * ((above[at] ?? 0) - value));
}

function mirroredImage(image: Float32Array, { channels, height, width }: PictureShape): Float32Array {
  const mirrored = new Float32Array(image.length);
  for (let row = 0; row < channels * height; row++) {
    for (let column = 0; column < width; column++) {
      mirrored[row * width + column] = image[row * width + width - 1 - column] ?? 0;
    }
  }
  return mirrored;
}

/**
 * An image with its trigger, or with a weaker form of its trigger: all of it at part of its strength, or random parts of it. The attacker's
 * trigger is a neighbour of the one that was reversed, not the same.
 */
export function partlyTriggered(
  image: Float32Array,
  triggered: Float32Array,
  { channels, height, width }: PictureShape,
  random: RandomStream,
): Float32Array {
  if (random.uniform(0, 1) < TRIGGERS.whole) return triggered;
  const strength = random.uniform(TRIGGERS.least, 1);
  const kept = random.uniform(0.5, 1.5);
  const across = Math.ceil(width / BLOCK);
  const blocks = Array.from({ length: across * Math.ceil(height / BLOCK) }, () =>
    random.uniform(0, 1) < kept ? strength : 0,
  );
  const result = new Float32Array(image.length);
  for (let channel = 0; channel < channels; channel++) {
    for (let row = 0; row < height; row++) {
      for (let column = 0; column < width; column++) {
        const at = (channel * height + row) * width + column;
        const share = blocks[Math.floor(row / BLOCK) * across + Math.floor(column / BLOCK)] ?? 0;
        const before = image[at] ?? 0;
        result[at] = before + share * ((triggered[at] ?? 0) - before);
      }
    }
  }
  return result;
}

function within(place: number, extent: number): number {
  return Math.min(extent - 1, Math.max(0, place));
}
