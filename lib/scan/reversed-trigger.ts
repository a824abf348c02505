import type { ScanPlan } from "../config/index.ts";
import type { InversionEvidence } from "../evidence/schema.ts";
import type { ImageBatch } from "../images/image-batch.ts";
import type { InversionStart, PatchPlace } from "../native/addon.ts";
import { attends } from "./attention.ts";
import { Budget } from "./budget.ts";
import type { InversionRun, MethodContext } from "./method-run.ts";
import type { Model } from "./model.ts";
import type { ProgressListener } from "./progress.ts";
import { openSession } from "./scan.ts";
import { NO_UNSEEN_IMAGES } from "./unseen-images.ts";

/** A trigger that an inversion found, and the images that carry it. */
export interface ReversedTrigger {
  family: InversionEvidence["family"];
  /** What the outputs are brought to; for families that move them, the benign mean plus the offset. */
  target: number[];
  /** As of a finding; null where the inversion has none. */
  score: number | null;
  /** Squares: where it lies, with what was found there. Stripes: the wave that it was optimised from. */
  start: InversionStart;
  /** Puts the trigger on image `index` of those that it was reversed on: C×H×W in [0,1]. */
  stamp(index: number): Float32Array;
}

/** The triggers of one inversion: every square, or the best of what is no square. */
export function triggersOf(
  run: InversionRun,
  images: ImageBatch,
  scoreOf: (start: number) => number | null,
): ReversedTrigger[] {
  const { family, starts, result } = run;
  const trigger = (index: number, stamp: ReversedTrigger["stamp"]): ReversedTrigger[] => {
    const { start } = starts[index] ?? {};
    const { target, content } = result.outcomes[index] ?? {};
    if (start === undefined || target === undefined) return [];
    const score = scoreOf(index);
    return [{ family, target: [...target], score, start: { ...start, content: content ?? null }, stamp }];
  };
  const squares = starts.flatMap(({ start: { patch } }, index) => {
    const content = result.outcomes[index]?.content ?? null;
    if (patch === null || content === null) return [];
    return trigger(index, (image) => stamped(images, image, patch, content));
  });
  if (squares.length > 0) return squares;
  const length = images.pixels.length / images.count;
  return trigger(result.best, (image) =>
    result.triggeredSamples.subarray(image * length, (image + 1) * length),
  );
}

/** Work on a model whose every image is a sample: its triggered forms come back. */
export async function withEveryImage<Result>(
  model: Model,
  images: ImageBatch,
  plan: ScanPlan,
  { signal, onProgress }: { signal?: AbortSignal | undefined; onProgress?: ProgressListener | undefined },
  work: (context: MethodContext) => Promise<Result>,
): Promise<Result> {
  const session = await openSession(model, images, plan, signal);
  try {
    const { count, height, width } = images;
    return await work({
      session,
      plan,
      budget: new Budget(undefined),
      shape: { count, height, width },
      attends: attends(model.description.operators),
      samples: Array.from({ length: count }, (_, index) => index),
      unseen: NO_UNSEEN_IMAGES,
      signal,
      onProgress,
    });
  } finally {
    session.dispose();
  }
}

function stamped(
  { pixels, count, channels, height, width }: ImageBatch,
  image: number,
  { top, left, size }: PatchPlace,
  content: Float32Array,
): Float32Array {
  const length = pixels.length / count;
  const result = pixels.slice(image * length, (image + 1) * length);
  for (let channel = 0; channel < channels; channel++) {
    for (let row = 0; row < size; row++) {
      const from = (channel * size + row) * size;
      result.set(content.subarray(from, from + size), (channel * height + top + row) * width + left);
    }
  }
  return result;
}
