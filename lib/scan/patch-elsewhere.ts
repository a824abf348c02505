import { depthOf } from "../evidence/statistics.ts";
import { TRIGGER_FAMILIES } from "../evidence/trigger-families.ts";
import { type CollapseSettings, collapseInversion } from "./collapse-inversion.ts";
import type { InversionRun, MethodContext, PlannedInversion } from "./method-run.ts";
import type { Finalist, PatchFamily } from "./patch-finalist.ts";
import { yardstickTargets } from "./targets.ts";

/** Other targets that a square is driven to: as far from the one that was found and from each other as they can be. */
export const TARGETS_ELSEWHERE = 4;
/**
 * Score from which the search leaves doubt about a square, in the units of a verdict. It is optimised for a third of the
 * steps by then, so that this lies well below the line of a clean model.
 */
const DOUBT = 0.5;
/** Forced outcomes are a yardstick: fewer images do. */
const OUTCOME_IMAGES = 64;

/** The squares of which a verdict may come to depend. */
export function doubtfulSquares(family: PatchFamily, finalists: readonly Finalist[]): Finalist[] {
  const { benign } = TRIGGER_FAMILIES[family];
  return finalists.filter((finalist) => depthOf({ family, ...finalist }) / benign >= DOUBT);
}

/**
 * The same squares, from grey, each driven to targets away from where the search brought the outputs. No starts where
 * the model's outputs have one direction.
 */
export function planElsewhere(
  context: MethodContext,
  family: PatchFamily,
  squares: readonly Finalist[],
  settings: Omit<CollapseSettings, "samples" | "outcomeImages">,
): PlannedInversion {
  const { session, plan } = context;
  const triggers = squares.flatMap(({ patch, found }) =>
    yardstickTargets(session.facts, TARGETS_ELSEWHERE, found, plan.contrast.distance).map((target) => ({
      patch,
      target,
      reference: 1,
    })),
  );
  const whole = { ...settings, outcomeImages: OUTCOME_IMAGES, samples: [] };
  return { role: "search", family, ...collapseInversion(context, triggers, whole) };
}

/**
 * What others leave is also what a square itself leaves when it is driven elsewhere; the least of all counts.
 * @param run the latest one: where no square left doubt it is the search, which drives none to a target of its own.
 */
export function withElsewhere(finalists: readonly Finalist[], run: InversionRun | undefined): Finalist[] {
  const driven = (run?.starts ?? []).flatMap(({ start: { walk, target, patch } }, index) => {
    const collapse = run?.result.outcomes[index]?.collapse;
    return walk === "still" && target !== null && collapse !== undefined ? [{ patch, collapse }] : [];
  });
  return finalists.map((finalist) => {
    const own = driven.filter(({ patch }) => patch === finalist.patch);
    return { ...finalist, reference: Math.min(finalist.reference, ...own.map(({ collapse }) => collapse)) };
  });
}
