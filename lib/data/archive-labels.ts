import { DrmGuardError } from "../errors/index.ts";
import type { NpyHeader } from "../images/npy-header.ts";
import { readNpyHeader } from "../images/npy-header.ts";
import type { NamedArrays } from "../images/npz-arrays.ts";
import type { ZipArchive } from "../images/zip-archive.ts";
import type { ZipEntry } from "../images/zip-directory.ts";
import { chooseColumns, type LabelColumn } from "./label-columns.ts";

/** The arrays of an archive that is open. */
export interface OpenArrays {
  archive: ZipArchive;
  arrays: NamedArrays;
  path: string;
}

/** Element types of labels and subjects, by numpy's type string without the byte order. */
const DECODERS: Readonly<Record<string, { bytes: number; decode(buffer: ArrayBuffer): ArrayLike<number> }>> =
  {
    u1: { bytes: 1, decode: (buffer) => new Uint8Array(buffer) },
    i1: { bytes: 1, decode: (buffer) => new Int8Array(buffer) },
    u2: { bytes: 2, decode: (buffer) => new Uint16Array(buffer) },
    i2: { bytes: 2, decode: (buffer) => new Int16Array(buffer) },
    u4: { bytes: 4, decode: (buffer) => new Uint32Array(buffer) },
    i4: { bytes: 4, decode: (buffer) => new Int32Array(buffer) },
    i8: { bytes: 8, decode: (buffer) => Float64Array.from(new BigInt64Array(buffer), Number) },
    f4: { bytes: 4, decode: (buffer) => new Float32Array(buffer) },
    f8: { bytes: 8, decode: (buffer) => new Float64Array(buffer) },
  };
/** Arrays that are no labels. */
const OTHER_ARRAYS = ["jpeg", "offsets", "shape", "images", "x", "subjects"];
const DEFAULT_ARRAY = "labels";
/** Values per image beyond which an array is no array of labels. */
const MAXIMUM_COLUMNS = 4_096;

/** The labels that were asked for, in memory. */
export interface ArchiveLabels {
  columns: LabelColumn[];
  rowOf(index: number): number[];
}

/**
 * Reads the arrays that hold the chosen labels: `labels` when none are named, else any numeric array with one row per
 * image. Columns of an array are called `array.0`, `array.1`, …, in C order; the array's name stands for all of them.
 * @throws ERR_IMAGES_FORMAT when there is no array `labels`, or it does not fit the images; ERR_CONFIG for names that
 *   the archive does not have.
 */
export async function readLabels(
  open: OpenArrays,
  count: number,
  wanted: readonly string[] | null,
): Promise<ArchiveLabels> {
  const { path, arrays } = open;
  const names = [...arrays.keys()].filter((name) => !OTHER_ARRAYS.includes(name));
  if (wanted === null) requireDefault(arrays, count, path);
  const all = names.flatMap((name) => columnsOf(name, arrays.get(name)?.header as NpyHeader, count));
  const groups = new Set(chooseColumns(all, wanted, path).map((index) => all[index]?.group as string));
  const loaded: { values: ArrayLike<number>; length: number }[] = [];
  const columns = all.filter((column) => groups.has(column.group));
  for (const group of new Set(columns.map((column) => column.group))) {
    const length = columns.filter((column) => column.group === group).length;
    loaded.push({ values: await readValues(open, group), length });
  }
  return {
    columns,
    rowOf: (index) =>
      loaded.flatMap(({ values, length }) =>
        Array.from({ length }, (_, column) => values[index * length + column] as number),
      ),
  };
}

function requireDefault(arrays: NamedArrays, count: number, path: string): void {
  const header = arrays.get(DEFAULT_ARRAY)?.header;
  if (header === undefined) {
    throw unfit(`${path} has no array "${DEFAULT_ARRAY}". Its arrays: ${[...arrays.keys()].join(", ")}.`);
  }
  if (columnsOf(DEFAULT_ARRAY, header, count).length === 0) {
    throw unfit(
      `Expected ${count} rows of numbers (at most ${MAXIMUM_COLUMNS} each) in the array "${DEFAULT_ARRAY}" of ${path}, ` +
        `got ${header.dtype} ${header.shape.join("×") || "()"}.`,
    );
  }
}

function columnsOf(array: string, header: NpyHeader, count: number): LabelColumn[] {
  const { shape, dtype, fortranOrder, elements } = header;
  const length = elements / Math.max(1, count);
  const rows = shape[0] === count && Number.isSafeInteger(length) && length <= MAXIMUM_COLUMNS;
  const inOrder = !fortranOrder || shape.filter((each) => each > 1).length <= 1;
  if (!rows || !inOrder || decoderOf(dtype) === undefined) return [];
  const byDefault = array === DEFAULT_ARRAY;
  if (shape.length === 1) return [{ name: array, group: array, byDefault }];
  return Array.from({ length }, (_, index) => ({ name: `${array}.${index}`, group: array, byDefault }));
}

/**
 * Reads `subjects`, one whole number per image, where the archive has it.
 * @throws ERR_IMAGES_FORMAT when it does not fit the images.
 */
export async function readSubjects(
  open: OpenArrays,
  count: number,
): Promise<((index: number) => string) | null> {
  const header = open.arrays.get("subjects")?.header;
  if (header === undefined) return null;
  const { dtype, shape } = header;
  if (!/^[|<]?[iu][1248]$/.test(dtype) || decoderOf(dtype) === undefined || shape.length !== 1) {
    throw unfit(
      `Expected one whole number per image in "subjects" of ${open.path}, got ${dtype} ${shape.join("×")}.`,
    );
  }
  if (shape[0] !== count) {
    throw unfit(`Expected ${count} subjects for the ${count} images of ${open.path}, got ${shape[0]}.`);
  }
  const values = await readValues(open, "subjects");
  return (index) => String(values[index]);
}

async function readValues({ archive, arrays, path }: OpenArrays, array: string): Promise<ArrayLike<number>> {
  const label = `the array "${array}" of ${path}`;
  const source = await archive.open(arrays.get(array)?.entry as ZipEntry);
  const { dtype, dataOffset, elements } = await readNpyHeader(source, label);
  const decoder = decoderOf(dtype);
  if (decoder === undefined || dataOffset + elements * decoder.bytes !== source.size) {
    throw unfit(`The length of ${label} does not fit its header.`);
  }
  return decoder.decode((await source.read(dataOffset, elements * decoder.bytes)).buffer);
}

function decoderOf(dtype: string): (typeof DECODERS)[string] | undefined {
  const [, type = ""] = /^[|<]?([iuf][1248])$/.exec(dtype) ?? [];
  return Object.hasOwn(DECODERS, type) ? DECODERS[type] : undefined;
}

function unfit(message: string): DrmGuardError {
  return new DrmGuardError("ERR_IMAGES_FORMAT", message, {
    hint: "Save labels as float32 with one row per image, and subjects as one integer per image.",
  });
}
