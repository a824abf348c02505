import { DrmGuardError, type ErrorCode } from "../errors/index.ts";
import type { ElementType } from "../native/addon.ts";
import { faultOfKeys } from "./unique-keys.ts";

/** Bytes of one element, by the format's name for its type. */
const ELEMENT_TYPES: ReadonlyMap<string, { dtype: ElementType; bytes: number }> = new Map([
  ["F64", { dtype: "float64", bytes: 8 }],
  ["F32", { dtype: "float32", bytes: 4 }],
  ["F16", { dtype: "float16", bytes: 2 }],
  ["BF16", { dtype: "bfloat16", bytes: 2 }],
  ["I64", { dtype: "int64", bytes: 8 }],
  ["I32", { dtype: "int32", bytes: 4 }],
  ["I16", { dtype: "int16", bytes: 2 }],
  ["I8", { dtype: "int8", bytes: 1 }],
  ["U8", { dtype: "uint8", bytes: 1 }],
  ["BOOL", { dtype: "bool", bytes: 1 }],
]);

/** Names and sizes of the largest models take a few hundred kilobytes. */
export const LARGEST_HEADER_BYTES = 16 * 2 ** 20;
const MOST_TENSORS = 100_000;
const MOST_DIMENSIONS = 64;

/** A tensor as the header describes it. */
export interface HeaderEntry {
  name: string;
  dtype: ElementType;
  shape: number[];
  /** Place in the file, in bytes from its start. */
  start: number;
  end: number;
}

export interface SafetensorsHeader {
  entries: HeaderEntry[];
  metadata: Map<string, string>;
}

/** The format's name for an element type, and its size in bytes. */
export function elementOf(dtype: ElementType): { name: string; bytes: number } {
  for (const [name, element] of ELEMENT_TYPES) {
    if (element.dtype === dtype) return { name, bytes: element.bytes };
  }
  throw new DrmGuardError("ERR_INTERNAL", `The element type ${dtype} has no name in safetensors.`);
}

/**
 * Reads and checks the header of a safetensors file: the tensors lie end to end, in any order, and fill the file.
 * https://huggingface.co/docs/safetensors
 * @param bytes the whole file; its tensors are not touched.
 * @throws ERR_MODEL_FORMAT, ERR_MODEL_TRUNCATED, ERR_MODEL_TOO_LARGE (header), ERR_MODEL_UNSUPPORTED (element type).
 */
export function readHeader(bytes: Uint8Array): SafetensorsHeader {
  const { text, dataStart } = headerText(bytes);
  const header = parsedHeader(text);
  const entries: HeaderEntry[] = [];
  let metadata = new Map<string, string>();
  for (const [name, value] of Object.entries(header)) {
    if (name === "__metadata__") metadata = readMetadata(value);
    else entries.push(readEntry(name, value, dataStart));
  }
  if (entries.length > MOST_TENSORS) {
    throw refused(`names ${entries.length} tensors; at most ${MOST_TENSORS} are read`, "ERR_MODEL_TOO_LARGE");
  }
  requireFilled(entries, dataStart, bytes.length);
  return { entries, metadata };
}

function headerText(bytes: Uint8Array): { text: string; dataStart: number } {
  if (bytes.length < 8) throw refused("ends within its first 8 bytes", "ERR_MODEL_TRUNCATED");
  const length = new DataView(bytes.buffer, bytes.byteOffset, 8).getBigUint64(0, true);
  if (length > BigInt(LARGEST_HEADER_BYTES)) {
    throw refused(
      `claims a header of ${length} bytes; at most ${LARGEST_HEADER_BYTES} are read`,
      "ERR_MODEL_TOO_LARGE",
    );
  }
  const dataStart = 8 + Number(length);
  if (dataStart > bytes.length) throw refused("ends within its header", "ERR_MODEL_TRUNCATED");
  try {
    return {
      text: new TextDecoder("utf-8", { fatal: true }).decode(bytes.subarray(8, dataStart)),
      dataStart,
    };
  } catch (cause) {
    throw refused("has a header that is no UTF-8", "ERR_MODEL_FORMAT", cause);
  }
}

