import { type UnzipFileInfo, unzipSync } from "fflate";
import { DrmGuardError } from "../errors/index.ts";

/** No model that torch writes comes near this many records; a hostile directory might. */
const MAXIMUM_RECORDS = 100_000;

/** Deflate's best is 258 bytes from two bits. */
const DEFLATE_LARGEST_RATIO = 1032;

const END_OF_DIRECTORY = 0x06054b50;
const END_OF_DIRECTORY_SIZE = 22;
const LONGEST_COMMENT = 0xffff;
const ZIP64_LOCATOR = 0x07064b50;
const ZIP64_LOCATOR_SIZE = 20;
const ZIP64_END_OF_DIRECTORY = 0x06064b50;
const DIRECTORY_ENTRY = 0x02014b50;

/** What a zip archive says it holds. */
export interface ModelArchive {
  bytes: Uint8Array;
  /** The one folder that holds every record, with its slash; empty when the records share none. */
  root: string;
  /** Sizes in bytes by name below the root, as the archive's directory claims them. */
  records: Map<string, number>;
}

/**
 * Reads the directory of a zip archive, none of its records.
 * @throws ERR_MODEL_TRUNCATED without a whole directory; ERR_MODEL_FORMAT for record names that point out of the
 * archive or appear twice; ERR_MODEL_TOO_LARGE for more records than any model has.
 */
export function openArchive(bytes: Uint8Array): ModelArchive {
  requireDirectory(bytes);
  const sizes = new Map<string, number>();
  unzip(bytes, (record) => {
    requireInnocent(record, sizes);
    sizes.set(record.name, record.originalSize);
    return false;
  });
  const root = commonRoot([...sizes.keys()]);
  const records = new Map<string, number>();
  for (const [name, size] of sizes) records.set(name.slice(root.length), size);
  return { bytes, root, records };
}

/**
 * Unpacks records by their names below the root.
 * @param maximumBytes Bound on the unpacked size of all of them together.
 * @throws ERR_MODEL_TRUNCATED when one is missing, cut short or damaged; ERR_MODEL_TOO_LARGE beyond the bound.
 */
export function readRecords(
  archive: ModelArchive,
  names: Iterable<string>,
  maximumBytes: number,
): Map<string, Uint8Array> {
  const wanted = new Set<string>();
  let total = 0;
  for (const name of names) {
    const size = archive.records.get(name);
    if (size === undefined) throw damaged(`the record ${name} is missing`);
    if (!wanted.has(name)) total += size;
    wanted.add(name);
  }
  if (total > maximumBytes) throw tooLarge(`unpacks to ${total} bytes`, `${maximumBytes} bytes`);
  const unpacked = unzip(archive.bytes, (record) => {
    if (!wanted.has(record.name.slice(archive.root.length))) return false;
    requireHonestSize(record);
    return true;
  });
  const contents = new Map<string, Uint8Array>();
  for (const name of wanted) {
    const content = unpacked.get(archive.root + name);
    if (content?.length !== archive.records.get(name)) throw damaged(`the record ${name} is cut short`);
    contents.set(name, content as Uint8Array);
  }
  return contents;
}

/** The library trusts sizes and names; `filter` sees them before anything is allocated for a record. */
function unzip(bytes: Uint8Array, filter: (record: UnzipFileInfo) => boolean): Map<string, Uint8Array> {
  try {
    return new Map(Object.entries(unzipSync(bytes, { filter })));
  } catch (error) {
    if (error instanceof DrmGuardError) throw error;
    throw damaged(error instanceof Error ? error.message : String(error), error);
  }
}

function requireInnocent(record: UnzipFileInfo, seen: Map<string, number>): void {
  const { name } = record;
  if (seen.size >= MAXIMUM_RECORDS) throw tooLarge("has too many records", `${MAXIMUM_RECORDS}`);
  const leaves = name.startsWith("/") || name.split("/").includes("..") || /[\\\0]/.test(name);
  if (leaves || seen.has(name)) {
    const fault = leaves ? "points out of the archive" : "appears twice";
    throw new DrmGuardError("ERR_MODEL_FORMAT", `The archive's record ${JSON.stringify(name)} ${fault}.`, {
      hint: "Do not use this file; ask its author for a fresh export.",
    });
  }
}

/** The library allocates what the directory claims, so the claim must be one that the packed bytes can hold. */
function requireHonestSize({ name, compression, size, originalSize }: UnzipFileInfo): void {
  const possible = compression === 0 ? size === originalSize : originalSize <= size * DEFLATE_LARGEST_RATIO;
  if (!possible) throw damaged(`the record ${name} claims a size that it cannot have`);
}

function commonRoot(names: string[]): string {
  const first = names[0] ?? "";
  const root = first.slice(0, first.indexOf("/") + 1);
  return names.every((name) => name.startsWith(root)) ? root : "";
}

/**
 * A .pt2 carries other zip archives inside itself, so the last directory of a file that was cut short may be one of
 * theirs. It counts only when it ends with the file and begins where it says.
 */
function requireDirectory(bytes: Uint8Array): void {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const word = (at: number) => (at >= 0 && at + 4 <= view.byteLength ? view.getUint32(at, true) : 0);
  const earliest = Math.max(0, bytes.length - END_OF_DIRECTORY_SIZE - LONGEST_COMMENT);
  let end = bytes.length - END_OF_DIRECTORY_SIZE;
  while (end >= earliest && word(end) !== END_OF_DIRECTORY) end -= 1;
  if (end < earliest) throw damaged("its directory is missing");
  if (end + END_OF_DIRECTORY_SIZE + view.getUint16(end + 20, true) !== bytes.length) {
    throw damaged("its directory does not end with the file");
  }
  let start = word(end + 16);
  const locator = end - ZIP64_LOCATOR_SIZE;
  if (word(locator) === ZIP64_LOCATOR && word(word(locator + 8)) === ZIP64_END_OF_DIRECTORY) {
    start = word(word(locator + 8) + 48);
  }
  const empty = view.getUint16(end + 10, true) === 0;
  if (!empty && word(start) !== DIRECTORY_ENTRY)
    throw damaged("its directory does not begin where it should");
}

function damaged(reason: string, cause?: unknown): DrmGuardError {
  return new DrmGuardError("ERR_MODEL_TRUNCATED", `Expected a whole zip archive, but ${reason}.`, { cause });
}

function tooLarge(what: string, bound: string): DrmGuardError {
  return new DrmGuardError(
    "ERR_MODEL_TOO_LARGE",
    `The model's archive ${what}; at most ${bound} are allowed.`,
  );
}
