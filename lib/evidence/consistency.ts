import type { ScanEvidence } from "./schema.ts";

/** A field that contradicts another one. */
export interface Inconsistency {
  field: string;
  problem: string;
}

/**
 * The first contradiction between fields that are each valid alone: output vectors of another length than the model
 * has outputs, or a reversed trigger that points at no inversion. null when there is none.
 */
export function firstInconsistency(evidence: ScanEvidence): Inconsistency | null {
  const { outputs } = evidence.model;
  for (const [field, length] of outputVectors(evidence)) {
    if (length !== outputs) {
      return { field, problem: `expected ${outputs} numbers, one per output, came ${length}` };
    }
  }
  const shown = evidence.reversedTrigger?.inversion;
  if (shown !== undefined && shown >= evidence.inversions.length) {
    const problem = `expected an index below ${evidence.inversions.length}, came ${shown}`;
    return { field: "reversedTrigger.inversion", problem };
  }
  return null;
}

function* outputVectors(evidence: ScanEvidence): Generator<[field: string, length: number]> {
  for (const statistic of ["mean", "deviation", "minimum", "maximum"] as const) {
    yield [`benign.${statistic}`, evidence.benign[statistic].length];
  }
  for (const [index, patch] of (evidence.probe?.best ?? []).entries()) {
    yield [`probe.best[${index}].target`, patch.target.length];
  }
  for (const [index, inversion] of evidence.inversions.entries()) {
    for (const name of ["startTarget", "target", "outputMean", "varianceRatio"] as const) {
      const vector = inversion[name];
      if (vector !== null) yield [`inversions[${index}].${name}`, vector.length];
    }
  }
  const trigger = evidence.reversedTrigger;
  if (trigger === null) return;
  yield ["reversedTrigger.target", trigger.target.length];
  for (const [index, sample] of trigger.samples.entries()) {
    yield [`reversedTrigger.samples[${index}].outputBefore`, sample.outputBefore.length];
    yield [`reversedTrigger.samples[${index}].outputAfter`, sample.outputAfter.length];
  }
}
