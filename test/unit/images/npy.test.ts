import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { DrmGuardError } from "../../../lib/errors/index.ts";
import { memorySource } from "../../../lib/images/byte-source.ts";
import { imageShapeOf } from "../../../lib/images/image-array.ts";
import { loadImages } from "../../../lib/images/index.ts";
import { readNpyHeader } from "../../../lib/images/npy-header.ts";
import { expectRefusal, fixture, headerOf, npyOf } from "./fixture.ts";

let room: string;
beforeAll(async () => {
  room = await mkdtemp(join(tmpdir(), "drmguard-npy-"));
});
afterAll(() => rm(room, { recursive: true }));

async function loadBytes(bytes: Uint8Array) {
  const path = join(room, "images.npy");
  await writeFile(path, bytes);
  return loadImages(path, { minimum: 1 });
}

describe("arrays that numpy wrote and that are refused", () => {
  it.each([
    ["object", /unpickling.*refused/],
    ["fortran", /Fortran.*ascontiguousarray/],
    ["big-endian", /dtype >f4.*astype/],
    ["int64", /dtype <i8/],
    ["structured", /dtype structured/],
    ["255-floats", /divide the array by 255/],
    ["normalised", /look normalised.*before normalisation/],
  ])("%s", (name, text) =>
    expectRefusal(loadImages(fixture(`arrays/refused-${name}.npy`)), "ERR_IMAGES_FORMAT", text),
  );
});

describe("floats", () => {
  const header = headerOf("<f4", [1, 2, 2]);
  const bytes = (values: number[]) => npyOf(header, new Uint8Array(Float32Array.from(values).buffer));

  it("may pass [0,1] by rounding only", async () => {
    const batch = await loadBytes(bytes([1.0000005, -1e-7, 0.5, 1]));
    expect([...batch.pixels]).toEqual([1, 0, 0.5, 1]);
    await expectRefusal(loadBytes(bytes([1.00001, 0, 0, 0])), "ERR_IMAGES_FORMAT", "image 0");
  });

  it.each([Number.NaN, Number.POSITIVE_INFINITY])("must not be %d", (value) =>
    expectRefusal(loadBytes(bytes([0, 0, value, 0])), "ERR_IMAGES_FORMAT", String(value), "NaN or infinity"),
  );
});

describe("shapes", () => {
  it.each([
    [[9, 5, 7, 3], { count: 9, channels: 3, height: 5, width: 7, layout: "nhwc" }],
    [[9, 3, 5, 7], { count: 9, channels: 3, height: 5, width: 7, layout: "nchw" }],
    [[9, 5, 7, 1], { count: 9, channels: 1, height: 5, width: 7, layout: "nhwc" }],
    [[9, 5, 7], { count: 9, channels: 1, height: 5, width: 7, layout: "nchw" }],
  ] as const)("%j is understood", (shape, expected) => expect(imageShapeOf(shape, "a")).toEqual(expected));

  it.each([
    [[9, 5, 7, 4], "ERR_IMAGES_CHANNELS", "9×5×7×4"],
    [[9, 2, 5, 7], "ERR_IMAGES_CHANNELS", "9×2×5×7"],
    [[9, 3, 5, 3], "ERR_IMAGES_FORMAT", "either end"],
    [[5, 7, 3], "ERR_IMAGES_FORMAT", "one picture"],
    [[5, 7], "ERR_IMAGES_FORMAT", "neither 3 nor 4"],
    [[], "ERR_IMAGES_FORMAT", "the shape ()"],
    [[9, 0, 7, 3], "ERR_IMAGES_FORMAT", "no pixels"],
    [[9, 30_000, 30_000, 3], "ERR_IMAGES_TOO_LARGE", "30000×30000"],
  ] as const)("%j is refused", (shape, code, text) =>
    expectRefusal((async () => imageShapeOf(shape, "a"))(), code, text),
  );
});

