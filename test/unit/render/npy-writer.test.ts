import { describe, expect, it } from "vitest";
import { encodeNpy } from "../../../lib/render/index.ts";

/** What numpy 2.4.6 wrote: numpy.save(file, numpy.array(values, type).reshape(shape)). */
const WRITTEN_BY_NUMPY = [
  {
    array: Uint8Array.of(1, 2, 3, 250, 251, 252),
    shape: [2, 3],
    header: "{'descr': '|u1', 'fortran_order': False, 'shape': (2, 3), }",
    data: "010203fafbfc",
  },
  {
    array: Float32Array.of(-1.5, 0.25, 3e9),
    shape: [3],
    header: "{'descr': '<f4', 'fortran_order': False, 'shape': (3,), }",
    data: "0000c0bf0000803e5ed0324f",
  },
  {
    array: Int32Array.of(-2, -1, 0, 1, 2, 3, 4, 5),
    shape: [2, 2, 2],
    header: "{'descr': '<i4', 'fortran_order': False, 'shape': (2, 2, 2), }",
    data: "feffffffffffffff000000000100000002000000030000000400000005000000",
  },
];

describe("encodeNpy", () => {
  it.each(WRITTEN_BY_NUMPY)(
    "writes the bytes that numpy writes for $header",
    ({ array, shape, header, data }) => {
      const expected = Buffer.concat([
        Buffer.from("934e554d505901007600", "hex"),
        Buffer.from(`${header.padEnd(117)}\n`),
        Buffer.from(data, "hex"),
      ]);
      expect(Buffer.from(encodeNpy(array, shape)).toString("hex")).toBe(expected.toString("hex"));
    },
  );

  it("writes the part of the buffer that the array shows", () => {
    const part = Uint8Array.of(9, 1, 2, 3, 9).subarray(1, 4);
    expect([...encodeNpy(part, [3]).slice(-3)]).toEqual([1, 2, 3]);
  });

  it("refuses a shape that does not hold the elements", () => {
    expect(() => encodeNpy(Uint8Array.of(1, 2, 3), [2, 2])).toThrowError(RangeError);
  });
});
