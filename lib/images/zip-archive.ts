import { promisify } from "node:util";
import { constants, crc32, inflateRaw } from "node:zlib";
import { DrmGuardError } from "../errors/index.ts";
import { MAXIMUM_ARCHIVE_BYTES, MAXIMUM_ARCHIVE_ENTRIES, MAXIMUM_INFLATED_BYTES } from "./bounds.ts";
import { type ByteSource, memorySource, windowOf } from "./byte-source.ts";
import { readDirectory, type ZipEntry } from "./zip-directory.ts";

const inflate = promisify(inflateRaw);

/** DEFLATE cannot expand by more than this; a larger claim is false. */
const MAXIMUM_EXPANSION = 1032;
/** Compressed bytes that are enough to read an array's header. */
const PREFIX_BYTES = 8_192;

/** A zip archive whose directory was read and bounded; entries are read one by one, when asked for. */
export interface ZipArchive {
  entries: ReadonlyMap<string, ZipEntry>;
  /** The first bytes of an entry, unchecked: enough for the header of an array. */
  readPrefix(entry: ZipEntry): Promise<ByteSource>;
  /** An entry's bytes after its checksum was found right. Stored entries stay in the file. */
  open(entry: ZipEntry): Promise<ByteSource>;
}

/**
 * Reads a zip's directory.
 * @throws ERR_IMAGES_FORMAT when it is no sound zip, ERR_IMAGES_TOO_LARGE when it declares too many or too large
 *   entries.
 */
export async function openZip(source: ByteSource, name: string): Promise<ZipArchive> {
  const entries = await readDirectory(source, name);
  requireBounded(entries, source, name);
  return {
    entries: new Map(entries.map((entry) => [entry.name, entry])),
    readPrefix: (entry) => readPrefix(source, entry, name),
    open: (entry) => openEntry(source, entry, name),
  };
}

function requireBounded(entries: ZipEntry[], source: ByteSource, name: string): void {
  const declared = entries.reduce((sum, entry) => sum + entry.size, 0);
  if (entries.length > MAXIMUM_ARCHIVE_ENTRIES || declared > MAXIMUM_ARCHIVE_BYTES) {
    throw new DrmGuardError(
      "ERR_IMAGES_TOO_LARGE",
      `${name} declares ${entries.length} entries of ${declared} bytes; at most ${MAXIMUM_ARCHIVE_ENTRIES} entries of ${MAXIMUM_ARCHIVE_BYTES} bytes are allowed.`,
    );
  }
  const compressed = entries.reduce((sum, entry) => sum + entry.compressedSize, 0);
  // Entries that share bytes are how small zips claim to be huge.
  if (compressed > source.size) throw damaged(name, "its entries overlap");
  if (new Set(entries.map((entry) => entry.name)).size !== entries.length) {
    throw damaged(name, "two entries have the same name");
  }
}

async function readPrefix(source: ByteSource, entry: ZipEntry, name: string): Promise<ByteSource> {
  const label = `${entry.name} in ${name}`;
  const stored = await locate(source, entry, name);
  if (entry.method === 0) return stored;
  const bytes = await stored.read(0, Math.min(stored.size, PREFIX_BYTES));
  const options = {
    finishFlush: constants.Z_SYNC_FLUSH,
    maxOutputLength: PREFIX_BYTES * MAXIMUM_EXPANSION + 1024,
  };
  return memorySource(await inflateOrFail(bytes, options, label), label);
}

async function openEntry(source: ByteSource, entry: ZipEntry, name: string): Promise<ByteSource> {
  const label = `${entry.name} in ${name}`;
  const stored = await locate(source, entry, name);
  if (entry.method === 0) {
    requireChecksum(await checksumOf(stored), entry, label);
    return stored;
  }
  if (entry.size > MAXIMUM_INFLATED_BYTES) {
    throw new DrmGuardError(
      "ERR_IMAGES_TOO_LARGE",
      `${label} inflates to ${entry.size} bytes; at most ${MAXIMUM_INFLATED_BYTES} are allowed.`,
      { hint: "Save it uncompressed with numpy.savez; then only the images that are used are read." },
    );
  }
  if (entry.size > entry.compressedSize * MAXIMUM_EXPANSION + 1024) {
    throw damaged(label, "it claims to inflate to more than is possible");
  }
  const compressed = await stored.read(0, stored.size);
  const bytes = await inflateOrFail(compressed, { maxOutputLength: Math.max(1, entry.size) }, label);
  if (bytes.length !== entry.size) {
    throw damaged(label, `it inflates to ${bytes.length} bytes and declares ${entry.size}`);
  }
  requireChecksum(crc32(bytes), entry, label);
  return memorySource(bytes, label);
}

/** Where an entry's bytes are: the local header repeats the name and may add other extra fields. */
async function locate(source: ByteSource, entry: ZipEntry, name: string): Promise<ByteSource> {
  if (entry.encrypted) throw damaged(name, `${entry.name} is encrypted`);
  if (entry.method !== 0 && entry.method !== 8) {
    throw damaged(name, `${entry.name} is compressed by method ${entry.method}; only DEFLATE is read`);
  }
  const header = new DataView((await source.read(entry.headerOffset, 30)).buffer);
  if (header.getUint32(0, true) !== 0x04034b50) throw damaged(name, `${entry.name} has no local header`);
  const start = entry.headerOffset + 30 + header.getUint16(26, true) + header.getUint16(28, true);
  if (start + entry.compressedSize > source.size) throw damaged(name, `${entry.name} is cut short`);
  if (entry.method === 0 && entry.size !== entry.compressedSize) {
    throw damaged(name, `${entry.name} is stored, but its sizes differ`);
  }
  return windowOf(source, start, entry.compressedSize, `${entry.name} in ${name}`);
}

async function checksumOf(bytes: ByteSource): Promise<number> {
  let checksum = 0;
  const step = 2 ** 24;
  for (let start = 0; start < bytes.size; start += step) {
    checksum = crc32(await bytes.read(start, Math.min(step, bytes.size - start)), checksum);
  }
  return checksum;
}

function requireChecksum(checksum: number, entry: ZipEntry, label: string): void {
  if (checksum !== entry.checksum) throw damaged(label, "its checksum is wrong");
}

async function inflateOrFail(
  bytes: Uint8Array,
  options: { maxOutputLength: number; finishFlush?: number },
  label: string,
): Promise<Uint8Array> {
  try {
    return await inflate(bytes, options);
  } catch (cause) {
    throw damaged(label, "its compressed data are not sound or longer than declared", cause);
  }
}

function damaged(name: string, what: string, cause?: unknown): DrmGuardError {
  return new DrmGuardError("ERR_IMAGES_FORMAT", `${name} cannot be read: ${what}.`, {
    hint: "Copy the file again, or write it again with numpy.savez.",
    cause,
  });
}
