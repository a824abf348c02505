import type { InversionOutcome, PatchPlace } from "../native/addon.ts";
import { collapseInversion } from "./collapse-inversion.ts";
import type { InversionRun, InversionStage, MethodContext, PlannedInversion } from "./method-run.ts";
import { doubtfulSquares, planElsewhere, TARGETS_ELSEWHERE, withElsewhere } from "./patch-elsewhere.ts";
import type { Finalist, PatchFamily } from "./patch-finalist.ts";

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
 * answers, whatever is in it. And, in a model with attention, where that leaves doubt, what the square can do towards other
 * targets: an innocent model that a square can lead anywhere is led everywhere, a backdoor to one target.
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
  let finalists: Finalist[] = [];
  const elsewhere: InversionStage = {
    steps: search + refinement,
    starts: FINALISTS * TARGETS_ELSEWHERE,
    batchSize: REFINEMENT.batchSize,
    ...skipping,
    plan: async (runs) => {
      finalists = await chooseFinalists(context, squares, runs.at(-1));
      const { batchSize } = REFINEMENT;
      const settings = { ...settingsOf(context, family), batchSize, steps: search + refinement };
      return planElsewhere(context, family, doubtfulSquares(family, finalists), settings);
    },
  };
  return [
    {
      steps: search,
      starts: squares.length,
      batchSize: SEARCH.batchSize,
      ...skipping,
      plan: () => planSearch(context, family, squares, search),
    },
    ...(context.attends ? [elsewhere] : []),
    {
      steps: refinement,
      starts: FINALISTS,
      batchSize: REFINEMENT.batchSize,
      ...skipping,
      plan: async (runs) => {
        const compared = context.attends
          ? withElsewhere(finalists, runs.at(-1))
          : await chooseFinalists(context, squares, runs.at(-1));
        return planRefinement(context, family, compared, refinement);
      },
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

async function chooseFinalists(
  context: MethodContext,
  squares: readonly PatchPlace[],
  search: InversionRun | undefined,
): Promise<Finalist[]> {
  const candidates = apart(squares, search?.result.outcomes ?? [], CANDIDATES);
  const references = await innocentCollapses(
    context,
    candidates.map(({ patch }) => patch),
  );
  return candidates
    .map((candidate, index) => ({ ...candidate, reference: references[index] ?? 1 }))
    .toSorted((a, b) => a.collapse / a.reference - b.collapse / b.reference)
    .slice(0, FINALISTS);
}

function planRefinement(
  context: MethodContext,
  family: PatchFamily,
  finalists: readonly Finalist[],
  steps: number,
): PlannedInversion {
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

type Candidate = Omit<Finalist, "reference">;

/** The squares with the least collapse, none of which covers more than half of a better one. */
function apart(
  squares: readonly PatchPlace[],
  outcomes: readonly InversionOutcome[],
  count: number,
): Candidate[] {
  const chosen: Candidate[] = [];
  const ranked = squares
    .map((patch, index) => {
      const { content = null, collapse = Number.POSITIVE_INFINITY, target = [] } = outcomes[index] ?? {};
      return { patch, content, collapse, found: [...target] };
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
