import type { TensorRecord } from "../native/addon.ts";
import { floatsOf } from "../weights/index.ts";

/** Several sets of float32 weights of one model, averaged one by one. */
export function meanWeights(states: readonly TensorRecord[][]): TensorRecord[] {
  const share = 1 / states.length;
  return combined(states, () => share);
}

/** Weights on the straight line from one set to another, at `share` of the way. */
export function mixedWeights(from: TensorRecord[], to: TensorRecord[], share: number): TensorRecord[] {
  return combined([from, to], (state) => (state === 0 ? 1 - share : share));
}

function combined(states: readonly TensorRecord[][], shareOf: (state: number) => number): TensorRecord[] {
  return (states[0] ?? []).map((record, index) => {
    const parts = states.map((state) => floatsOf(state[index] as TensorRecord));
    const values = Float32Array.from(parts[0] ?? [], (_, at) =>
      parts.reduce((sum, part, state) => sum + shareOf(state) * (part[at] ?? 0), 0),
    );
    return { ...record, data: new Uint8Array(values.buffer) };
  });
}
