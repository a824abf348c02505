import fc from "fast-check";
import { describe, expect, it } from "vitest";
import * as format from "../../../lib/report/number-format.ts";

describe("numbers for people", () => {
  it.each([
    [0.0021, "0.0021"],
    [5.142857, "5.14"],
    [1234567, "1230000"],
    [-0.000051, "-5.1e-5"],
    [2e10, "2e10"],
    [0, "0"],
    [Number.POSITIVE_INFINITY, "Infinity"],
  ])("%d has three significant digits as %s", (value, text) => {
    expect(format.significant(value)).toBe(text);
  });

  it("stay within half a unit of the third digit", () => {
    fc.assert(
      fc.property(fc.double({ min: -1e12, max: 1e12, noNaN: true }), (value) => {
        expect(Math.abs(Number(format.significant(value)) - value)).toBeLessThanOrEqual(
          Math.abs(value) * 0.00501,
        );
      }),
    );
  });

  it("make vectors, and count what does not fit", () => {
    expect(format.vectorText([4.02, -24.64])).toBe("(4.02, -24.6)");
    expect(format.vectorText([1, 2, 3, 4, 5], 3)).toBe("(1, 2, 3, … 2 more)");
  });

  it("span ranges, sign margins, group digits", () => {
    expect(format.rangeText([0.3, 0.1, 0.2])).toBe("0.1 – 0.3");
    expect(format.rangeText([0.3, 0.3])).toBe("0.3");
    expect([format.signed(1.04), format.signed(-0.5), format.signed(0)]).toEqual(["+1.04", "-0.5", "0"]);
    expect([format.grouped(1234567), format.grouped(999), format.grouped(1000)]).toEqual([
      "1,234,567",
      "999",
      "1,000",
    ]);
  });

  it("give sizes and durations a unit", () => {
    expect([format.bytesText(12), format.bytesText(2_846_112), format.bytesText(3e9)]).toEqual([
      "12 bytes",
      "2.85 MB",
      "3 GB",
    ]);
    expect([format.secondsText(0.423), format.secondsText(21.4), format.secondsText(185)]).toEqual([
      "0.423 s",
      "21.4 s",
      "3 min 5 s",
    ]);
  });

  it("align with the spread of their quantity", () => {
    expect([9.96, -18, -0.001].map((value) => format.alignedWith(18.9, value))).toEqual([
      "10.0",
      "-18.0",
      "0.0",
    ]);
    expect(format.alignedWith(0.034, 0.12345)).toBe("0.1235");
    expect(format.alignedWith(0, 1.23456)).toBe("1.23");
  });
});
