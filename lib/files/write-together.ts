import { type WaitingFile, writeBeside } from "./atomic-file.ts";

/**
 * Writes all files before it puts the first in place.
 * @throws ERR_FILE_WRITE
 */
export async function writeTogether(
  contents: readonly [path: string, content: Uint8Array | string][],
): Promise<void> {
  const waiting: WaitingFile[] = [];
  try {
    for (const [path, content] of contents) waiting.push(await writeBeside(path, content));
    for (const file of waiting) await file.commit();
  } finally {
    for (const file of waiting) await file.discard();
  }
}
