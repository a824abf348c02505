import { inflateSync } from "fflate";
import { DrmGuardError } from "../errors/index.ts";
import { type ArchiveEntry, damaged, readDirectory, tooLarge } from "./archive-directory.ts";

/** Deflate's best is 258 bytes from two bits. */
const DEFLATE_LARGEST_RATIO = 1032;

const STORED = 0;
const DEFLATED = 8;

const LOCAL_HEADER = 0x04034b50;
const LOCAL_HEADER_SIZE = 30;

/** What a zip archive says it holds. */
export interface ModelArchive {
  bytes: Uint8Array;
  /** The one folder that holds every record, with its slash; empty when the records share none. */
  root: string;
  /** By name below the root, as the archive's directory describes them. */
  records: Map<string, ArchiveEntry>;
  /** Where the directory begins, behind every record. */
  directoryStart: number;
}

/**
 * Reads the directory of a zip archive, none of its records.
 * @throws ERR_MODEL_TRUNCATED without a whole directory; ERR_MODEL_FORMAT for record names that point out of the
 * archive or appear twice; ERR_MODEL_TOO_LARGE for more records than any model has.
 */
export function openArchive(bytes: Uint8Array): ModelArchive {
  const { entries, start } = readDirectory(bytes);
  requireInnocent(entries);
  const root = commonRoot(entries.map(({ name }) => name));
  const records = new Map(entries.map((entry) => [entry.name.slice(root.length), entry]));
  return { bytes, root, records, directoryStart: start };
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
  const wanted = new Map<string, ArchiveEntry>();
  for (const name of names) wanted.set(name, recordOf(archive, name));
  const total = [...wanted.values()].reduce((sum, { size }) => sum + size, 0);
  if (total > maximumBytes) throw tooLarge(`unpacks to ${total} bytes`, `${maximumBytes} bytes`);
  for (const entry of wanted.values()) requireHonestSize(entry);
  const contents = new Map<string, Uint8Array>();
  for (const [name, entry] of wanted) contents.set(name, unpack(archive, entry));
  return contents;
}

/** @throws ERR_MODEL_TRUNCATED when there is none of this name below the root */
export function recordOf(archive: ModelArchive, name: string): ArchiveEntry {
  const entry = archive.records.get(name);
  if (entry === undefined) throw damaged(`the record ${name} is missing`);
  return entry;
}

/**
 * Where a record's packed content begins: the local header repeats the name and may have other extra fields.
 * @throws ERR_MODEL_TRUNCATED when header and content do not lie within the file
 */
export function contentStart({ bytes }: ModelArchive, entry: ArchiveEntry): number {
  const { name, headerOffset, packedSize } = entry;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const headerEnd = headerOffset + LOCAL_HEADER_SIZE;
  if (headerEnd > bytes.length || view.getUint32(headerOffset, true) !== LOCAL_HEADER) {
    throw damaged(`the record ${name} does not begin where the directory says`);
  }
  const start = headerEnd + view.getUint16(headerOffset + 26, true) + view.getUint16(headerOffset + 28, true);
  if (start + packedSize > bytes.length) throw damaged(`the record ${name} is cut short`);
  return start;
}

export function isStored({ method }: ArchiveEntry): boolean {
  return method === STORED;
}

function unpack(archive: ModelArchive, entry: ArchiveEntry): Uint8Array {
  const start = contentStart(archive, entry);
  const packed = archive.bytes.subarray(start, start + entry.packedSize);
  // Not slice(): on a Buffer it shares the memory.
  if (isStored(entry)) return new Uint8Array(packed);
  const content = inflate(packed, entry);
  if (content.length !== entry.size) throw damaged(`the record ${entry.name} is cut short`);
  return content;
}

function inflate(packed: Uint8Array, { name, method, size }: ArchiveEntry): Uint8Array {
  if (method !== DEFLATED) throw damaged(`the record ${name} is compressed by the unknown method ${method}`);
  try {
    return inflateSync(packed, { out: new Uint8Array(size) });
  } catch (error) {
    throw damaged(`the record ${name}: ${error instanceof Error ? error.message : String(error)}`, error);
  }
}

function requireInnocent(entries: ArchiveEntry[]): void {
  const seen = new Set<string>();
  for (const { name } of entries) {
    const leaves = name.startsWith("/") || name.split("/").includes("..") || /[\\\0]/.test(name);
    if (leaves || seen.has(name)) {
      const fault = leaves ? "points out of the archive" : "appears twice";
      const message = `The archive's record ${JSON.stringify(name)} ${fault}.`;
      throw new DrmGuardError("ERR_MODEL_FORMAT", message, {
        hint: "Do not use this file; ask its author for a fresh export.",
      });
    }
    seen.add(name);
  }
}

/** The library allocates what the directory claims, so the claim must be one that the packed bytes can hold. */
function requireHonestSize(entry: ArchiveEntry): void {
  const { name, packedSize, size } = entry;
  const possible = isStored(entry) ? packedSize === size : size <= packedSize * DEFLATE_LARGEST_RATIO;
  if (!possible) throw damaged(`the record ${name} claims a size that it cannot have`);
}

function commonRoot(names: string[]): string {
  const first = names[0] ?? "";
  const root = first.slice(0, first.indexOf("/") + 1);
  return names.every((name) => name.startsWith(root)) ? root : "";
}
