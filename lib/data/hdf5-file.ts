import { closeSync, fstatSync, openSync, readSync } from "node:fs";
import type { Dataset, File } from "h5wasm";
import { DrmGuardError } from "../errors/index.ts";

/** Values that are read. */
export type Hdf5Values = Uint8Array | Float32Array | Float64Array;

/** An array of a file, its values still there. */
export interface Hdf5Array {
  shape: readonly number[];
  /** Bytes of one value. */
  bytes: number;
  /**
   * Reads a box, row by row.
   * @param ranges [start, end) for every dimension.
   * @throws ERR_IMAGES_FORMAT when the values are damaged.
   */
  read(ranges: readonly (readonly [number, number])[]): Hdf5Values;
}

/** An HDF5 file that is open. */
export interface Hdf5File {
  /** @throws ERR_IMAGES_FORMAT when there is no such array, or none of uint8, float32 or float64 values. */
  array(path: string): Hdf5Array;
  close(): void;
}

/** Compressed blocks are expanded as a whole, so that their size is bounded as well as that of what is asked for. */
const MAXIMUM_BLOCK_BYTES = 2 ** 28;

/** The part of Emscripten's file system that is used. */
interface VirtualFiles {
  createFile(folder: string, name: string, properties: object, read: boolean, write: boolean): VirtualNode;
  unlink(path: string): void;
}
interface VirtualNode {
  node_ops: { getattr(node: VirtualNode): object };
  stream_ops: object;
}

let opened = 0;

/**
 * Opens an HDF5 file (as MATLAB writes for -v7.3) for reading.
 *
 * The library runs in WebAssembly with a file system of its own in which this file is all there is: it is read from the
 * disk part by part, and links in it that name other files lead nowhere.
 * @throws ERR_FILE_NOT_FOUND, ERR_IMAGES_FORMAT when it is no HDF5 file or cut short.
 */
export async function openHdf5(path: string): Promise<Hdf5File> {
  const { File: LibraryFile, ready } = await import("h5wasm");
  const library = await ready;
  // Errors are thrown with their text instead of being printed.
  library.activate_throwing_error_handler();
  const files = library.FS as unknown as VirtualFiles;
  const handle = openOrFail(path);
  const name = `file-${opened++}.h5`;
  const release = () => {
    files.unlink(`/${name}`);
    closeSync(handle);
  };
  try {
    mirror(files, name, handle);
    const file = guarded(path, () => new LibraryFile(`/${name}`, "r"));
    if (file.file_id < 0) throw damaged(path, "it is no HDF5 file");
    return {
      array: (inside) => arrayOf(file, inside, path),
      close() {
        try {
          file.close();
        } finally {
          release();
        }
      },
    };
  } catch (thrown) {
    release();
    throw thrown;
  }
}

function openOrFail(path: string): number {
  try {
    return openSync(path, "r");
  } catch (cause) {
    throw new DrmGuardError("ERR_FILE_NOT_FOUND", `The file ${path} cannot be opened.`, { cause });
  }
}

/** Shows an open file of the disk to the library under a name. */
function mirror(files: VirtualFiles, name: string, handle: number): void {
  const { size } = fstatSync(handle);
  const node = files.createFile("/", name, {}, true, false);
  const operations = node.node_ops;
  node.node_ops = { ...operations, getattr: (of) => ({ ...operations.getattr(of), size }) };
  node.stream_ops = {
    ...node.stream_ops,
    read: (_stream: unknown, target: Uint8Array, offset: number, length: number, position: number) =>
      readSync(handle, target, offset, length, position),
    llseek(stream: { position: number }, offset: number, whence: number) {
      const start = whence === 1 ? stream.position : whence === 2 ? size : 0;
      return start + offset;
    },
  };
}

function arrayOf(file: File, inside: string, path: string): Hdf5Array {
  const dataset = guarded(path, () => file.get(inside)) as Dataset | null;
  const metadata = dataset === null || !("slice" in dataset) ? null : guarded(path, () => dataset.metadata);
  if (dataset === null || metadata === null) throw damaged(path, `it has no array ${inside}`);
  const { type, size, signed, littleEndian, chunks } = metadata;
  const byte = type === 0 && size === 1 && !signed;
  const float = type === 1 && littleEndian && (size === 4 || size === 8);
  if (!byte && !float) throw damaged(path, `${inside} is neither uint8, float32 nor float64`);
  requireBounded(
    (chunks ?? []).reduce((product, length) => product * length, size),
    inside,
    path,
  );
  return {
    shape: metadata.shape ?? [],
    bytes: size,
    read(ranges) {
      requireBounded(
        ranges.reduce((product, [start, end]) => product * (end - start), size),
        inside,
        path,
      );
      const values = guarded(path, () => dataset.slice(ranges.map(([start, end]) => [start, end])));
      return values as Hdf5Values;
    },
  };
}

function requireBounded(bytes: number, inside: string, path: string): void {
  if (bytes <= MAXIMUM_BLOCK_BYTES) return;
  throw new DrmGuardError(
    "ERR_IMAGES_TOO_LARGE",
    `${inside} of ${path} needs ${bytes} bytes at once; at most ${MAXIMUM_BLOCK_BYTES} are allowed.`,
  );
}

function guarded<T>(path: string, work: () => T): T {
  try {
    return work();
  } catch (cause) {
    // The last of the library's causes says most: "truncated file", "unable to find a valid file signature".
    const lines = cause instanceof Error ? cause.message.split("\n") : [];
    const last = lines.findLast((line) => /^\s*#\d+:/.test(line));
    throw damaged(path, last?.replace(/^.*\(\): /, "") ?? "the HDF5 library cannot read it", cause);
  }
}

function damaged(path: string, what: string, cause?: unknown): DrmGuardError {
  return new DrmGuardError("ERR_IMAGES_FORMAT", `${path} cannot be read as an HDF5 file: ${what}.`, {
    cause,
    hint: "Copy the file again and compare its size.",
  });
}
