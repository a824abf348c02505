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
  return baselineInconsistency(evidence);
}

function baselineInconsistency({ baseline, inversions, plan }: ScanEvidence): Inconsistency | null {
  const method = BASELINE_METHODS[plan.method];
  const kind = baseline?.kind ?? null;
  if (kind !== method) {
    return {
      field: "baseline",
      problem: `expected ${method ?? "null"} with ${plan.method}, came ${kind ?? "null"}`,
    };
  }
  if (baseline === null) return null;
  const { starts, best } = baseline;
  if (starts.length !== inversions.length) {
    const problem = `expected ${inversions.length} entries, one per inversion, came ${starts.length}`;
    return { field: "baseline.starts", problem };
  }
  if (best < starts.length) return null;
  return { field: "baseline.best", problem: `expected an index below ${starts.length}, came ${best}` };
}

/** The statistic of each method that is a baseline. */
const BASELINE_METHODS = {
  contrast: null,
  drmguard: null,
  "neural-cleanse": "mask-share",
  "feature-re": "feature-score",
} as const;

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
