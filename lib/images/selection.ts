import { DrmGuardError } from "../errors/index.ts";
import { MAXIMUM_RESIZE_SIDE } from "./bounds.ts";
import type { ImageOptions } from "./image-batch.ts";

/** Fewest images that a scan accepts when the caller names no minimum. */
export const DEFAULT_MINIMUM = 16;

/** ImageOptions, checked and with every default filled in. */
export interface ResolvedImageOptions {
  /** null: all images must have one size already. */
  size: { height: number; width: number } | null;
  /** null: whatever the images have. */
  channels: 1 | 3 | null;
  minimum: number;
  /** null: all images. */
  limit: number | null;
}

/** @throws ERR_CONFIG naming the option that is wrong. */
export function resolveImageOptions(options: ImageOptions): ResolvedImageOptions {
  const { size = null, channels = null, minimum = DEFAULT_MINIMUM, limit = null } = options;
  if (size !== null) {
    requireWhole("input height", size.height, MAXIMUM_RESIZE_SIDE);
    requireWhole("input width", size.width, MAXIMUM_RESIZE_SIDE);
  }
  if (channels !== null && channels !== 1 && channels !== 3) {
    throw new DrmGuardError("ERR_CONFIG", `The channels must be 1 or 3, got ${String(channels)}.`);
  }
  requireWhole("minimum number of images", minimum, Number.MAX_SAFE_INTEGER);
  if (limit !== null) {
    requireWhole("limit of images", limit, Number.MAX_SAFE_INTEGER);
    if (limit < minimum) {
      throw new DrmGuardError(
        "ERR_CONFIG",
        `The limit of ${limit} images is below the minimum of ${minimum}.`,
        {
          hint: "Raise the limit, or lower the minimum if fewer images are meant.",
        },
      );
    }
  }
  return { size, channels, minimum, limit };
}

/** The images that were chosen from a source. */
export interface Selection {
  count: number;
  /** Index in the source of the chosen image at a position, 0 ≤ position < count. Increases with the position. */
  indexAt(position: number): number;
}

/**
 * Which of the available images are used: all, or `limit` of them at floor(i·N/limit).
 * @throws ERR_IMAGES_TOO_FEW with how many there are and how many are needed.
 */
export function selectImages(available: number, options: ResolvedImageOptions, source: string): Selection {
  if (available < options.minimum) {
    const found = available === 0 ? "no images" : available === 1 ? "1 image" : `${available} images`;
    throw new DrmGuardError(
      "ERR_IMAGES_TOO_FEW",
      `Expected at least ${options.minimum} images in ${source}, found ${found}.`,
      { details: { available, minimum: options.minimum } },
    );
  }
  const count = Math.min(options.limit ?? available, available);
  return { count, indexAt: (position) => Math.floor((position * available) / count) };
}

function requireWhole(name: string, value: number, maximum: number): void {
  if (!Number.isSafeInteger(value) || value < 1 || value > maximum) {
    const range = maximum === Number.MAX_SAFE_INTEGER ? "of at least 1" : `from 1 to ${maximum}`;
    throw new DrmGuardError(
      "ERR_CONFIG",
      `The ${name} must be a whole number ${range}, got ${String(value)}.`,
    );
  }
}
