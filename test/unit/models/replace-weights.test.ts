import { crc32 } from "node:zlib";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { lowerExportedProgram } from "../../../lib/models/exported-program.ts";
import { type NewWeight, replaceExportedWeights } from "../../../lib/models/replace-weights.ts";
import { codeOf, FIXTURES, fixtureBytes, withJson } from "./model-fixtures.ts";
import {
  counting,
  ownWeights,
  recordOf,
  SHARED,
  sameBytes,
  shared,
  sharedWeight,
  small,
  valuesOf,
  weightOf,
} from "./weight-fixtures.ts";

const exports = FIXTURES.models.flatMap(({ files }) => files.filter(({ form }) => form === "export"));

function occurrences(bytes: Uint8Array, checksum: number): number {
  const word = Buffer.alloc(4);
  word.writeUInt32LE(checksum);
  return Buffer.from(bytes).toString("latin1").split(word.toString("latin1")).length - 1;
}

describe("the parameters of a program", () => {
  it.each(exports)("$file: are named as in the model, buffers and constants are not", ({ file }) => {
    for (const { name, parameter } of lowerExportedProgram(fixtureBytes(file)).constants) {
      // torch.export calls the value of a parameter p_ and its name, with underscores.
      expect(name.startsWith("p_")).toBe(parameter !== undefined);
      if (parameter !== undefined) expect(name.toLowerCase()).toBe(`p_${parameter.replaceAll(".", "_")}`);
    }
  });

  it("are those that torch lists, tied ones once", () => {
    const named = lowerExportedProgram(shared).constants.flatMap(({ parameter }) => parameter ?? []);
    const listed = Object.keys(SHARED.parameters).filter((name) => name !== "first.weight");
    expect(named.sort()).toEqual(listed.sort());
  });
});

describe("replacing weights", () => {
  it.each(exports)("$file: by their own values changes no byte, by others only these", ({ file }) => {
    const archive = fixtureBytes(file);
    const untouched = archive.slice();
    const own = ownWeights(archive);
    const changed = replaceExportedWeights(
      archive,
      own.map((weight, index) => counting(weight, 1000 + index)),
    );
    const expected = valuesOf(archive);
    for (const [index, weight] of own.entries()) {
      expected.set(weight.name, new Uint32Array(counting(weight, 1000 + index).data.buffer));
    }
    expect(valuesOf(changed)).toEqual(expected);
    expect(changed.length).toBe(archive.length);
    expect(sameBytes(replaceExportedWeights(changed, own), archive)).toBe(true);
    expect(sameBytes(replaceExportedWeights(archive, own), archive)).toBe(true);
    expect(sameBytes(archive, untouched)).toBe(true);
  });

  it("changes no byte of torch's own file for the values that torch says it has", () => {
    const names = Object.keys(SHARED.parameters).filter((name) => name !== "short");
    expect(sameBytes(replaceExportedWeights(shared, names.map(sharedWeight)), shared)).toBe(true);
  });

  it("reads back exactly what was given, bit for bit, and nothing else changes", () => {
    const own = ownWeights(shared).filter(({ name }) => name !== "repeated");
    // NaN with a payload, infinity and minus zero are values like others here.
    const bits = fc.oneof(
      fc.nat(0xffffffff),
      fc.constantFrom(0x7fa00001, 0xffc12345, 0x7f800000, 0x80000000),
    );
    const given = fc
      .subarray(own)
      .chain((chosen) =>
        fc.tuple(
          ...chosen.map(({ name, shape, data }) =>
            fc
              .array(bits, { minLength: data.length, maxLength: data.length })
              .map((values) => weightOf(name, shape, Uint32Array.from(values))),
          ),
        ),
      );
    fc.assert(
      fc.property(given, (weights) => {
        const changed = replaceExportedWeights(shared, weights);
        const expected = valuesOf(shared);
        for (const { name, data } of weights) expected.set(name, new Uint32Array(data.buffer));
        expect(valuesOf(changed)).toEqual(expected);
        expect(sameBytes(replaceExportedWeights(changed, ownWeights(shared)), shared)).toBe(true);
      }),
      { numRuns: 25 },
    );
  });

  it.each([
    ["a file as torch writes it", shared, "upper", "data/weights/weight_0"],
    ["a file without descriptors", small, "conv1.bias", "data/weights/weight_1"],
  ])("corrects the checksum beside the content and in the directory: %s", (_, archive, name, record) => {
    const own = ownWeights(archive).find((weight) => weight.name === name) as NewWeight;
    const before = crc32(recordOf(archive, record));
    const changed = replaceExportedWeights(archive, [counting(own)]);
    const after = crc32(recordOf(changed, record));
    expect([occurrences(archive, before), occurrences(archive, after)]).toEqual([2, 0]);
    expect([occurrences(changed, before), occurrences(changed, after)]).toEqual([0, 2]);
  });

  it("takes a view of a larger buffer, for the archive and for the values", () => {
    const padded = Buffer.concat([Buffer.from("xyz"), small, Buffer.from("end")]);
    const whole = Buffer.from(padded);
    const [weight] = ownWeights(small).map((own) => counting(own)) as [NewWeight];
    const room = new Float32Array(weight.data.length + 5);
    room.set(weight.data, 3);
    const data = room.subarray(3, 3 + weight.data.length);
    const changed = replaceExportedWeights(padded.subarray(3, 3 + small.length), [{ ...weight, data }]);
    expect(sameBytes(changed, replaceExportedWeights(small, [weight]))).toBe(true);
    expect(sameBytes(padded, whole)).toBe(true);
  });

  it("gives a copy where there is nothing to replace", () => {
    const copy = replaceExportedWeights(small, []);
    expect(sameBytes(copy, small)).toBe(true);
    expect(copy.buffer).not.toBe(small.buffer);
  });
});

