import { randomBytes } from "node:crypto";
import type { Stats } from "node:fs";
import { lstat, open, rename, stat, unlink } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import { DrmGuardError } from "../errors/index.ts";

/**
 * Writes a report so that the path holds the old text or the whole new one, never a part: writes beside, syncs, renames.
 * An existing regular file is replaced and keeps its permissions. Folders are not created.
 * @throws ERR_FILE_WRITE when the folder is missing, the path is something else than a regular file (folder, link,
 *   device, pipe), or the disk refuses.
 */
export async function writeReport(path: string, text: string): Promise<void> {
  const target = resolve(path);
  const folder = dirname(target);
  await requireFolder(path, folder);
  const existing = await facts(target);
  if (existing !== null && !existing.isFile()) {
    throw new DrmGuardError(
      "ERR_FILE_WRITE",
      `${path}: expected a regular file or nothing there, found ${kindOf(existing)}`,
      {
        hint: "Give the path of a new file, or of an earlier report that may be replaced.",
      },
    );
  }
  const beside = join(folder, `.${basename(target).slice(0, 100)}.${randomBytes(6).toString("hex")}.partial`);
  try {
    await writeSynced(beside, text, existing === null ? 0o666 : existing.mode & 0o777);
    await rename(beside, target);
    await syncFolder(folder);
  } catch (cause) {
    await unlink(beside).catch(() => {});
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new DrmGuardError("ERR_FILE_WRITE", `${path}: cannot be written (${reason})`, { cause });
  }
}

async function requireFolder(path: string, folder: string): Promise<void> {
  const found = await stat(folder).catch(() => null);
  if (found?.isDirectory()) return;
  const problem = found === null ? "does not exist" : "is not a folder";
  throw new DrmGuardError("ERR_FILE_WRITE", `${path}: the folder ${folder} ${problem}`, {
    hint: found === null ? `Create it first: mkdir -p ${quoted(folder)}` : "Give a path inside a folder.",
  });
}

async function facts(target: string): Promise<Stats | null> {
  try {
    return await lstat(target);
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === "ENOENT") return null;
    throw new DrmGuardError("ERR_FILE_WRITE", `${target}: cannot be looked at`, { cause });
  }
}

async function writeSynced(path: string, text: string, mode: number): Promise<void> {
  const file = await open(path, "wx", mode);
  try {
    await file.writeFile(text, "utf8");
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

function kindOf(found: Stats): string {
  if (found.isDirectory()) return "a folder";
  if (found.isSymbolicLink()) return "a symbolic link";
  if (found.isFIFO()) return "a pipe";
  if (found.isSocket()) return "a socket";
  return "a device";
}

function quoted(path: string): string {
  return `'${path.replaceAll("'", `'\\''`)}'`;
}
