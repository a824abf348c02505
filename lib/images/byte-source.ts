import { type FileHandle, open } from "node:fs/promises";
import { DrmGuardError } from "../errors/index.ts";

/** Bytes that can be read from any place, so that a part of a large file is read without the rest. */
export interface ByteSource {
  readonly size: number;
  /**
   * A copy of `length` bytes from `offset` on, aligned for every element type.
   * @throws ERR_IMAGES_FORMAT when the source ends before.
   */
  read(offset: number, length: number): Promise<Uint8Array<ArrayBuffer>>;
}

/** Opens a file, hands it to `use` and closes it whatever happens. */
export async function withFileSource<T>(path: string, use: (source: ByteSource) => Promise<T>): Promise<T> {
  const handle = await openFile(path);
  try {
    const { size } = await handle.stat();
    return await use({ size, read: (offset, length) => readFrom(handle, path, size, offset, length) });
  } finally {
    await handle.close();
  }
}

async function openFile(path: string): Promise<FileHandle> {
  try {
    return await open(path, "r");
  } catch (cause) {
    throw new DrmGuardError("ERR_FILE_NOT_FOUND", `The image file ${path} cannot be opened.`, { cause });
  }
}

async function readFrom(
  handle: FileHandle,
  path: string,
  size: number,
  offset: number,
  length: number,
): Promise<Uint8Array<ArrayBuffer>> {
  if (offset + length > size) throw cutShort(path, offset + length, size);
  const bytes = new Uint8Array(length);
  // The operating system may hand over less than asked for, and never more than 2 GiB at once.
  for (let done = 0; done < length; ) {
    const { bytesRead } = await handle.read(bytes, done, Math.min(length - done, 2 ** 30), offset + done);
    if (bytesRead === 0) throw cutShort(path, offset + length, offset + done);
    done += bytesRead;
  }
  return bytes;
}

/** A part of a source, with offsets of its own. The caller has checked that the part lies inside. */
export function windowOf(source: ByteSource, start: number, size: number, name: string): ByteSource {
  return {
    size,
    async read(offset, length) {
      if (offset + length > size) throw cutShort(name, offset + length, size);
      return source.read(start + offset, length);
    },
  };
}

/** Bytes that are in memory already. */
export function memorySource(bytes: Uint8Array, name: string): ByteSource {
  return {
    size: bytes.length,
    async read(offset, length) {
      if (offset + length > bytes.length) throw cutShort(name, offset + length, bytes.length);
      // Not slice(): on a Buffer it shares the memory and may be unaligned.
      return new Uint8Array(bytes.subarray(offset, offset + length));
    },
  };
}

function cutShort(name: string, needed: number, size: number): DrmGuardError {
  return new DrmGuardError(
    "ERR_IMAGES_FORMAT",
    `${name} is cut short: it should reach byte ${needed}, but ends at ${size}.`,
    { hint: "Copy the file again and compare its size." },
  );
}
