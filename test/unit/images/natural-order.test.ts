import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { compareNatural } from "../../../lib/images/natural-order.ts";

describe("natural order", () => {
  it("orders numbers by value and text by code unit", () => {
    const names = [
      "b1",
      "a10.png",
      "a2.png",
      "a02.png",
      "a",
      "a2b3",
      "a2b20",
      "10",
      "9",
      "B1",
      "a99999999999999999999",
    ];
    const ordered = [
      "9",
      "10",
      "B1",
      "a",
      "a02.png",
      "a2.png",
      "a2b3",
      "a2b20",
      "a10.png",
      "a99999999999999999999",
      "b1",
    ];
    expect([...names].sort(compareNatural)).toEqual(ordered);
  });

  it("is a total order: the result does not depend on the order before", () => {
    const name = fc.string({ unit: fc.constantFrom("a", "b", "0", "1", "2", "-"), maxLength: 6 });
    const property = fc.property(fc.uniqueArray(name, { maxLength: 8 }), fc.nat(), (names, rotation) => {
      const turn = names.length === 0 ? 0 : rotation % names.length;
      const turned = [...names.slice(turn), ...names.slice(0, turn)].reverse();
      expect(turned.sort(compareNatural)).toEqual([...names].sort(compareNatural));
    });
    fc.assert(property, { seed: 2, numRuns: 500 });
  });
});
