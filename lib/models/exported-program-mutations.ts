import { DrmGuardError } from "../errors/index.ts";
import type { ProgramNode } from "../native/addon.ts";
import { referencesOf } from "./exported-program-arguments.ts";

/** Operators whose result shares, or may share, the memory of their first argument. */
const VIEWS = new Set(
  (
    "alias chunk contiguous detach diagonal dropout expand expand_as feature_dropout flatten movedim narrow permute " +
    "reshape select slice split split_with_sizes squeeze swapaxes t tensor_split to transpose type_as unbind unflatten " +
    "unsqueeze view view_as"
  )
    .split(" ")
    .map((name) => `aten::${name}`),
);

/** Arguments by which normalisation and dropout are told that they train. */
const TRAINING_ARGUMENTS = new Set(["train", "training"]);

const EVAL_HINT = "Call model.eval() before torch.export.export.";

/** A program's calls and the names of its outputs. */
interface Flow {
  nodes: ProgramNode[];
  outputs: string[];
}

/**
 * Makes the order of in-place operators visible: later uses of a value that was changed refer to the changed one, so
 * that a program can be run from its data flow alone.
 * @param given Names of the input and the weights, which must stay as they are.
 * @throws ERR_MODEL_UNSUPPORTED for a model that changes its weights or its input, that trains, or that changes a
 * part of a value whose whole is used later.
 */
export function orderMutations(nodes: ProgramNode[], outputs: string[], given: Set<string>): Flow {
  const newest = new Map<string, string>();
  const renamed = (name: string) => newest.get(name) ?? name;
  const owners = new Map<string, string>();
  const ownerOf = (name: string) => owners.get(name) ?? name;
  const ordered = nodes.map((node) => {
    requireInference(node);
    const call = renameReferences(node, renamed);
    const self = selfOf(call);
    if (self === null) return call;
    const mutates = isInPlace(call.operator);
    if (!mutates && !VIEWS.has(baseName(call.operator))) return call;
    const owner = ownerOf(self);
    if (mutates && given.has(owner)) throw changes(call.operator, given, self);
    for (const name of call.outputs.flat()) owners.set(name, owner);
    const result = call.outputs[0];
    if (!mutates || typeof result !== "string") return call;
    for (const [name, latest] of newest) if (latest === self) newest.set(name, result);
    newest.set(self, result);
    return call;
  });
  requireNoStaleUses(ordered, outputs.map(renamed), ownerOf);
  return { nodes: ordered, outputs: outputs.map(renamed) };
}

/** Values that share memory with one that was changed must not be read afterwards: only data flow orders the program. */
function requireNoStaleUses(
  nodes: ProgramNode[],
  outputs: string[],
  ownerOf: (name: string) => string,
): void {
  const changed = new Map<string, { at: number; operator: string }>();
  const bornAt = new Map<string, number>();
  const read = (name: string) => {
    const change = changed.get(ownerOf(name));
    if (change === undefined || (bornAt.get(name) ?? -1) >= change.at) return;
    throw unsupported(`changes a part of ${name} with ${change.operator} and uses the whole later`);
  };
  for (const [at, node] of nodes.entries()) {
    for (const { value } of node.arguments) referencesOf(value).forEach(read);
    const self = selfOf(node);
    if (self !== null && isInPlace(node.operator))
      changed.set(ownerOf(self), { at, operator: node.operator });
    for (const name of node.outputs.flat()) bornAt.set(name, at);
  }
  outputs.forEach(read);
}

/** The tensor that an operator views or changes. */
function selfOf({ arguments: given }: ProgramNode): string | null {
  const self = given.find(({ name }) => name === "self" || name === "input")?.value;
  return self?.kind === "value" ? self.name : null;
}

/** "aten::relu_", but not "aten::__and__". */
function isInPlace(operator: string): boolean {
  return /[^_]_$/.test(baseName(operator));
}

function baseName(operator: string): string {
  return operator.split(".", 1)[0] as string;
}

function renameReferences(node: ProgramNode, renamed: (name: string) => string): ProgramNode {
  const arguments_ = node.arguments.map(({ name, value }) => {
    if (value.kind === "value") return { name, value: { ...value, name: renamed(value.name) } };
    if (value.kind !== "values") return { name, value };
    const names = value.names.map((element) => element && renamed(element));
    return { name, value: { ...value, names } };
  });
  return { ...node, arguments: arguments_ };
}

function requireInference({ operator, arguments: given }: ProgramNode): void {
  const trains = given.some(
    ({ name, value }) => TRAINING_ARGUMENTS.has(name) && value.kind === "bool" && value.value,
  );
  if (trains) throw unsupported(`was exported in training mode (${operator})`, EVAL_HINT);
  if (given.some(({ name }) => name === "out"))
    throw unsupported(`writes into another value with ${operator}`);
}

function changes(operator: string, given: Set<string>, name: string): DrmGuardError {
  const what = given.has(name) ? name : `a part of what it was given (${name})`;
  return unsupported(`changes ${what} in place with ${operator}`, EVAL_HINT);
}

function unsupported(what: string, hint?: string): DrmGuardError {
  return new DrmGuardError("ERR_MODEL_UNSUPPORTED", `The model ${what}.`, hint === undefined ? {} : { hint });
}
