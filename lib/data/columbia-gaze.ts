/**
 * Columbia Gaze (Smith, Yin, Feiner, Nayar: "Gaze Locking", 2013).
 *
 * Layout: pictures named `<subject>_2m_<P>P_<V>V_<H>H.jpg`, for example `0001_2m_-15P_10V_5H.jpg`, either in one folder
 * per subject (`0001/0001_2m_….jpg`) or all in one folder. A subject's folder must hold that subject's pictures only.
 * Labels: head pose P, vertical gaze angle V and horizontal gaze angle H, in degrees, with the signs of the names.
 * Nothing is cropped: the set carries no place of the face. Crop before, or expect the whole photograph (5184×3456),
 * stretched to the size.
 */
import { join } from "node:path";
import { DrmGuardError } from "../errors/index.ts";
import { plainColumns } from "./label-columns.ts";
import type { DataSetReader } from "./sample-set.ts";
import { entriesOf, fileWithin, readPicture } from "./source-files.ts";

/** A picture's name: subject, P, V, H. */
export const COLUMBIA_NAME = /^(\d{4})_2m_(-?\d{1,3})P_(-?\d{1,3})V_(-?\d{1,3})H\.(?:jpe?g|png)$/i;
const SUBJECT_FOLDER = /^\d{4}$/;
const PICTURE = /\.(jpe?g|png|webp|bmp|tiff?)$/i;

interface ColumbiaFile {
  /** From the set's folder on. */
  inside: string;
  subject: string;
  /** P, V, H. */
  angles: number[];
}

/** @throws ERR_IMAGES_FORMAT for a picture whose name does not say its angles, or in another subject's folder. */
export const readColumbiaGaze: DataSetReader = async (path, _options, decode) => {
  const files = await listFiles(path);
  const at = (index: number) => files[index] as ColumbiaFile;
  return decode({
    source: path,
    kind: "columbia-gaze",
    available: files.length,
    columns: plainColumns(["headPose", "vertical", "horizontal"]),
    unit: "degrees",
    subjectOf: (index) => at(index).subject,
    channels: 3,
    size: null,
    async read(index) {
      const { inside, angles } = at(index);
      const name = join(path, inside);
      return { picture: await readPicture(await fileWithin(path, inside, path), name), labels: angles, name };
    },
  });
};

async function listFiles(folder: string): Promise<ColumbiaFile[]> {
  const files: ColumbiaFile[] = [];
  for (const entry of await entriesOf(folder)) {
    if (!entry.isDirectory()) {
      if (PICTURE.test(entry.name)) files.push(parseName(entry.name, entry.name, null));
    } else if (SUBJECT_FOLDER.test(entry.name)) {
      for (const { name } of await entriesOf(join(folder, entry.name))) {
        if (PICTURE.test(name)) files.push(parseName(name, join(entry.name, name), entry.name));
      }
    }
  }
  return files;
}

function parseName(name: string, inside: string, folder: string | null): ColumbiaFile {
  const [, subject, ...angles] = COLUMBIA_NAME.exec(name) ?? [];
  if (subject === undefined) {
    throw new DrmGuardError(
      "ERR_IMAGES_FORMAT",
      `Expected a name like 0001_2m_0P_10V_-15H.jpg, which says the angles, got ${inside}.`,
    );
  }
  if (folder !== null && folder !== subject) {
    throw new DrmGuardError(
      "ERR_IMAGES_FORMAT",
      `Expected pictures of subject ${folder} only in its folder, got ${inside}.`,
    );
  }
  return { inside, subject, angles: angles.map(Number) };
}
