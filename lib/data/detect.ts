import type { Stats } from "node:fs";
import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { DrmGuardError } from "../errors/index.ts";
import { withFileSource } from "../images/byte-source.ts";
import { readArrayHeaders } from "../images/npz-arrays.ts";
import { openZip } from "../images/zip-archive.ts";
import { BIWI_POSE } from "./biwi.ts";
import { COLUMBIA_NAME } from "./columbia-gaze.ts";
import { LABELS_TABLE } from "./folder.ts";
import type { DataSetKind } from "./labelled-images.ts";
import { MPIIFACEGAZE_NAME } from "./mpiifacegaze.ts";
import { PANDORA_ANNOTATION } from "./pandora.ts";
import { entriesOf } from "./source-files.ts";

/** What is looked for, in words. */
const SIGNS: readonly string[] = [
  `a folder with ${LABELS_TABLE}`,
  "mpiifacegaze: p00.mat …, or one such file",
  "columbia-gaze: 0001_2m_0P_10V_-15H.jpg …, in folders 0001 … or not",
  "biwi: 01/frame_00003_pose.txt …",
  `pandora: 01/base_1_ID/${PANDORA_ANNOTATION} …`,
  "a .npz with jpeg, offsets and shape (packed), or with images",
];

/**
 * Which data set lies at a path, by the names in a folder or the content of a file.
 * @throws ERR_FILE_NOT_FOUND; ERR_IMAGES_FORMAT listing what was looked for when nothing fits.
 */
export async function detectKind(path: string): Promise<DataSetKind> {
  const facts = await factsOf(path);
  const kind = facts.isDirectory()
    ? await kindOfFolder(path)
    : facts.isFile()
      ? await kindOfFile(path)
      : null;
  if (kind !== null) return kind;
  throw new DrmGuardError(
    "ERR_IMAGES_FORMAT",
    `No data set was found at ${path}. Looked for: ${SIGNS.join("; ")}.`,
    { hint: "Give the folder that holds these names directly, or name the kind." },
  );
}

async function factsOf(path: string): Promise<Stats> {
  try {
    return await stat(path);
  } catch (cause) {
    throw new DrmGuardError("ERR_FILE_NOT_FOUND", `There is no data set at ${path}: it cannot be found.`, {
      cause,
    });
  }
}

async function kindOfFile(path: string): Promise<DataSetKind | null> {
  return withFileSource(path, async (source) => {
    const start = await source.read(0, Math.min(source.size, 2));
    if (start[0] === 0x50 && start[1] === 0x4b) {
      const arrays = await readArrayHeaders(await openZip(source, path), path);
      return arrays.has("jpeg") && arrays.has("offsets") ? "packed-jpeg" : "npz";
    }
    return /\.mat$/i.test(path) ? "mpiifacegaze" : null;
  });
}

async function kindOfFolder(folder: string): Promise<DataSetKind | null> {
  const entries = await entriesOf(folder);
  const names = entries.map((entry) => entry.name);
  if (names.includes(LABELS_TABLE)) return "folder";
  if (names.some((name) => MPIIFACEGAZE_NAME.test(name))) return "mpiifacegaze";
  if (names.some((name) => COLUMBIA_NAME.test(name))) return "columbia-gaze";
  for (const { name } of entries.filter((entry) => entry.isDirectory())) {
    const kind = await kindOfSubfolder(join(folder, name), name);
    if (kind !== null) return kind;
  }
  return null;
}

async function kindOfSubfolder(folder: string, name: string): Promise<DataSetKind | null> {
  if (/^\d{4}$/.test(name)) {
    const names = await readdir(folder);
    return names.some((each) => COLUMBIA_NAME.test(each)) ? "columbia-gaze" : null;
  }
  if (!/^\d{2}$/.test(name)) return null;
  const entries = await entriesOf(folder);
  if (entries.some((entry) => BIWI_POSE.test(entry.name))) return "biwi";
  for (const entry of entries.filter((each) => each.isDirectory())) {
    if ((await readdir(join(folder, entry.name))).includes(PANDORA_ANNOTATION)) return "pandora";
  }
  return null;
}
