import { crc32 } from "node:zlib";
import { DrmGuardError } from "../errors/index.ts";
import { type ArchiveEntry, damaged } from "./archive-directory.ts";
import { contentStart, isStored, type ModelArchive, recordOf } from "./model-archive.ts";

/** The checksum may follow the content instead of standing before it; torch writes every record so. */
const HAS_DESCRIPTOR = 1 << 3;
const DESCRIPTOR = 0x08074b50;
/** Checksum and two sizes; a signature may come before them. */
const SHORTEST_DESCRIPTOR = 12;

/** Where the checksum lies, from the beginning of the local header and of the directory's entry. */
const CHECKSUM_IN_HEADER = 14;
const CHECKSUM_IN_ENTRY = 16;

/**
 * A copy of an archive in which records have other content of the same length. Only that content and its checksums
 * differ.
 * @param contents By names below the archive's root.
 * @throws ERR_MODEL_UNSUPPORTED for compressed records and records that share bytes; ERR_MODEL_TRUNCATED for a
 * missing or damaged record; ERR_INTERNAL when a content's length differs
 */
export function replaceRecords(
  archive: ModelArchive,
  contents: ReadonlyMap<string, Uint8Array>,
): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(archive.bytes);
  if (contents.size === 0) return bytes;
  requireApart(archive);
  const view = new DataView(bytes.buffer);
  for (const [name, content] of contents) {
    const entry = recordOf(archive, name);
    const start = requireReplaceable(archive, entry, content.length);
    const checksum = crc32(content);
    for (const place of checksumPlaces(view, entry, start)) view.setUint32(place, checksum, true);
    bytes.set(content, start);
  }
  return bytes;
}

/** Bytes of two records cannot be replaced for one of them. torch never writes such an archive. */
function requireApart(archive: ModelArchive): void {
  const extents = [...archive.records.values()]
    .map((entry) => ({ name: entry.name, begin: entry.headerOffset, end: endOf(archive, entry) }))
    .sort((one, other) => one.begin - other.begin);
  for (const [index, { name, end }] of extents.entries()) {
    const next = extents[index + 1] ?? { name: "the directory", begin: archive.directoryStart };
    if (end <= next.begin) continue;
    throw notReplaceable(
      `Expected records that lie one after the other, but ${name} reaches into ${next.name}`,
    );
  }
}

/** The byte after a record, the shortest descriptor that it may have included; miniz gives none to empty records. */
function endOf(archive: ModelArchive, entry: ArchiveEntry): number {
  const end = contentStart(archive, entry) + entry.packedSize;
  return hasDescriptor(entry) && entry.packedSize > 0 ? end + SHORTEST_DESCRIPTOR : end;
}

function hasDescriptor({ flags }: ArchiveEntry): boolean {
  return (flags & HAS_DESCRIPTOR) !== 0;
}

/** A record that is damaged already stays recognisable: a new checksum would pass the damage off as sound. */
function requireReplaceable(archive: ModelArchive, entry: ArchiveEntry, length: number): number {
  const { name, size, method, checksum } = entry;
  if (!isStored(entry)) {
    throw notReplaceable(`Expected ${name} uncompressed, but it is compressed (zip method ${method})`);
  }
  const start = contentStart(archive, entry);
  if (crc32(archive.bytes.subarray(start, start + size)) !== checksum) {
    throw damaged(`the checksum of ${name} does not fit its content`);
  }
  if (length !== size) {
    throw new DrmGuardError("ERR_INTERNAL", `Expected ${size} bytes for ${name}, got ${length}.`);
  }
  return start;
}

/** Every place that repeats a record's checksum. */
function checksumPlaces(view: DataView, entry: ArchiveEntry, start: number): number[] {
  const { name, headerOffset, entryOffset, size, checksum } = entry;
  const inHeader = headerOffset + CHECKSUM_IN_HEADER;
  const inEntry = entryOffset + CHECKSUM_IN_ENTRY;
  const holds = (place: number) => view.getUint32(place, true) === checksum;
  if (!hasDescriptor(entry)) {
    if (!holds(inHeader)) throw damaged(`the header of ${name} and the directory give different checksums`);
    return [inHeader, inEntry];
  }
  const end = start + size;
  const inDescriptor = view.getUint32(end, true) === DESCRIPTOR && holds(end + 4) ? end + 4 : end;
  if (!holds(inDescriptor)) throw damaged(`${name} and the directory give different checksums`);
  // The header's own field is zero then, though some writers fill it in as well.
  return holds(inHeader) ? [inHeader, inDescriptor, inEntry] : [inDescriptor, inEntry];
}

function notReplaceable(fault: string): DrmGuardError {
  return new DrmGuardError("ERR_MODEL_UNSUPPORTED", `${fault}: its weights cannot be replaced in place.`, {
    hint: "Load the file with torch.export.load and save it again with torch.export.save.",
  });
}
