import { z } from "zod";
import { DrmGuardError } from "../errors/index.ts";
import type { ProgramNode } from "../native/addon.ts";
import { readArgument, referencesOf } from "./exported-program-arguments.ts";
import { check, type ExportedNode, memberOf, parseName, type Union } from "./exported-program-schema.ts";

/** Checks that torch.export leaves in the graph; they compute nothing. */
const DROPPED = new Set([
  "torch.ops.aten._assert_tensor_metadata.default",
  "torch.ops.aten._assert_scalar.default",
  "torch.ops.aten.sym_constrain_range.default",
  "torch.ops.aten.sym_constrain_range_for_size.default",
]);

/** Python's arithmetic on sizes and the integer operator that does the same, rounding down where Python does. */
const SCALAR_OPERATORS: Record<string, string> = {
  "_operator.add": "scalar::add",
  "_operator.sub": "scalar::sub",
  "_operator.mul": "scalar::mul",
  "_operator.floordiv": "scalar::floordiv",
  "_operator.mod": "scalar::remainder",
};

const ATEN_TARGET = /^torch\.ops\.aten\.(\w+)\.(\w+)$/;
const LIBRARY_TARGET = /^torch\.ops\.(\w+)\./;

/**
 * Lowers the graph's nodes in order. Checks are dropped, and with them the arithmetic on sizes that only they used.
 * @throws ERR_MODEL_UNSUPPORTED for calls that are no plain ATen operators; ERR_MODEL_FORMAT
 */
export function lowerNodes(nodes: ExportedNode[], outputs: string[]): ProgramNode[] {
  const used = new Set(outputs);
  const lowered: ProgramNode[] = [];
  for (const [index, node] of [...nodes.entries()].reverse()) {
    if (DROPPED.has(node.target)) continue;
    const results = node.outputs.map((output, position) =>
      resultOf(output, `unused:${index}:${position}`, node.target),
    );
    if (computesSize(node.target) && !results.flat().some((name) => used.has(name))) continue;
    const call = lowerNode(node, results);
    for (const { value } of call.arguments) for (const name of referencesOf(value)) used.add(name);
    lowered.push(call);
  }
  return lowered.reverse();
}

function computesSize(target: string): boolean {
  return !target.startsWith("torch.ops.") || target.startsWith("torch.ops.aten.sym_");
}

function lowerNode(node: ExportedNode, outputs: (string | string[])[]): ProgramNode {
  if (node.target === "_operator.neg") return negation(node, outputs);
  const operator = operatorOf(node.target);
  const inputs = node.inputs.map(({ name, arg }) => ({ name, value: readArgument(arg, { operator, name }) }));
  return {
    operator,
    arguments: inputs.flatMap(({ name, value }) => (value ? [{ name, value }] : [])),
    outputs,
  };
}

/** Integer arithmetic has no operator of one argument: −a is a · (−1). */
function negation(node: ExportedNode, outputs: (string | string[])[]): ProgramNode {
  const operand = node.inputs[0];
  const value = operand && readArgument(operand.arg, { operator: "scalar::mul", name: "a" });
  if (!value) throw new DrmGuardError("ERR_MODEL_FORMAT", "A negation in the model's graph has no operand.");
  const arguments_ = [
    { name: "a", value },
    { name: "b", value: { kind: "int", value: -1 } as const },
  ];
  return { operator: "scalar::mul", arguments: arguments_, outputs };
}

function operatorOf(target: string): string {
  // A move to the device it was exported on is, here, only a change of the element type.
  if (target === "torch.ops.aten.to.device") return "aten::to.dtype";
  const [, name, overload] = ATEN_TARGET.exec(target) ?? [];
  if (name !== undefined) return overload === "default" ? `aten::${name}` : `aten::${name}.${overload}`;
  const scalar = Object.hasOwn(SCALAR_OPERATORS, target) ? SCALAR_OPERATORS[target] : undefined;
  if (scalar !== undefined) return scalar;
  const library = LIBRARY_TARGET.exec(target)?.[1];
  if (library === "higher_order") {
    throw unsupported(
      target,
      "branches and loops that depend on the data are not run",
      "Export without torch.cond or maps.",
    );
  }
  if (library !== undefined) {
    throw unsupported(target, `operators of the library "${library}" are not run, only those of ATen`);
  }
  throw unsupported(target, "this calculation on sizes is not known");
}

/** One entry per return value of the operator; results that nobody uses get a name of our own. */
function resultOf(output: Union, placeholder: string, target: string): string | string[] {
  const [member, content] = memberOf(output, target);
  switch (member) {
    case "as_none":
      return placeholder;
    case "as_tensor":
      return parseName(content, target);
    case "as_tensors":
      return check(z.array(z.unknown()), content, target).map((tensor) => parseName(tensor, target));
    case "as_sym_int":
    case "as_sym_float":
    case "as_sym_bool": {
      const [kind, name] = memberOf(content, target);
      return kind === "as_name" ? check(z.string(), name, target) : placeholder;
    }
    default:
      throw unsupported(target, `it returns a value of the kind ${member}`);
  }
}

function unsupported(target: string, reason: string, hint?: string): DrmGuardError {
  const message = `The model calls ${target}: ${reason}.`;
  return new DrmGuardError("ERR_MODEL_UNSUPPORTED", message, hint === undefined ? {} : { hint });
}
