import type { TuningSet } from "../native/addon.ts";
import type { RandomStream } from "../render/index.ts";
import type { ReversedTrigger } from "../scan/index.ts";
import { randomlyTriggered } from "./random-triggers.ts";
import {
  type MixedImages,
  mixedImages,
  mixedTriggered,
  type PictureShape,
  partlyTriggered,
  variedImage,
} from "./varied-images.ts";

/** How often an image of a lesson is varied, carries a random disturbance, and carries a trigger. */
export interface LessonForms {
  varied: number;
  disturbed: number;
  triggered: number;
}

/** An image that a lesson shows, made of two benign ones. */
export interface LessonForm {
  shown: Float32Array;
  /** The same without disturbance and trigger: what the model answers to it is what it should answer to the other. */
  benign: Float32Array;
  shares: MixedImages["shares"];
}

/** Makes one form of two images of the training set. */
export type FormMaker = (index: number, other: number) => LessonForm;

/** One maker for each kind of form; all draw from one stream. */
export function formMakers(
  { images, count }: TuningSet,
  triggers: readonly ReversedTrigger[],
  shape: PictureShape,
  random: RandomStream,
): Record<keyof LessonForms, FormMaker> {
  const length = images.length / count;
  const imageAt = (index: number) => images.subarray(index * length, (index + 1) * length);
  const varied: FormMaker = (index, other) => {
    const { pixels, shares } = mixedImages(imageAt(index), imageAt(other), shape, random);
    const benign = variedImage(pixels, shape, random);
    return { shown: benign, benign, shares };
  };
  const disturbed: FormMaker = (index, other) => {
    const form = varied(index, other);
    return { ...form, shown: randomlyTriggered(form.benign, shape, random) };
  };
  const triggered: FormMaker = (index, other) => {
    const trigger = triggers[random.index(triggers.length)] as ReversedTrigger;
    const stamped = (at: number) => ({ benign: imageAt(at), triggered: trigger.stamp(at) });
    const mixed = mixedTriggered(stamped(index), stamped(other), random);
    const shown = partlyTriggered(mixed.benign, mixed.triggered, shape, random);
    return { shown, benign: mixed.benign, shares: mixed.shares };
  };
  return { varied, disturbed, triggered };
}
