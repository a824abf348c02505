import { readFileSync } from "node:fs";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { DrmGuardError } from "../../../lib/errors/index.ts";
import type { ElementType, TensorRecord } from "../../../lib/native/addon.ts";
import {
  decodeSafetensors,
  encodeSafetensors,
  readSafetensorsFile,
  writeSafetensorsFile,
} from "../../../lib/weights/index.ts";

const FIXTURES = fileURLToPath(new URL("../../fixtures/weights/", import.meta.url));
const WIDTHS: [ElementType, number][] = [
  ["float64", 8],
  ["float32", 4],
  ["float16", 2],
  ["bfloat16", 2],
  ["int64", 8],
  ["int32", 4],
  ["int16", 2],
  ["int8", 1],
  ["uint8", 1],
  ["bool", 1],
];

/** A file with any header and data. */
function fileOf(header: unknown, data: number[] = []): Uint8Array {
  const text = typeof header === "string" ? header : JSON.stringify(header);
  const bytes = new TextEncoder().encode(text);
  const file = new Uint8Array(8 + bytes.length + data.length);
  new DataView(file.buffer).setBigUint64(0, BigInt(bytes.length), true);
  file.set(bytes, 8);
  file.set(data, 8 + bytes.length);
  return file;
}

function codeOf(bytes: Uint8Array): string {
  try {
    decodeSafetensors(bytes);
    return "no error";
  } catch (error) {
    expect(error).toBeInstanceOf(DrmGuardError);
    return (error as DrmGuardError).code;
  }
}

const byte = (start: number, end: number, more = {}) => ({
  dtype: "U8",
  shape: [end - start],
  data_offsets: [start, end],
  ...more,
});

const anyTensors: fc.Arbitrary<TensorRecord[]> = fc.uniqueArray(
  fc
    .record({
      name: fc.string({ maxLength: 12, unit: "binary" }).filter((name) => name !== "__metadata__"),
      type: fc.constantFrom(...WIDTHS),
      shape: fc.array(fc.nat({ max: 3 }), { maxLength: 4 }),
      seed: fc.nat({ max: 255 }),
    })
    .map(({ name, type: [dtype, width], shape, seed }) => {
      const length = shape.reduce((product, size) => product * size, width);
      const data = Uint8Array.from({ length }, (_, at) =>
        dtype === "bool" ? at % 2 : (seed + at * 7) % 256,
      );
      return { name, dtype, shape, data };
    }),
  { selector: ({ name }) => name, maxLength: 8 },
);
const anyMetadata = fc
  .array(fc.tuple(fc.string({ unit: "binary" }), fc.string({ unit: "binary" })))
  .map((pairs) => new Map(pairs));

