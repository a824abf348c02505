import { type NpyHeader, readNpyHeader } from "./npy-header.ts";
import type { ZipArchive } from "./zip-archive.ts";
import type { ZipEntry } from "./zip-directory.ts";

/** The arrays of a .npz by name, their headers read and their values not. */
export type NamedArrays = ReadonlyMap<string, { header: NpyHeader; entry: ZipEntry }>;

/** @throws ERR_IMAGES_FORMAT naming the array whose header is broken. */
export async function readArrayHeaders(archive: ZipArchive, path: string): Promise<NamedArrays> {
  const arrays = new Map<string, { header: NpyHeader; entry: ZipEntry }>();
  for (const entry of archive.entries.values()) {
    if (!entry.name.endsWith(".npy")) continue;
    const prefix = await archive.readPrefix(entry);
    const header = await readNpyHeader(prefix, `${entry.name} in ${path}`);
    arrays.set(entry.name.slice(0, -".npy".length), { header, entry });
  }
  return arrays;
}
