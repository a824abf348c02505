import { DrmGuardError } from "../../errors/index.ts";
import type { ZooModel } from "../../zoo/index.ts";
import { median } from "../statistics/quantiles.ts";
import { defendingErrorOf } from "./compared-errors.ts";
import type { ModelWork } from "./model-work.ts";

/** Most benign models that attacks are measured on. */
export const MOST_BENIGN_MODELS = 8;

/** What the attacks on one model do to models that never had a backdoor. */
export interface BenignReference {
  /** One list per attack: the DAE of every benign model, in degrees or the labels' unit. */
  defendingAttackErrors: number[][];
}

/** The benign models of a whole zoo that attacks are measured on: at most 8, the first by condition and seed. */
export function benignModels(models: readonly ZooModel[]): ZooModel[] {
  return models
    .filter(({ backdoored }) => !backdoored)
    .sort((a, b) => byCodeUnits(a.condition, b.condition) || a.seed - b.seed)
    .slice(0, MOST_BENIGN_MODELS);
}

function byCodeUnits(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}

/**
 * Measures the attacks of a backdoored model on benign ones.
 * @param work of the backdoored model.
 * @param benign at least one.
 * @throws ERR_MODEL_NONFINITE when a benign model's error is no number; what measuring throws.
 */
export async function measureReference(
  work: Pick<ModelWork, "measureOn">,
  benign: readonly ZooModel[],
  onProgress: (fraction: number) => void,
): Promise<BenignReference> {
  const ofModels: number[][] = [];
  for (const model of benign) {
    onProgress(ofModels.length / benign.length);
    const { attacks } = await work.measureOn(model);
    ofModels.push(finite(attacks.map(defendingErrorOf), model));
  }
  const attacks = ofModels[0]?.length ?? 0;
  return {
    defendingAttackErrors: Array.from({ length: attacks }, (_, attack) =>
      ofModels.flatMap((errors) => errors[attack] ?? []),
    ),
  };
}

/** Of every attack, the median over the benign models of their DAE. */
export function medianErrors({ defendingAttackErrors }: BenignReference): number[] {
  return defendingAttackErrors.flatMap((errors) => median(errors) ?? []);
}

function finite(errors: number[], { name }: ZooModel): number[] {
  if (errors.every(Number.isFinite)) return errors;
  throw new DrmGuardError(
    "ERR_MODEL_NONFINITE",
    `Expected finite errors of ${name} with the attacker's trigger, got ${errors.join(", ")}.`,
  );
}
