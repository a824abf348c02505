import { z } from "zod";
import { DrmGuardError } from "../errors/index.ts";
import type { ProgramSpec } from "../native/addon.ts";
import { referencesOf } from "./exported-program-arguments.ts";
import { orderMutations } from "./exported-program-mutations.ts";
import { lowerNodes } from "./exported-program-nodes.ts";
import {
  check,
  type ExportedProgram,
  elementTypeOf,
  memberOf,
  type Payloads,
  parseName,
  parsePayloads,
  parseProgram,
  parseTensorMeta,
  type Union,
} from "./exported-program-schema.ts";
import { readWeights, type WeightReference } from "./exported-program-weights.ts";
import { type ModelArchive, openArchive, readRecords } from "./model-archive.ts";

/** Graphs of large networks take a few megabytes. */
const MAXIMUM_JSON_BYTES = 64 * 2 ** 20;

const DYNAMIC_BATCH =
  'Export with a batch that may vary: torch.export.export(model.eval(), (x,), dynamic_shapes=({0: torch.export.Dim("batch")},)).';

/**
 * Lowers a torch.export archive (.pt2) to a straight-line program. Nothing of the file is run or unpickled.
 * @throws ERR_MODEL_UNSUPPORTED, ERR_MODEL_INPUT, ERR_MODEL_TRUNCATED, ERR_MODEL_TOO_LARGE, ERR_MODEL_FORMAT
 */
export function lowerExportedProgram(bytes: Uint8Array): ProgramSpec {
  const archive = openArchive(bytes);
  const model = modelName(archive);
  const program = parseProgram(...readJson(archive, `models/${model}.json`));
  const { input, weights } = readInputs(program);
  requireImageBatch(program, input);
  const given = [input, ...weights.map(({ value }) => value)];
  const results = program.signature.output_specs.map(readOutput);
  const lowered = lowerNodes(program.graph.nodes, results);
  requireDefined(program, lowered, results, given);
  const { nodes, outputs } = orderMutations(lowered, results, new Set(given));
  const used = new Set([
    ...outputs,
    ...nodes.flatMap((node) => node.arguments.flatMap(({ value }) => referencesOf(value))),
  ]);
  const payloads = {
    "data/weights": readPayloads(archive, `data/weights/${model}_weights_config.json`),
    "data/constants": readPayloads(archive, `data/constants/${model}_constants_config.json`),
  };
  const constants = readWeights(
    archive,
    weights.filter(({ value }) => used.has(value)),
    payloads,
  );
  return { constants, inputs: [input], nodes, outputs };
}

/** An archive may hold several programs; torch.export.save writes one, called "model". */
function modelName(archive: ModelArchive): string {
  const names = [...archive.records.keys()].flatMap(
    (name) => /^models\/([^/]+)\.json$/.exec(name)?.[1] ?? [],
  );
  const [name, ...others] = names;
  if (name === undefined || others.length > 0) {
    throw new DrmGuardError(
      "ERR_MODEL_FORMAT",
      `Expected an archive with one program, this one has ${names.length}.`,
    );
  }
  return name;
}

function readJson(archive: ModelArchive, record: string): [record: string, bytes: Uint8Array] {
  return [record, readRecords(archive, [record], MAXIMUM_JSON_BYTES).get(record) as Uint8Array];
}

/** A model without weights, or without constants, has no such record. */
function readPayloads(archive: ModelArchive, record: string): Payloads {
  return archive.records.has(record) ? parsePayloads(...readJson(archive, record)) : {};
}

const referenceSchema = z.object({
  arg: z.unknown(),
  parameter_name: z.string().optional(),
  buffer_name: z.string().optional(),
  tensor_constant_name: z.string().optional(),
  persistent: z.boolean().optional(),
});

