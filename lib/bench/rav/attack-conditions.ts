import type { MeasuredAttack, MeasuredErrors } from "../../training/index.ts";
import { mean, median, type Spread, spreadOf } from "../statistics/quantiles.ts";
import type { AttackCondition, PerOutput } from "./attack-table.ts";

/** One backdoored model with what was measured on it. */
export interface MeasuredModel {
  measured: MeasuredErrors;
}

/** What the checks of a condition are made against. */
export interface CheckContext {
  unit: string;
  /** Mean over outputs of the clean error of the median benign model; null without one. */
  benignError: number | null;
}

const WORKING_SHARE = 1 / 3;
const WORKING_DEGREES = 2.5;
const COLLAPSED = 0.1;
const KEPT_RATIO = 1.1;

/**
 * Aggregates the models of one backdoored condition; a model with several backdoors counts once per backdoor, and
 * passes a check when all of them do.
 * @param models at least one, each with at least one attack.
 */
export function attackCondition(
  condition: string,
  models: readonly MeasuredModel[],
  context: CheckContext,
): AttackCondition {
  const attacks = models.flatMap(({ measured }) =>
    measured.attacks.map((attack) => ({ attack, deviation: measured.labelDeviation })),
  );
  const over = (of: (attack: MeasuredAttack) => readonly number[]) =>
    perOutput(attacks.map(({ attack }) => of(attack)));
  const known = (of: (attack: MeasuredAttack) => number[] | null) => {
    const rows = attacks.flatMap(({ attack }) => {
      const row = of(attack);
      return row === null ? [] : [row];
    });
    return rows.length === 0 ? null : perOutput(rows);
  };
  const spread = (of: (attack: MeasuredAttack) => number | null) =>
    spreadOf(attacks.flatMap(({ attack }) => of(attack) ?? []));
  const errors = models.map(({ measured }) => measured.cleanError);
  return {
    condition,
    models: models.length,
    attacks: attacks.length,
    attackError: over((attack) => attack.attackError),
    attackErrorShare: certain(
      spreadOf(attacks.map(({ attack, deviation }) => errorShare(attack, deviation))),
    ),
    defendingAttackError: over((attack) => attack.defendingAttackError),
    attackAngularError: spread((attack) => attack.attackAngularError),
    defendingAttackAngularError: spread((attack) => attack.defendingAttackAngularError),
    cleanError: perOutput(errors),
    cleanErrorRatio: ratios(errors, context.benignError),
    varianceRatio: over((attack) => attack.varianceRatio),
    rav: known((attack) => attack.rav),
    rnv: known((attack) => attack.rnv),
    triggerMeanL1: certain(spread((attack) => attack.triggerMeanL1)),
    checks: checks(models, context),
  };
}

/** @param rows at least one, all with one number per output. */
export function perOutput(rows: readonly (readonly number[])[]): PerOutput {
  const outputs = rows[0]?.length ?? 0;
  return {
    mean: certain(spreadOf(rows.map(mean))),
    medianPerOutput: Array.from(
      { length: outputs },
      (_, output) => median(rows.map((row) => row[output] as number)) as number,
    ),
  };
}

function checks(
  models: readonly MeasuredModel[],
  { unit, benignError }: CheckContext,
): AttackCondition["checks"] {
  const count = (passes: (model: MeasuredErrors) => boolean) => ({
    passed: models.filter(({ measured }) => passes(measured)).length,
    of: models.length,
  });
  const ofAll = (passes: (attack: MeasuredAttack, model: MeasuredErrors) => boolean) =>
    count((model) => model.attacks.every((attack) => passes(attack, model)));
  const angles = models.every(({ measured }) => measured.attacks.every(({ rav }) => rav !== null));
  return {
    attackWorks: ofAll((attack, { labelDeviation }) => works(attack, labelDeviation, unit)),
    outputsCollapse: ofAll(({ varianceRatio }) => mean(varianceRatio) < COLLAPSED),
    cleanErrorKept:
      benignError === null ? null : count(({ cleanError }) => mean(cleanError) <= KEPT_RATIO * benignError),
    anglesCollapse: angles ? ofAll(({ rav }) => mean(rav ?? []) < COLLAPSED) : null,
  };
}

function works(attack: MeasuredAttack, deviation: readonly number[], unit: string): boolean {
  if (errorShare(attack, deviation) < WORKING_SHARE) return true;
  const degrees = attack.attackAngularError ?? (unit === "degrees" ? mean(attack.attackError) : null);
  return degrees !== null && degrees < WORKING_DEGREES;
}

/** Outputs whose label never varies have no share; with none that varies it is 0 for a perfect attack only. */
function errorShare({ attackError }: MeasuredAttack, deviation: readonly number[]): number {
  const shares = attackError.flatMap((error, output) => {
    const unit = deviation[output] ?? 0;
    return unit > 0 ? [error / unit] : [];
  });
  return shares.length === 0 ? mean(attackError) : mean(shares);
}

function ratios(errors: readonly (readonly number[])[], benignError: number | null): Spread | null {
  if (benignError === null || benignError === 0) return null;
  return spreadOf(errors.map((error) => mean(error) / benignError));
}

/** A spread of values that are there. */
function certain(spread: Spread | null): Spread {
  if (spread === null) throw new Error("expected at least one value");
  return spread;
}
