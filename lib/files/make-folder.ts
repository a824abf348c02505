import { mkdir } from "node:fs/promises";
import { DrmGuardError } from "../errors/index.ts";

/**
 * Makes a folder and those above it, where they are not there yet.
 * @throws ERR_FILE_WRITE
 */
export async function makeFolder(path: string): Promise<void> {
  try {
    await mkdir(path, { recursive: true });
  } catch (cause) {
    const reason = (cause as Error).message;
    throw new DrmGuardError("ERR_FILE_WRITE", `The folder ${path} cannot be made: ${reason}.`, { cause });
  }
}