function parsedHeader(text: string): object {
  if (!text.startsWith("{")) throw refused("has a header that does not begin with {");
  const fault = faultOfKeys(text);
  if (fault !== null) throw refused(`has a header that ${fault}`);
  try {
    return JSON.parse(text) as object;
  } catch (cause) {
    throw refused("has a header that is no JSON", "ERR_MODEL_FORMAT", cause);
  }
}

function readMetadata(value: unknown): Map<string, string> {
  const pairs = isObject(value) ? Object.entries(value) : null;
  if (pairs === null || pairs.some(([, text]) => typeof text !== "string")) {
    throw refused("has metadata that is no map of texts");
  }
  return new Map(pairs as [string, string][]);
}

function readEntry(name: string, value: unknown, dataStart: number): HeaderEntry {
  const shown = JSON.stringify(name.slice(0, 100));
  const keys = isObject(value) ? Object.keys(value).sort().join() : "";
  if (keys !== "data_offsets,dtype,shape") {
    throw refused(`describes ${shown} by other keys than dtype, shape and data_offsets`);
  }
  const { dtype, shape, data_offsets: offsets } = value as Record<string, unknown>;
  if (typeof dtype !== "string") throw refused(`gives ${shown} no dtype`);
  const element = ELEMENT_TYPES.get(dtype);
  if (element === undefined) {
    const known = [...ELEMENT_TYPES.keys()].join(", ");
    const what = JSON.stringify(dtype.slice(0, 20));
    throw refused(`gives ${shown} the dtype ${what}; expected one of ${known}`, "ERR_MODEL_UNSUPPORTED");
  }
  if (!isSizes(shape) || shape.length > MOST_DIMENSIONS) throw refused(`gives ${shown} a shape of no sizes`);
  if (!isSizes(offsets) || offsets.length !== 2) throw refused(`gives ${shown} no two data_offsets`);
  const [start, end] = offsets as [number, number];
  const wanted = bytesOf(shape, element.bytes);
  if (end < start || end - start !== wanted) {
    throw refused(`gives ${shown} ${end - start} bytes; its shape and dtype take ${wanted}`);
  }
  return { name, dtype: element.dtype, shape: [...shape], start: dataStart + start, end: dataStart + end };
}

/** NaN where a product of sizes leaves the safe integers, even when a zero follows: native code would overflow. */
function bytesOf(shape: readonly number[], elementBytes: number): number {
  let product = elementBytes;
  for (const length of shape) {
    product *= length;
    if (product > Number.MAX_SAFE_INTEGER) return Number.NaN;
  }
  return product;
}

/** The tensors' bytes neither overlap nor leave holes, in which something could hide. */
function requireFilled(entries: readonly HeaderEntry[], dataStart: number, fileLength: number): void {
  let filled = dataStart;
  // Empty tensors begin where others do: by their ends they come first.
  for (const { name, start, end } of entries.toSorted((a, b) => a.start - b.start || a.end - b.end)) {
    if (start !== filled) {
      const fault = start < filled ? "overlaps another tensor" : "leaves a hole before it";
      throw refused(`has the tensor ${JSON.stringify(name.slice(0, 100))}, which ${fault}`);
    }
    filled = end;
  }
  if (filled > fileLength) {
    throw refused(
      `has ${fileLength} bytes of the ${filled} that its header describes`,
      "ERR_MODEL_TRUNCATED",
    );
  }
  if (filled < fileLength) throw refused(`has ${fileLength - filled} bytes behind its last tensor`);
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isSizes(value: unknown): value is number[] {
  return Array.isArray(value) && value.every((size) => Number.isSafeInteger(size) && size >= 0);
}

function refused(fault: string, code: ErrorCode = "ERR_MODEL_FORMAT", cause?: unknown): DrmGuardError {
  return new DrmGuardError(code, `Expected a safetensors file, but it ${fault}.`, {
    hint: "Save the weights again with safetensors, or copy the file again.",
    cause,
  });
}
