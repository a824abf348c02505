import type { Stats } from "node:fs";
import { lstat, stat } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { DrmGuardError } from "../errors/index.ts";
import { writeFileAtomically } from "../files/index.ts";

/**
 * Writes a report so that the path holds the old text or the whole new one, never a part: writes beside, syncs,
 * renames. An existing regular file is replaced and keeps its permissions. Folders are not created.
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
  await writeFileAtomically(path, text, existing === null ? undefined : existing.mode & 0o777);
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