describe("headers", () => {
  const data = new Uint8Array(12);

  it.each([
    ["a key too many", "{'descr': '|u1', 'fortran_order': False, 'shape': (1, 2, 2), 'extra': 1}"],
    ["a key too few", "{'descr': '|u1', 'shape': (1, 2, 2)}"],
    ["a key twice", "{'descr': '|u1', 'descr': '|u1', 'fortran_order': False, 'shape': (1, 2, 2)}"],
    ["a shape that is a number", "{'descr': '|u1', 'fortran_order': False, 'shape': (4)}"],
    ["a negative length", "{'descr': '|u1', 'fortran_order': False, 'shape': (1, -2, 2)}"],
    ["a call", "{'descr': '|u1', 'fortran_order': False, 'shape': __import__('os').getcwd()}"],
    [
      "a length beyond all bounds",
      "{'descr': '|u1', 'fortran_order': False, 'shape': (9999999999999999, 9, 9)}",
    ],
    ["no dictionary", "[]"],
    ["an open bracket", "{'descr': '|u1', 'fortran_order': False, 'shape': (1, 2, 2}"],
    ["fortran_order 1", "{'descr': '|u1', 'fortran_order': 1, 'shape': (1, 2, 2)}"],
  ])("with %s are refused", (_, text) => expectRefusal(loadBytes(npyOf(text, data)), "ERR_IMAGES_FORMAT"));

  it("of another version, or of a huge length, are refused", async () => {
    const sound = npyOf(headerOf("|u1", [3, 2, 2]), data, 2);
    const version = sound.slice();
    version[6] = 9;
    await expectRefusal(loadBytes(version), "ERR_IMAGES_FORMAT", "version 1, 2 or 3, got 9");
    const huge = sound.slice();
    huge.set([0xff, 0xff, 0xff, 0x7f], 8);
    await expectRefusal(loadBytes(huge), "ERR_IMAGES_FORMAT", "2147483647 bytes");
  });

  it("must promise exactly the values that follow", async () => {
    const header = headerOf("|u1", [3, 2, 2]);
    await expectRefusal(loadBytes(npyOf(header, data.subarray(1))), "ERR_IMAGES_FORMAT", "is cut short");
    await expectRefusal(loadBytes(npyOf(header, new Uint8Array(13))), "ERR_IMAGES_FORMAT", "behind its end");
  });

  it("are read back as they were written, in every version and spacing", async () => {
    const shapes = fc.array(fc.nat(1000), { maxLength: 5 });
    const types = fc.constantFrom("|u1", "<f4", ">f8", "<i8", "|O", "<U10");
    const property = fc.asyncProperty(
      shapes,
      types,
      fc.boolean(),
      fc.constantFrom(1 as const, 2 as const, 3 as const),
      fc.nat(70),
      async (shape, dtype, fortran, version, padding) => {
        const bytes = npyOf(headerOf(dtype, shape, fortran) + " ".repeat(padding), data, version);
        expect(await readNpyHeader(memorySource(bytes, "a"), "a")).toEqual({
          dtype,
          fortranOrder: fortran,
          shape,
          elements: shape.reduce((product, each) => product * each, 1),
          dataOffset: bytes.length - data.length,
        });
      },
    );
    await fc.assert(property, { seed: 3, numRuns: 300 });
  });
});

describe("hostile bytes", () => {
  /** Resolves when reading succeeds or is refused properly; anything else is a defect. */
  async function readOrRefuse(bytes: Uint8Array): Promise<"read" | "refused"> {
    try {
      await loadBytes(bytes);
      return "read";
    } catch (thrown) {
      expect(thrown).toBeInstanceOf(DrmGuardError);
      expect((thrown as DrmGuardError).code).toMatch(/^ERR_IMAGES_/);
      return "refused";
    }
  }

  const sound = npyOf(headerOf("|u1", [3, 2, 2]), new Uint8Array(12));

  it("cut short anywhere are refused", async () => {
    expect(await readOrRefuse(sound)).toBe("read");
    for (let length = 0; length < sound.length; length++) {
      expect(await readOrRefuse(sound.subarray(0, length)), `${length} bytes`).toBe("refused");
    }
  });

  it("changed anywhere are read or refused, never anything else", async () => {
    const edits = fc.array(fc.tuple(fc.nat(sound.length - 1), fc.nat(255)), { minLength: 1, maxLength: 4 });
    const property = fc.asyncProperty(edits, async (changes) => {
      const bytes = sound.slice();
      for (const [at, value] of changes) bytes[at] = value;
      await readOrRefuse(bytes);
    });
    await fc.assert(property, { seed: 4, numRuns: 300 });
  });

  it("made of the header's own words are read or refused, never anything else", async () => {
    const words = [
      "{",
      "}",
      "(",
      ")",
      "[",
      "]",
      ",",
      ":",
      "'",
      '"',
      "'descr'",
      "'shape'",
      "'fortran_order'",
      "True",
      "False",
      "'|u1'",
      "3",
      "2",
      "L",
      " ",
      "é",
    ];
    const property = fc.asyncProperty(
      fc.array(fc.constantFrom(...words), { maxLength: 40 }),
      async (parts) => {
        await readOrRefuse(npyOf(parts.join(""), new Uint8Array(12), 3));
      },
    );
    await fc.assert(property, { seed: 5, numRuns: 300 });
  });
});