function readInputs(program: ExportedProgram): { input: string; weights: WeightReference[] } {
  const inputs: string[] = [];
  const weights: WeightReference[] = [];
  for (const spec of program.signature.input_specs) {
    const [kind, content] = memberOf(spec, "input_specs");
    const { arg, persistent, ...names } = check(referenceSchema, content, `input_specs/${kind}`);
    if (kind === "user_input") {
      inputs.push(tensorName(arg, "the model's input"));
      continue;
    }
    const target = names.parameter_name ?? names.buffer_name ?? names.tensor_constant_name;
    if (!["parameter", "buffer", "tensor_constant"].includes(kind) || target === undefined) {
      throw new DrmGuardError("ERR_MODEL_UNSUPPORTED", `The model takes an input of the kind ${kind}.`);
    }
    const stored = kind === "parameter" || (kind === "buffer" && persistent !== false);
    weights.push({ value: parseName(arg, kind), target, folder: stored ? "data/weights" : "data/constants" });
  }
  const [input, ...others] = inputs;
  if (input === undefined || others.length > 0) {
    const message = `Expected a model with one input, the image batch; this one has ${inputs.length}.`;
    throw new DrmGuardError("ERR_MODEL_UNSUPPORTED", message);
  }
  return { input, weights };
}

function readOutput(spec: Union): string {
  const [kind, content] = memberOf(spec, "output_specs");
  if (kind !== "user_output") {
    throw new DrmGuardError(
      "ERR_MODEL_UNSUPPORTED",
      `The model changes its own state when it runs (${kind}).`,
      {
        hint: "Call model.eval() before torch.export.export.",
      },
    );
  }
  return tensorName(check(referenceSchema, content, "output_specs").arg, "an output of the model");
}

function tensorName(arg: unknown, what: string): string {
  const [member, content] = memberOf(arg, what);
  if (member !== "as_tensor") {
    throw new DrmGuardError(
      "ERR_MODEL_UNSUPPORTED",
      `Expected a tensor for ${what}, got a value of the kind ${member}.`,
    );
  }
  return parseName(content, what);
}

/** Shapes were fixed while exporting: a graph made for one batch size answers wrongly, or not at all, for another. */
function requireImageBatch(program: ExportedProgram, input: string): void {
  const values = program.graph.tensor_values;
  const meta = parseTensorMeta(
    Object.hasOwn(values, input) ? values[input] : undefined,
    `tensor_values/${input}`,
  );
  const dtype = elementTypeOf(meta.dtype, "the model's input");
  const [batch] = meta.sizes;
  if (dtype !== "float32" || meta.sizes.length !== 4 || batch === undefined) {
    const message = `Expected a model that takes float32 images (N,C,H,W); this one takes ${dtype} of rank ${meta.sizes.length}.`;
    throw new DrmGuardError("ERR_MODEL_INPUT", message);
  }
  const [member, content] = memberOf(batch, "the model's batch size");
  if (member === "as_int") {
    const message = `The model was exported for batches of exactly ${JSON.stringify(content)} images.`;
    throw new DrmGuardError("ERR_MODEL_INPUT", message, { hint: DYNAMIC_BATCH });
  }
  const { expr_str: expression } = check(
    z.object({ expr_str: z.string() }),
    content,
    "the model's batch size",
  );
  if (!/^(Symbol\('\w+'[^()]*\)|\w+)$/.test(expression)) {
    const message = `The model takes batches of ${expression} images only.`;
    throw new DrmGuardError("ERR_MODEL_INPUT", message, { hint: DYNAMIC_BATCH });
  }
}

/** Every value is computed once, before it is used. */
function requireDefined(
  program: ExportedProgram,
  nodes: ProgramSpec["nodes"],
  outputs: string[],
  given: string[],
): void {
  const defined = new Set<string>();
  const define = (name: string) => {
    if (defined.has(name)) throw broken(`defines ${JSON.stringify(name)} twice`);
    defined.add(name);
  };
  const use = (name: string) => {
    if (!defined.has(name)) throw broken(`uses ${JSON.stringify(name)} before it is computed`);
  };
  for (const name of given) define(name);
  for (const node of nodes) {
    for (const { value } of node.arguments) referencesOf(value).forEach(use);
    node.outputs.flat().forEach(define);
  }
  outputs.forEach(use);
  if (outputs.length === 0) throw broken(`has ${program.graph.nodes.length} nodes but no output`);
}

function broken(fault: string): DrmGuardError {
  return new DrmGuardError("ERR_MODEL_FORMAT", `The model's graph ${fault}.`);
}
