import fc from "fast-check";
import { unzipSync, zipSync } from "fflate";
import { describe, expect, it } from "vitest";
import { DrmGuardError } from "../../../lib/errors/index.ts";
import { lowerExportedProgram } from "../../../lib/models/exported-program.ts";
import { replaceExportedWeights } from "../../../lib/models/replace-weights.ts";
import { codeOf, fixtureBytes } from "./model-fixtures.ts";
import {
  counting,
  ownWeights,
  recordOf,
  sameBytes,
  shared,
  sharedWeight,
  small,
  valuesOf,
} from "./weight-fixtures.ts";
import { withLayout } from "./zip-layouts.ts";

describe("the layout of an archive whose weights are replaced", () => {
  for (const [what, layout] of [
    ["checksums behind a signature", { descriptor: "signed" }],
    ["checksums without a signature", { descriptor: "bare" }],
    ["checksums before and behind the content", { descriptor: "signed", filledHeader: true }],
    ["zip64 fields", { zip64: true }],
    ["zip64 fields and descriptors", { zip64: true, descriptor: "bare" }],
  ] as const) {
    it(`may have ${what}`, () => {
      const archive = withLayout(shared, layout);
      const weight = counting(sharedWeight("lower"));
      const changed = replaceExportedWeights(archive, [weight]);
      // Written anew with the changed records, the layout gets all their checksums right.
      expect(sameBytes(withLayout(changed, layout), changed)).toBe(true);
      expect(valuesOf(changed)).toEqual(valuesOf(replaceExportedWeights(shared, [weight])));
    });
  }

  it("may not be compressed where a weight is replaced", () => {
    const compressed = zipSync(unzipSync(small), { level: 6 });
    expect(lowerExportedProgram(compressed)).toEqual(lowerExportedProgram(small));
    expect(() => replaceExportedWeights(compressed, ownWeights(small))).toThrow(
      expect.objectContaining({
        code: "ERR_MODEL_UNSUPPORTED",
        message: expect.stringMatching(/weight_0 uncompressed, but it is compressed \(zip method 8\)/),
        hint: expect.stringContaining("torch.export.save"),
      }),
    );
  });

  it("may not have records that overlap", () => {
    const archive = withLayout(small, { overlapping: ["data/weights/weight_3", "data/weights/weight_1"] });
    expect(codeOf(() => replaceExportedWeights(archive, ownWeights(small).slice(0, 1)))).toBe(
      "ERR_MODEL_UNSUPPORTED",
    );
  });

  it("is not given a good checksum for a record that is damaged", () => {
    const damaged = shared.slice();
    const place = Buffer.from(shared).indexOf(recordOf(shared, "data/weights/weight_0"));
    damaged[place] = (damaged[place] ?? 0) ^ 1;
    expect(codeOf(() => replaceExportedWeights(damaged, [sharedWeight("lower")]))).toBe(
      "ERR_MODEL_TRUNCATED",
    );
    expect(codeOf(() => replaceExportedWeights(damaged, [sharedWeight("conv.bias")]))).toBe("no error");
  });

  it("may be damaged in any way: that gives an archive or a named error", () => {
    const archive = fixtureBytes("hostile/scalar_output.pt2");
    const weights = ownWeights(archive);
    const records = Buffer.from(archive).indexOf("PK\x01\x02", 0, "latin1");
    const place = fc.oneof(
      fc.nat(archive.length - 1),
      fc.integer({ min: records, max: archive.length - 1 }),
      fc.nat(600),
    );
    fc.assert(
      fc.property(fc.array(fc.tuple(place, fc.nat(255)), { minLength: 1, maxLength: 4 }), (changes) => {
        const damaged = archive.slice();
        for (const [at, value] of changes) damaged[at] = value;
        try {
          expect(replaceExportedWeights(damaged, weights).length).toBe(damaged.length);
        } catch (error) {
          if (!(error instanceof DrmGuardError)) throw error;
        }
      }),
      { numRuns: 300 },
    );
  });
});
