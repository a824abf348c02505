import { depthOf } from "../evidence/statistics.ts";
import { TRIGGER_FAMILIES } from "../evidence/trigger-families.ts";
import type { PatchPlace } from "../native/addon.ts";
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
  const targets = squares.map(({ found }) =>
    yardstickTargets(session.facts, TARGETS_ELSEWHERE, found, plan.contrast.distance),
  );
  const triggers = squares.flatMap(({ patch }, square) =>
    (targets[square] ?? []).map((target) => ({ patch, target, reference: 1 })),
  );
  const outcomeImages = Math.min(OUTCOME_IMAGES, context.shape.count);
  return {
    role: "search",
    family,
    ...collapseInversion(context, triggers, { ...settings, outcomeImages, samples: [] }),
  };
}

/** What others leave is also what a square itself leaves when it is driven elsewhere; the least of all counts. */
export function withElsewhere(finalists: readonly Finalist[], run: InversionRun | undefined): Finalist[] {
  const driven = (run?.starts ?? []).flatMap(({ start }, index) => {
    const collapse = run?.result.outcomes[index]?.collapse;
    return start.walk === "still" && start.patch !== null && collapse !== undefined
      ? [{ patch: start.patch, collapse }]
      : [];
  });
  return finalists.map((finalist) => {
    const own = driven.filter(({ patch }) => samePlace(patch, finalist.patch));
    return { ...finalist, reference: Math.min(finalist.reference, ...own.map(({ collapse }) => collapse)) };
  });
}

function samePlace(one: PatchPlace, other: PatchPlace): boolean {
  return one.top === other.top && one.left === other.left && one.size === other.size;
}
