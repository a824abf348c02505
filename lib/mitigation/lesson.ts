import type { TuningSet } from "../native/addon.ts";
import { RandomStream } from "../render/index.ts";
import type { ReversedTrigger } from "../scan/index.ts";
import { type FormMaker, formMakers, type LessonForms } from "./lesson-forms.ts";
import type { MitigationContext } from "./method-context.ts";
import { joinSets } from "./mitigation-images.ts";

/** Of fewer images labels are learned by heart, whatever is taught beside them (60 of them: docs/decisions/0016). */
const FEWEST_LABELS = 200;
/** Tells this stream from others of the same seed. */
const STREAM = 0x756e6c65;

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
 * Benign images, and of each of them forms that are mixed with another one: varied, with a random disturbance, and with a
 * reversed trigger. Benign images are taught their labels (of enough images, otherwise the model's own answers). Mixed
 * ones have none: they are taught what the model answered, before it was touched, to the same image without disturbance and
 * trigger, and as much of what it missed on the two images as is seen of those. Alone, or under disturbances and triggers,
 * the labels of a few hundred images would be learned by heart (docs/decisions/0016).
 */
export async function lessonOf(
  { sets, batch }: Pick<MitigationContext, "sets" | "batch">,
  teaching: Teaching,
  triggers: readonly ReversedTrigger[],
  forms: LessonForms,
  seed: number,
): Promise<TuningSet> {
  const random = new RandomStream(seed, STREAM);
  const makers = formMakers(sets.training, triggers, batch, random);
  const { images, count } = sets.training;
  const parts: TuningSet[] = [{ images, labels: teaching.taught, count }];
  for (const kind of ["varied", "disturbed", "triggered"] as const) {
    parts.push(await formsOf(sets.training, teaching, makers[kind], forms[kind], random));
  }
  return joinSets(parts);
}

/** So many forms of every image, with what they are taught. */
async function formsOf(
  { images, count }: TuningSet,
  { original, taught, missed }: Teaching,
  make: FormMaker,
  times: number,
  random: RandomStream,
): Promise<TuningSet> {
  const [length, outputs] = [images.length / count, taught.length / count];
  const rows = times * count;
  const shown = new Float32Array(rows * length);
  const benign = new Float32Array(rows * length);
  const corrections = new Float32Array(rows * outputs);
  const missedAt = (index: number) => missed.subarray(index * outputs, (index + 1) * outputs);
  for (let row = 0; row < rows; row++) {
    const [index, other] = [row % count, random.index(count)];
    const form = make(index, other);
    shown.set(form.shown, row * length);
    benign.set(form.benign, row * length);
    addRow(corrections, row, missedAt(index), form.shares.image);
    addRow(corrections, row, missedAt(other), form.shares.other);
  }
  const answers = await original({ images: benign, count: rows });
  const labels = answers.map((answer, at) => answer + (corrections[at] ?? 0));
  return { images: shown, labels, count: rows };
}

/** Adds a share of one row to a row of corrections. */
function addRow(corrections: Float32Array, to: number, row: Float32Array, share: number): void {
  for (const [output, value] of row.entries()) {
    const at = to * row.length + output;
    corrections[at] = (corrections[at] ?? 0) + share * value;
  }
}
