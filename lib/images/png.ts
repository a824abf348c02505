import sharp from "sharp";
import { DrmGuardError } from "../errors/index.ts";

/** A difference image and how much it was amplified to become visible. */
export interface DifferenceImage {
  /** PNG of gain · |triggered − benign|; black where nothing changed. */
  png: Buffer;
  /** Whole number from 1 to 255: the largest that keeps every pixel within range. 1 when the images are equal. */
  gain: number;
}

/**
 * Writes one image as an 8-bit PNG.
 * @param pixels channels × height × width in [0,1]; values outside are clipped.
 * @param channels 1 (grey) or 3 (RGB).
 * @throws ERR_INTERNAL when the sizes do not fit.
 */
export async function encodePng(
  pixels: Float32Array,
  channels: number,
  height: number,
  width: number,
): Promise<Buffer> {
  return encodeScaled(pixels, 255, channels, height, width);
}

/**
 * Draws what a trigger changed: the absolute difference of two images, amplified.
 * @param benign channels × height × width in [0,1].
 * @param triggered the same shape.
 * @throws ERR_INTERNAL when the sizes do not fit.
 */
export async function encodeDifference(
  benign: Float32Array,
  triggered: Float32Array,
  channels: number,
  height: number,
  width: number,
): Promise<DifferenceImage> {
  if (benign.length !== triggered.length) {
    throw new DrmGuardError(
      "ERR_INTERNAL",
      `Expected two images of one size, got ${benign.length} and ${triggered.length} values.`,
    );
  }
  const difference = triggered.map((value, index) => Math.abs(value - (benign[index] as number)));
  const largest = difference.reduce((most, value) => Math.max(most, value), 0);
  // The small allowance keeps float32 noise (0.25 stored as 0.2500001) from costing a whole step of gain.
  const gain = largest > 0 ? Math.min(255, Math.max(1, Math.floor(1 / largest + 1e-4))) : 1;
  return { png: await encodeScaled(difference, 255 * gain, channels, height, width), gain };
}

async function encodeScaled(
  pixels: Float32Array,
  scale: number,
  channels: number,
  height: number,
  width: number,
): Promise<Buffer> {
  if ((channels !== 1 && channels !== 3) || pixels.length !== channels * height * width) {
    throw new DrmGuardError(
      "ERR_INTERNAL",
      `Expected ${channels}×${height}×${width} pixels with 1 or 3 channels, got ${pixels.length}.`,
    );
  }
  const plane = height * width;
  const bytes = new Uint8ClampedArray(pixels.length);
  for (let channel = 0; channel < channels; channel++) {
    for (let pixel = 0; pixel < plane; pixel++) {
      bytes[pixel * channels + channel] = Math.round((pixels[channel * plane + pixel] as number) * scale);
    }
  }
  const image = sharp(bytes, { raw: { width, height, channels } });
  return image
    .toColourspace(channels === 1 ? "b-w" : "srgb")
    .png()
    .toBuffer();
}
