import type { Stats } from "node:fs";
import { lstat, readdir, realpath, stat } from "node:fs/promises";
import { join, relative, sep } from "node:path";
import { DrmGuardError } from "../errors/index.ts";
import { DECODE_CONCURRENCY, MAXIMUM_IMAGE_FILE_BYTES } from "./bounds.ts";
import { withFileSource } from "./byte-source.ts";
import { requireChannels } from "./channels.ts";
import { decodeImageFile, type ImageFacts, readImageFacts } from "./image-file.ts";
import { compareNatural } from "./natural-order.ts";
import { greyAsRgb } from "./picture.ts";
import { forEachBounded, type PictureSet } from "./picture-set.ts";
import { type ResolvedImageOptions, selectImages } from "./selection.ts";

const IMAGE_NAME = /\.(png|jpe?g|webp)$/i;
/** Files that go with a data set and that nobody takes for pictures. */
const COMPANION_NAME =
  /^(\..*|(licen[cs]e|copying|notice|readme|authors|changelog|citation|sha256sums|md5sums)(\..*)?|thumbs\.db|desktop\.ini|.*\.(txt|md|rst|csv|tsv|json|jsonl|ya?ml|toml|xml|html?|pdf|npy|npz|mat|sha256|md5))$/i;

/**
 * Opens a folder of PNG, JPEG and WebP files, in natural order of their names.
 *
 * Every file must be an image or plainly none: hidden files and companions (README, LICENSE, labels.csv, other text
 * and tables) are passed over, anything else is an error that names it, as is a subfolder and a symbolic link that
 * leads out of the folder. A folder with any colour image has 3 channels, and its grey files count as colour stored
 * compactly (r = g = b); a folder of grey files only has 1.
 *
 * @throws ERR_IMAGES_FORMAT, ERR_IMAGES_TOO_FEW, ERR_IMAGES_UNREADABLE, ERR_IMAGES_TOO_LARGE, ERR_IMAGES_CHANNELS,
 *   ERR_IMAGES_MIXED_SIZES (only without a size to resize to).
 */
export async function openFolder(folder: string, options: ResolvedImageOptions): Promise<PictureSet> {
  const names = await listImages(folder);
  const selection = selectImages(names.length, options, folder);
  const chosen = Array.from({ length: selection.count }, (_, at) => names[selection.indexAt(at)] as string);
  const facts = await readAllFacts(folder, chosen);
  const channels = facts.some((each) => each.channels === 3) ? 3 : 1;
  const deciding = chosen[facts.findIndex((each) => each.channels === channels)] as string;
  requireChannels(channels, options.channels, channels === 3 ? join(folder, deciding) : folder);
  if (options.size === null) requireOneSize(chosen, facts, folder);
  const { height, width } = facts[0] as ImageFacts;
  return {
    source: folder,
    kind: "folder",
    available: names.length,
    count: chosen.length,
    channels,
    height,
    width,
    async read(position) {
      const path = join(folder, chosen[position] as string);
      const picture = await decodeImageFile(await readWhole(path), facts[position] as ImageFacts, path);
      return picture.channels < channels ? greyAsRgb(picture) : picture;
    },
  };
}

async function listImages(folder: string): Promise<string[]> {
  const root = await realpath(folder);
  const names = (await readdir(root)).sort(compareNatural);
  const images: string[] = [];
  for (const name of names) {
    if (COMPANION_NAME.test(name)) continue;
    const path = join(folder, name);
    const facts = await targetWithin(root, join(root, name), path);
    if (!facts.isFile()) {
      const what = facts.isDirectory() ? "a folder" : "no regular file";
      throw unexpected(`${path} is ${what}; only images directly in ${folder} are read.`);
    }
    if (!IMAGE_NAME.test(name)) {
      throw unexpected(`${path} is no png, jpg, jpeg or webp, and no known companion of a data set.`);
    }
    if (facts.size > MAXIMUM_IMAGE_FILE_BYTES) {
      throw new DrmGuardError(
        "ERR_IMAGES_TOO_LARGE",
        `${path} has ${facts.size} bytes; at most ${MAXIMUM_IMAGE_FILE_BYTES} are allowed.`,
      );
    }
    images.push(name);
  }
  return images;
}

/** Follows a symbolic link as long as it stays in the folder. */
async function targetWithin(root: string, entry: string, path: string): Promise<Stats> {
  const facts = await lstat(entry);
  if (!facts.isSymbolicLink()) return facts;
  const target = await realpath(entry).catch((cause: unknown) => {
    throw new DrmGuardError("ERR_IMAGES_UNREADABLE", `${path} is a symbolic link to nothing.`, { cause });
  });
  const inside = relative(root, target);
  if (inside === "" || inside === ".." || inside.startsWith(`..${sep}`) || join(root, inside) !== target) {
    throw unexpected(`${path} is a symbolic link that leads out of its folder.`);
  }
  return stat(target);
}

async function readAllFacts(folder: string, names: string[]): Promise<ImageFacts[]> {
  const facts: ImageFacts[] = new Array(names.length);
  await forEachBounded(names.length, DECODE_CONCURRENCY, async (index) => {
    const path = join(folder, names[index] as string);
    facts[index] = await readImageFacts(await readWhole(path), path);
  });
  return facts;
}

function readWhole(path: string): Promise<Uint8Array> {
  return withFileSource(path, (source) => source.read(0, Math.min(source.size, MAXIMUM_IMAGE_FILE_BYTES)));
}

function requireOneSize(names: string[], facts: ImageFacts[], folder: string): void {
  const first = facts[0] as ImageFacts;
  const other = facts.findIndex((each) => each.height !== first.height || each.width !== first.width);
  if (other === -1) return;
  const described = [0, other].map((index) => {
    const { height, width } = facts[index] as ImageFacts;
    return `${names[index]} is ${height}×${width}`;
  });
  throw new DrmGuardError(
    "ERR_IMAGES_MIXED_SIZES",
    `Expected images of one size (height×width) in ${folder}, but ${described.join(" and ")}.`,
    { details: { files: [names[0], names[other]] } },
  );
}

function unexpected(message: string): DrmGuardError {
  return new DrmGuardError("ERR_IMAGES_FORMAT", message, {
    hint: "Move or convert it, so that the folder holds the benign images and nothing that could be taken for one.",
  });
}
