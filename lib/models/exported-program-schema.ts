import { z } from "zod";
import { DrmGuardError } from "../errors/index.ts";
import type { ElementType } from "../native/addon.ts";

/** Major version of torch.export's schema that is read (torch 2.13 writes 8.20); a new one means other field names. */
const SCHEMA_MAJOR = 8;

/** Unions of the schema are objects with one key, which names the member. */
const unionSchema = z.record(z.string(), z.unknown());
export type Union = z.infer<typeof unionSchema>;

const nodeSchema = z.object({
  target: z.string(),
  inputs: z.array(z.object({ name: z.string(), arg: unionSchema })),
  outputs: z.array(unionSchema),
});
export type ExportedNode = z.infer<typeof nodeSchema>;

const tensorMetaSchema = z.object({
  dtype: z.int(),
  sizes: z.array(unionSchema).max(64),
  strides: z.array(unionSchema).max(64),
  storage_offset: unionSchema,
  layout: z.int(),
});
export type TensorMeta = z.infer<typeof tensorMetaSchema>;

const programSchema = z.object({
  graph_module: z.object({
    graph: z.object({ nodes: z.array(nodeSchema), tensor_values: z.record(z.string(), z.unknown()) }),
    signature: z.object({ input_specs: z.array(unionSchema), output_specs: z.array(unionSchema) }),
  }),
});
export type ExportedProgram = z.infer<typeof programSchema>["graph_module"];

const versionSchema = z.object({ schema_version: z.object({ major: z.int(), minor: z.int() }) });

const payloadsSchema = z.object({
  config: z.record(
    z.string(),
    z.object({ path_name: z.string(), use_pickle: z.boolean(), tensor_meta: z.unknown() }),
  ),
});
export type Payloads = z.infer<typeof payloadsSchema>["config"];

const namedSchema = z.object({ name: z.string() });

/** @throws ERR_MODEL_TRUNCATED for broken JSON, ERR_MODEL_UNSUPPORTED for another schema, ERR_MODEL_FORMAT */
export function parseProgram(record: string, bytes: Uint8Array): ExportedProgram {
  const content = parseJson(record, bytes);
  const { major, minor } = check(versionSchema, content, record).schema_version;
  if (major !== SCHEMA_MAJOR) {
    throw new DrmGuardError(
      "ERR_MODEL_UNSUPPORTED",
      `The model uses torch.export schema ${major}.${minor}; version ${SCHEMA_MAJOR} is read.`,
      { hint: "Export the model again with torch 2.13." },
    );
  }
  return check(programSchema, content, record).graph_module;
}

/** @throws ERR_MODEL_TRUNCATED for broken JSON, ERR_MODEL_FORMAT */
export function parsePayloads(record: string, bytes: Uint8Array): Payloads {
  return check(payloadsSchema, parseJson(record, bytes), record).config;
}

export function parseTensorMeta(content: unknown, where: string): TensorMeta {
  return check(tensorMetaSchema, content, where);
}

/** The name in a reference such as {"name": "conv2d"}. */
export function parseName(content: unknown, where: string): string {
  return check(namedSchema, content, where).name;
}

/** The one member of a union. */
export function memberOf(union: unknown, where: string): [member: string, content: unknown] {
  const [member, ...others] = Object.entries(check(unionSchema, union, where));
  if (member === undefined || others.length > 0) {
    throw new DrmGuardError(
      "ERR_MODEL_FORMAT",
      `${where}: expected one kind of value, got ${member === undefined ? 0 : others.length + 1}.`,
    );
  }
  return member;
}

/** torch.export's numbers for element types; those left out have no use in an image model. */
const ELEMENT_TYPES: Record<number, ElementType> = {
  1: "uint8",
  2: "int8",
  3: "int16",
  4: "int32",
  5: "int64",
  6: "float16",
  7: "float32",
  8: "float64",
  12: "bool",
  13: "bfloat16",
};

export function elementTypeOf(scalarType: number, where: string): ElementType {
  const elementType = ELEMENT_TYPES[scalarType];
  if (elementType === undefined) {
    throw new DrmGuardError(
      "ERR_MODEL_UNSUPPORTED",
      `${where}: element type ${scalarType} of torch.export is not read.`,
    );
  }
  return elementType;
}

function parseJson(record: string, bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch (error) {
    throw new DrmGuardError("ERR_MODEL_TRUNCATED", `Expected JSON in ${record} of the model's archive.`, {
      cause: error,
    });
  }
}

export function check<T>(schema: z.ZodType<T>, content: unknown, where: string): T {
  const result = schema.safeParse(content);
  if (result.success) return result.data;
  const issue = result.error.issues[0];
  const path = [where, ...(issue?.path ?? [])].join("/");
  throw new DrmGuardError(
    "ERR_MODEL_FORMAT",
    `${path}: ${issue?.message ?? "not as torch.export writes it"}.`,
  );
}
