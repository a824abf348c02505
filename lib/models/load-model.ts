import { createHash } from "node:crypto";
import { basename } from "node:path";
import { asDrmGuardError, DrmGuardError } from "../errors/index.ts";
import { readRegularFile } from "../files/index.ts";
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
  const bytes = await readRegularFile(path, maximumBytes, "the model");
  const format = formatOf(path, bytes);
  const sha256 = createHash("sha256").update(bytes).digest("hex");
  return { path, name: basename(path), bytes, sha256, format };
}

function formatOf(path: string, bytes: Uint8Array): ModelFormat {
  try {
    return detectFormat(bytes);
  } catch (error) {
    const { code, message, hint } = asDrmGuardError(error);
    throw new DrmGuardError(code, `${path}: ${message}`, { hint, cause: error, details: { path } });
  }
}
