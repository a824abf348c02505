import { describe, expect, it } from "vitest";
import type { BenchedModel } from "../../../../lib/bench/mitigate/mitigation-bench.ts";
import { mitigationTable } from "../../../../lib/bench/mitigate/mitigation-table.ts";
import type { MitigationMethod } from "../../../../lib/mitigation/index.ts";
import { makeManifest } from "../small-zoo.ts";
import { makeBenched, makeOutcome, makePull, makeRound } from "./paper-work.ts";

const BEFORE = { attack: [1], defending: [12], clean: 2 };
const GOOD = { attack: [11], defending: [2.1], clean: 2.02 };

function table(
  conditions: Record<string, number[]>,
  models: BenchedModel[],
  changes: {
    methods?: MitigationMethod[];
    failures?: { method: MitigationMethod; model: string }[];
    benign?: Record<string, number[] | null>;
  } = {},
) {
  const failures = (changes.failures ?? []).map(
    (failure) => ({ ...failure, code: "ERR_NONFINITE", message: "it diverged" }) as const,
  );
  const methods = changes.methods ?? ["drmguard"];
  const references = Object.entries(changes.benign ?? {}).map(([model, defendingAttackErrors]) => ({
    model,
    defendingAttackErrors,
  }));
  return mitigationTable({ zoo: makeManifest(conditions).models, methods, models, failures, references });
}

