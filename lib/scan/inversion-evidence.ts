import type { InversionEvidence } from "../evidence/schema.ts";
import { bounded } from "../evidence/trigger-families.ts";
import type { InversionProgress, SessionFacts } from "../native/addon.ts";
import { inDeviations, radius } from "./deviations.ts";
import type { InversionRun } from "./method-run.ts";

/** Farther from the benign mean than this, root mean square over the outputs in deviations, no benign model is cheap. */
const AWAY = 1;

/** One entry per start of a batched inversion; none of a search. */
export function inversionEvidence(run: InversionRun, facts: SessionFacts): InversionEvidence[] {
  const { result, role } = run;
  if (role === "search") return [];
  return run.starts.map(({ origin, start }, index) => {
    const outcome = result.outcomes[index];
    if (outcome === undefined) throw new Error(`the core returned no outcome for start ${index}`);
    const { cost, collapse, reached, target, outputMean, varianceRatio, rav, rnv, multiplier } = outcome;
    const family = familyOf(run, index, facts);
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

/**
 * A patch that was left to choose its target and chose one away from the mean is what the patches that are driven there
 * are, and is judged as they are. Only the best: the scan has no pictures of the others.
 */
function familyOf(
  { family, result }: InversionRun,
  index: number,
  facts: SessionFacts,
): InversionEvidence["family"] {
  if (family !== "central-patch" || index !== result.best) return family;
  const target = [...(result.outcomes[index]?.target ?? [])];
  return radius(inDeviations(facts, target)) < AWAY ? family : "patch";
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
