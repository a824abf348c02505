import type { Dirent } from "node:fs";
import { readdir, realpath, stat } from "node:fs/promises";
import { isAbsolute, join, relative, resolve, sep } from "node:path";
import { DrmGuardError } from "../errors/index.ts";
import { MAXIMUM_IMAGE_FILE_BYTES } from "../images/bounds.ts";
import { withFileSource } from "../images/byte-source.ts";
import { decodeImageFile, type ImageFacts, readImageFacts } from "../images/image-file.ts";
import { compareNatural } from "../images/natural-order.ts";
import type { Picture } from "../images/picture.ts";

/** A labels table or an annotation of a whole sequence. */
const MAXIMUM_TEXT_BYTES = MAXIMUM_IMAGE_FILE_BYTES;

/**
 * The entries of a folder in natural order of their names.
 * @throws ERR_FILE_NOT_FOUND
 */
export async function entriesOf(folder: string): Promise<Dirent[]> {
  try {
    const entries = await readdir(folder, { withFileTypes: true });
    return entries.sort((left, right) => compareNatural(left.name, right.name));
  } catch (cause) {
    throw new DrmGuardError("ERR_FILE_NOT_FOUND", `The folder ${folder} cannot be read.`, { cause });
  }
}

/**
 * Path of a regular file of a data set's folder.
 * @param inside path from the folder on, as the data set names it.
 * @throws ERR_IMAGES_FORMAT when it leads out of the folder, by its text or by a symbolic link, or is no regular file;
 *   ERR_FILE_NOT_FOUND when it is not there.
 */
export async function fileWithin(folder: string, inside: string, owner: string): Promise<string> {
  const path = resolve(folder, inside);
  if (isAbsolute(inside) || !liesWithin(resolve(folder), path)) throw leadsOut(inside, folder, owner);
  const target = await realpath(path).catch((cause: unknown) => {
    throw new DrmGuardError(
      "ERR_FILE_NOT_FOUND",
      `${owner} needs the file ${join(folder, inside)}, which is not there.`,
      { cause },
    );
  });
  if (!liesWithin(await realpath(folder), target)) throw leadsOut(inside, folder, owner);
  if (!(await stat(target)).isFile()) {
    throw new DrmGuardError("ERR_IMAGES_FORMAT", `${join(folder, inside)} is no regular file (${owner}).`);
  }
  return target;
}

function liesWithin(folder: string, path: string): boolean {
  const inside = relative(folder, path);
  return inside !== "" && inside !== ".." && !inside.startsWith(`..${sep}`) && !isAbsolute(inside);
}

function leadsOut(inside: string, folder: string, owner: string): DrmGuardError {
  return new DrmGuardError(
    "ERR_IMAGES_FORMAT",
    `${owner} names the file ${JSON.stringify(inside)}, which leads out of the folder ${folder}.`,
    { hint: "Put the files into the folder and name them by their paths inside it." },
  );
}

/**
 * A text file as a whole.
 * @throws ERR_IMAGES_FORMAT when it is no UTF-8, ERR_IMAGES_TOO_LARGE
 */
export async function readText(path: string, name: string = path): Promise<string> {
  const bytes = await readBounded(path, MAXIMUM_TEXT_BYTES, name);
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch (cause) {
    throw new DrmGuardError("ERR_IMAGES_FORMAT", `Expected UTF-8 text in ${name}.`, { cause });
  }
}

/** A PNG, JPEG or WebP of a data set. @throws ERR_IMAGES_UNREADABLE, ERR_IMAGES_TOO_LARGE, ERR_IMAGES_CHANNELS */
export async function readPicture(path: string, name: string): Promise<Picture> {
  const bytes = await readBounded(path, MAXIMUM_IMAGE_FILE_BYTES, name);
  return decodeImageFile(bytes, await readImageFacts(bytes, name), name);
}

/** The header of a PNG, JPEG or WebP of a data set. */
export async function readPictureFacts(path: string, name: string): Promise<ImageFacts> {
  return readImageFacts(await readBounded(path, MAXIMUM_IMAGE_FILE_BYTES, name), name);
}

function readBounded(path: string, maximum: number, name: string): Promise<Uint8Array> {
  return withFileSource(path, (source) => {
    if (source.size > maximum) {
      throw new DrmGuardError(
        "ERR_IMAGES_TOO_LARGE",
        `${name} has ${source.size} bytes; at most ${maximum} are allowed.`,
      );
    }
    return source.read(0, source.size);
  });
}
