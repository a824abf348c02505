import { mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { zipSync } from "fflate";
import { File, ready } from "h5wasm";
import sharp from "sharp";
import { headerOf, npyOf } from "../images/fixture.ts";

/** A picture whose every value is different from its neighbours'; H×W×C bytes. */
export function pattern(height: number, width: number, seed: number, channels = 3): Uint8Array {
  return Uint8Array.from({ length: height * width * channels }, (_, at) => (at * 37 + seed * 101 + 11) % 256);
}

/** H×W×C to C×H×W. */
export function planes(values: ArrayLike<number>, channels = 3): number[] {
  const plane = values.length / channels;
  return Array.from(
    { length: values.length },
    (_, to) => values[(to % plane) * channels + Math.floor(to / plane)] as number,
  );
}

/** The square of an H×W×3 picture that begins at a row and a column. */
export function squareOf(
  values: Uint8Array,
  width: number,
  top: number,
  left: number,
  side: number,
): number[] {
  const rows = Array.from({ length: side }, (_, row) => {
    const start = ((top + row) * width + left) * 3;
    return [...values.subarray(start, start + side * 3)];
  });
  return rows.flat();
}

export async function writeUnder(folder: string, inside: string, content: string | Uint8Array) {
  const path = join(folder, inside);
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, content);
}

/** Writes a lossless picture, whatever its name ends in: readers go by the content. */
export async function writePicture(
  folder: string,
  inside: string,
  values: Uint8Array,
  height: number,
  width: number,
) {
  const channels = (values.length / height / width) as 1 | 3;
  const image = sharp(values, { raw: { height, width, channels } });
  const encoded = image.toColourspace(channels === 1 ? "b-w" : "srgb").png();
  await writeUnder(folder, inside, await encoded.toBuffer());
}

/** Arrays of an HDF5 file by path, `group/name`. */
export type Hdf5Content = Record<string, { data: Uint8Array | Float32Array | Float64Array; shape: number[] }>;

/** An HDF5 file behind MATLAB's 512 bytes of text, chunked and compressed as MATLAB does. */
export async function matFile(content: Hdf5Content): Promise<Uint8Array> {
  const library = await ready;
  const files = library.FS as unknown as { readFile(path: string): Uint8Array; unlink(path: string): void };
  const file = new File("/written.mat", "w");
  for (const [path, { data, shape }] of Object.entries(content)) {
    const [group, name] = path.split("/") as [string, string];
    if (!file.keys().includes(group)) file.create_group(group);
    const parent = file.get(group) as unknown as File;
    const dtype = data instanceof Uint8Array ? "<B" : data instanceof Float32Array ? "<f4" : "<f8";
    const chunks = shape.map((length, axis) => (axis === 0 ? 1 : Math.max(1, length)));
    parent.create_dataset({ name, data, shape, dtype, chunks, compression: 3 });
  }
  file.close();
  const bytes = Buffer.from(files.readFile("/written.mat"));
  files.unlink("/written.mat");
  return Buffer.concat([Buffer.from("MATLAB 7.3 MAT-file".padEnd(512, " ")), bytes]);
}

/** A person's MPIIFaceGaze arrays: `pixels` are H×W×RGB pictures, `gaze` pitch and yaw of each. */
export function faceGazeArrays(
  pictures: readonly Uint8Array[],
  gaze: readonly (readonly [number, number])[],
  side: number,
  type: typeof Uint8Array | typeof Float32Array = Uint8Array,
): Hdf5Content {
  const values = pictures.flatMap((picture) => {
    const rgb = planes(picture);
    const plane = side * side;
    return [rgb.slice(2 * plane), rgb.slice(plane, 2 * plane), rgb.slice(0, plane)].flat();
  });
  const labels = gaze.flatMap((pair, row) => [...pair, ...Array.from({ length: 14 }, (_, at) => row + at)]);
  return {
    "Data/data": { data: type.from(values), shape: [pictures.length, 3, side, side] },
    "Data/label": { data: Float64Array.from(labels), shape: [pictures.length, 16] },
  };
}

/** A .npz of arrays given as numpy's type, shape and bytes. */
export function npzOf(
  arrays: Record<string, { dtype: string; shape: number[]; data: ArrayBufferView }>,
): Uint8Array {
  const entries = Object.entries(arrays).map(([name, { dtype, shape, data }]) => {
    const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
    return [`${name}.npy`, npyOf(headerOf(dtype, shape), bytes)];
  });
  return zipSync(Object.fromEntries(entries), { level: 0 });
}

/** A 3×3 matrix as the pose and calibration files print it. */
export function matrixText(matrix: readonly (readonly number[])[]): string {
  return matrix.map((row) => `${row.join(" ")} `).join("\n");
}

/** `rgb.cal` with a focal length and a principal point; the camera is the depth camera, moved by `translation`. */
export function calibrationText(
  focal: number,
  column: number,
  row: number,
  translation: readonly number[] = [0, 0, 0],
): string {
  const intrinsics = [
    [focal, 0, column],
    [0, focal, row],
    [0, 0, 1],
  ];
  return `${matrixText(intrinsics)}\n\n0 0 0 0 \n\n${matrixText(IDENTITY)}\n\n${translation.join(" ")} \n\n640 480\n`;
}

export const IDENTITY: number[][] = [
  [1, 0, 0],
  [0, 1, 0],
  [0, 0, 1],
];

export function poseText(rotation: readonly (readonly number[])[], centre: readonly number[]): string {
  return `${matrixText(rotation)}\n\n${centre.join(" ")} \n`;
}
