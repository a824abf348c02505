import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { DrmGuardError } from "../../../lib/errors/index.ts";
import { lowerExportedProgram } from "../../../lib/models/exported-program.ts";
import { codeOf, fixtureBytes, withJson } from "./model-fixtures.ts";

/** Either a program or one of our own errors, never anything else. */
function lowersOrRefuses(bytes: Uint8Array): void {
  try {
    lowerExportedProgram(bytes);
  } catch (error) {
    if (!(error instanceof DrmGuardError)) throw error;
  }
}

describe("any damage", () => {
  const small = fixtureBytes("hostile/scalar_output.pt2");
  const flips = fc.array(fc.tuple(fc.nat(small.length - 1), fc.integer({ min: 1, max: 255 })), {
    minLength: 1,
    maxLength: 12,
  });

  it("of single bytes gives a program or a named error", () => {
    fc.assert(
      fc.property(flips, (changes) => {
        const bytes = small.slice();
        for (const [at, bits] of changes) bytes[at] = (bytes[at] ?? 0) ^ bits;
        lowersOrRefuses(bytes);
      }),
      { numRuns: 300 },
    );
  });

  it("of the directory gives a program or a named error", () => {
    const directory = Buffer.from(small).indexOf("PK\x01\x02", 0, "latin1");
    const places = fc.array(fc.tuple(fc.integer({ min: directory, max: small.length - 1 }), fc.nat(255)), {
      minLength: 1,
      maxLength: 6,
    });
    fc.assert(
      fc.property(places, (changes) => {
        const bytes = small.slice();
        for (const [at, value] of changes) bytes[at] = value;
        lowersOrRefuses(bytes);
      }),
      { numRuns: 300 },
    );
  });

  it("by a cut gives a named error", () => {
    fc.assert(
      fc.property(fc.nat(small.length - 1), (length) => {
        expect(codeOf(() => lowerExportedProgram(small.slice(0, length)))).toBe("ERR_MODEL_TRUNCATED");
      }),
      { numRuns: 200 },
    );
  });

  it("of any value in the JSON gives a program or a named error", () => {
    const junk = fc.oneof(
      fc.jsonValue({ maxDepth: 2 }),
      fc.constantFrom(null, -1, 2 ** 53, "__proto__", {}, []),
    );
    fc.assert(
      fc.property(
        fc.constantFrom("models/model.json", "model_weights_config.json"),
        fc.nat(),
        junk,
        (record, pick, value) => {
          lowersOrRefuses(withJson(small, record, (content) => replaceNth(content, pick, value)));
        },
      ),
      { numRuns: 200 },
    );
  });
});

/** Replaces one value somewhere in a JSON tree. */
function replaceNth(root: unknown, pick: number, value: unknown): void {
  const places: [Record<string, unknown>, string][] = [];
  const visit = (node: unknown) => {
    if (typeof node !== "object" || node === null) return;
    for (const key of Object.keys(node)) {
      places.push([node as Record<string, unknown>, key]);
      visit((node as Record<string, unknown>)[key]);
    }
  };
  visit(root);
  const [parent, key] = places[pick % places.length] as [Record<string, unknown>, string];
  parent[key] = value;
}
