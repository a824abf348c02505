import { DrmGuardError } from "../errors/index.ts";
import { MAXIMUM_NPY_HEADER_BYTES } from "./bounds.ts";
import type { ByteSource } from "./byte-source.ts";

/** What the header of a .npy array says. */
export interface NpyHeader {
  /** numpy's type string, for example "<f4"; "structured" for record types. */
  dtype: string;
  fortranOrder: boolean;
  shape: number[];
  /** Product of the shape. */
  elements: number;
  /** Where the values begin. */
  dataOffset: number;
}

/** The first bytes of every .npy file. */
export const NPY_MAGIC = Uint8Array.of(0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59);

/** Whether bytes begin as a .npy file does. */
export function hasNpyMagic(bytes: Uint8Array): boolean {
  return bytes.length >= NPY_MAGIC.length && NPY_MAGIC.every((byte, index) => bytes[index] === byte);
}

/**
 * Reads the header of a .npy array (format versions 1 to 3). The header is a Python literal; it is parsed here by
 * hand and nothing of it is evaluated.
 * @param name how the array is called in messages.
 * @throws ERR_IMAGES_FORMAT for anything that numpy would not have written.
 */
export async function readNpyHeader(source: ByteSource, name: string): Promise<NpyHeader> {
  const start = await source.read(0, Math.min(source.size, 12));
  if (!hasNpyMagic(start)) throw broken(name, "it does not begin as a .npy array does");
  const version = start[6];
  if (version !== 1 && version !== 2 && version !== 3) {
    throw broken(name, `expected .npy version 1, 2 or 3, got ${String(version)}`);
  }
  const textOffset = version === 1 ? 10 : 12;
  if (start.length < textOffset) throw broken(name, "its header is cut short");
  const view = new DataView(start.buffer);
  const textLength = version === 1 ? view.getUint16(8, true) : view.getUint32(8, true);
  if (textLength > MAXIMUM_NPY_HEADER_BYTES) {
    throw broken(
      name,
      `its header claims ${textLength} bytes; at most ${MAXIMUM_NPY_HEADER_BYTES} are allowed`,
    );
  }
  const text = new TextDecoder(version === 3 ? "utf-8" : "latin1").decode(
    await source.read(textOffset, textLength),
  );
  return { ...parseHeaderText(text, name), dataOffset: textOffset + textLength };
}

function parseHeaderText(text: string, name: string): Omit<NpyHeader, "dataOffset"> {
  const fields = splitDictionary(text, name);
  const descr = fields.get("descr");
  const order = fields.get("fortran_order");
  const shapeText = fields.get("shape");
  if (fields.size !== 3 || descr === undefined || order === undefined || shapeText === undefined) {
    throw broken(name, "its header must have exactly the keys descr, fortran_order and shape");
  }
  if (order !== "True" && order !== "False") throw broken(name, "fortran_order is neither True nor False");
  const shape = parseShape(shapeText, name);
  const elements = shape.reduce((product, length) => product * length, 1);
  if (!Number.isSafeInteger(elements)) throw broken(name, `its shape ${shapeText} is impossibly large`);
  return { dtype: parseType(descr, name), fortranOrder: order === "True", shape, elements };
}

function parseType(text: string, name: string): string {
  if (text.startsWith("[")) return "structured";
  const quoted = /^(['"])([^'"\\]*)\1$/.exec(text);
  if (quoted === null) throw broken(name, "descr is no type string");
  return quoted[2] as string;
}

function parseShape(text: string, name: string): number[] {
  const inside = /^\(([^()]*)\)$/.exec(text)?.[1];
  if (inside === undefined) throw broken(name, "its shape is no tuple");
  const parts = inside.split(",").map((part) => part.trim());
  // "(5,)" is a tuple and "(5)" a number, so a tuple with anything in it has a comma.
  if (parts.length === 1 && parts[0] !== "") throw broken(name, "its shape is no tuple");
  if (parts.at(-1) === "") parts.pop();
  return parts.map((part) => {
    const length = /^\d{1,16}L?$/.test(part) ? Number.parseInt(part, 10) : Number.NaN;
    if (!Number.isSafeInteger(length))
      throw broken(name, `its shape (${inside}) has a length that is no number`);
    return length;
  });
}

/** Splits "{'key': value, …}" into its values' texts, without interpreting them. */
function splitDictionary(text: string, name: string): Map<string, string> {
  const body = text.trim();
  if (!body.startsWith("{") || !body.endsWith("}")) throw broken(name, "its header is no dictionary");
  const fields = new Map<string, string>();
  for (const item of splitAtCommas(body.slice(1, -1), name)) {
    const colon = item.indexOf(":");
    const key = /^(['"])(\w+)\1$/.exec(item.slice(0, Math.max(0, colon)).trim())?.[2];
    if (key === undefined || fields.has(key))
      throw broken(name, "its header has a key that is no plain name");
    fields.set(key, item.slice(colon + 1).trim());
  }
  return fields;
}

/** Splits at the commas that are inside no bracket and no string; an empty last item is dropped. */
function splitAtCommas(text: string, name: string): string[] {
  const items: string[] = [];
  let depth = 0;
  let quote = "";
  let start = 0;
  for (let index = 0; index < text.length; index++) {
    const character = text[index] as string;
    if (quote !== "") {
      if (character === quote) quote = "";
    } else if (character === "'" || character === '"') quote = character;
    else if ("([{".includes(character)) depth++;
    else if (")]}".includes(character)) depth--;
    else if (character === "," && depth === 0) {
      items.push(text.slice(start, index));
      start = index + 1;
    }
  }
  if (depth !== 0 || quote !== "") throw broken(name, "its header has an unclosed bracket or string");
  const last = text.slice(start);
  return last.trim() === "" ? items : [...items, last];
}

function broken(name: string, what: string): DrmGuardError {
  return new DrmGuardError("ERR_IMAGES_FORMAT", `${name} is no array that can be read: ${what}.`, {
    hint: "Write it with numpy.save or numpy.savez.",
  });
}
