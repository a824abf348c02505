/**
 * MPIIFaceGaze, normalised (Zhang, Sugano, Fritz, Bulling: "It's Written All Over Your Face", 2017).
 *
 * Layout: a folder with one file `pXX.mat` per person (`p00` … `p14`), or one such file. Each is HDF5 (MATLAB -v7.3)
 * with `Data/data`, N×3×448×448 in the order in which HDF5 stores the axes (MATLAB shows 448×448×3×N), blue before
 * green before red, uint8 or floats in [0,255]; and `Data/label`, N×16: gaze pitch and yaw, head pitch and yaw, and six
 * landmarks of two coordinates. Other sizes than 448 are read as well. Files are read a few images at a time.
 *
 * Labels: pitch and yaw of the gaze (the first two columns), in radians, as stored. The authors' normalisation program
 * (and ETH-XGaze) says of its own output that both signs are opposite to those of this set.
 */
import { stat } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { DrmGuardError } from "../errors/index.ts";
import { MAXIMUM_IMAGE_PIXELS } from "../images/bounds.ts";
import { channelsFirst, type Picture } from "../images/picture.ts";
import { type ResolvedDataSetOptions, requireNotCancelled } from "./data-set-options.ts";
import { type Hdf5Array, type Hdf5File, type Hdf5Values, openHdf5 } from "./hdf5-file.ts";
import { plainColumns } from "./label-columns.ts";
import type { DataSetReader } from "./sample-set.ts";
import { entriesOf, fileWithin } from "./source-files.ts";

/** A person's file. */
export const MPIIFACEGAZE_NAME = /^(p\d{2})\.mat$/;
const LABEL_COLUMNS = 16;
/** Images of one person; the set has 3,000. */
const MAXIMUM_IMAGES = 1_000_000;
/** Images of a block are decompressed together: many at once cost memory, few cost time. */
const BLOCK_BYTES = 2 ** 25;
const BLOCK_IMAGES = 16;

/** One person's file, its images still there. */
interface PersonFile {
  path: string;
  person: string;
  /** Index of its first image in the set. */
  first: number;
  count: number;
  height: number;
  width: number;
  /** count × 2 */
  gaze: Hdf5Values;
}

/** @throws ERR_FILE_NOT_FOUND, ERR_IMAGES_FORMAT, ERR_IMAGES_TOO_LARGE, ERR_CANCELLED */
export const readMpiiFaceGaze: DataSetReader = async (path, options, decode) => {
  const persons = await listPersons(path, options);
  const personAt = (index: number) =>
    persons.findLast((person) => person.count > 0 && person.first <= index) as PersonFile;
  // Without a limit every image is read in order; with one, its neighbours would be read in vain.
  const reader = new BlockReader(options.images.limit === null ? BLOCK_IMAGES : 1);
  try {
    return await decode({
      source: path,
      kind: "mpiifacegaze",
      available: persons.reduce((sum, person) => sum + person.count, 0),
      columns: plainColumns(["pitch", "yaw"]),
      unit: "radians",
      subjectOf: (index) => personAt(index).person,
      channels: 3,
      size: oneSize(persons),
      async read(index) {
        const person = personAt(index);
        const row = index - person.first;
        const picture = await reader.read(person, row);
        return { picture, labels: person.gaze.subarray(2 * row, 2 * row + 2), name: nameOf(person, row) };
      },
    });
  } finally {
    reader.close();
  }
};

function nameOf({ path }: PersonFile, row: number): string {
  return `image ${row} of ${path}`;
}

function oneSize(persons: readonly PersonFile[]): { height: number; width: number } | null {
  const [first] = persons;
  if (first === undefined) return null;
  const { height, width } = first;
  return persons.every((each) => each.height === height && each.width === width) ? { height, width } : null;
}

async function listPersons(path: string, { signal }: ResolvedDataSetOptions): Promise<PersonFile[]> {
  const isFolder = await stat(path).then(
    (facts) => facts.isDirectory(),
    () => false,
  );
  const folder = isFolder ? path : dirname(path);
  const names = isFolder ? (await entriesOf(path)).map((entry) => entry.name) : [basename(path)];
  const persons: PersonFile[] = [];
  let first = 0;
  for (const name of names) {
    const person = MPIIFACEGAZE_NAME.exec(name)?.[1];
    if (person === undefined && isFolder) continue;
    requireNotCancelled(signal, path);
    const file = await fileWithin(folder, name, path);
    const found = await readFacts(file, join(folder, name));
    persons.push({ path: file, person: person ?? name.replace(/\.mat$/i, ""), first, ...found });
    first += found.count;
  }
  return persons;
}

