import { z } from "zod";
import { DrmGuardError } from "../errors/index.ts";
import type { ProgramSpec } from "../native/addon.ts";
import { openExportedProgram, readProgramPayloads } from "./exported-program-archive.ts";
import { referencesOf } from "./exported-program-arguments.ts";
import { orderMutations } from "./exported-program-mutations.ts";
import { lowerNodes } from "./exported-program-nodes.ts";
import {
  check,
  type ExportedProgram,
  elementTypeOf,
  memberOf,
  parseTensorMeta,
} from "./exported-program-schema.ts";
import { readInputs, readOutput } from "./exported-program-signature.ts";
import { readWeights } from "./exported-program-weights.ts";

const DYNAMIC_BATCH =
  'Export with a batch that may vary: torch.export.export(model.eval(), (x,), dynamic_shapes=({0: torch.export.Dim("batch")},)).';

/**
 * Lowers a torch.export archive (.pt2) to a straight-line program. Nothing of the file is run or unpickled.
 * @throws ERR_MODEL_UNSUPPORTED, ERR_MODEL_INPUT, ERR_MODEL_TRUNCATED, ERR_MODEL_TOO_LARGE, ERR_MODEL_FORMAT
 */
export function lowerExportedProgram(bytes: Uint8Array): ProgramSpec {
  const opened = openExportedProgram(bytes);
  const { archive, program } = opened;
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
  const constants = readWeights(
    archive,
    weights.filter(({ value }) => used.has(value)),
    readProgramPayloads(opened),
  );
  return { constants, inputs: [input], nodes, outputs };
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
