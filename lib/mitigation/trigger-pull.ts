import { movesByOffset } from "../evidence/trigger-families.ts";
import type { TuningSet } from "../native/addon.ts";
import { callNative } from "../native/call-native.ts";
import type { ReversedTrigger } from "../scan/index.ts";
import { labelStatistics } from "../training/index.ts";
import type { MitigationContext } from "./method-context.ts";

/** What a trigger that was reversed from the untouched model does to it, and to the model that was made of it. */
export interface TriggerPull {
  family: ReversedTrigger["family"];
  /** What it brings the outputs to; for families that move them, the benign mean plus the offset. */
  target: number[];
  /** As of a finding of the scan; null where there is none. */
  score: number | null;
  /** Share of the way to the target that it draws the outputs, least squares over the held-out images; below 0 it pushes them away. */
  before: number;
  after: number;
}

/**
 * From here on a trigger that was found counts as still there. Development models (docs/decisions/0016): .00 and .06 where
 * the attacker's own trigger was undone, .11 to .27 where it left an error of four to eight times the clean one.
 */
const STILL_THERE = 0.1;

/** Whether a trigger of the untouched model still works, whatever a scan of the result says. */
export function stillThere(triggers: readonly Pick<TriggerPull, "after">[]): boolean {
  return triggers.some(({ after }) => after >= STILL_THERE);
}

/** The most that any of the triggers draws the outputs; null without triggers. */
export function strongestPull(
  triggers: readonly Pick<TriggerPull, "before" | "after">[],
  side: "before" | "after",
): number | null {
  return triggers.length === 0 ? null : Math.max(...triggers.map((trigger) => trigger[side]));
}

/** What the known triggers do on the held-out images, to the model as it came and as it is now. */
export async function triggerPulls({
  tuner,
  known,
  sets: { heldOut, training },
  original,
}: Pick<MitigationContext, "tuner" | "known" | "sets" | "original">): Promise<TriggerPull[]> {
  const { count } = heldOut;
  const present = (images: Float32Array) => callNative(() => tuner.predict({ images, count }));
  const plain = { before: await original(heldOut), after: await present(heldOut.images) };
  const { mean } = labelStatistics(plain.before, tuner.outputs);
  const length = heldOut.images.length / count;
  const result: TriggerPull[] = [];
  for (const trigger of known) {
    const images = new Float32Array(heldOut.images.length);
    // They come after those of the lessons in the batch that was stamped.
    for (let image = 0; image < count; image++)
      images.set(trigger.stamp(training.count + image), image * length);
    const triggered = { before: await original({ images, count }), after: await present(images) };
    const pull = (side: "before" | "after") =>
      pullOf(trigger, { plain: plain[side], triggered: triggered[side], mean }, heldOut);
    const { family, target, score } = trigger;
    result.push({ family, target, score, before: pull("before"), after: pull("after") });
  }
  return result;
}

/** Outputs of one model to images with and without a trigger, count × d. */
interface TriggerOutputs {
  plain: Float32Array;
  triggered: Float32Array;
  /** Mean outputs of the untouched model, from which offsets count. */
  mean: readonly number[];
}

/**
 * Share of the way to a trigger's target that it draws the outputs: Σ⟨f(G(x)) − f(x), t − f(x)⟩ / Σ‖t − f(x)‖², outputs in
 * deviations of the labels; outputs whose labels never vary count nothing.
 */
export function pullOf(
  { family, target }: Pick<ReversedTrigger, "family" | "target">,
  { plain, triggered, mean }: TriggerOutputs,
  { labels, count }: TuningSet,
): number {
  const width = labels.length / count;
  const { deviation } = labelStatistics(labels, width);
  let along = 0;
  let whole = 0;
  for (const [at, output] of plain.entries()) {
    const column = at % width;
    const unit = deviation[column] ?? 0;
    if (unit === 0) continue;
    const from = movesByOffset(family) ? (mean[column] ?? 0) : output;
    const way = ((target[column] ?? 0) - from) / unit;
    along += (((triggered[at] ?? 0) - output) / unit) * way;
    whole += way ** 2;
  }
  return whole > 0 ? along / whole : 0;
}
