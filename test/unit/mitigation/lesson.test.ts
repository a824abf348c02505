import { describe, expect, it } from "vitest";
import { lessonOf, teachingOf } from "../../../lib/mitigation/lesson.ts";
import type { LessonForms } from "../../../lib/mitigation/lesson-forms.ts";
import type { MitigationContext } from "../../../lib/mitigation/method-context.ts";
import type { TuningSet } from "../../../lib/native/addon.ts";
import { RandomStream } from "../../../lib/render/index.ts";
import type { ReversedTrigger } from "../../../lib/scan/index.ts";

/** Enough for labels. */
const COUNT = 200;
const SHAPE = { channels: 3, height: 8, width: 8 };
const LENGTH = 3 * 8 * 8;
const random = new RandomStream(1);
const images = Float32Array.from({ length: COUNT * LENGTH }, () => random.uniform(0, 1));
const FORMS: LessonForms = { varied: 3, disturbed: 2, triggered: 1 };
/** What the untouched model answers to any image. */
const ANSWER = [5, -20];
/** What it misses on every benign image. */
const MISSED = [0.5, -3];

/** Whiter than white, so that it is seen wherever it is. */
const TRIGGER = 2;
const triggers = [
  {
    family: "patch",
    stamp: (index: number) => {
      const image = images.slice(index * LENGTH, (index + 1) * LENGTH);
      return image.fill(TRIGGER, 0, 4);
    },
  },
] as unknown as ReversedTrigger[];

function answers({ count }: Pick<TuningSet, "count">): Float32Array {
  return Float32Array.from({ length: 2 * count }, (_, at) => ANSWER[at % 2] ?? Number.NaN);
}

/** A lesson, the labels of every kind of image in it, row by row, and the images that the untouched model was asked about. */
async function taught(labels: Float32Array, count = COUNT) {
  const asked: Float32Array[] = [];
  const training = { images: images.subarray(0, count * LENGTH), labels, count };
  const context = {
    original: async (set: Pick<TuningSet, "count" | "images">) => {
      asked.push(set.images);
      return answers(set);
    },
    sets: { training, heldOut: training },
    batch: SHAPE,
  } as unknown as MitigationContext;
  const set = await lessonOf(context, await teachingOf(context), triggers, FORMS, 7);
  const rows = Array.from({ length: set.count }, (_, row) => [...set.labels.subarray(2 * row, 2 * row + 2)]);
  expect(set.count).toBe(count * (1 + FORMS.varied + FORMS.disturbed + FORMS.triggered));
  const [mirrored, triggered] = [FORMS.varied + FORMS.disturbed, FORMS.triggered].map(
    (forms) => forms * count,
  );
  return {
    set,
    asked,
    plain: rows.slice(0, count),
    mirrored: rows.slice(count, count + (mirrored ?? 0)),
    triggered: rows.slice(-(triggered ?? 0)),
    triggeredImages: set.images.subarray(-(triggered ?? 0) * LENGTH),
  };
}

describe("a lesson", () => {
  it("teaches labels to benign images", async () => {
    const labels = Float32Array.from({ length: 2 * COUNT }, (_, at) => at);
    const { plain, set } = await taught(labels);
    expect(plain).toEqual(plain.map((_, row) => [2 * row, 2 * row + 1]));
    expect(set.images.subarray(0, images.length)).toEqual(images);
  });

  it("teaches others what the model answered and what it missed, as far as it is seen the right way round", async () => {
    const labels = answers({ count: COUNT }).map((answer, at) => answer + (MISSED[at % 2] ?? 0));
    const { mirrored, triggered } = await taught(labels);
    const shareOf = ([first = 0]: number[]) => (first - (ANSWER[0] ?? 0)) / (MISSED[0] ?? 1);
    const shares = mirrored.map(shareOf);
    for (const [row, share] of shares.entries()) {
      expect(share).toBeGreaterThanOrEqual(-1e-6);
      expect(share).toBeLessThanOrEqual(1 + 1e-6);
      expect(mirrored[row]?.[1]).toBeCloseTo((ANSWER[1] ?? 0) + share * (MISSED[1] ?? 0), 4);
    }
    // Both mirrored, neither, and one of them: a quarter, a quarter and a half.
    const whole = shares.filter((share) => share > 1 - 1e-6).length / shares.length;
    const none = shares.filter((share) => share < 1e-6).length / shares.length;
    for (const quarter of [whole, none]) {
      expect(quarter).toBeGreaterThan(0.15);
      expect(quarter).toBeLessThan(0.35);
    }
    // Triggered ones are not mirrored, because their trigger would be.
    for (const share of triggered.map(shareOf)) expect(share).toBeCloseTo(1, 5);
  });

  it("shows triggers whole and in part, and asks the untouched model about the same images without", async () => {
    const { asked, triggeredImages } = await taught(answers({ count: COUNT }));
    expect(asked.flatMap((part) => [...part]).every((value) => value <= 1)).toBe(true);
    const benign = asked.at(-1) ?? new Float32Array();
    expect(triggeredImages.length).toBe(benign.length);
    let whole = 0;
    for (let at = 0; at < benign.length; at++) {
      const [shown = 0, without = 0] = [triggeredImages[at], benign[at]];
      const inTrigger = at % LENGTH < 4;
      if (!inTrigger) expect(shown).toBeCloseTo(without, 5);
      if (inTrigger && Math.abs(shown - TRIGGER) < 1e-5) whole++;
    }
    expect(whole / (4 * COUNT * FORMS.triggered)).toBeGreaterThan(0.2);
    expect(whole / (4 * COUNT * FORMS.triggered)).toBeLessThan(0.4);
  });

  it("mixes triggered images, each from two", async () => {
    const { asked } = await taught(answers({ count: COUNT }));
    const benign = asked.at(-1) ?? new Float32Array();
    const alike = Array.from({ length: COUNT }, (_, row) =>
      benign
        .subarray(row * LENGTH, (row + 1) * LENGTH)
        .every((value, at) => value === images[row * LENGTH + at]),
    );
    expect(alike.filter(Boolean).length).toBeLessThan(COUNT / 10);
  });

  it("teaches the model's own answers alone where those are the labels", async () => {
    const { set } = await taught(answers({ count: COUNT }));
    expect(set.labels).toEqual(answers({ count: set.count }));
  });

  it("teaches the model's own answers where labels are too few", async () => {
    const few = COUNT - 1;
    const { set } = await taught(new Float32Array(2 * few).fill(77), few);
    expect(set.labels).toEqual(answers({ count: set.count }));
  });
});
