import { z } from "zod";
import { DrmGuardError } from "../errors/index.ts";
import { check, type ExportedProgram, memberOf, parseName, type Union } from "./exported-program-schema.ts";
import type { WeightReference } from "./exported-program-weights.ts";

const referenceSchema = z.object({
  arg: z.unknown(),
  parameter_name: z.string().optional(),
  buffer_name: z.string().optional(),
  tensor_constant_name: z.string().optional(),
  persistent: z.boolean().optional(),
});

const weightKindSchema = z.enum(["parameter", "buffer", "tensor_constant"]);

/**
 * The values that a program is given: one image batch, and its weights.
 * @throws ERR_MODEL_UNSUPPORTED for other inputs, ERR_MODEL_FORMAT
 */
export function readInputs(program: ExportedProgram): { input: string; weights: WeightReference[] } {
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
    const weightKind = weightKindSchema.safeParse(kind).data;
    if (weightKind === undefined || target === undefined) {
      throw new DrmGuardError("ERR_MODEL_UNSUPPORTED", `The model takes an input of the kind ${kind}.`);
    }
    const stored = weightKind === "parameter" || (weightKind === "buffer" && persistent !== false);
    const folder = stored ? "data/weights" : "data/constants";
    weights.push({ kind: weightKind, value: parseName(arg, kind), target, folder });
  }
  const [input, ...others] = inputs;
  if (input === undefined || others.length > 0) {
    const message = `Expected a model with one input, the image batch; this one has ${inputs.length}.`;
    throw new DrmGuardError("ERR_MODEL_UNSUPPORTED", message);
  }
  return { input, weights };
}

/** @throws ERR_MODEL_UNSUPPORTED for outputs that are no tensors or change the model, ERR_MODEL_FORMAT */
export function readOutput(spec: Union): string {
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
