import { DrmGuardError } from "../errors/index.ts";
import { MAXIMUM_ARCHIVE_ENTRIES } from "./bounds.ts";
import type { ByteSource } from "./byte-source.ts";

/** What a zip's directory says about one entry. Nothing in it is trusted before it was compared with the file. */
export interface ZipEntry {
  name: string;
  /** 0 stored, 8 DEFLATE. */
  method: number;
  encrypted: boolean;
  checksum: number;
  compressedSize: number;
  size: number;
  headerOffset: number;
}

interface DirectoryPlace {
  entries: number;
  size: number;
  offset: number;
}

const END_SIGNATURE = 0x06054b50;
const END_BYTES = 22;
const ZIP64_LOCATOR_SIGNATURE = 0x07064b50;
const ZIP64_LOCATOR_BYTES = 20;
const ZIP64_END_SIGNATURE = 0x06064b50;
const ENTRY_SIGNATURE = 0x02014b50;
const ENTRY_BYTES = 46;
/** In a 32-bit field: the number is in the zip64 extra field instead. */
const IN_ZIP64 = 0xffffffff;
/** Names and extra fields of array archives are short; this bounds the directory as a whole. */
const MAXIMUM_DIRECTORY_BYTES = MAXIMUM_ARCHIVE_ENTRIES * 1024;

/**
 * Lists the entries of a zip, with or without zip64.
 * @throws ERR_IMAGES_FORMAT when there is no sound directory, ERR_IMAGES_TOO_LARGE when it is beyond the bound.
 */
export async function readDirectory(source: ByteSource, name: string): Promise<ZipEntry[]> {
  const place = await findDirectory(source, name);
  if (place.entries > MAXIMUM_ARCHIVE_ENTRIES || place.size > MAXIMUM_DIRECTORY_BYTES) {
    throw new DrmGuardError(
      "ERR_IMAGES_TOO_LARGE",
      `${name} declares ${place.entries} entries; at most ${MAXIMUM_ARCHIVE_ENTRIES} are allowed.`,
    );
  }
  if (place.offset + place.size > source.size) throw noZip(name, "its directory lies outside the file");
  const bytes = await source.read(place.offset, place.size);
  const entries: ZipEntry[] = [];
  let at = 0;
  for (let index = 0; index < place.entries; index++) {
    const { entry, end } = readEntry(bytes, at, name);
    entries.push(entry);
    at = end;
  }
  return entries;
}

async function findDirectory(source: ByteSource, name: string): Promise<DirectoryPlace> {
  const tailStart = Math.max(0, source.size - END_BYTES - 0xffff);
  const tail = new DataView((await source.read(tailStart, source.size - tailStart)).buffer);
  for (let at = tail.byteLength - END_BYTES; at >= 0; at--) {
    if (tail.getUint32(at, true) !== END_SIGNATURE) continue;
    if (at + END_BYTES + tail.getUint16(at + 20, true) !== tail.byteLength) continue;
    const place = {
      entries: tail.getUint16(at + 10, true),
      size: tail.getUint32(at + 12, true),
      offset: tail.getUint32(at + 16, true),
    };
    const large = place.entries === 0xffff || place.size === IN_ZIP64 || place.offset === IN_ZIP64;
    return large ? findZip64Directory(source, tail, at - ZIP64_LOCATOR_BYTES, name) : place;
  }
  throw noZip(name, "it has no directory at its end (it may be cut short)");
}

async function findZip64Directory(
  source: ByteSource,
  tail: DataView,
  locatorAt: number,
  name: string,
): Promise<DirectoryPlace> {
  if (locatorAt < 0 || tail.getUint32(locatorAt, true) !== ZIP64_LOCATOR_SIGNATURE) {
    throw noZip(name, "its zip64 directory is missing");
  }
  const endAt = toNumber(tail.getBigUint64(locatorAt + 8, true), name);
  if (endAt + 56 > source.size) throw noZip(name, "its zip64 directory lies outside the file");
  const end = new DataView((await source.read(endAt, 56)).buffer);
  if (end.getUint32(0, true) !== ZIP64_END_SIGNATURE) throw noZip(name, "its zip64 directory is damaged");
  return {
    entries: toNumber(end.getBigUint64(32, true), name),
    size: toNumber(end.getBigUint64(40, true), name),
    offset: toNumber(end.getBigUint64(48, true), name),
  };
}

function readEntry(
  bytes: Uint8Array<ArrayBuffer>,
  at: number,
  name: string,
): { entry: ZipEntry; end: number } {
  const view = new DataView(bytes.buffer);
  if (at + ENTRY_BYTES > bytes.length || view.getUint32(at, true) !== ENTRY_SIGNATURE) {
    throw noZip(name, "its directory is damaged");
  }
  const nameEnd = at + ENTRY_BYTES + view.getUint16(at + 28, true);
  const extraEnd = nameEnd + view.getUint16(at + 30, true);
  const end = extraEnd + view.getUint16(at + 32, true);
  if (end > bytes.length) throw noZip(name, "its directory is damaged");
  const [size, compressedSize, headerOffset] = largeFields(
    [view.getUint32(at + 24, true), view.getUint32(at + 20, true), view.getUint32(at + 42, true)],
    new DataView(bytes.buffer, nameEnd, extraEnd - nameEnd),
    name,
  );
  const entry = {
    name: new TextDecoder().decode(bytes.subarray(at + ENTRY_BYTES, nameEnd)),
    method: view.getUint16(at + 10, true),
    encrypted: (view.getUint16(at + 8, true) & 1) === 1,
    checksum: view.getUint32(at + 16, true),
    compressedSize,
    size,
    headerOffset,
  };
  return { entry, end };
}

/** Replaces the fields that did not fit 32 bits by those of the zip64 extra field, which come in the same order. */
function largeFields(
  fields: [number, number, number],
  extra: DataView,
  name: string,
): [number, number, number] {
  if (!fields.includes(IN_ZIP64)) return fields;
  for (let at = 0; at + 4 <= extra.byteLength; ) {
    const length = extra.getUint16(at + 2, true);
    if (extra.getUint16(at, true) === 1) {
      let next = at + 4;
      return fields.map((field) => {
        if (field !== IN_ZIP64) return field;
        if (next + 8 > Math.min(extra.byteLength, at + 4 + length)) {
          throw noZip(name, "a zip64 field is damaged");
        }
        next += 8;
        return toNumber(extra.getBigUint64(next - 8, true), name);
      }) as [number, number, number];
    }
    at += 4 + length;
  }
  throw noZip(name, "a zip64 field is missing");
}

function toNumber(value: bigint, name: string): number {
  if (value > BigInt(Number.MAX_SAFE_INTEGER)) throw noZip(name, "it declares an impossible size");
  return Number(value);
}

function noZip(name: string, what: string): DrmGuardError {
  return new DrmGuardError("ERR_IMAGES_FORMAT", `${name} is no sound .npz: ${what}.`, {
    hint: "Copy the file again, or write it again with numpy.savez.",
  });
}
