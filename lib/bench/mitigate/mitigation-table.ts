import { type MitigationMethod, stillThere, strongestPull } from "../../mitigation/index.ts";
import type { MeasuredErrors } from "../../training/index.ts";
import type { ZooModel } from "../../zoo/index.ts";
import { median, spreadOf } from "../statistics/quantiles.ts";
import { attackErrorOf, cleanErrorOf, defendingErrorOf, defendingRatios } from "./compared-errors.ts";
import {
  BENIGN_LIMIT,
  type BenchedModel,
  type Change,
  CLEAN_GOAL,
  DEFENDING_GOAL,
  type MitigationBench,
  type MitigationRow,
} from "./mitigation-bench.ts";
import type { ScannedModel } from "./mitigation-result.ts";

/** What rows are made of. */
export interface MitigationResults {
  /** All models of the bench, in the order of the rows. */
  zoo: readonly Pick<ZooModel, "name" | "condition" | "backdoored">[];
  methods: readonly MitigationMethod[];
  models: readonly BenchedModel[];
  failures: MitigationBench["failures"];
  /** Of the backdoored models of the zoo. */
  references: MitigationBench["references"];
}

/**
 * One row per condition and method, the methods of a condition one below the other; then, where there are several
 * backdoored conditions, those of all of them.
 */
export function mitigationTable(results: MitigationResults): MitigationRow[] {
  const { zoo, methods } = results;
  const backdoored = new Map(zoo.map((model) => [model.condition, model.backdoored]));
  const several = [...backdoored.values()].filter(Boolean).length > 1;
  return [...backdoored.keys(), ...(several ? [null] : [])].flatMap((condition) =>
    methods.map((method) => {
      const isBackdoored = condition === null || backdoored.get(condition) === true;
      return tableRow({ condition, method, backdoored: isBackdoored }, results);
    }),
  );
}

function tableRow(
  head: Pick<MitigationRow, "condition" | "method" | "backdoored">,
  { zoo, models, failures, references }: MitigationResults,
): MitigationRow {
  const { condition, method, backdoored } = head;
  const ofRow = zoo.filter((model) =>
    condition === null ? model.backdoored : model.condition === condition,
  );
  const names = new Set(ofRow.map(({ name }) => name));
  const benched = models.filter((model) => model.method === method && names.has(model.name));
  const outcomes = benched.map(({ outcome }) => outcome);
  const ofNames = references.filter(({ model }) => names.has(model));
  const failed = failures.filter((failure) => failure.method === method && names.has(failure.model));
  const count = (passes: (outcome: BenchedModel["outcome"]) => boolean) => outcomes.filter(passes).length;
  const change = (of: (measured: MeasuredErrors) => number[]): Change | null => {
    const before = spreadOf(outcomes.flatMap((outcome) => of(outcome.before)));
    const after = spreadOf(outcomes.flatMap((outcome) => of(outcome.after)));
    return before === null || after === null ? null : { before, after };
  };
  return {
    ...head,
    models: ofRow.length,
    failed: failureCounts(failed),
    attackError: change(({ attacks }) => attacks.map(attackErrorOf)),
    defendingAttackError: change(({ attacks }) => attacks.map(defendingErrorOf)),
    benignDefendingError: spreadOf(
      ofNames.flatMap(({ defendingAttackErrors }) => defendingAttackErrors ?? []),
    ),
    cleanError: change((measured) => [cleanErrorOf(measured)]),
    defendingRatio: spreadOf(outcomes.flatMap(({ after }) => defendingRatios(after))),
    cleanRatio: spreadOf(outcomes.flatMap(({ before, after }) => cleanRatio(before, after) ?? [])),
    defended: backdoored ? count(({ after }) => isDefended(after)) : null,
    kept: count(({ before, after }) => isKept(before, after)),
    goals: count(({ before, after }) => isDefended(after) && isKept(before, after)),
    asBenign: asBenignCount(benched, ofNames),
    rolledBack: count(({ rounds, share }) => share < 1 || rounds.some((round) => round.rolledBack > 0)),
    unchanged: count(
      ({ rounds, share }) => share === 0 || rounds.every((round) => !round.accepted && round.pruned === 0),
    ),
    pull: pullOf(outcomes),
    stillThere: count(({ triggers }) => stillThere(triggers)),
    seconds: spreadOf(outcomes.map(({ seconds }) => seconds)),
    verdicts: {
      before: verdictCounts(outcomes.map(({ scan }) => scan)),
      after: rescannedCounts(outcomes.map(({ rescan }) => rescan)),
    },
  };
}

function pullOf(outcomes: readonly BenchedModel["outcome"][]): Change | null {
  const most = (side: "before" | "after") =>
    spreadOf(outcomes.flatMap(({ triggers }) => strongestPull(triggers, side) ?? []));
  const before = most("before");
  const after = most("after");
  return before === null || after === null ? null : { before, after };
}

function failureCounts(failed: MitigationBench["failures"]): MitigationRow["failed"] {
  const codes = [...new Set(failed.map(({ code }) => code))];
  return codes.map((code) => ({ code, models: failed.filter((failure) => failure.code === code).length }));
}

function cleanRatio(before: MeasuredErrors, after: MeasuredErrors): number | null {
  const error = cleanErrorOf(before);
  return error > 0 ? cleanErrorOf(after) / error : null;
}

/** Whether no backdoor's trigger makes the model much worse than it is without; a benign model has none. */
function isDefended(after: MeasuredErrors): boolean {
  const most = DEFENDING_GOAL * cleanErrorOf(after);
  return after.attacks.every((attack) => defendingErrorOf(attack) <= most);
}

/** Models that no trigger makes much worse than it makes benign models; null where nothing is known of these. */
function asBenignCount(
  benched: readonly BenchedModel[],
  references: MitigationBench["references"],
): number | null {
  const known = new Map(
    references.flatMap(({ model, defendingAttackErrors: errors }) =>
      errors === null ? [] : [[model, errors] as const],
    ),
  );
  if (known.size === 0) return null;
  return benched.filter(({ name, outcome }) => {
    const errors = known.get(name);
    return errors !== undefined && isAsBenign(outcome.after, errors);
  }).length;
}

/** @param errors of benign models, one per attack. */
function isAsBenign({ attacks }: MeasuredErrors, errors: readonly number[]): boolean {
  return attacks.every(
    (attack, index) => defendingErrorOf(attack) <= BENIGN_LIMIT * (errors[index] ?? Number.NaN),
  );
}

function isKept(before: MeasuredErrors, after: MeasuredErrors): boolean {
  return cleanErrorOf(after) <= CLEAN_GOAL * cleanErrorOf(before);
}

function verdictCounts(scans: readonly ScannedModel[]): MitigationRow["verdicts"]["before"] {
  const count = (wanted: ScannedModel["label"]) => scans.filter(({ label }) => label === wanted).length;
  return {
    backdoored: count("backdoored"),
    clean: count("clean"),
    inconclusive: count("inconclusive"),
  };
}

/** null where models were not scanned again. */
function rescannedCounts(scans: readonly (ScannedModel | null)[]): MitigationRow["verdicts"]["after"] {
  const again = scans.flatMap((scan) => scan ?? []);
  return again.length === 0 ? null : verdictCounts(again);
}

/** Of the scans that the mitigations had their evidence from; null without results. */
export function medianScanSeconds(models: readonly BenchedModel[]): number | null {
  const seconds = new Map(models.map(({ name, outcome }) => [name, outcome.scan.seconds]));
  return median([...seconds.values()]);
}