describe("safetensors", () => {
  it("reads what the Python package wrote", () => {
    const { tensors, metadata } = decodeSafetensors(readFileSync(join(FIXTURES, "python.safetensors")));
    const expected = JSON.parse(readFileSync(join(FIXTURES, "python.json"), "utf8"));
    expect(Object.fromEntries(metadata)).toEqual(expected.metadata);
    const read = tensors.map(({ name, dtype, shape, data }) => [
      name,
      { dtype, shape, bytes: Buffer.from(data).toString("hex") },
    ]);
    expect(read).toHaveLength(13);
    expect(Object.fromEntries(read)).toEqual(expected.tensors);
  });

  it("gives back what it wrote, in the same order, whatever the names, types and shapes", () => {
    fc.assert(
      fc.property(anyTensors, anyMetadata, (tensors, metadata) => {
        const read = decodeSafetensors(encodeSafetensors(tensors, metadata));
        expect(read.metadata).toEqual(metadata);
        expect(read.tensors.map((tensor) => ({ ...tensor, data: [...tensor.data] }))).toEqual(
          sortedLikeJson(tensors).map((tensor) => ({ ...tensor, data: [...tensor.data] })),
        );
      }),
    );
  });

  it("aligns every tensor for its type", () => {
    fc.assert(
      fc.property(anyTensors, (tensors) => {
        for (const { dtype, data } of decodeSafetensors(encodeSafetensors(tensors)).tensors) {
          const width = WIDTHS.find(([name]) => name === dtype)?.[1] ?? 0;
          expect(data.byteOffset % width).toBe(0);
        }
      }),
    );
  });

  it("takes every cut of a file for truncated", () => {
    const data = Uint8Array.of(1, 2, 3, 4);
    const whole = encodeSafetensors([{ name: "w", dtype: "float32", shape: [1], data }]);
    for (let length = 0; length < whole.length; length++) {
      expect(codeOf(whole.subarray(0, length))).toBe("ERR_MODEL_TRUNCATED");
    }
  });

  it("never throws anything but its own errors, whatever one byte of a file becomes", () => {
    const whole = readFileSync(join(FIXTURES, "python.safetensors"));
    fc.assert(
      fc.property(fc.nat({ max: whole.length - 1 }), fc.nat({ max: 255 }), (at, value) => {
        const damaged = Uint8Array.from(whole);
        damaged[at] = value;
        codeOf(damaged);
      }),
      { numRuns: 300 },
    );
  });

  it("keeps a tensor called __proto__ a tensor", () => {
    const { tensors } = decodeSafetensors(
      fileOf('{"__proto__":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}}', [9]),
    );
    expect(tensors).toEqual([{ name: "__proto__", dtype: "uint8", shape: [1], data: Uint8Array.of(9) }]);
    const { metadata } = decodeSafetensors(fileOf('{"__metadata__":{"__proto__":"x"}}'));
    expect([...metadata]).toEqual([["__proto__", "x"]]);
    expect(codeOf(fileOf('{"a":{"__proto__":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}}}', [9]))).toBe(
      "ERR_MODEL_FORMAT",
    );
  });

  it.each<[string, Uint8Array, string]>([
    ["a header of 2^63 bytes", Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 128, 0x7b), "ERR_MODEL_TOO_LARGE"],
    ["a header above the bound", Uint8Array.of(1, 0, 0, 1, 0, 0, 0, 0, 0x7b), "ERR_MODEL_TOO_LARGE"],
    ["a header that is a list", fileOf("[]"), "ERR_MODEL_FORMAT"],
    ["a header that begins with a space", fileOf(" {}"), "ERR_MODEL_FORMAT"],
    ["a header that is no JSON", fileOf("{"), "ERR_MODEL_FORMAT"],
    ["a header that is no UTF-8", Uint8Array.of(2, 0, 0, 0, 0, 0, 0, 0, 0x7b, 0xff), "ERR_MODEL_FORMAT"],
    ["nesting without end", fileOf(`{"a":${"[".repeat(100_000)}`), "ERR_MODEL_FORMAT"],
    [
      "a name twice",
      fileOf(`{"a":${JSON.stringify(byte(0, 1))},"\\u0061":${JSON.stringify(byte(1, 2))}}`, [1, 2]),
      "ERR_MODEL_FORMAT",
    ],
    [
      "a key twice",
      fileOf('{"a":{"dtype":"U8","dtype":"I8","shape":[1],"data_offsets":[0,1]}}', [1]),
      "ERR_MODEL_FORMAT",
    ],
    ["an unknown key", fileOf({ a: byte(0, 1, { more: 1 }) }, [1]), "ERR_MODEL_FORMAT"],
    ["an unknown type", fileOf({ a: byte(0, 1, { dtype: "F8_E4M3" }) }, [1]), "ERR_MODEL_UNSUPPORTED"],
    [
      "a type that is a prototype's",
      fileOf({ a: byte(0, 1, { dtype: "constructor" }) }, [1]),
      "ERR_MODEL_UNSUPPORTED",
    ],
    ["a shape that does not fit", fileOf({ a: byte(0, 1, { shape: [2] }) }, [1]), "ERR_MODEL_FORMAT"],
    ["a negative size", fileOf({ a: byte(0, 1, { shape: [-1, -1] }) }, [1]), "ERR_MODEL_FORMAT"],
    ["a size that is no integer", fileOf({ a: byte(0, 1, { shape: [0.5, 2] }) }, [1]), "ERR_MODEL_FORMAT"],
    ["sizes that overflow", fileOf({ a: byte(0, 0, { shape: [2 ** 50, 2 ** 50, 0] }) }), "ERR_MODEL_FORMAT"],
    ["offsets in reverse", fileOf({ a: byte(0, 0, { data_offsets: [1, 0] }) }, [1]), "ERR_MODEL_FORMAT"],
    ["data that overlap", fileOf({ a: byte(0, 2), b: byte(1, 3) }, [1, 2, 3]), "ERR_MODEL_FORMAT"],
    ["data shared by two", fileOf({ a: byte(0, 2), b: byte(0, 2) }, [1, 2]), "ERR_MODEL_FORMAT"],
    ["a hole", fileOf({ a: byte(0, 1), b: byte(2, 3) }, [1, 2, 3]), "ERR_MODEL_FORMAT"],
    ["a hole at the start", fileOf({ a: byte(1, 2) }, [1, 2]), "ERR_MODEL_FORMAT"],
    ["bytes behind the last", fileOf({ a: byte(0, 1) }, [1, 2]), "ERR_MODEL_FORMAT"],
    ["too few bytes", fileOf({ a: byte(0, 3) }, [1, 2]), "ERR_MODEL_TRUNCATED"],
    ["metadata that is no text", fileOf({ __metadata__: { a: 1 } }), "ERR_MODEL_FORMAT"],
    ["metadata that is a list", fileOf({ __metadata__: ["a"] }), "ERR_MODEL_FORMAT"],
    ["a boolean that is neither", fileOf({ a: byte(0, 1, { dtype: "BOOL" }) }, [2]), "ERR_MODEL_FORMAT"],
  ])("refuses %s", (_title, bytes, code) => {
    expect(codeOf(bytes)).toBe(code);
  });

  it("refuses to write what nobody could read", () => {
    const tensor = { name: "a", dtype: "float32", shape: [2], data: new Uint8Array(8) } as const;
    const records = [{ ...tensor, shape: [2] }];
    expect(() => encodeSafetensors([...records, { ...tensor, shape: [2] }])).toThrow("taken");
    expect(() => encodeSafetensors([{ ...tensor, shape: [3] }])).toThrow("8 bytes of 12");
    expect(() => encodeSafetensors([{ ...tensor, shape: [2], name: "__metadata__" }])).toThrow("taken");
  });
});

