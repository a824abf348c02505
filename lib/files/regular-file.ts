import { constants } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import { DrmGuardError } from "../errors/index.ts";

/**
 * Reads a whole regular file of bounded size; pipes and devices are refused, not waited for.
 * @param what what the file should be, for messages: "the model".
 * @throws ERR_FILE_NOT_FOUND when it is not there or no regular file; ERR_MODEL_TOO_LARGE above the bound.
 */
export async function readRegularFile(
  path: string,
  maximumBytes: number,
  what: string,
): Promise<Uint8Array<ArrayBuffer>> {
  let handle: FileHandle | undefined;
  try {
    // Non-blocking: opening a pipe would otherwise wait for its writer.
    handle = await open(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
    const facts = await handle.stat();
    if (!facts.isFile()) {
      throw new DrmGuardError("ERR_FILE_NOT_FOUND", `Expected a file, but ${path} is no regular file.`);
    }
    if (facts.size > maximumBytes) {
      const message = `${path} has ${facts.size} bytes; at most ${maximumBytes} bytes are read.`;
      throw new DrmGuardError("ERR_MODEL_TOO_LARGE", message);
    }
    return await readWhole(handle, facts.size);
  } catch (error) {
    if (error instanceof DrmGuardError) throw error;
    const reason = error instanceof Error ? error.message : String(error);
    throw new DrmGuardError("ERR_FILE_NOT_FOUND", `Cannot read ${what} ${path}: ${reason}`, { cause: error });
  } finally {
    await handle?.close();
  }
}

/** Reads `size` bytes and no more, whatever is appended meanwhile. */
async function readWhole(handle: FileHandle, size: number): Promise<Uint8Array<ArrayBuffer>> {
  const bytes = new Uint8Array(size);
  let filled = 0;
  while (filled < size) {
    const { bytesRead } = await handle.read(bytes, filled, size - filled, filled);
    if (bytesRead === 0) return bytes.subarray(0, filled);
    filled += bytesRead;
  }
  return bytes;
}
