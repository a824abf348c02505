import { DrmGuardError } from "../errors/index.ts";
import type { ElementType, ProgramConstant } from "../native/addon.ts";
import {
  elementTypeOf,
  memberOf,
  type Payloads,
  parseTensorMeta,
  type Union,
} from "./exported-program-schema.ts";
import { type ModelArchive, readRecords } from "./model-archive.ts";

/** Bound on the weights of one model, in bytes, unpacked; a tensor of stride 0 counts as if it were written out. */
const MAXIMUM_WEIGHT_BYTES = 2 ** 31;

/** torch.export's number for plain strided tensors. */
const LAYOUT_STRIDED = 7;

const ELEMENT_SIZES: Record<ElementType, number> = {
  float32: 4,
  float64: 8,
  float16: 2,
  bfloat16: 2,
  int64: 8,
  int32: 4,
  int16: 2,
  int8: 1,
  uint8: 1,
  bool: 1,
};

/** Which stored tensor a value of the graph stands for. */
export interface WeightReference {
  kind: "parameter" | "buffer" | "tensor_constant";
  /** Name of the value in the graph. */
  value: string;
  /** Name in the model, "layer1.conv.weight". */
  target: string;
  /** Whether it lies among the weights or among the constants of the archive. */
  folder: "data/weights" | "data/constants";
}

/** What the archive says about its stored tensors, by their names in the model. */
export type ProgramPayloads = Record<WeightReference["folder"], Payloads>;

/** Where a tensor's elements are stored. */
export interface Placement extends Omit<ProgramConstant, "data"> {
  strides: number[];
  /** Name of the archive's record. */
  record: string;
  /** First byte and the byte after the last one within the record. */
  begin: number;
  end: number;
}

/**
 * Reads the tensors that a program refers to.
 * @throws ERR_MODEL_TRUNCATED when a tensor reaches beyond its data; ERR_MODEL_TOO_LARGE; ERR_MODEL_UNSUPPORTED for
 * pickled, sparse or exotic tensors; ERR_MODEL_FORMAT
 */
export function readWeights(
  archive: ModelArchive,
  references: WeightReference[],
  payloads: ProgramPayloads,
): ProgramConstant[] {
  const placements = references.map((reference) => placeWeight(reference, payloads));
  const total = placements.reduce(
    (sum, { shape, dtype }) => sum + elementsOf(shape) * ELEMENT_SIZES[dtype],
    0,
  );
  if (total > MAXIMUM_WEIGHT_BYTES) {
    const message = `The model's weights take ${total} bytes; at most ${MAXIMUM_WEIGHT_BYTES} are read.`;
    throw new DrmGuardError("ERR_MODEL_TOO_LARGE", message);
  }
  const contents = readWeightRecords(archive, placements);
  return placements.map(({ record, begin, end, ...constant }) => {
    return { ...constant, data: (contents.get(record) as Uint8Array).subarray(begin, end) };
  });
}

/**
 * The contents of the records in which tensors lie, by the records' names.
 * @throws ERR_MODEL_TRUNCATED when a tensor reaches beyond its record; ERR_MODEL_TOO_LARGE
 */
export function readWeightRecords(archive: ModelArchive, placements: Placement[]): Map<string, Uint8Array> {
  const names = placements.map(({ record }) => record);
  const contents = readRecords(archive, names, MAXIMUM_WEIGHT_BYTES);
  for (const { name, record, end } of placements) {
    const { length } = contents.get(record) as Uint8Array;
    if (end <= length) continue;
    const message = `The weight ${name} needs ${end} bytes, but ${record} holds ${length}.`;
    throw new DrmGuardError("ERR_MODEL_TRUNCATED", message);
  }
  return contents;
}

/**
 * Finds where a tensor is stored.
 * @throws ERR_MODEL_TRUNCATED when the archive does not say; ERR_MODEL_UNSUPPORTED for pickled, sparse or exotic
 * tensors; ERR_MODEL_FORMAT
 */
export function placeWeight(reference: WeightReference, payloads: ProgramPayloads): Placement {
  const { kind, value, target, folder } = reference;
  const payload = Object.hasOwn(payloads[folder], target) ? payloads[folder][target] : undefined;
  if (payload === undefined) {
    throw new DrmGuardError(
      "ERR_MODEL_TRUNCATED",
      `The model's archive does not say where the weight ${target} lies.`,
    );
  }
  if (payload.use_pickle) {
    throw unsupported(target, "is stored as a Python pickle, which is never unpickled here");
  }
  const meta = parseTensorMeta(payload.tensor_meta, target);
  if (meta.layout !== LAYOUT_STRIDED) throw unsupported(target, "is not a plain dense tensor");
  const dtype = elementTypeOf(meta.dtype, target);
  const shape = meta.sizes.map((size) => extentOf(size, target));
  const strides = meta.strides.map((stride) => extentOf(stride, target));
  if (strides.length !== shape.length) {
    throw new DrmGuardError(
      "ERR_MODEL_FORMAT",
      `The weight ${target} has ${shape.length} sizes, ${strides.length} strides.`,
    );
  }
  const elements = elementsOf(shape);
  const reach = shape.reduce((sum, size, axis) => sum + (size - 1) * (strides[axis] as number), 1);
  const begin = extentOf(meta.storage_offset, target) * ELEMENT_SIZES[dtype];
  const end = begin + (elements === 0 ? 0 : reach * ELEMENT_SIZES[dtype]);
  const record = `${folder}/${payload.path_name}`;
  const placement = { name: value, dtype, shape, strides, record, begin, end };
  return kind === "parameter" ? { ...placement, parameter: target } : placement;
}

/** Sizes, strides and offsets of stored tensors are plain numbers, never symbols. */
function extentOf(size: Union, target: string): number {
  const [member, content] = memberOf(size, target);
  if (member !== "as_int" || typeof content !== "number" || !Number.isSafeInteger(content) || content < 0) {
    const message = `The weight ${target} has a size, stride or offset that is no whole number of at least 0.`;
    throw new DrmGuardError("ERR_MODEL_FORMAT", message);
  }
  return content;
}

/** How many elements a tensor of this shape has. */
export function elementsOf(shape: readonly number[]): number {
  return shape.reduce((product, size) => product * size, 1);
}

function unsupported(target: string, reason: string): DrmGuardError {
  return new DrmGuardError("ERR_MODEL_UNSUPPORTED", `The weight ${target} ${reason}.`);
}
