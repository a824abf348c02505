import type { InversionOutcome, PatchPlace } from "../native/addon.ts";
import { collapseInversion } from "./collapse-inversion.ts";
import type { InversionRun, InversionStage, MethodContext, PlannedInversion } from "./method-run.ts";

/**
 * Where patches of a family should bring the outputs. "patch": to one value away from the mean, near which every model
 * is cheap. "central-patch": to one value, wherever it is, which takes far deeper a collapse to be told from what benign
 * models do.
 */
export type PatchFamily = "patch" | "central-patch";

/** Side of a square as a share of the image's shorter side: larger than a trigger that should not be noticed. */
const SIDE_SHARE = 1 / 6;
const GREY = 0.5;
/** What the core is asked, but for sizes and starts. */
export const INVERSION = { family: "patch", effect: "fixed", learningRate: 0.1 } as const;
/** Every square at first, on few images and for a few steps; then the best few, on more. */
const SEARCH = { stepShare: 0.2, batchSize: 4, outcomeImages: 16 } as const;
const REFINEMENT = { stepShare: 0.5, batchSize: 8, outcomeImages: 0 } as const;
/** Squares that are looked at closer, and those of them that are optimised further. */
const CANDIDATES = 12;
const FINALISTS = 6;
const INNOCENT_CONTENT = { donors: 8, images: 16 } as const;

/**
 * Patches: what the content of a small square can do, for squares all over the image. Beside it stands what plain
 * colours and other images' content do in the same place: a square over the eyes decides much of what a gaze model
 * answers, whatever is in it.
 */
export function patchStages(
  context: MethodContext,
  family: PatchFamily,
  skip: InversionStage["skip"],
): InversionStage[] {
  const { steps } = context.plan.contrast;
  const squares = squaresOver(context.shape, context.plan.input.channels);
  const search = Math.ceil(steps * SEARCH.stepShare);
  const refinement = Math.ceil(steps * REFINEMENT.stepShare);
  const skipping = skip && { skip };
  return [
    {
      steps: search,
      starts: squares.length,
      batchSize: SEARCH.batchSize,
      ...skipping,
      plan: () => planSearch(context, family, squares, search),
    },
    {
      steps: refinement,
      starts: FINALISTS,
      batchSize: REFINEMENT.batchSize,
      ...skipping,
      plan: (runs) => planRefinement(context, family, squares, runs.at(-1), refinement),
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

function planSearch(
  context: MethodContext,
  family: PatchFamily,
  squares: readonly PatchPlace[],
  steps: number,
): PlannedInversion {
  const triggers = squares.map((patch) => ({ patch, reference: 1 }));
  const { batchSize, outcomeImages } = SEARCH;
  const settings = { ...settingsOf(context, family), batchSize, outcomeImages, steps, samples: [] };
  return { role: "search", family, ...collapseInversion(context, triggers, settings) };
}

function settingsOf({ plan }: MethodContext, family: PatchFamily) {
  return { ...INVERSION, distance: family === "patch" ? plan.contrast.distance : null };
}

async function planRefinement(
  context: MethodContext,
  family: PatchFamily,
  squares: readonly PatchPlace[],
  search: InversionRun | undefined,
  steps: number,
): Promise<PlannedInversion> {
  const candidates = apart(squares, search?.result.outcomes ?? [], CANDIDATES);
  const references = await innocentCollapses(
    context,
    candidates.map(({ patch }) => patch),
  );
  const finalists = candidates
    .map((candidate, index) => ({ ...candidate, reference: references[index] ?? 1 }))
    .toSorted((a, b) => a.collapse / a.reference - b.collapse / b.reference)
    .slice(0, FINALISTS);
  // They go on from what the search found: from grey again, some would not find it a second time.
  const triggers = finalists.map(({ patch, content, reference }) => ({ patch, content, reference }));
  const { batchSize, outcomeImages } = REFINEMENT;
  const settings = {
    ...settingsOf(context, family),
    batchSize,
    outcomeImages,
    steps,
    samples: context.samples,
  };
  return { role: "free", family, ...collapseInversion(context, triggers, settings) };
}

interface Candidate {
  patch: PatchPlace;
  content: Float32Array | null;
  collapse: number;
}

/** The squares with the least collapse, none of which covers more than half of a better one. */
function apart(
  squares: readonly PatchPlace[],
  outcomes: readonly InversionOutcome[],
  count: number,
): Candidate[] {
  const chosen: Candidate[] = [];
  const ranked = squares
    .map((patch, index) => {
      const { content = null, collapse = Number.POSITIVE_INFINITY } = outcomes[index] ?? {};
      return { patch, content, collapse };
    })
    .toSorted((a, b) => a.collapse - b.collapse);
  for (const candidate of ranked) {
    if (chosen.length === count) break;
    if (chosen.every(({ patch }) => separate(patch, candidate.patch))) chosen.push(candidate);
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
