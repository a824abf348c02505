import type { MeasuredAttack, MeasuredErrors } from "../../training/index.ts";
import { mean } from "../statistics/quantiles.ts";

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
