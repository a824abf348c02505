import { DrmGuardError } from "../errors/index.ts";
import { readRegularFile, writeFileAtomically } from "../files/index.ts";
import type { TensorRecord } from "../native/addon.ts";
import { elementOf, readHeader } from "./safetensors-header.ts";

/** What a safetensors file holds. */
export interface SafetensorsContent {
  tensors: TensorRecord[];
  metadata: Map<string, string>;
}

/** Two gibibytes less one byte: the most that one Node buffer operation takes. */
const LARGEST_FILE_BYTES = 2 ** 31 - 1;

/**
 * Reads tensors and metadata; the file is untrusted.
 * @returns tensors in the header's order; their data are views of `bytes`.
 * @throws ERR_MODEL_FORMAT, ERR_MODEL_TRUNCATED, ERR_MODEL_TOO_LARGE, ERR_MODEL_UNSUPPORTED
 */
export function decodeSafetensors(bytes: Uint8Array): SafetensorsContent {
  const { entries, metadata } = readHeader(bytes);
  const tensors = entries.map(({ name, dtype, shape, start, end }) => {
    const data = bytes.subarray(start, end);
    // Any other byte is no value of the type, and what it then means is up to the compiler.
    if (dtype === "bool" && data.some((byte) => byte > 1)) {
      throw new DrmGuardError(
        "ERR_MODEL_FORMAT",
        `Expected zeros and ones in ${JSON.stringify(name.slice(0, 100))}, which is boolean, got other bytes.`,
      );
    }
    return { name, dtype, shape, data };
  });
  return { tensors, metadata };
}

/**
 * The bytes of a safetensors file. Wide elements come first, so that every tensor is aligned for its type, as the
 * Python package writes them; the header keeps the given order.
 * @throws ERR_INTERNAL when a tensor's data does not fit its shape, or a name appears twice.
 */
export function encodeSafetensors(
  tensors: readonly TensorRecord[],
  metadata: ReadonlyMap<string, string> = new Map(),
): Uint8Array {
  const places = new Map<TensorRecord, number>();
  let dataBytes = 0;
  for (const tensor of tensors.toSorted((a, b) => elementOf(b.dtype).bytes - elementOf(a.dtype).bytes)) {
    places.set(tensor, dataBytes);
    dataBytes += tensor.data.length;
  }
  const header = new TextEncoder().encode(headerOf(tensors, places, metadata));
  const dataStart = 8 + Math.ceil(header.length / 8) * 8;
  const bytes = new Uint8Array(dataStart + dataBytes);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(dataStart - 8), true);
  bytes.fill(0x20, 8, dataStart);
  bytes.set(header, 8);
  for (const [tensor, place] of places) bytes.set(tensor.data, dataStart + place);
  return bytes;
}

/** Written member by member: an object cannot hold a tensor of the name "__proto__". */
function headerOf(
  tensors: readonly TensorRecord[],
  places: ReadonlyMap<TensorRecord, number>,
  metadata: ReadonlyMap<string, string>,
): string {
  const members: string[] = [];
  if (metadata.size > 0) {
    const pairs = [...metadata].map(([key, text]) => `${JSON.stringify(key)}:${JSON.stringify(text)}`);
    members.push(`"__metadata__":{${pairs.join()}}`);
  }
  const names = new Set(["__metadata__"]);
  for (const tensor of tensors) {
    const { name, dtype, shape, data } = tensor;
    const element = elementOf(dtype);
    const wanted = shape.reduce((product, length) => product * length, element.bytes);
    if (wanted !== data.length || names.has(name)) {
      const fault = names.has(name) ? "has a name that is taken" : `has ${data.length} bytes of ${wanted}`;
      throw new DrmGuardError("ERR_INTERNAL", `The tensor ${JSON.stringify(name)} ${fault}.`);
    }
    names.add(name);
    const start = places.get(tensor) as number;
    const entry = { dtype: element.name, shape, data_offsets: [start, start + data.length] };
    members.push(`${JSON.stringify(name)}:${JSON.stringify(entry)}`);
  }
  return `{${members.join()}}`;
}

/**
 * Reads a safetensors file.
 * @throws what decodeSafetensors throws, and ERR_FILE_NOT_FOUND.
 */
export async function readSafetensorsFile(path: string): Promise<SafetensorsContent> {
  return decodeSafetensors(await readRegularFile(path, LARGEST_FILE_BYTES, "the weights"));
}

/**
 * Writes a safetensors file whole or not at all.
 * @throws ERR_FILE_WRITE
 */
export async function writeSafetensorsFile(
  path: string,
  tensors: readonly TensorRecord[],
  metadata?: ReadonlyMap<string, string>,
): Promise<void> {
  await writeFileAtomically(path, encodeSafetensors(tensors, metadata));
}
