import { DrmGuardError } from "../errors/index.ts";

/** No model that torch writes comes near this many records; a hostile directory might. */
const MAXIMUM_RECORDS = 100_000;

const END_OF_DIRECTORY = 0x06054b50;
const END_OF_DIRECTORY_SIZE = 22;
const LONGEST_COMMENT = 0xffff;
const ZIP64_LOCATOR = 0x07064b50;
const ZIP64_LOCATOR_SIZE = 20;
const ZIP64_END_OF_DIRECTORY = 0x06064b50;
const ZIP64_END_OF_DIRECTORY_SIZE = 56;
const DIRECTORY_ENTRY = 0x02014b50;
const DIRECTORY_ENTRY_SIZE = 46;
/** In a field of 32 bits: the number is in the zip64 extra field instead. */
const IN_ZIP64 = 0xffffffff;
const ZIP64_EXTRA = 1;
const UTF8_NAME = 1 << 11;

/** What the directory says about one record. Nothing in it is trusted before it was compared with the record. */
export interface ArchiveEntry {
  name: string;
  /** 0 stored, 8 DEFLATE. */
  method: number;
  flags: number;
  /** CRC-32 of the unpacked content. */
  checksum: number;
  packedSize: number;
  size: number;
  /** Where the record's local header begins. */
  headerOffset: number;
  /** Where this entry of the directory begins. */
  entryOffset: number;
}

export interface ArchiveDirectory {
  entries: ArchiveEntry[];
  /** Where it begins; every record lies before. */
  start: number;
}

interface DirectoryPlace {
  start: number;
  count: number;
  /** The byte after it. */
  end: number;
}

/**
 * Reads the directory at the end of a zip archive, with or without zip64.
 * @throws ERR_MODEL_TRUNCATED without a whole directory, ERR_MODEL_TOO_LARGE for more records than any model has
 */
export function readDirectory(bytes: Uint8Array): ArchiveDirectory {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const { start, count, end } = findDirectory(view);
  if (count > MAXIMUM_RECORDS) throw tooLarge("has too many records", `${MAXIMUM_RECORDS}`);
  const entries: ArchiveEntry[] = [];
  let at = start;
  for (let index = 0; index < count; index++) {
    const read = readEntry(view, at, end);
    entries.push(read.entry);
    at = read.next;
  }
  return { entries, start };
}

/**
 * A .pt2 carries other zip archives inside itself, so the last directory of a file that was cut short may be one of
 * theirs. It counts only when it ends with the file and begins where it says.
 */
function findDirectory(view: DataView): DirectoryPlace {
  const length = view.byteLength;
  const earliest = Math.max(0, length - END_OF_DIRECTORY_SIZE - LONGEST_COMMENT);
  let end = length - END_OF_DIRECTORY_SIZE;
  while (end >= earliest && wordAt(view, end) !== END_OF_DIRECTORY) end -= 1;
  if (end < earliest) throw damaged("its directory is missing");
  if (end + END_OF_DIRECTORY_SIZE + view.getUint16(end + 20, true) !== length) {
    throw damaged("its directory does not end with the file");
  }
  const place = findZip64Directory(view, end - ZIP64_LOCATOR_SIZE) ?? {
    start: view.getUint32(end + 16, true),
    count: view.getUint16(end + 10, true),
    end,
  };
  if (place.count > 0 && wordAt(view, place.start) !== DIRECTORY_ENTRY) {
    throw damaged("its directory does not begin where it should");
  }
  return place;
}

/** torch writes one into every archive, needed or not. */
function findZip64Directory(view: DataView, locator: number): DirectoryPlace | null {
  if (wordAt(view, locator) !== ZIP64_LOCATOR) return null;
  const end = longAt(view, locator + 8);
  if (wordAt(view, end) !== ZIP64_END_OF_DIRECTORY || end + ZIP64_END_OF_DIRECTORY_SIZE > locator)
    return null;
  return { start: longAt(view, end + 48), count: longAt(view, end + 32), end };
}

function readEntry(view: DataView, at: number, end: number): { entry: ArchiveEntry; next: number } {
  if (at + DIRECTORY_ENTRY_SIZE > end || wordAt(view, at) !== DIRECTORY_ENTRY) {
    throw damaged("its directory is damaged");
  }
  const nameStart = at + DIRECTORY_ENTRY_SIZE;
  const nameEnd = nameStart + view.getUint16(at + 28, true);
  const extraEnd = nameEnd + view.getUint16(at + 30, true);
  const next = extraEnd + view.getUint16(at + 32, true);
  if (next > end) throw damaged("its directory is damaged");
  const flags = view.getUint16(at + 8, true);
  const name = Buffer.from(view.buffer, view.byteOffset + nameStart, nameEnd - nameStart).toString(
    (flags & UTF8_NAME) === 0 ? "latin1" : "utf8",
  );
  const fields = [at + 24, at + 20, at + 42].map((field) => view.getUint32(field, true));
  const [size, packedSize, headerOffset] = largeFields(view, fields, nameEnd, extraEnd) as [
    number,
    number,
    number,
  ];
  const method = view.getUint16(at + 10, true);
  const checksum = view.getUint32(at + 16, true);
  return {
    entry: { name, method, flags, checksum, packedSize, size, headerOffset, entryOffset: at },
    next,
  };
}

/** Fields that did not fit 32 bits are in the zip64 extra field, in the order in which they are given here. */
function largeFields(view: DataView, fields: number[], extraStart: number, extraEnd: number): number[] {
  if (!fields.includes(IN_ZIP64)) return fields;
  for (let at = extraStart; at + 4 <= extraEnd; ) {
    let next = at + 4;
    const end = next + view.getUint16(at + 2, true);
    if (view.getUint16(at, true) === ZIP64_EXTRA) {
      return fields.map((field) => {
        if (field !== IN_ZIP64) return field;
        if (next + 8 > Math.min(end, extraEnd)) throw damaged("a zip64 field is cut short");
        next += 8;
        return longAt(view, next - 8);
      });
    }
    at = end;
  }
  throw damaged("a zip64 field is missing");
}

/** No signature is zero, so that a place outside the archive never holds one. */
function wordAt(view: DataView, at: number): number {
  return at >= 0 && at + 4 <= view.byteLength ? view.getUint32(at, true) : 0;
}

/** Exact for every size and place in a file that fits into memory; whatever is larger lies outside the file anyway. */
function longAt(view: DataView, at: number): number {
  return Number(view.getBigUint64(at, true));
}

export function damaged(reason: string, cause?: unknown): DrmGuardError {
  return new DrmGuardError("ERR_MODEL_TRUNCATED", `Expected a whole zip archive, but ${reason}.`, { cause });
}

export function tooLarge(what: string, bound: string): DrmGuardError {
  return new DrmGuardError(
    "ERR_MODEL_TOO_LARGE",
    `The model's archive ${what}; at most ${bound} are allowed.`,
  );
}
