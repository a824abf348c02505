import { type ModelFile, tunerSource } from "../../lib/models/index.ts";
import type { NativeTuner } from "../../lib/native/addon.ts";
import { callNative } from "../../lib/native/call-native.ts";
import { loadAddon } from "../../lib/native/load-addon.ts";
import { FIXTURES, referenceArrays } from "../unit/models/model-fixtures.ts";

const { channels, size } = FIXTURES;

/** The images that the models of the fixtures were tried on, which they take as they are. */
export const images = referenceArrays().get("input") as Float32Array;
export const { count } = FIXTURES;
export const shape = { channels, height: size, width: size };
export const pixels = { channelOrder: "rgb" as const, scale: 1, mean: [0], deviation: [1] };

/** Runs `use` with a tuner of a file for these images, on the CPU. */
export async function withTuner<T>(file: ModelFile, use: (tuner: NativeTuner) => Promise<T>): Promise<T> {
  const addon = loadAddon();
  const source = await tunerSource(addon, file);
  const tuner = await callNative(() =>
    addon.createTuner(source, { device: "cpu", threads: 1, pixels, ...shape }),
  );
  try {
    return await use(tuner);
  } finally {
    tuner.dispose();
  }
}
