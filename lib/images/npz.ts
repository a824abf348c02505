import { DrmGuardError } from "../errors/index.ts";
import type { ByteSource } from "./byte-source.ts";
import { imageShapeOf, openNpy } from "./image-array.ts";
import type { NpyHeader } from "./npy-header.ts";
import { type NamedArrays, readArrayHeaders } from "./npz-arrays.ts";
import { openPackedJpeg } from "./packed-jpeg.ts";
import type { PictureSet } from "./picture-set.ts";
import type { ResolvedImageOptions } from "./selection.ts";
import { openZip } from "./zip-archive.ts";
import type { ZipEntry } from "./zip-directory.ts";

/** Names by which an image array is known; with one of them other image-shaped arrays do not matter. */
const IMAGE_NAMES = ["images", "x"];
/** Arrays that make up the packed form. */
const PACKED_NAMES = ["jpeg", "offsets", "shape"];

/**
 * Finds the images in a .npz: the packed JPEG form when its arrays are there, else the array named `images` or `x`,
 * else the only array that has the shape and type of images.
 * @throws ERR_IMAGES_FORMAT listing the arrays when none or several qualify.
 */
export async function openNpz(
  source: ByteSource,
  path: string,
  options: ResolvedImageOptions,
): Promise<PictureSet> {
  const archive = await openZip(source, path);
  const arrays = await readArrayHeaders(archive, path);
  if (arrays.has("jpeg") && arrays.has("offsets")) {
    const missing = PACKED_NAMES.find((name) => !arrays.has(name));
    if (missing !== undefined) {
      throw new DrmGuardError(
        "ERR_IMAGES_FORMAT",
        `The packed images in ${path} lack the array "${missing}".`,
      );
    }
    return openPackedJpeg(archive, arrays, path, options);
  }
  const name = chooseArray(arrays, path);
  const { entry } = arrays.get(name) as { entry: ZipEntry };
  const values = await archive.open(entry);
  return openNpy(values, `the array "${name}" of ${path}`, { source: path, kind: "npz" }, options);
}

function chooseArray(arrays: NamedArrays, path: string): string {
  const named = IMAGE_NAMES.filter((name) => arrays.has(name));
  const candidates =
    named.length > 0 ? named : [...arrays.keys()].filter((name) => looksLikeImages(arrays, name));
  if (candidates.length === 1) return candidates[0] as string;
  const list = [...arrays].map(
    ([name, { header }]) => `"${name}" (${header.dtype} ${header.shape.join("×")})`,
  );
  const problem =
    candidates.length === 0 ? "no array that holds images" : "several arrays that could be the images";
  throw new DrmGuardError(
    "ERR_IMAGES_FORMAT",
    `${path} has ${problem}. Its arrays: ${list.join(", ") || "none"}.`,
    { hint: 'Name the image array "images".', details: { arrays: [...arrays.keys()] } },
  );
}

function looksLikeImages(arrays: NamedArrays, name: string): boolean {
  const { header } = arrays.get(name) as { header: NpyHeader };
  if (!/^[|<]?(u1|f2|f4|f8)$/.test(header.dtype)) return false;
  try {
    imageShapeOf(header.shape, name);
    return true;
  } catch {
    return false;
  }
}
