import { type FileHandle, open } from "node:fs/promises";
import { Zip, ZipPassThrough } from "fflate";
import { DrmGuardError } from "../errors/index.ts";
import { encodeNpy, encodeNpyHeader } from "./npy-writer.ts";
import type { FaceSeries, RenderedFaces } from "./render-faces.ts";

/** Sizes and offsets of a plain zip archive are 32 bits; labels, subjects and headers need their part. */
const LARGEST_BYTES = 4_000_000_000;
/** Equal faces give equal files, whenever they are written. */
const TIMESTAMP = new Date(1980, 0, 1);

/**
 * Writes faces as an uncompressed .npz: images, labels, subjects.
 * @param path a file that is not there yet
 */
export async function writeFacesNpz(
  path: string,
  { count, size, labelNames }: FaceSeries,
  chunks: AsyncIterable<RenderedFaces>,
): Promise<void> {
  const bytes = count * size * size * 3;
  if (bytes > LARGEST_BYTES) {
    throw new DrmGuardError(
      "ERR_CONFIG",
      `Expected at most ${LARGEST_BYTES} bytes of pixels in one .npz, but ${count} pictures of ${size}×${size} take ${bytes}.`,
      { hint: "Render fewer or smaller pictures, or into a folder." },
    );
  }
  const file = await open(path, "wx");
  try {
    const archive = new ArchiveFile(file);
    const labels = new Float32Array(count * labelNames.length);
    const subjects = new Int32Array(count);
    const images = archive.begin("images.npy");
    images.push(encodeNpyHeader(new Uint8Array(), [count, size, size, 3]));
    let first = 0;
    for await (const faces of chunks) {
      images.push(faces.pixels);
      labels.set(faces.labels, first * labelNames.length);
      subjects.set(faces.subjects, first);
      first += faces.count;
      await archive.flush();
    }
    images.push(new Uint8Array(), true);
    archive.begin("labels.npy").push(encodeNpy(labels, [count, labelNames.length]), true);
    archive.begin("subjects.npy").push(encodeNpy(subjects, [count]), true);
    await archive.end();
    await file.sync();
  } finally {
    await file.close();
  }
}

/** A zip archive whose bytes go to a file as they come. */
class ArchiveFile {
  readonly #file: FileHandle;
  readonly #zip: Zip;
  #waiting: Uint8Array[] = [];

  constructor(file: FileHandle) {
    this.#file = file;
    this.#zip = new Zip((error, bytes) => {
      if (error) throw error;
      this.#waiting.push(bytes);
    });
  }

  begin(name: string): ZipPassThrough {
    const entry = new ZipPassThrough(name);
    entry.mtime = TIMESTAMP;
    this.#zip.add(entry);
    return entry;
  }

  /** Writes what has come so far. */
  async flush(): Promise<void> {
    const bytes = this.#waiting;
    this.#waiting = [];
    for (const part of bytes) await this.#file.writeFile(part);
  }

  async end(): Promise<void> {
    this.#zip.end();
    await this.flush();
  }
}
