import { crc32 } from "node:zlib";
import { unzipSync } from "fflate";

/** How a zip may be laid out beside the ways in which fflate and torch write it. */
export interface ZipLayout {
  /** The checksum behind the content, with or without a signature before it. */
  descriptor?: "signed" | "bare";
  /** Whether the header holds the checksum although a descriptor follows. */
  filledHeader?: boolean;
  /** Sizes and places of the directory in zip64 fields. */
  zip64?: boolean;
  /** Name of a record that the directory finds where another one is. */
  overlapping?: [name: string, place: string];
}

/** The archive's records, uncompressed, in another layout. */
export function withLayout(archive: Uint8Array, layout: ZipLayout): Uint8Array {
  const records = Object.entries(unzipSync(archive)).map(([name, content]) => ({ name, content }));
  const parts: Buffer[] = [];
  const places = new Map<string, number>();
  let length = 0;
  for (const record of records) {
    places.set(record.name, length);
    const part = recordOf(record.name, record.content, layout);
    parts.push(part);
    length += part.length;
  }
  const nameOf = (suffix: string) => records.find(({ name }) => name.endsWith(suffix))?.name as string;
  if (layout.overlapping !== undefined) {
    const [name, place] = layout.overlapping.map(nameOf) as [string, string];
    places.set(name, places.get(place) as number);
  }
  const directory = Buffer.concat(
    records.map(({ name, content }) => entryOf(name, content, places.get(name) as number, layout)),
  );
  const end = layout.zip64 ? zip64End(records.length, directory.length, length) : Buffer.alloc(0);
  const large = layout.zip64 === true;
  const last = Buffer.alloc(22);
  last.writeUInt32LE(0x06054b50, 0);
  last.writeUInt16LE(large ? 0xffff : records.length, 8);
  last.writeUInt16LE(large ? 0xffff : records.length, 10);
  last.writeUInt32LE(large ? 0xffffffff : directory.length, 12);
  last.writeUInt32LE(large ? 0xffffffff : length, 16);
  return Uint8Array.from(Buffer.concat([...parts, directory, end, last]));
}

function recordOf(name: string, content: Uint8Array, layout: ZipLayout): Buffer {
  const { descriptor, filledHeader } = layout;
  const header = Buffer.alloc(30);
  header.writeUInt32LE(0x04034b50, 0);
  header.writeUInt16LE(descriptor === undefined ? 0 : 8, 6);
  if (descriptor === undefined || filledHeader) header.writeUInt32LE(crc32(content), 14);
  header.writeUInt32LE(content.length, 18);
  header.writeUInt32LE(content.length, 22);
  header.writeUInt16LE(name.length, 26);
  const trailer = Buffer.alloc(16);
  trailer.writeUInt32LE(0x08074b50, 0);
  trailer.writeUInt32LE(crc32(content), 4);
  trailer.writeUInt32LE(content.length, 8);
  trailer.writeUInt32LE(content.length, 12);
  const skipped = { signed: 0, bare: 4, none: 16 }[descriptor ?? "none"];
  return Buffer.concat([header, Buffer.from(name, "latin1"), content, trailer.subarray(skipped)]);
}

function entryOf(name: string, content: Uint8Array, place: number, layout: ZipLayout): Buffer {
  const entry = Buffer.alloc(46);
  entry.writeUInt32LE(0x02014b50, 0);
  entry.writeUInt16LE(layout.descriptor === undefined ? 0 : 8, 8);
  entry.writeUInt32LE(crc32(content), 16);
  entry.writeUInt16LE(name.length, 28);
  if (!layout.zip64) {
    entry.writeUInt32LE(content.length, 20);
    entry.writeUInt32LE(content.length, 24);
    entry.writeUInt32LE(place, 42);
    return Buffer.concat([entry, Buffer.from(name, "latin1")]);
  }
  for (const field of [20, 24, 42]) entry.writeUInt32LE(0xffffffff, field);
  // A field of another kind, as an archiver may add, and then zip64's.
  const extra = Buffer.alloc(6 + 28);
  extra.writeUInt16LE(0x4246, 0);
  extra.writeUInt16LE(2, 2);
  extra.writeUInt16LE(1, 6);
  extra.writeUInt16LE(24, 8);
  for (const [index, value] of [content.length, content.length, place].entries()) {
    extra.writeBigUInt64LE(BigInt(value), 10 + 8 * index);
  }
  entry.writeUInt16LE(extra.length, 30);
  return Buffer.concat([entry, Buffer.from(name, "latin1"), extra]);
}

function zip64End(count: number, size: number, start: number): Buffer {
  const end = Buffer.alloc(56 + 20);
  end.writeUInt32LE(0x06064b50, 0);
  end.writeBigUInt64LE(44n, 4);
  end.writeBigUInt64LE(BigInt(count), 24);
  end.writeBigUInt64LE(BigInt(count), 32);
  end.writeBigUInt64LE(BigInt(size), 40);
  end.writeBigUInt64LE(BigInt(start), 48);
  end.writeUInt32LE(0x07064b50, 56);
  end.writeBigUInt64LE(BigInt(start + size), 56 + 8);
  end.writeUInt32LE(1, 56 + 16);
  return end;
}
