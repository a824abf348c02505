import { DrmGuardError } from "../errors/index.ts";
import { openExportedProgram, readProgramPayloads } from "./exported-program-archive.ts";
import { readInputs } from "./exported-program-signature.ts";
import {
  elementsOf,
  type Placement,
  placeWeight,
  readWeightRecords,
  type WeightReference,
} from "./exported-program-weights.ts";
import { replaceRecords } from "./replace-records.ts";

/**
 * New values for a model's parameters, by their names in the model ("layer1.conv.weight"): contiguous, in the
 * parameter's own shape and element type float32.
 */
export interface NewWeight {
  name: string;
  shape: number[];
  data: Float32Array;
}

const FLOAT32_SIZE = 4;

/** A record's content while new values are written into it. */
interface Draft {
  bytes: DataView;
  /** Which of the new weights wrote an element, counted from one; zero where none did. */
  writers: Uint32Array;
}

/**
 * The torch.export archive (.pt2) with these parameters' values replaced in place: same records, same sizes,
 * everything else byte for byte as it was. Parameters that are tied share their stored bytes: a new value for one of
 * them is one for all.
 * @throws ERR_MODEL_UNSUPPORTED for parameters that are not float32, parameters that share bytes but are given
 * different values, and archives whose records cannot be replaced in place (compressed or overlapping);
 * ERR_MODEL_TRUNCATED, ERR_MODEL_TOO_LARGE, ERR_MODEL_FORMAT for an archive that is damaged;
 * ERR_INTERNAL for a name that is no parameter of the model and for another shape or length
 */
export function replaceExportedWeights(
  bytes: Uint8Array,
  weights: readonly NewWeight[],
): Uint8Array<ArrayBuffer> {
  const opened = openExportedProgram(bytes);
  const parameters = parametersOf(readInputs(opened.program).weights);
  const payloads = readProgramPayloads(opened);
  const placements = weights.map((weight) => {
    const placement = placeWeight(parameterOf(parameters, weight.name), payloads);
    requireFitting(weight, placement);
    return placement;
  });
  const contents = readWeightRecords(opened.archive, placements);
  const drafts = new Map([...contents].map(([record, content]) => [record, draftOf(content)]));
  for (const [index, placement] of placements.entries()) {
    write(drafts.get(placement.record) as Draft, placement, weights, index);
  }
  return replaceRecords(opened.archive, contents);
}

function draftOf(content: Uint8Array): Draft {
  return {
    bytes: new DataView(content.buffer, content.byteOffset, content.length),
    writers: new Uint32Array(Math.floor(content.length / FLOAT32_SIZE)),
  };
}

function parametersOf(references: WeightReference[]): Map<string, WeightReference> {
  const parameters = references.filter(({ kind }) => kind === "parameter");
  return new Map(parameters.map((reference) => [reference.target, reference]));
}

function parameterOf(parameters: Map<string, WeightReference>, name: string): WeightReference {
  const reference = parameters.get(name);
  if (reference !== undefined) return reference;
  const message = `Expected one of the model's ${parameters.size} parameters, got ${JSON.stringify(name)}.`;
  throw new DrmGuardError("ERR_INTERNAL", message, {
    hint: "Take the names from the model that is to be changed; buffers and constants stay as they are.",
  });
}

function requireFitting({ name, shape, data }: NewWeight, placement: Placement): void {
  if (placement.dtype !== "float32") {
    const message = `Expected the parameter ${name} as float32, but the model holds it as ${placement.dtype}.`;
    throw new DrmGuardError("ERR_MODEL_UNSUPPORTED", message, {
      hint: "Export the model again after model.float().",
    });
  }
  const wanted = `[${placement.shape}]`;
  const given = `[${shape}]`;
  if (given !== wanted || data.length !== elementsOf(shape)) {
    const message = `Expected ${wanted} for ${name}, got ${data.length} values of the shape ${given}.`;
    throw new DrmGuardError("ERR_INTERNAL", message, { hint: "Keep the shape that the model has." });
  }
}

/** Writes contiguous values through a parameter's strides, bit by bit as they are (NaN may carry a payload). */
function write(
  draft: Draft,
  { shape, strides, begin }: Placement,
  weights: readonly NewWeight[],
  index: number,
): void {
  const { data } = weights[index] as NewWeight;
  const bits = new Uint32Array(data.buffer, data.byteOffset, data.length);
  const position = shape.map(() => 0);
  let element = begin / FLOAT32_SIZE;
  for (const value of bits) {
    const writer = draft.writers[element] as number;
    if (writer > 0 && draft.bytes.getUint32(element * FLOAT32_SIZE, true) !== value) {
      throw disagreeing(weights, index, writer - 1);
    }
    draft.bytes.setUint32(element * FLOAT32_SIZE, value, true);
    draft.writers[element] = index + 1;
    element += advance(position, shape, strides);
  }
}

/** Goes to the next position in row-major order; says how far away its element is stored. */
function advance(position: number[], shape: number[], strides: number[]): number {
  let step = 0;
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    const stride = strides[axis] as number;
    const next = (position[axis] as number) + 1;
    if (next < (shape[axis] as number)) {
      position[axis] = next;
      return step + stride;
    }
    position[axis] = 0;
    step -= (next - 1) * stride;
  }
  return step;
}

function disagreeing(weights: readonly NewWeight[], one: number, other: number): DrmGuardError {
  const name = weights[one]?.name;
  const others = one === other ? `elements of ${name}` : `${weights[other]?.name} and ${name}`;
  const message = `Expected the same values for ${others}, which share their stored bytes, got different ones.`;
  throw new DrmGuardError("ERR_MODEL_UNSUPPORTED", message, {
    hint: "Train parameters that are tied in the model as one, or export the model with a copy for each.",
  });
}
