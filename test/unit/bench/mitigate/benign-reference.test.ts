import { readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { benignModels, runMitigate } from "../../../../lib/bench/index.ts";
import { measureReference, medianErrors } from "../../../../lib/bench/mitigate/benign-reference.ts";
import { DrmGuardError } from "../../../../lib/errors/index.ts";
import type { ZooModel } from "../../../../lib/zoo/index.ts";
import { temporaryFolder } from "../scored-zoo.ts";
import { makeManifest } from "../small-zoo.ts";
import { makeMeasured, PARTS, paperWork, request, workThatLoses } from "./paper-work.ts";

const CONDITIONS = { benign: [0, 1, 2, 3], badnets: [0, 1] };
/** Paper work misleads the benign model of seed s to 2 + s, and of 2, 3, 4, 5 the median is 3.5. */
const MEDIAN = 3.5;

function benignOf(conditions: Record<string, number[]>): ZooModel[] {
  return benignModels(makeManifest(conditions).models);
}

describe("benign models of a zoo", () => {
  it("are the first eight by condition and seed", () => {
    const { models } = makeManifest({ benign: [10, 9, 1, 0, 2, 3, 4], badnets: [0], augmented: [11, 2] });
    const zoo = models.map((model) => ({ ...model, backdoored: model.condition === "badnets" }));
    expect(benignModels(zoo).map(({ name }) => name)).toEqual([
      "augmented-2",
      "augmented-11",
      "benign-0",
      "benign-1",
      "benign-2",
      "benign-3",
      "benign-4",
      "benign-9",
    ]);
  });

  it("may be none", () => {
    expect(benignOf({ badnets: [0, 1] })).toEqual([]);
  });
});

describe("errors of benign models under an attacker's triggers", () => {
  const errors: Record<string, number[]> = {
    "benign-0": [12, 3],
    "benign-1": [14, 3.25],
    "benign-2": [11, 9],
  };
  const work = {
    measureOn: async ({ name }: ZooModel) =>
      makeMeasured({ attack: [20, 20], defending: errors[name] ?? [], clean: 1 }),
  };

  it("have a median per attack, of an odd or even number of models", async () => {
    const three = await measureReference(work, benignOf({ benign: [0, 1, 2] }), () => {});
    expect(three).toEqual({
      defendingAttackErrors: [
        [12, 14, 11],
        [3, 3.25, 9],
      ],
    });
    expect(medianErrors(three)).toEqual([12, 3.25]);
    const two = await measureReference(work, benignOf({ benign: [0, 1] }), () => {});
    expect(medianErrors(two)).toEqual([13, 3.125]);
  });

  it("are angles where labels are directions", async () => {
    const angular = {
      measureOn: async (model: ZooModel) => {
        const measured = await work.measureOn(model);
        return {
          ...measured,
          attacks: measured.attacks.map((attack) => ({ ...attack, defendingAttackAngularError: 7 })),
        };
      },
    };
    const reference = await measureReference(angular, benignOf({ benign: [0] }), () => {});
    expect(reference.defendingAttackErrors).toEqual([[7], [7]]);
  });

  it("must be numbers", async () => {
    const broken = {
      measureOn: async () => makeMeasured({ attack: [1], defending: [Number.NaN], clean: 1 }),
    };
    await expect(measureReference(broken, benignOf({ benign: [0] }), () => {})).rejects.toMatchObject({
      code: "ERR_MODEL_NONFINITE",
    });
  });
});

describe("benign reference of a bench", () => {
  it("comes from the whole zoo's benign models, whatever conditions are worked on", async () => {
    const work: string[] = [];
    const benign = benignOf(CONDITIONS);
    const bench = await runMitigate(
      await request({ badnets: [0, 1] }, { benign, openWork: paperWork(work) }),
    );
    expect(bench.benignModels).toEqual(["benign-0", "benign-1", "benign-2", "benign-3"]);
    expect(bench.references).toEqual([
      { model: "badnets-0", defendingAttackErrors: [MEDIAN] },
      { model: "badnets-1", defendingAttackErrors: [MEDIAN] },
    ]);
    // Once for both methods.
    expect(work.filter((done) => done.startsWith("on ")).toSorted()).toEqual(
      ["badnets-0", "badnets-1"]
        .flatMap((name) => bench.benignModels.map((other) => `on ${other}/${name}`))
        .toSorted(),
    );
    expect(bench.rows.map(({ asBenign }) => asBenign)).toEqual([2, 2]);
    expect(bench.rows[0]?.benignDefendingError?.median).toBe(MEDIAN);
  });

  it("is not known of a zoo without benign models, where nothing is measured", async () => {
    const work: string[] = [];
    const bench = await runMitigate(await request({ badnets: [0] }, { openWork: paperWork(work) }));
    expect(work).toEqual(["measure/badnets-0", "scan/badnets-0", "drmguard/badnets-0", "anp/badnets-0"]);
    expect(bench.benignModels).toEqual([]);
    expect(bench.references).toEqual([{ model: "badnets-0", defendingAttackErrors: null }]);
    expect(bench.rows[0]).toMatchObject({ goals: 1, benignDefendingError: null, asBenign: null });
    expect(bench.failures).toEqual([]);
  });

  it("that fails is told of, spoils no mitigation and is measured the next time", async () => {
    const out = await temporaryFolder();
    const paper = paperWork();
    const bench = await runMitigate(
      await request(CONDITIONS, {
        out,
        openWork: async (asked) => ({
          ...(await paper(asked)),
          measureOn: async () => {
            throw new DrmGuardError("ERR_CONFIG", "another file");
          },
        }),
      }),
    );
    expect(bench.failures).toEqual(
      ["badnets-0", "badnets-1"].map((model) => ({
        method: "benign reference",
        model,
        code: "ERR_CONFIG",
        message: "another file",
      })),
    );
    expect(bench.models).toHaveLength(12);
    expect(bench.rows[2]).toMatchObject({ condition: "badnets", goals: 2, failed: [], asBenign: null });
    const work: string[] = [];
    const again = await runMitigate(await request(CONDITIONS, { out, openWork: paperWork(work) }));
    expect(work.every((done) => done.startsWith("on "))).toBe(true);
    expect(work).toHaveLength(8);
    expect(again.failures).toEqual([]);
    expect(again.rows[2]).toMatchObject({ asBenign: 2 });
  });

  it("fails with its model when that cannot be read", async () => {
    const openWork = async () => {
      throw new DrmGuardError("ERR_CONFIG", "another file");
    };
    const benign = benignOf(CONDITIONS);
    const bench = await runMitigate(await request({ badnets: [0] }, { benign, openWork }));
    expect(bench.failures.map(({ method }) => method)).toEqual(["benign reference", "drmguard", "anp"]);
    expect(bench.rows[0]).toMatchObject({ failed: [{ code: "ERR_CONFIG", models: 1 }], asBenign: null });
  });
});

describe("kept references", () => {
  const path = (out: string) => join(out, "benign-reference", "badnets-0.json");

  it("are all that a second run needs", async () => {
    const out = await temporaryFolder();
    const first = await runMitigate(await request(CONDITIONS, { out }));
    expect(await readdir(join(out, "benign-reference"))).toEqual(["badnets-0.json", "badnets-1.json"]);
    const work: string[] = [];
    const second = await runMitigate(await request(CONDITIONS, { out, openWork: paperWork(work) }));
    expect(work).toEqual([]);
    expect(second.references).toEqual(first.references);
    expect(second.rows).toEqual(first.rows);
  });

  it("are taken over after an interruption, and before the mitigations are done", async () => {
    const out = await temporaryFolder();
    const controller = new AbortController();
    const openWork = paperWork([], (name) => {
      if (name !== "badnets-0") return;
      controller.abort();
      throw new DrmGuardError("ERR_CANCELLED", "stopped");
    });
    const { signal } = controller;
    const cut = runMitigate(await request(CONDITIONS, { out, openWork, jobs: 1, signal }));
    await expect(cut).rejects.toMatchObject({ code: "ERR_CANCELLED" });
    const work: string[] = [];
    const bench = await runMitigate(await request(CONDITIONS, { out, openWork: paperWork(work) }));
    expect(work.filter((done) => done.startsWith("on ") && done.endsWith("/badnets-0"))).toEqual([]);
    expect(work.filter((done) => done.startsWith("on ") && done.endsWith("/badnets-1"))).toHaveLength(4);
    expect(bench.references[0]?.defendingAttackErrors).toEqual([MEDIAN]);
  });

  it("that an earlier run did not make are measured for its results", async () => {
    const out = await temporaryFolder();
    const first = await runMitigate(await request(CONDITIONS, { out }));
    await rm(join(out, "benign-reference"), { recursive: true });
    const work: string[] = [];
    const second = await runMitigate(await request(CONDITIONS, { out, openWork: paperWork(work) }));
    expect(work.every((done) => done.startsWith("on "))).toBe(true);
    expect(work).toHaveLength(8);
    expect(second.models).toEqual(first.models);
    expect(second.rows).toEqual(first.rows);
  });

  it("of other benign models are measured anew", async () => {
    const out = await temporaryFolder();
    await runMitigate(await request(CONDITIONS, { out }));
    const work: string[] = [];
    const more = { benign: [0, 1, 2, 3, 8], badnets: [0, 1] };
    const openWork = paperWork(work);
    const bench = await runMitigate(
      await request({ badnets: [0, 1] }, { out, benign: benignOf(more), openWork }),
    );
    expect(work).toHaveLength(10);
    // Of 2, 3, 4, 5 and 10.
    expect(bench.references[0]?.defendingAttackErrors).toEqual([4]);
    const again = benignOf(more).map((model) => ({ ...model, sha256: "f".repeat(64) }));
    await runMitigate(await request({ badnets: [0, 1] }, { out, benign: again, openWork }));
    expect(work).toHaveLength(20);
  });

  it.each([
    [
      "another model",
      (kept: string) => kept.replace(/"modelSha256":"\w+"/, `"modelSha256":"${"f".repeat(64)}"`),
    ],
    ["other images", (kept: string) => kept.replace(PARTS.sha256, "e".repeat(64))],
    ["another version", (kept: string) => kept.replace('"version":"0.1.0"', '"version":"9.9.9"')],
    ["too few numbers", (kept: string) => kept.replace("[[2,3,4,5]]", "[[2,3,4]]")],
    ["another number of attacks", (kept: string) => kept.replace("[[2,3,4,5]]", "[]")],
    ["half of it", (kept: string) => kept.slice(0, 40)],
  ])("with %s are refused before any work, and stay", async (_, spoil) => {
    const out = await temporaryFolder();
    await runMitigate(await request(CONDITIONS, { out }));
    const spoilt = spoil(await readFile(path(out), "utf8"));
    await writeFile(path(out), spoilt);
    await rm(join(out, "results"), { recursive: true });
    const work: string[] = [];
    const other = await request(CONDITIONS, { out, openWork: paperWork(work) });
    await expect(runMitigate(other)).rejects.toThrow(/not a reference of this bench/);
    expect(work).toEqual([]);
    expect(await readFile(path(out), "utf8")).toBe(spoilt);
  });

  it("that can no longer be written stop the bench", async () => {
    const out = await temporaryFolder();
    const work: string[] = [];
    const openWork = workThatLoses(join(out, "benign-reference"), work);
    const bench = runMitigate(await request(CONDITIONS, { out, jobs: 1, openWork }));
    await expect(bench).rejects.toMatchObject({ code: "ERR_FILE_WRITE" });
    expect(work.at(-1)).toBe("on benign-3/badnets-0");
  });
});
