import { createHash } from "node:crypto";
import { type FileHandle, open, stat } from "node:fs/promises";
import { basename } from "node:path";
import { asDrmGuardError, DrmGuardError } from "../errors/index.ts";
import { detectFormat, type ModelFormat } from "./model-format.ts";

/** A model file in memory; nothing of it has run. */
export interface ModelFile {
  path: string;
  /** Base name of the path. */
  name: string;
  bytes: Uint8Array;
  /** SHA-256 of the bytes, in hex. */
  sha256: string;
  format: ModelFormat;
}

export interface ModelFileOptions {
  /** Largest file that is read, in bytes. */
  maximumBytes?: number;
}

/** Two gibibytes less one byte: the most that one Node buffer operation takes. */
export const MAXIMUM_MODEL_BYTES = 2 ** 31 - 1;

/**
 * Reads a model file and tells its format from its content.
 * @throws ERR_FILE_NOT_FOUND, ERR_MODEL_TOO_LARGE, ERR_MODEL_FORMAT, ERR_MODEL_TRUNCATED
 */
export async function loadModelFile(path: string, options: ModelFileOptions = {}): Promise<ModelFile> {
  const maximumBytes = Math.min(options.maximumBytes ?? MAXIMUM_MODEL_BYTES, MAXIMUM_MODEL_BYTES);
  const bytes = await readRegularFile(path, maximumBytes);
  const format = formatOf(path, bytes);
  const sha256 = createHash("sha256").update(bytes).digest("hex");
  return { path, name: basename(path), bytes, sha256, format };
}

async function readRegularFile(path: string, maximumBytes: number): Promise<Uint8Array> {
  let handle: FileHandle | undefined;
  try {
    // Looked at before it is opened: opening a pipe would wait for its writer.
    requireRegular(path, (await stat(path)).isFile());
    handle = await open(path, "r");
    const facts = await handle.stat();
    requireRegular(path, facts.isFile());
    if (facts.size > maximumBytes) {
      const message = `${path} has ${facts.size} bytes; models of at most ${maximumBytes} bytes are read.`;
      throw new DrmGuardError("ERR_MODEL_TOO_LARGE", message);
    }
    return await readWhole(handle, facts.size);
  } catch (error) {
    if (error instanceof DrmGuardError) throw error;
    const reason = error instanceof Error ? error.message : String(error);
    throw new DrmGuardError("ERR_FILE_NOT_FOUND", `Cannot read the model ${path}: ${reason}`, {
      cause: error,
    });
  } finally {
    await handle?.close();
  }
}

/** Reads `size` bytes and no more, whatever is appended meanwhile. */
async function readWhole(handle: FileHandle, size: number): Promise<Uint8Array> {
  const bytes = new Uint8Array(size);
  let filled = 0;
  while (filled < size) {
    const { bytesRead } = await handle.read(bytes, filled, size - filled, filled);
    if (bytesRead === 0) return bytes.subarray(0, filled);
    filled += bytesRead;
  }
  return bytes;
}

function requireRegular(path: string, isFile: boolean): void {
  if (!isFile) {
    throw new DrmGuardError("ERR_FILE_NOT_FOUND", `Expected a model file, but ${path} is no regular file.`);
  }
}

function formatOf(path: string, bytes: Uint8Array): ModelFormat {
  try {
    return detectFormat(bytes);
  } catch (error) {
    const { code, message, hint } = asDrmGuardError(error);
    throw new DrmGuardError(code, `${path}: ${message}`, { hint, cause: error, details: { path } });
  }
}