describe("parameters that share their stored bytes", () => {
  const ones = (name: string) => ({ ...sharedWeight(name), data: sharedWeight(name).data.map(() => 1) });

  it("all change with one of them where they are tied", () => {
    const [one, other] = ["tied.weight", "first.weight"].map((name) =>
      replaceExportedWeights(shared, [ones(name)]),
    ) as [Uint8Array, Uint8Array];
    expect(sameBytes(one, shared)).toBe(false);
    expect(sameBytes(one, other)).toBe(true);
  });

  it("may be given together with the same values", () => {
    const together = replaceExportedWeights(shared, [ones("tied.weight"), ones("first.weight")]);
    expect(sameBytes(together, replaceExportedWeights(shared, [ones("first.weight")]))).toBe(true);
  });

  it("are refused with different values, both named", () => {
    expect(() => replaceExportedWeights(shared, [ones("tied.weight"), sharedWeight("first.weight")])).toThrow(
      expect.objectContaining({
        code: "ERR_MODEL_UNSUPPORTED",
        message: expect.stringContaining("tied.weight and first.weight"),
      }),
    );
  });

  it("are refused with different values where they overlap in part", () => {
    const moved = withJson(shared, "model_weights_config.json", ({ config }) => {
      config.lower.tensor_meta.storage_offset.as_int = 4;
    });
    expect(codeOf(() => replaceExportedWeights(moved, [ones("upper"), sharedWeight("lower")]))).toBe(
      "ERR_MODEL_UNSUPPORTED",
    );
    expect(codeOf(() => replaceExportedWeights(moved, [ones("upper"), ones("lower")]))).toBe("no error");
  });

  it("are refused when one parameter's elements share them and differ", () => {
    expect(codeOf(() => replaceExportedWeights(shared, [counting(sharedWeight("repeated"))]))).toBe(
      "ERR_MODEL_UNSUPPORTED",
    );
    expect(codeOf(() => replaceExportedWeights(shared, [ones("repeated")]))).toBe("no error");
  });
});

describe("weights that do not fit the model", () => {
  const bias = sharedWeight("conv.bias");
  for (const [what, code, weight] of [
    ["a name that it does not have", "ERR_INTERNAL", { ...bias, name: "conv.bia" }],
    ["a name of Object's prototype", "ERR_INTERNAL", { ...bias, name: "__proto__" }],
    ...SHARED.others.map((name) => [`${name}, no parameter`, "ERR_INTERNAL", { ...bias, name }]),
    ["another shape", "ERR_INTERNAL", { ...bias, shape: [2, 2] }],
    ["another shape of as many elements", "ERR_INTERNAL", { ...sharedWeight("upper"), shape: [4, 2] }],
    ["too few values", "ERR_INTERNAL", { ...bias, data: bias.data.subarray(1) }],
    ["too many values", "ERR_INTERNAL", { ...bias, data: new Float32Array(5) }],
    ["a parameter in float16", "ERR_MODEL_UNSUPPORTED", sharedWeight("short")],
  ] as [string, string, NewWeight][]) {
    it(`${what}: ${code}`, () => {
      expect(() => replaceExportedWeights(shared, [bias, weight])).toThrow(
        expect.objectContaining({ code, message: expect.stringContaining(weight.name) }),
      );
    });
  }

  it("in an archive that cannot be read give that archive's error", () => {
    const reaching = withJson(small, "model_weights_config.json", ({ config }) => {
      config["conv1.bias"].tensor_meta.storage_offset.as_int = 1;
    });
    expect(codeOf(() => replaceExportedWeights(reaching, ownWeights(small)))).toBe("ERR_MODEL_TRUNCATED");
    expect(codeOf(() => replaceExportedWeights(small.subarray(0, 4000), []))).toBe("ERR_MODEL_TRUNCATED");
    expect(codeOf(() => replaceExportedWeights(fixtureBytes("resnet18.trace.pt"), []))).toBe(
      "ERR_MODEL_FORMAT",
    );
  });
});
