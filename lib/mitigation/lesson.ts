import type { TuningSet } from "../native/addon.ts";
import { RandomStream } from "../render/index.ts";
import type { ReversedTrigger } from "../scan/index.ts";
import type { MitigationContext } from "./method-context.ts";
import { joinSets } from "./mitigation-images.ts";
import { randomlyTriggered } from "./random-triggers.ts";
import { mixedImages, partlyTriggered, variedImage } from "./varied-images.ts";

/** Of fewer images labels are learned by heart, whatever is taught beside them (60 of them: docs/decisions/0016). */
const FEWEST_LABELS = 200;
/** Tells this stream from others of the same seed. */
const STREAM = 0x756e6c65;

/** How often an image of a lesson is varied, carries a random disturbance, and carries a trigger. */
export interface LessonForms {
  varied: number;
  disturbed: number;
  triggered: number;
}

/** What lessons take their answers from. */
export interface Teaching {
  /** What the model answered before it was touched, to any images: count × d. */
  original: MitigationContext["original"];
  /** What the benign images are taught, count × d: their labels, or those answers where there are too few. */
  taught: Float32Array;
  /** By how much the model's answers miss that, count × d. */
  missed: Float32Array;
}

export async function teachingOf({ original, sets }: MitigationContext): Promise<Teaching> {
  const { labels, count } = sets.training;
  const answers = await original(sets.training);
  const taught = count < FEWEST_LABELS ? answers : labels;
  return { original, taught, missed: taught.map((label, at) => label - (answers[at] ?? 0)) };
}

/**
 * Benign images and varied ones, some with a random disturbance, and as many with a reversed trigger. Images with and
 * without disturbance and trigger are taught their labels (of enough images, otherwise the model's own answers). Varied
 * ones have none: they are taught what the model answered before it was touched, and as much of what it missed on the
 * images that they are made of as is seen of those. Alone, the labels of a few hundred images would be learned by heart.
 */
export async function lessonOf(
  { sets, batch }: Pick<MitigationContext, "sets" | "batch">,
  { original, taught, missed }: Teaching,
  triggers: readonly ReversedTrigger[],
  forms: LessonForms,
  seed: number,
): Promise<TuningSet> {
  const { images, count } = sets.training;
  const length = images.length / count;
  const random = new RandomStream(seed, STREAM);
  const imageAt = (index: number) => images.subarray(index * length, (index + 1) * length);
  const outputs = taught.length / count;
  const missedAt = (index: number) => missed.subarray(index * outputs, (index + 1) * outputs);
  const varied = new Float32Array(forms.varied * images.length);
  const corrections = new Float32Array(forms.varied * taught.length);
  const disturbed = new Float32Array(forms.disturbed * images.length);
  const triggered = new Float32Array(forms.triggered * images.length);
  for (let index = 0; index < count; index++) {
    const image = imageAt(index);
    for (let form = 0; form < forms.disturbed; form++) {
      disturbed.set(randomlyTriggered(image, batch, random), (form * count + index) * length);
    }
    for (let form = 0; form < forms.varied; form++) {
      const at = form * count + index;
      const other = random.index(count);
      const { pixels, shares } = mixedImages(image, imageAt(other), batch, random);
      varied.set(variedImage(pixels, batch, random), at * length);
      addRow(corrections, at, missedAt(index), shares.image);
      addRow(corrections, at, missedAt(other), shares.other);
    }
    for (let form = 0; form < forms.triggered; form++) {
      const trigger = triggers[random.index(triggers.length)] as ReversedTrigger;
      const stamped = partlyTriggered(image, trigger.stamp(index), batch, random);
      triggered.set(stamped, (form * count + index) * length);
    }
  }
  const answers = await original({ images: varied, count: forms.varied * count });
  const corrected = answers.map((answer, at) => answer + (corrections[at] ?? 0));
  return joinSets([
    { images, labels: taught, count },
    { images: varied, labels: corrected, count: forms.varied * count },
    { images: disturbed, labels: repeated(taught, forms.disturbed), count: forms.disturbed * count },
    { images: triggered, labels: repeated(taught, forms.triggered), count: forms.triggered * count },
  ]);
}

/** Adds a share of one row to a row of corrections. */
function addRow(corrections: Float32Array, to: number, row: Float32Array, share: number): void {
  for (const [output, value] of row.entries()) {
    const at = to * row.length + output;
    corrections[at] = (corrections[at] ?? 0) + share * value;
  }
}

function repeated(values: Float32Array, times: number): Float32Array {
  const result = new Float32Array(times * values.length);
  for (let time = 0; time < times; time++) result.set(values, time * values.length);
  return result;
}
