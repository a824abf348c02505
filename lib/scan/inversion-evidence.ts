import type { InversionEvidence } from "../evidence/schema.ts";
import { bounded } from "../evidence/trigger-families.ts";
import type { InversionProgress } from "../native/addon.ts";
import type { InversionRun } from "./method-run.ts";

/** One entry per start of a batched inversion; none of a search. */
export function inversionEvidence(run: InversionRun): InversionEvidence[] {
  const { result, role, family } = run;
  if (role === "search") return [];
  return run.starts.map(({ origin, start }, index) => {
    const outcome = result.outcomes[index];
    if (outcome === undefined) throw new Error(`the core returned no outcome for start ${index}`);
    const { cost, collapse, reached, target, outputMean, varianceRatio, rav, rnv, multiplier } = outcome;
    return {
      family,
      role,
      origin,
      // A target that goes with the outputs has no beginning.
      startTarget: start.walk === "outward" ? null : start.target,
      target: [...target],
      cost,
      collapse,
      reference: bounded(family) ? start.reference : null,
      reached,
      outputMean: [...outputMean],
      varianceRatio: [...varianceRatio],
      rav: rav === null ? null : [...rav],
      rnv: rnv === null ? null : [...rnv],
      multiplier,
      curve: result.curve.map((point) => pointOf(point, index)),
    };
  });
}

function pointOf(point: InversionProgress, start: number): InversionEvidence["curve"][number] {
  return {
    step: point.step,
    loss: point.loss[start] ?? Number.NaN,
    cost: point.cost[start] ?? Number.NaN,
    collapse: point.collapse[start] ?? Number.NaN,
    rav: point.rav[start] ?? null,
  };
}
