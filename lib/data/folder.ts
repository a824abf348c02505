/**
 * A folder with a table `labels.csv` and the pictures that it names.
 *
 * `labels.csv`: UTF-8, RFC 4180. First row: `file`, then, where persons are known, `subject`, then a name for every
 * label. One row per image: the picture's path from the folder on (PNG, JPEG or WebP; never out of the folder), any
 * text that names the person, decimal numbers. Pictures that the table does not name are not read.
 *
 * Labels: as the table has them, unit "unknown". Grey pictures among colour ones count as colour stored compactly.
 */
import { join } from "node:path";
import { DrmGuardError } from "../errors/index.ts";
import { DECODE_CONCURRENCY } from "../images/bounds.ts";
import type { ImageFacts } from "../images/image-file.ts";
import { forEachBounded } from "../images/picture-set.ts";
import { selectImages } from "../images/selection.ts";
import { parseCsv } from "./csv.ts";
import { type ResolvedDataSetOptions, requireNotCancelled } from "./data-set-options.ts";
import { plainColumns } from "./label-columns.ts";
import { parseNumber } from "./number-text.ts";
import type { DataSetReader } from "./sample-set.ts";
import { fileWithin, readPicture, readPictureFacts, readText } from "./source-files.ts";

export const LABELS_TABLE = "labels.csv";

interface LabelledFile {
  file: string;
  subject: string | null;
  labels: number[];
}

/** @throws ERR_FILE_NOT_FOUND, ERR_IMAGES_FORMAT, ERR_IMAGES_UNREADABLE, ERR_IMAGES_CHANNELS, ERR_CANCELLED */
export const readFolder: DataSetReader = async (path, options, decode) => {
  const table = join(path, LABELS_TABLE);
  const text = await readText(await fileWithin(path, LABELS_TABLE, path), table);
  const { names, files } = parseTable(parseCsv(text, table), table);
  const at = (index: number) => files[index] as LabelledFile;
  const facts = await readFacts(path, files, options);
  const [first] = facts;
  const oneSize = facts.every((each) => each.height === first?.height && each.width === first.width);
  return decode({
    source: path,
    kind: "folder",
    available: files.length,
    columns: plainColumns(names),
    unit: "unknown",
    subjectOf: files[0]?.subject == null ? null : (index) => at(index).subject ?? "",
    channels: facts.some((each) => each.channels === 3) ? 3 : 1,
    size: oneSize && first !== undefined ? { height: first.height, width: first.width } : null,
    async read(index) {
      const { file, labels } = at(index);
      const name = join(path, file);
      return { picture: await readPicture(await fileWithin(path, file, table), name), labels, name };
    },
  });
};

function parseTable(rows: string[][], name: string): { names: string[]; files: LabelledFile[] } {
  const [header = [], ...body] = rows;
  const first = header[1] === "subject" ? 2 : 1;
  const names = header.slice(first);
  const known = new Set(header).size === header.length && header.every((field) => field !== "");
  if (header[0] !== "file" || names.length === 0 || !known) {
    throw wrong(
      `a first row "file,subject,name1,…" or "file,name1,…" with different names in ${name}`,
      header,
    );
  }
  const files = body.map((row, index) => {
    const [file = "", subject = ""] = row;
    const where = `row ${index + 2} of ${name}`;
    if (file === "" || file.includes("\0")) throw wrong(`a file in ${where}`, row);
    if (first === 2 && subject === "") throw wrong(`a subject in ${where}`, row);
    const labels = row.slice(first).map((field, column) => {
      const value = parseNumber(field);
      if (!Number.isFinite(value)) throw wrong(`a number for "${names[column]}" in ${where}`, row);
      return value;
    });
    return { file, subject: first === 2 ? subject : null, labels };
  });
  return { names, files };
}

/** Headers of the pictures that will be read. */
async function readFacts(
  folder: string,
  files: readonly LabelledFile[],
  options: ResolvedDataSetOptions,
): Promise<ImageFacts[]> {
  const selection = selectImages(files.length, options.images, folder);
  const facts: ImageFacts[] = new Array(selection.count);
  await forEachBounded(selection.count, DECODE_CONCURRENCY, async (position) => {
    requireNotCancelled(options.signal, folder);
    const { file } = files[selection.indexAt(position)] as LabelledFile;
    const path = await fileWithin(folder, file, join(folder, LABELS_TABLE));
    facts[position] = await readPictureFacts(path, join(folder, file));
  });
  return facts;
}

function wrong(what: string, row: readonly string[]): DrmGuardError {
  return new DrmGuardError("ERR_IMAGES_FORMAT", `Expected ${what}, got ${row.join(",").slice(0, 200)}.`, {
    hint: "The table's columns are file, subject (where persons are known) and one per label.",
  });
}
