import { basename } from "node:path";
import { describe, expect, it } from "vitest";
import { type AttackTable, attackTableSchema, runRav } from "../../../lib/bench/index.ts";
import type { TrainedModelFacts } from "../../../lib/training/index.ts";
import { makeAttack, makeFacts, makeManifest } from "./small-zoo.ts";

/** A table of a zoo in which every model's facts are told by name. */
function tableOf(
  conditions: Record<string, number[]>,
  factsOf: (name: string) => TrainedModelFacts,
): Promise<AttackTable> {
  const readFacts = async (path: string) => factsOf(basename(path, ".json"));
  return runRav({ manifest: makeManifest(conditions), folder: "zoo", version: "0.1.0", readFacts });
}

const benign = (name: string) => makeFacts(name, [], name === "benign-0" ? [1, 1, 1] : [2, 2, 2]);

describe("table of attacks", () => {
  it("gives median and range over seeds, of the mean over outputs and per output", async () => {
    const rav = [
      [0.01, 0.02, 0.03],
      [0.05, 0.02, 0.05],
      [0.03, 0.08, 0.01],
    ];
    const table = await tableOf({ badnets: [0, 1, 2] }, (name) =>
      makeFacts(name, [makeAttack({ rav: rav[Number(name.at(-1))] ?? null })]),
    );
    const [row] = table.conditions;
    expect(row?.rav?.mean.median).toBeCloseTo(0.04);
    expect(row?.rav?.mean.minimum).toBeCloseTo(0.02);
    expect(row?.rav?.mean.maximum).toBeCloseTo(0.04);
    expect(row?.rav?.medianPerOutput).toEqual([0.03, 0.02, 0.03]);
    expect(row?.checks.anglesCollapse).toEqual({ passed: 3, of: 3 });
    expect(row?.attackErrorShare.median).toBeCloseTo(0.1);
    expect(row?.cleanErrorRatio).toBeNull();
    expect(row?.checks.cleanErrorKept).toBeNull();
    expect(attackTableSchema.parse(JSON.parse(JSON.stringify(table)))).toEqual(table);
  });

  it("compares the clean error with the median benign model", async () => {
    const table = await tableOf({ benign: [0, 1, 2], wanet: [0, 1] }, (name) =>
      name.startsWith("benign")
        ? benign(name)
        : makeFacts(name, [makeAttack()], name === "wanet-0" ? [2, 2, 2.5] : [2, 2, 2.7]),
    );
    expect(table.benign?.cleanError.mean.median).toBe(2);
    const [row] = table.conditions;
    expect(row?.cleanErrorRatio?.minimum).toBeCloseTo(6.5 / 6);
    expect(row?.checks.cleanErrorKept).toEqual({ passed: 1, of: 2 });
  });

  it.each([
    ["works by its share of the deviation", { attackError: [1.3, 2.6, 0.6] }, 1],
    ["works by its degrees", { attackError: [2.4, 2.4, 2.4] }, 1],
    ["works by its angle", { attackError: [3, 3, 3], attackAngularError: 2.4 }, 1],
    ["does not work", { attackError: [3, 3, 3] }, 0],
    ["does not work by its angle", { attackError: [2, 4, 2], attackAngularError: 2.6 }, 0],
  ])("says whether an attack works: it %s", async (_, changes, passed) => {
    const table = await tableOf({ badnets: [0] }, (name) => makeFacts(name, [makeAttack(changes)]));
    expect(table.conditions[0]?.checks.attackWorks).toEqual({ passed, of: 1 });
  });

  it("passes a model with several backdoors when all of them pass", async () => {
    const weak = makeAttack({ varianceRatio: [0.2, 0.1, 0.1] });
    const table = await tableOf({ several: [0, 1] }, (name) =>
      makeFacts(name, name === "several-0" ? [makeAttack(), weak] : [makeAttack(), makeAttack()]),
    );
    const [row] = table.conditions;
    expect([row?.models, row?.attacks]).toEqual([2, 4]);
    expect(row?.checks.outputsCollapse).toEqual({ passed: 1, of: 2 });
  });

  it("has no RAV for models without a linear head", async () => {
    const table = await tableOf({ badnets: [0] }, (name) =>
      makeFacts(name, [makeAttack({ rav: null, rnv: null })]),
    );
    expect(table.conditions[0]).toMatchObject({ rav: null, rnv: null, checks: { anglesCollapse: null } });
  });

  it("refuses an empty zoo and facts that are another model's", async () => {
    await expect(tableOf({}, benign)).rejects.toThrow(/Expected models/);
    await expect(tableOf({ benign: [0] }, () => makeFacts("other", []))).rejects.toMatchObject({
      code: "ERR_CONFIG",
    });
  });
});
