import { readFileSync } from "node:fs";
import { unzipSync } from "fflate";
import { lowerExportedProgram } from "../../../lib/models/exported-program.ts";
import type { NewWeight } from "../../../lib/models/replace-weights.ts";
import type { ProgramConstant } from "../../../lib/native/addon.ts";
import { fixtureBytes, fixturePath } from "./model-fixtures.ts";

/** As torch wrote it, with parameters that are tied, parts of one storage, transposed, repeated or empty. */
export const shared = fixtureBytes("shared_weights.pt2");
/** What torch says of it. */
export const SHARED = JSON.parse(readFileSync(fixturePath("shared_weights.json"), "utf8")) as {
  parameters: Record<string, { shape: number[]; values: number[] }>;
  others: string[];
};
export const small = fixtureBytes("no_linear_head.pt2");

/** A parameter's elements in row-major order. */
function bitsOf({ shape, strides, data }: ProgramConstant): Uint32Array {
  let places = [0];
  for (const [axis, size] of shape.entries()) {
    const stride = strides?.[axis] as number;
    places = places.flatMap((place) => Array.from({ length: size }, (_, index) => place + index * stride));
  }
  const view = new DataView(data.buffer, data.byteOffset, data.length);
  return Uint32Array.from(places, (place) => view.getUint32(place * 4, true));
}

export const weightOf = (name: string, shape: number[], bits: Uint32Array): NewWeight => {
  return { name, shape, data: new Float32Array(bits.buffer, bits.byteOffset, bits.length) };
};

const isFloatParameter = ({ parameter, dtype }: ProgramConstant) =>
  parameter !== undefined && dtype === "float32";

export const ownWeights = (archive: Uint8Array): NewWeight[] =>
  lowerExportedProgram(archive)
    .constants.filter(isFloatParameter)
    .map((constant) => weightOf(constant.parameter as string, constant.shape, bitsOf(constant)));

/** One value per element, other than any that a fixture holds. */
export const counting = ({ name, shape, data }: NewWeight, start = 1000): NewWeight => {
  return { name, shape, data: data.map((_, index) => start + index) };
};

export const sharedWeight = (name: string): NewWeight => {
  const { shape, values } = SHARED.parameters[name] as { shape: number[]; values: number[] };
  return { name, shape, data: Float32Array.from(values) };
};

/** All constants by what they are called, parameters by their names in the model. */
export const valuesOf = (archive: Uint8Array): Map<string, ArrayLike<number>> =>
  new Map(
    lowerExportedProgram(archive).constants.map((constant) => [
      constant.parameter ?? constant.name,
      constant.dtype === "float32" ? bitsOf(constant) : constant.data,
    ]),
  );

export const sameBytes = (one: Uint8Array, other: Uint8Array) => Buffer.compare(one, other) === 0;

export const recordOf = (archive: Uint8Array, suffix: string) =>
  Object.entries(unzipSync(archive)).find(([name]) => name.endsWith(suffix))?.[1] as Uint8Array;
