import { randomBytes } from "node:crypto";
import { open, rename, unlink } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import { DrmGuardError } from "../errors/index.ts";

/** A file that is written to the end, beside the place where it belongs. */
export interface WaitingFile {
  /** Puts it in its place, over what is there. */
  commit(): Promise<void>;
  /** Takes it away again; nothing happens once it is in its place. */
  discard(): Promise<void>;
}

/**
 * Writes a file whole and synced beside its path, for the caller to put in place together with others.
 * @param mode permissions of the new file, before the process's mask.
 * @throws ERR_FILE_WRITE
 */
export async function writeBeside(
  path: string,
  content: Uint8Array | string,
  mode = 0o666,
): Promise<WaitingFile> {
  const target = resolve(path);
  const name = `.${basename(target).slice(0, 100)}.${randomBytes(6).toString("hex")}.partial`;
  const beside = join(dirname(target), name);
  const discard = () => unlink(beside).catch(() => {});
  try {
    await writeSynced(beside, content, mode);
  } catch (cause) {
    await discard();
    throw unwritable(path, cause);
  }
  const commit = async () => {
    try {
      await rename(beside, target);
      await syncFolder(dirname(target));
    } catch (cause) {
      await discard();
      throw unwritable(path, cause);
    }
  };
  return { commit, discard };
}

/**
 * Writes a file so that its path holds the old content or the whole new one, never a part.
 * @throws ERR_FILE_WRITE
 */
export async function writeFileAtomically(
  path: string,
  content: Uint8Array | string,
  mode?: number,
): Promise<void> {
  const waiting = await writeBeside(path, content, mode);
  await waiting.commit();
}

async function writeSynced(path: string, content: Uint8Array | string, mode: number): Promise<void> {
  const file = await open(path, "wx", mode);
  try {
    await file.writeFile(content);
    await file.sync();
  } finally {
    await file.close();
  }
}

/** Makes the rename itself durable, where the platform lets a folder be synced. */
async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, "r").catch(() => null);
  await handle?.sync().catch(() => {});
  await handle?.close();
}

function unwritable(path: string, cause: unknown): DrmGuardError {
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new DrmGuardError("ERR_FILE_WRITE", `${path} cannot be written: ${reason}.`, { cause });
}
