import { collapseInversion } from "./collapse-inversion.ts";
import type { InversionStage, MethodContext, PlannedInversion } from "./method-run.ts";
import { patchSizes } from "./patch-sizes.ts";

/** Offsets shorter than half a benign deviation are left to the model's own errors. */
const LEAST_OFFSET = 0.5;
const PROBE_IMAGES = 8;
const KEPT = 6;
/** Squares are measured as the sweep found them: a step this short changes nothing. */
const MEASUREMENT = {
  family: "patch",
  effect: "offset",
  steps: 1,
  batchSize: 2,
  learningRate: 1e-9,
  outcomeImages: 0,
  distance: LEAST_OFFSET,
} as const;

/**
 * Patches that move all outputs by one offset instead of bringing them to one value. Plain squares only, by a sweep of
 * forward passes: an optimised square of any model adds the same features to every image, and so the same offset to
 * every output (docs/decisions/0014).
 */
export function offsetStages(context: MethodContext, skip: InversionStage["skip"]): InversionStage[] {
  const { steps, batchSize } = MEASUREMENT;
  return [{ steps, starts: KEPT, batchSize, ...(skip && { skip }), plan: () => planOffsets(context) }];
}

async function planOffsets(context: MethodContext): Promise<PlannedInversion> {
  const { session, shape, plan, samples, signal } = context;
  const { seed, threads } = plan;
  const images = Math.min(PROBE_IMAGES, shape.count);
  const sizes = patchSizes(shape);
  const sweep = await session.probe(
    { images, sizes, keep: KEPT, leastOffset: LEAST_OFFSET, seed, threads },
    { signal },
  );
  const squares = sweep.best.map(({ top, left, size, colour }) => ({
    patch: { top, left, size, colour },
    content: Float32Array.from(colour.flatMap((value) => Array.from({ length: size * size }, () => value))),
    // A square that does nothing is as far from the offset as that is long.
    reference: LEAST_OFFSET ** 2,
  }));
  return {
    role: "free",
    family: "offset-patch",
    ...collapseInversion(context, squares, { ...MEASUREMENT, samples }),
  };
}