/** Objects put keys that look like indices first, in the header that JSON.parse reads too. */
function sortedLikeJson(tensors: TensorRecord[]): TensorRecord[] {
  const isIndex = ({ name }: TensorRecord) =>
    String(Number(name) >>> 0) === name && Number(name) < 2 ** 32 - 1;
  const indices = tensors.filter(isIndex).toSorted((a, b) => Number(a.name) - Number(b.name));
  return [...indices, ...tensors.filter((tensor) => !isIndex(tensor))];
}

describe("safetensors files", () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "drmguard-weights-"));
  });
  afterAll(() => rm(folder, { recursive: true }));

  const tensors = (value: number): TensorRecord[] => [
    { name: "w", dtype: "uint8", shape: [1], data: Uint8Array.of(value) },
  ];

  it("are replaced whole, and nothing is left beside them", async () => {
    const path = join(folder, "model.safetensors");
    await writeSafetensorsFile(path, tensors(1), new Map([["a", "b"]]));
    await writeSafetensorsFile(path, tensors(2));
    expect((await readSafetensorsFile(path)).tensors[0]?.data[0]).toBe(2);
    expect(await readdir(folder)).toEqual(["model.safetensors"]);
    expect(Buffer.compare(await readFile(path), encodeSafetensors(tensors(2)))).toBe(0);
  });

  it("are refused when they are missing, folders or cannot be written", async () => {
    const missing = { code: "ERR_FILE_NOT_FOUND" };
    await expect(readSafetensorsFile(join(folder, "none"))).rejects.toMatchObject(missing);
    await expect(readSafetensorsFile(folder)).rejects.toMatchObject(missing);
    const nowhere = join(folder, "gone", "model.safetensors");
    await expect(writeSafetensorsFile(nowhere, tensors(1))).rejects.toMatchObject({ code: "ERR_FILE_WRITE" });
    await expect(writeSafetensorsFile(folder, tensors(1))).rejects.toMatchObject({ code: "ERR_FILE_WRITE" });
  });
});