async function readFacts(
  path: string,
  name: string,
): Promise<Pick<PersonFile, "count" | "height" | "width" | "gaze">> {
  const file = await openHdf5(path);
  try {
    const { shape } = file.array("Data/data");
    const [count = 0, channels, height = 0, width = 0] = shape;
    const sound = shape.length === 4 && channels === 3 && count <= MAXIMUM_IMAGES && height * width > 0;
    if (!sound || height * width > MAXIMUM_IMAGE_PIXELS) {
      throw wrongShape("N×3×H×W images in Data/data", shape, name);
    }
    const label = file.array("Data/label");
    if (label.shape.length !== 2 || label.shape[0] !== count || label.shape[1] !== LABEL_COLUMNS) {
      throw wrongShape(`${count}×${LABEL_COLUMNS} labels in Data/label`, label.shape, name);
    }
    const gaze =
      count === 0
        ? new Float64Array()
        : label.read([
            [0, count],
            [0, 2],
          ]);
    return { count, height, width, gaze };
  } finally {
    file.close();
  }
}

function wrongShape(what: string, shape: readonly number[], name: string): DrmGuardError {
  const hint = "Give the normalised edition of the set, one pXX.mat per person.";
  const found = shape.join("×") || "a single value";
  return new DrmGuardError("ERR_IMAGES_FORMAT", `Expected ${what} of ${name}, got ${found}.`, { hint });
}

/** Reads images in blocks and keeps the last block and the last file. */
class BlockReader {
  readonly #most: number;
  #file: { path: string; open: Hdf5File; images: Hdf5Array } | null = null;
  #block: { path: string; start: number; values: Hdf5Values } | null = null;
  #last: Promise<unknown> = Promise.resolve();

  constructor(most: number) {
    this.#most = most;
  }

  /** Several may be asked for at once; they are read one after the other, so that one file is open at a time. */
  read(person: PersonFile, row: number): Promise<Picture> {
    const next = this.#last.then(() => this.#read(person, row));
    this.#last = next.catch(() => undefined);
    return next;
  }

  close(): void {
    this.#file?.open.close();
    this.#file = null;
  }

  async #read(person: PersonFile, row: number): Promise<Picture> {
    const { height, width, path } = person;
    const length = 3 * height * width;
    const images = await this.#imagesOf(path);
    const most = Math.min(this.#most, Math.max(1, Math.floor(BLOCK_BYTES / (length * images.bytes))));
    const start = row - (row % most);
    if (this.#block?.path !== path || this.#block.start !== start) {
      const end = Math.min(start + most, person.count);
      const values = images.read([
        [start, end],
        [0, 3],
        [0, height],
        [0, width],
      ]);
      this.#block = { path, start, values };
    }
    const image = this.#block.values.subarray((row - start) * length, (row - start + 1) * length);
    return pictureOf(image, height, width, nameOf(person, row));
  }

  async #imagesOf(path: string): Promise<Hdf5Array> {
    if (this.#file?.path !== path) {
      this.close();
      const open = await openHdf5(path);
      this.#file = { path, open, images: open.array("Data/data") };
    }
    return this.#file.images;
  }
}

/** Blue, green, red planes to a picture in RGB. */
function pictureOf(image: Hdf5Values, height: number, width: number, name: string): Picture {
  const plane = height * width;
  const values = image instanceof Uint8Array ? new Uint8Array(3 * plane) : new Float32Array(3 * plane);
  for (let channel = 0; channel < 3; channel++) {
    values.set(image.subarray((2 - channel) * plane, (3 - channel) * plane), channel * plane);
  }
  const wrong = values.find((value) => !(value >= 0 && value <= 255));
  if (wrong !== undefined) {
    throw new DrmGuardError("ERR_IMAGES_FORMAT", `Expected pixels in [0,255] in ${name}, got ${wrong}.`);
  }
  return channelsFirst(values, { channels: 3, height, width }, 255);
}
