import type { TensorRecord } from "../native/addon.ts";

/** The values of a float32 tensor: a copy, because the bytes need not be aligned. */
export function floatsOf({ data }: Pick<TensorRecord, "data">): Float32Array {
  return new Float32Array(data.slice().buffer);
}
