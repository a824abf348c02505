import { z } from "zod";
import { DrmGuardError } from "../errors/index.ts";
import type { ProgramArgument } from "../native/addon.ts";
import { check, elementTypeOf, memberOf, parseName, type Union } from "./exported-program-schema.ts";

/** Where an argument stands, for messages and for the few places where it changes the reading. */
export interface ArgumentPlace {
  /** "aten::slice.Tensor" */
  operator: string;
  /** "end" */
  name: string;
}

/** How torch.export numbers memory formats, and how the dispatcher does. */
const MEMORY_FORMATS: Record<number, number> = { 1: 0, 2: 2, 3: 3, 4: 1 };
const LAYOUT_STRIDED = 7;

const listSchema = z.array(z.unknown());

type Reader = (content: unknown, place: ArgumentPlace) => ProgramArgument | null;

const READERS: Record<string, Reader> = {
  as_none: () => ({ kind: "none" }),
  as_tensor: (content, place) => ({ kind: "value", name: parseName(content, where(place)) }),
  as_tensors: (content, place) => ({ kind: "values", names: listOf(content, place, parseName) }),
  as_optional_tensor: (content, place) => {
    const name = optionalName(content, where(place));
    return name === null ? { kind: "none" } : { kind: "value", name };
  },
  as_optional_tensors: (content, place) => ({ kind: "values", names: listOf(content, place, optionalName) }),
  as_int: (content, place) => ({ kind: "int", value: integer(content, place) }),
  as_ints: (content, place) => ({
    kind: "ints",
    values: listOf(content, place, (value) => integer(value, place)),
  }),
  as_float: (content, place) => ({ kind: "float", value: float(content, where(place)) }),
  as_floats: (content, place) => ({ kind: "floats", values: listOf(content, place, float) }),
  as_bool: (content, place) => ({ kind: "bool", value: check(z.boolean(), content, where(place)) }),
  as_bools: (content, place) => ({
    kind: "bools",
    values: check(z.array(z.boolean()), content, where(place)),
  }),
  as_string: (content, place) => ({ kind: "string", value: check(z.string(), content, where(place)) }),
  as_sym_int: scalar,
  as_sym_float: scalar,
  as_sym_bool: scalar,
  as_sym_ints: (content, place) => {
    const elements = check(listSchema, content, where(place)).map((element) => scalar(element, place));
    return { kind: "ints", values: elements.map((element) => integerOrName(element, place)) };
  },
  as_scalar_type: (content, place) => {
    return { kind: "dtype", value: elementTypeOf(check(z.int(), content, where(place)), where(place)) };
  },
  as_memory_format: (content, place) => {
    const format = MEMORY_FORMATS[check(z.int(), content, where(place))];
    if (format === undefined) throw unsupported(place, "an unknown memory format");
    return { kind: "int", value: format };
  },
  // The program runs on the device that the user chose, whichever one it was exported on.
  as_device: () => null,
  as_layout: (content, place) => {
    if (content !== LAYOUT_STRIDED) throw unsupported(place, "a sparse layout");
    return null;
  },
};

/** Reads one argument of a node; null where the schema's default is to be taken. */
export function readArgument(argument: Union, place: ArgumentPlace): ProgramArgument | null {
  const [member, content] = memberOf(argument, where(place));
  // Pinned memory only speeds copies up, and fails where there is no GPU.
  if (place.name === "pin_memory") return null;
  const reader = Object.hasOwn(READERS, member) ? READERS[member] : undefined;
  if (reader === undefined) throw unsupported(place, `a value of the kind ${member}`);
  return reader(content, place);
}

/** Names of the values that an argument refers to. */
export function referencesOf(argument: ProgramArgument | null): string[] {
  if (argument?.kind === "value") return [argument.name];
  if (argument?.kind === "values") return argument.names.filter((name) => name !== null);
  if (argument?.kind === "ints") return argument.values.filter((value) => typeof value === "string");
  return [];
}

/** A size or another number that may have been computed: {"as_name": "mul"} or {"as_int": 4}. */
function scalar(content: unknown, place: ArgumentPlace): ProgramArgument {
  const [member, value] = memberOf(
    check(z.record(z.string(), z.unknown()), content, where(place)),
    where(place),
  );
  if (member === "as_name") return { kind: "value", name: check(z.string(), value, where(place)) };
  if (member === "as_int") return { kind: "int", value: integer(value, place) };
  if (member === "as_float") return { kind: "float", value: float(value, where(place)) };
  if (member === "as_bool") return { kind: "bool", value: check(z.boolean(), value, where(place)) };
  throw unsupported(place, `a value of the kind ${member}`);
}

function integerOrName(element: ProgramArgument, place: ArgumentPlace): number | string {
  if (element.kind === "value") return element.name;
  if (element.kind === "int") return element.value;
  throw unsupported(place, `a list of sizes with a ${element.kind}`);
}

/** JSON numbers lose the last digits of 64-bit integers; only slices use such numbers, to say "to the end". */
function integer(content: unknown, place: ArgumentPlace): number {
  const value = check(z.number(), content, where(place));
  if (Number.isSafeInteger(value)) return value;
  if (Number.isInteger(value) && place.operator === "aten::slice.Tensor") {
    return Math.sign(value) * Number.MAX_SAFE_INTEGER;
  }
  throw unsupported(place, `the number ${value} where a 53-bit integer is expected`);
}

const NOT_FINITE: Record<string, number> = { Infinity: Infinity, "-Infinity": -Infinity, NaN };

function float(content: unknown, path: string): number {
  if (typeof content === "string" && Object.hasOwn(NOT_FINITE, content)) return NOT_FINITE[content] as number;
  return check(z.number(), content, path);
}

function optionalName(content: unknown, path: string): string | null {
  const [member, value] = memberOf(content, path);
  return member === "as_none" ? null : parseName(value, path);
}

function listOf<T>(content: unknown, place: ArgumentPlace, read: (value: unknown, path: string) => T): T[] {
  return check(listSchema, content, where(place)).map((value) => read(value, where(place)));
}

function where({ operator, name }: ArgumentPlace): string {
  return `${operator}/${name}`;
}

function unsupported({ operator, name }: ArgumentPlace, what: string): DrmGuardError {
  return new DrmGuardError("ERR_MODEL_UNSUPPORTED", `${operator} got ${what} for its argument ${name}.`);
}
