import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { splitByPerson } from "../../../lib/data/index.ts";
import { DrmGuardError } from "../../../lib/errors/index.ts";

const source = "set";
const share = fc.double({ min: 0.01, max: 0.99, noNaN: true });
const seed = fc.integer();
/** Persons of 2 to 200 images, at least two of them. */
const persons = fc
  .array(fc.integer({ min: 0, max: 12 }), { minLength: 2, maxLength: 200 })
  .filter((list) => new Set(list).size > 1);

function dataOf(list: readonly number[] | null, count = list?.length ?? 0) {
  return { count, subjects: list === null ? null : Int32Array.from(list), source };
}

describe("a split by person", () => {
  it("holds every image once, in order, and no person on both sides", () => {
    fc.assert(
      fc.property(persons, share, seed, (list, heldOutShare, number) => {
        const { training, heldOut } = splitByPerson(dataOf(list), { heldOutShare, seed: number });
        const all = [...training, ...heldOut].sort((left, right) => left - right);
        expect(all).toEqual(list.map((_, index) => index));
        for (const side of [training, heldOut]) {
          expect(side.length).toBeGreaterThan(0);
          expect([...side]).toEqual([...side].sort((left, right) => left - right));
        }
        const measured = new Set([...heldOut].map((index) => list[index]));
        expect([...training].some((index) => measured.has(list[index]))).toBe(false);
      }),
    );
  });

  it("reaches the share, by less than one person too much, unless only one person is left", () => {
    fc.assert(
      fc.property(persons, share, seed, (list, heldOutShare, number) => {
        const { training, heldOut } = splitByPerson(dataOf(list), { heldOutShare, seed: number });
        const wanted = Math.max(1, Math.round(heldOutShare * list.length));
        const left = new Set([...training].map((index) => list[index])).size;
        if (heldOut.length < wanted) expect(left).toBe(1);
        const largest = Math.max(...list.map((person) => list.filter((each) => each === person).length));
        expect(heldOut.length).toBeLessThan(wanted + largest);
      }),
    );
  });

  it("is the same for the same seed and does not depend on the images' order", () => {
    fc.assert(
      fc.property(persons, share, seed, (list, heldOutShare, number) => {
        const options = { heldOutShare, seed: number };
        const forwards = splitByPerson(dataOf(list), options);
        expect(splitByPerson(dataOf(list), options)).toEqual(forwards);
        const backwards = splitByPerson(dataOf([...list].reverse()), options);
        const mirrored = [...backwards.heldOut].map((index) => list.length - 1 - index).reverse();
        expect(mirrored).toEqual([...forwards.heldOut]);
      }),
    );
  });

  it("splits single images where persons are unknown, exactly by the share", () => {
    const { training, heldOut } = splitByPerson(dataOf(null, 1000), { heldOutShare: 0.2, seed: 1 });
    expect([training.length, heldOut.length]).toEqual([800, 200]);
    // Neither the first nor the last fifth, nor every fifth.
    expect(heldOut.filter((index) => index < 500).length).toBeGreaterThan(70);
    expect(heldOut.filter((index) => index < 500).length).toBeLessThan(130);
    expect(new Set([...heldOut].map((index) => index % 5)).size).toBe(5);
  });

  it("differs between seeds, and stays what it is between releases", () => {
    const data = dataOf([0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7]);
    const heldOut = (number: number) => [
      ...splitByPerson(data, { heldOutShare: 0.25, seed: number }).heldOut,
    ];
    const found = Array.from({ length: 40 }, (_, number) => heldOut(number).join());
    expect(new Set(found).size).toBeGreaterThan(10);
    // Models in the field were trained on such a split: a change here would measure them on their training images.
    expect(heldOut(1)).toEqual([2, 3, 6, 7]);
  });

  it.each([0, 1, -0.5, Number.NaN, 2])("refuses the share %f", (heldOutShare) => {
    expect(() => splitByPerson(dataOf([0, 1]), { heldOutShare, seed: 1 })).toThrow(DrmGuardError);
  });

  it("refuses a seed that is no whole number, and a set of one person or image", () => {
    const half = { heldOutShare: 0.5, seed: 1 };
    expect(() => splitByPerson(dataOf([0, 1]), { ...half, seed: 0.5 })).toThrow(/seed/);
    expect(() => splitByPerson(dataOf([3, 3, 3]), half)).toThrow(/two persons in set.*got 1/);
    expect(() => splitByPerson(dataOf(null, 1), half)).toThrow(/two images in set.*got 1/);
  });
});
