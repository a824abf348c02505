import type { MitigationMethod } from "../../mitigation/index.ts";
import type { MeasuredAttack, MeasuredErrors } from "../../training/index.ts";
import type { ZooModel } from "../../zoo/index.ts";
import { mean, median, spreadOf } from "../statistics/quantiles.ts";
import {
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
  { zoo, models, failures }: MitigationResults,
): MitigationRow {
  const { condition, method, backdoored } = head;
  const ofRow = zoo.filter((model) =>
    condition === null ? model.backdoored : model.condition === condition,
  );
  const names = new Set(ofRow.map(({ name }) => name));
  const outcomes = models
    .filter((model) => model.method === method && names.has(model.name))
    .map(({ outcome }) => outcome);
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
    cleanError: change((measured) => [cleanErrorOf(measured)]),
    defendingRatio: spreadOf(outcomes.flatMap(({ after }) => defendingRatios(after))),
    cleanRatio: spreadOf(outcomes.flatMap(({ before, after }) => cleanRatio(before, after) ?? [])),
    defended: backdoored ? count(({ after }) => isDefended(after)) : null,
    kept: count(({ before, after }) => isKept(before, after)),
    goals: count(({ before, after }) => isDefended(after) && isKept(before, after)),
    rolledBack: count(({ rounds, share }) => share < 1 || rounds.some((round) => round.rolledBack > 0)),
    unchanged: count(
      ({ rounds, share }) => share === 0 || rounds.every((round) => !round.accepted && round.pruned === 0),
    ),
    seconds: spreadOf(outcomes.map(({ seconds }) => seconds)),
    verdicts: {
      before: verdictCounts(outcomes.map(({ scan }) => scan)),
      after: rescannedCounts(outcomes.map(({ rescan }) => rescan)),
    },
  };
}

function failureCounts(failed: MitigationBench["failures"]): MitigationRow["failed"] {
  const codes = [...new Set(failed.map(({ code }) => code))];
  return codes.map((code) => ({ code, models: failed.filter((failure) => failure.code === code).length }));
}

/** Models compare by the angle between directions where labels are directions, else by the mean over outputs. */
export function cleanErrorOf({ cleanAngularError, cleanError }: MeasuredErrors): number {
  return cleanAngularError ?? mean(cleanError);
}

/** @see cleanErrorOf */
export function attackErrorOf({ attackAngularError, attackError }: MeasuredAttack): number {
  return attackAngularError ?? mean(attackError);
}

/** @see cleanErrorOf */
export function defendingErrorOf(attack: MeasuredAttack): number {
  return attack.defendingAttackAngularError ?? mean(attack.defendingAttackError);
}

/** DAE over clean error, one per backdoor; none for a model without error. */
export function defendingRatios(measured: MeasuredErrors): number[] {
  const clean = cleanErrorOf(measured);
  return clean > 0 ? measured.attacks.map((attack) => defendingErrorOf(attack) / clean) : [];
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