describe("mitigation table", () => {
  it("gives median and range over seeds, before and after", () => {
    const [row] = table({ badnets: [0, 1, 2] }, [
      makeBenched("drmguard", "badnets-0", makeOutcome(BEFORE, GOOD, { seconds: 10 })),
      makeBenched(
        "drmguard",
        "badnets-1",
        makeOutcome(
          { ...BEFORE, attack: [3], clean: 4 },
          { attack: [9], defending: [6], clean: 4 },
          { seconds: 30 },
        ),
      ),
      makeBenched(
        "drmguard",
        "badnets-2",
        makeOutcome({ ...BEFORE, attack: [2] }, { ...GOOD, clean: 2.2 }, { seconds: 14 }),
      ),
    ]);
    expect(row?.attackError).toEqual({
      before: { median: 2, minimum: 1, maximum: 3 },
      after: { median: 11, minimum: 9, maximum: 11 },
    });
    expect(row?.defendingAttackError?.after).toEqual({ median: 2.1, minimum: 2.1, maximum: 6 });
    expect(row?.cleanError?.before).toEqual({ median: 2, minimum: 2, maximum: 4 });
    expect(row?.defendingRatio?.maximum).toBeCloseTo(1.5);
    expect(row?.cleanRatio?.maximum).toBeCloseTo(1.1);
    // The second is not defended, the third's clean error was not kept.
    expect(row).toMatchObject({ models: 3, defended: 2, kept: 2, goals: 1, failed: [] });
    expect(row?.seconds).toEqual({ median: 14, minimum: 10, maximum: 30 });
  });

  it("counts every backdoor of a model, and defends it when none is left", () => {
    const several = { attack: [1, 1], defending: [12, 10], clean: 2 };
    const [row] = table({ several: [0, 1] }, [
      makeBenched(
        "drmguard",
        "several-0",
        makeOutcome(several, { attack: [9, 9], defending: [2, 7], clean: 2 }),
      ),
      makeBenched(
        "drmguard",
        "several-1",
        makeOutcome(several, { attack: [9, 9], defending: [2.1, 2.2], clean: 2 }),
      ),
    ]);
    expect(row?.defendingAttackError?.after.maximum).toBe(7);
    expect(row?.defendingRatio?.maximum).toBe(3.5);
    expect(row).toMatchObject({ models: 2, defended: 1, goals: 1 });
  });

  it("counts models that err as benign ones do with the same trigger, near the clean error or not", () => {
    const mitigated = (defending: number[]) => makeOutcome(BEFORE, { attack: [9, 9], defending, clean: 2 });
    const zoo = { several: [0, 1, 2, 3, 4], wanet: [0] };
    const models = [
      // The lines are 1.1 × 12 = 13.2 and 1.1 × 3 = 3.3.
      makeBenched("drmguard", "several-0", mitigated([13.19, 3.29])),
      makeBenched("drmguard", "several-1", mitigated([13.21, 3.29])),
      makeBenched("drmguard", "several-2", mitigated([2, 3.31])),
      // Of this one nothing is known, and the last one failed.
      makeBenched("drmguard", "several-3", mitigated([2, 2])),
    ];
    const benign = {
      "several-0": [12, 3],
      "several-1": [12, 3],
      "several-2": [14, 3],
      "several-3": null,
      "several-4": [20, 5],
    };
    const failures = [{ method: "drmguard", model: "several-4" }] as const;
    const rows = table(zoo, models, { benign, failures: [...failures] });
    // Sorted: 3 3 3 5 12 12 14 20.
    expect(rows[0]?.benignDefendingError).toEqual({ median: 8.5, minimum: 3, maximum: 20 });
    expect(rows[0]).toMatchObject({ models: 5, defended: 1, asBenign: 1 });
    expect(rows[1]).toMatchObject({ condition: "wanet", benignDefendingError: null, asBenign: null });
    expect(rows[2]).toMatchObject({ condition: null, models: 6, asBenign: 1 });
    expect(rows[2]?.benignDefendingError).toEqual(rows[0]?.benignDefendingError);
  });

  it("measures angles where labels are directions", () => {
    const outcome = makeOutcome(BEFORE, GOOD);
    for (const [side, angle] of [
      [outcome.before, 5],
      [outcome.after, 5.1],
    ] as const) {
      side.cleanAngularError = angle;
      for (const attack of side.attacks) {
        attack.attackAngularError = 20;
        attack.defendingAttackAngularError = 5.2;
      }
    }
    // An angle of 5.2 is within 1.1 × 4.8; the mean over outputs is 2.1 and would be within 1.1 × 2.
    const models = [makeBenched("drmguard", "badnets-0", outcome)];
    const [row] = table({ badnets: [0] }, models, { benign: { "badnets-0": [4.8] } });
    expect(row?.asBenign).toBe(1);
    expect(table({ badnets: [0] }, models, { benign: { "badnets-0": [2] } })[0]?.asBenign).toBe(0);
    expect(row?.attackError?.before.median).toBe(20);
    expect(row?.cleanError?.after.median).toBe(5.1);
    expect(row?.defendingRatio?.median).toBeCloseTo(5.2 / 5.1);
    expect(row?.cleanRatio?.median).toBeCloseTo(1.02);
  });

  it("asks of benign models that no harm is done", () => {
    const [row] = table({ benign: [0, 1] }, [
      makeBenched("drmguard", "benign-0", makeOutcome({ clean: 2 }, { clean: 2.05 })),
      makeBenched("drmguard", "benign-1", makeOutcome({ clean: 2 }, { clean: 2.07 })),
    ]);
    expect(row).toMatchObject({ backdoored: false, attackError: null, defendingAttackError: null });
    expect(row).toMatchObject({ defendingRatio: null, defended: null, kept: 1, goals: 1 });
    expect(row).toMatchObject({ benignDefendingError: null, asBenign: null });
  });

  it("has the methods of a condition together, and all backdoored conditions last", () => {
    const rows = table({ benign: [0], badnets: [0], wanet: [0] }, [], { methods: ["drmguard", "anp"] });
    expect(rows.map(({ condition, method }) => [condition, method])).toEqual([
      ["benign", "drmguard"],
      ["benign", "anp"],
      ["badnets", "drmguard"],
      ["badnets", "anp"],
      ["wanet", "drmguard"],
      ["wanet", "anp"],
      [null, "drmguard"],
      [null, "anp"],
    ]);
    expect(rows.at(-1)).toMatchObject({ models: 2, backdoored: true });
  });

  it("counts failures, which meet no goal", () => {
    const models = [makeBenched("drmguard", "badnets-0", makeOutcome(BEFORE, GOOD))];
    const failures = [
      { method: "drmguard", model: "badnets-1" },
      { method: "drmguard", model: "badnets-2" },
      { method: "anp", model: "badnets-0" },
    ] as const;
    const [row, other] = table({ badnets: [0, 1, 2] }, models, {
      methods: ["drmguard", "anp"],
      failures: [...failures],
    });
    expect(row).toMatchObject({ models: 3, goals: 1, failed: [{ code: "ERR_NONFINITE", models: 2 }] });
    expect(other).toMatchObject({ models: 3, goals: 0, failed: [{ code: "ERR_NONFINITE", models: 1 }] });
    expect(other).toMatchObject({ cleanError: null, cleanRatio: null, seconds: null });
  });

  it("tells models that were rolled back from those that came out unchanged", () => {
    const withRounds = (name: string, ...rounds: ReturnType<typeof makeRound>[]) =>
      makeBenched("drmguard", name, makeOutcome(BEFORE, GOOD, { rounds }));
    const [row] = table({ badnets: [0, 1, 2, 3, 4, 5] }, [
      // All of the way back in the end, and a part of it.
      makeBenched("drmguard", "badnets-4", makeOutcome(BEFORE, BEFORE, { share: 0 })),
      makeBenched("drmguard", "badnets-5", makeOutcome(BEFORE, GOOD, { share: 0.9 })),
      withRounds("badnets-0", makeRound(), makeRound({ rolledBack: 1 })),
      withRounds("badnets-1", makeRound({ rolledBack: 3, accepted: false })),
      // What was pruned stays when the training after it is taken back.
      withRounds("badnets-2", makeRound({ pruned: 4, rolledBack: 3, accepted: false })),
      withRounds("badnets-3"),
    ]);
    expect(row).toMatchObject({ rolledBack: 5, unchanged: 3 });
  });

  it("takes of every model the trigger that pulls most, before and after, and counts those that still work", () => {
    const withTriggers = (name: string, ...triggers: ReturnType<typeof makePull>[]) =>
      makeBenched("drmguard", name, makeOutcome(BEFORE, GOOD, { triggers }));
    const rows = table({ badnets: [0, 1, 2, 3, 4], wanet: [0] }, [
      // The one that pulled most before is not the one that does after.
      withTriggers("badnets-0", makePull(0.9, 0.01), makePull(0.4, 0.05)),
      withTriggers("badnets-1", makePull(0.7, -0.1)),
      withTriggers("badnets-2", makePull(0.8, 0.1), makePull(0.5, 0.25)),
      withTriggers("badnets-3"),
      withTriggers("wanet-0"),
    ]);
    expect(rows[0]?.pull).toEqual({
      before: { median: 0.8, minimum: 0.7, maximum: 0.9 },
      after: { median: 0.05, minimum: -0.1, maximum: 0.25 },
    });
    expect(rows[0]?.stillThere).toBe(1);
    expect(rows[1]).toMatchObject({ condition: "wanet", pull: null, stillThere: 0 });
    expect(rows[2]).toMatchObject({ condition: null, stillThere: 1 });
    expect(rows[2]?.pull).toEqual(rows[0]?.pull);
  });

  it("counts verdicts before, and after where there was another scan", () => {
    const clean = { score: 0.5, label: "clean", family: "patch", seconds: 20 } as const;
    const [once] = table({ badnets: [0] }, [makeBenched("drmguard", "badnets-0", makeOutcome(BEFORE, GOOD))]);
    expect(once?.verdicts).toEqual({
      before: { backdoored: 1, clean: 0, inconclusive: 0 },
      after: null,
    });
    const [twice] = table({ badnets: [0] }, [
      makeBenched("drmguard", "badnets-0", makeOutcome(BEFORE, GOOD, { rescan: clean })),
    ]);
    expect(twice?.verdicts.after).toEqual({ backdoored: 0, clean: 1, inconclusive: 0 });
  });

  it("has no ratio to an error of nothing", () => {
    const perfect = { attack: [9], defending: [0], clean: 0 };
    const [row] = table({ badnets: [0] }, [
      makeBenched("drmguard", "badnets-0", makeOutcome(perfect, perfect)),
    ]);
    expect(row).toMatchObject({ defendingRatio: null, cleanRatio: null, goals: 1 });
  });
});
