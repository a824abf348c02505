import type { Stats } from "node:fs";
import { stat } from "node:fs/promises";
import { DrmGuardError } from "../errors/index.ts";
import { withFileSource } from "./byte-source.ts";
import { openNpy } from "./image-array.ts";
import type { ImageBatch, ImageOptions } from "./image-batch.ts";
import { openFolder } from "./image-folder.ts";
import { hasNpyMagic } from "./npy-header.ts";
import { openNpz } from "./npz.ts";
import { decodeSet } from "./picture-set.ts";
import { resolveImageOptions } from "./selection.ts";

/**
 * Reads benign images, ready for the native core.
 *
 * @param path a folder of png, jpg, jpeg and webp files; a .npy array; a .npz with such an array (named `images` or
 *   `x`, or the only one of image shape); or the packed JPEG form (.jpk.npz). Arrays are N×H×W×3, N×3×H×W or N×H×W,
 *   uint8 in [0,255] or floats in [0,1]. The file's content decides, not its extension.
 * @param options with a size, every image is stretched to it (see writeResized); without one, all must have one size.
 * @returns count × channels × height × width in [0,1]. The same pictures give the same pixels and SHA-256 from every
 *   lossless form.
 * @throws DrmGuardError: ERR_FILE_NOT_FOUND, ERR_CONFIG (wrong options), ERR_IMAGES_FORMAT, ERR_IMAGES_TOO_FEW,
 *   ERR_IMAGES_MIXED_SIZES, ERR_IMAGES_UNREADABLE, ERR_IMAGES_CHANNELS, ERR_IMAGES_TOO_LARGE. Nothing is skipped.
 */
export async function loadImages(path: string, options: ImageOptions = {}): Promise<ImageBatch> {
  const resolved = resolveImageOptions(options);
  const facts = await factsOf(path);
  if (facts.isDirectory()) return decodeSet(await openFolder(path, resolved), resolved);
  if (!facts.isFile()) throw unknownFormat(path, "neither a folder nor a regular file");
  return withFileSource(path, async (source) => {
    const start = await source.read(0, Math.min(source.size, 6));
    if (hasNpyMagic(start)) {
      return decodeSet(await openNpy(source, path, { source: path, kind: "npy" }, resolved), resolved);
    }
    if (start[0] === 0x50 && start[1] === 0x4b)
      return decodeSet(await openNpz(source, path, resolved), resolved);
    throw unknownFormat(path, "no .npy or .npz");
  });
}

async function factsOf(path: string): Promise<Stats> {
  try {
    return await stat(path);
  } catch (cause) {
    throw new DrmGuardError(
      "ERR_FILE_NOT_FOUND",
      `There are no images at ${path}: it cannot be found or read.`,
      {
        cause,
      },
    );
  }
}

function unknownFormat(path: string, what: string): DrmGuardError {
  return new DrmGuardError("ERR_IMAGES_FORMAT", `Expected an image set at ${path}, but it is ${what}.`);
}
