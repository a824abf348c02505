import { randomBytes } from "node:crypto";
import type { Stats } from "node:fs";
import { lstat, readdir, rename, rm, stat } from "node:fs/promises";
import { basename, dirname, extname, join, resolve } from "node:path";
import { DrmGuardError } from "../errors/index.ts";
import { writeFacesFolder } from "./faces-folder.ts";
import { writeFacesNpz } from "./faces-npz.ts";
import { FaceSeries, type RenderedFaces, type RenderOptions } from "./render-faces.ts";

export interface WriteFacesOptions {
  /** Replace an existing .npz. A folder that holds anything is never replaced. */
  force?: boolean;
  /** Ends the work with ERR_CANCELLED; nothing is left behind. */
  signal?: AbortSignal;
  /** Called after every chunk with the number of pictures that are done. */
  onProgress?: (done: number, total: number) => void;
}

/** Bytes of pixels that are in memory at a time. */
const CHUNK_BYTES = 2 ** 22;

/**
 * Renders faces into a file or a folder, in chunks. What is at the path is whole at any time: it is written beside and
 * renamed.
 * @param path `NAME.npz`: the arrays images (N×H×W×3, uint8), labels (float32) and subjects (int32). A name without an
 *   extension: a folder of PNGs and labels.csv (file, subject, labels in radians).
 * @throws DrmGuardError ERR_CONFIG (an option out of range, a path of neither kind, too much for one .npz),
 *   ERR_FILE_WRITE, ERR_CANCELLED
 */
export async function writeFaces(
  path: string,
  options: RenderOptions,
  { force = false, signal, onProgress }: WriteFacesOptions = {},
): Promise<void> {
  const series = new FaceSeries(options);
  const write = writerFor(path);
  const target = resolve(path);
  await requireRoom(path, target, force);
  const beside = join(
    dirname(target),
    `.${basename(target).slice(0, 100)}.${randomBytes(6).toString("hex")}.partial`,
  );
  try {
    await write(beside, series, chunksOf(series, signal, onProgress));
    // Something may have appeared in the meantime.
    await requireRoom(path, target, force);
    await rename(beside, target);
  } catch (cause) {
    await rm(beside, { recursive: true, force: true });
    if (cause instanceof DrmGuardError) throw cause;
    throw unwritable(path, cause instanceof Error ? cause.message : String(cause), undefined, cause);
  }
}

function writerFor(path: string): typeof writeFacesNpz {
  const extension = extname(path).toLowerCase();
  if (extension === ".npz") return writeFacesNpz;
  if (extension === "") return writeFacesFolder;
  throw new DrmGuardError("ERR_CONFIG", `Expected out to be NAME.npz or a folder's name, but got ${path}.`, {
    hint: "End the name with .npz, or give one without an extension for a folder of PNGs.",
  });
}

/** @throws ERR_FILE_WRITE when the path cannot take the result. */
async function requireRoom(path: string, target: string, force: boolean): Promise<void> {
  const folder = await stat(dirname(target)).catch(() => null);
  if (folder?.isDirectory() !== true) throw unwritable(path, `there is no folder ${dirname(target)}`);
  const found = await lstat(target).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return null;
    throw unwritable(path, error.message, undefined, error);
  });
  if (found !== null) await requireReplaceable(path, target, found, force);
}

async function requireReplaceable(path: string, target: string, found: Stats, force: boolean): Promise<void> {
  const wantsFile = extname(path).toLowerCase() === ".npz";
  if (!wantsFile) {
    if (found.isDirectory() && (await readdir(target)).length === 0) return;
    throw unwritable(path, "there is something already", "Give the name of a new or an empty folder.");
  }
  if (!found.isFile()) throw unwritable(path, "there is something else than a file", "Give another name.");
  if (!force) throw unwritable(path, "the file exists", "Give another name, or --force to replace it.");
}

async function* chunksOf(
  series: FaceSeries,
  signal: AbortSignal | undefined,
  onProgress: WriteFacesOptions["onProgress"],
): AsyncGenerator<RenderedFaces> {
  const length = Math.max(1, Math.floor(CHUNK_BYTES / (series.size * series.size * 3)));
  for (let first = 0; first < series.count; first += length) {
    if (signal?.aborted) {
      throw new DrmGuardError("ERR_CANCELLED", `Stopped after ${first} of ${series.count} pictures.`);
    }
    const count = Math.min(length, series.count - first);
    yield series.render(first, count);
    onProgress?.(first + count, series.count);
  }
}

function unwritable(path: string, reason: string, hint?: string, cause?: unknown): DrmGuardError {
  return new DrmGuardError("ERR_FILE_WRITE", `The faces cannot be written to ${path}: ${reason}.`, {
    ...(hint === undefined ? {} : { hint }),
    cause,
  });
}
