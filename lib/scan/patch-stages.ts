import type { PatchPlace } from "../native/addon.ts";
import { collapseInversion } from "./collapse-inversion.ts";
import type { InversionRun, InversionStage, MethodContext, PlannedInversion } from "./method-run.ts";

/** Side of a square as a share of the image's shorter side: larger than a trigger that should not be noticed. */
const SIDE_SHARE = 1 / 6;
const GREY = 0.5;
const INVERSION = { family: "patch", learningRate: 0.1 } as const;
/** Every square at first, on few images and for a few steps; then the best few, on more. */
const SEARCH = { stepShare: 0.2, batchSize: 4, outcomeImages: 16 } as const;
const REFINEMENT = { stepShare: 0.5, batchSize: 8, outcomeImages: 0 } as const;
/** Squares that are looked at closer, and those of them that are optimised further. */
const CANDIDATES = 12;
const FINALISTS = 6;
const INNOCENT_CONTENT = { donors: 8, images: 16 } as const;

/**
 * Patches: what the content of a small square can do, for squares all over the image. Beside it stands what
 * plain colours and other images' content do in the same place: a square over the eyes decides much of what a gaze model
 * answers, whatever is in it.
 */
export function patchStages(context: MethodContext, skip: InversionStage["skip"]): InversionStage[] {
  const { steps } = context.plan.contrast;
  const squares = squaresOver(context.shape, context.plan.input.channels);
  const search = Math.ceil(steps * SEARCH.stepShare);
  const refinement = Math.ceil(steps * REFINEMENT.stepShare);
  const skipping = skip && { skip };
  return [
    { steps: search, starts: squares.length, ...skipping, plan: () => planSearch(context, squares, search) },
    {
      steps: refinement,
      starts: FINALISTS,
      ...skipping,
      plan: (runs) => planRefinement(context, squares, runs.at(-1), refinement),
    },
  ];
}

/** Grey squares half a side apart, the last ones flush with the border. */
export function squaresOver(
  { height, width }: { height: number; width: number },
  channels: number,
): PatchPlace[] {
  const shorter = Math.min(height, width);
  const size = Math.min(shorter, Math.max(3, Math.round(shorter * SIDE_SHARE)));
  const colour = Array.from({ length: channels }, () => GREY);
  return places(height, size).flatMap((top) =>
    places(width, size).map((left) => ({ top, left, size, colour })),
  );
}

function places(extent: number, size: number): number[] {
  const stride = Math.ceil(size / 2);
  const count = Math.ceil((extent - size) / stride);
  return [...Array.from({ length: count }, (_, index) => index * stride), extent - size];
}

function planSearch(context: MethodContext, squares: readonly PatchPlace[], steps: number): PlannedInversion {
  const triggers = squares.map((patch) => ({ patch, reference: 1 }));
  const { batchSize, outcomeImages } = SEARCH;
  const settings = { ...INVERSION, batchSize, outcomeImages, steps, samples: [] };
  return { role: "search", ...collapseInversion(context, triggers, settings) };
}

async function planRefinement(
  context: MethodContext,
  squares: readonly PatchPlace[],
  search: InversionRun | undefined,
  steps: number,
): Promise<PlannedInversion> {
  const collapses = search?.result.outcomes.map(({ collapse }) => collapse) ?? [];
  const candidates = apart(squares, collapses, CANDIDATES);
  const references = await innocentCollapses(
    context,
    candidates.map(({ square }) => square),
  );
  const finalists = candidates
    .map(({ square, collapse }, index) => ({ square, collapse, reference: references[index] ?? 1 }))
    .toSorted((a, b) => a.collapse / a.reference - b.collapse / b.reference)
    .slice(0, FINALISTS);
  const triggers = finalists.map(({ square, reference }) => ({ patch: square, reference }));
  const { batchSize, outcomeImages } = REFINEMENT;
  const settings = { ...INVERSION, batchSize, outcomeImages, steps, samples: context.samples };
  return { role: "free", ...collapseInversion(context, triggers, settings) };
}

/** The squares with the least collapse, none of which covers more than half of a better one. */
function apart(
  squares: readonly PatchPlace[],
  collapses: readonly number[],
  count: number,
): { square: PatchPlace; collapse: number }[] {
  const chosen: { square: PatchPlace; collapse: number }[] = [];
  const ranked = squares
    .map((square, index) => ({ square, collapse: collapses[index] ?? Number.POSITIVE_INFINITY }))
    .toSorted((a, b) => a.collapse - b.collapse);
  for (const candidate of ranked) {
    if (chosen.length === count) break;
    if (chosen.every(({ square }) => separate(square, candidate.square))) chosen.push(candidate);
  }
  return chosen;
}

function separate(one: PatchPlace, other: PatchPlace): boolean {
  const distance = Math.max(Math.abs(one.top - other.top), Math.abs(one.left - other.left));
  return distance * 2 > one.size;
}

/** Of every square: what plain colours and the content of other benign images leave of the outputs' variance. */
function innocentCollapses(
  { session, plan, signal }: MethodContext,
  squares: readonly PatchPlace[],
): Promise<number[]> {
  const places = squares.map(({ top, left, size }) => ({ top, left, size }));
  const { seed, threads } = plan;
  return session.innocentContent({ squares: places, ...INNOCENT_CONTENT, seed, threads }, { signal });
}
