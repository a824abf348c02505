import { describe, expect, it } from "vitest";
import { type LessonForms, lessonOf, teachingOf } from "../../../lib/mitigation/lesson.ts";
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

const triggers = [{ family: "patch", stamp: () => new Float32Array(LENGTH) }] as unknown as ReversedTrigger[];

function answers({ count }: Pick<TuningSet, "count">): Float32Array {
  return Float32Array.from({ length: 2 * count }, (_, at) => ANSWER[at % 2] ?? Number.NaN);
}

/** Labels of every kind of image in a lesson, row by row. */
async function taught(labels: Float32Array, count = COUNT) {
  const training = { images: images.subarray(0, count * LENGTH), labels, count };
  const context = {
    original: async (set: Pick<TuningSet, "count">) => answers(set),
    sets: { training, heldOut: training },
    batch: SHAPE,
  } as unknown as MitigationContext;
  const set = await lessonOf(context, await teachingOf(context), triggers, FORMS, 7);
  const rows = Array.from({ length: set.count }, (_, row) => [...set.labels.subarray(2 * row, 2 * row + 2)]);
  expect(set.count).toBe(count * (1 + FORMS.varied + FORMS.disturbed + FORMS.triggered));
  const ofVaried = count * FORMS.varied;
  return {
    set,
    varied: rows.slice(count, count + ofVaried),
    others: [...rows.slice(0, count), ...rows.slice(count + ofVaried)],
  };
}

describe("a lesson", () => {
  it("teaches labels to benign images, with disturbances and triggers as without", async () => {
    const labels = Float32Array.from({ length: 2 * COUNT }, (_, at) => at);
    const { others } = await taught(labels);
    expect(others).toEqual(others.map((_, row) => [2 * (row % COUNT), 2 * (row % COUNT) + 1]));
  });

  it("teaches varied images what the model answered and what it missed, as far as it is seen the right way round", async () => {
    const labels = answers({ count: COUNT }).map((answer, at) => answer + (MISSED[at % 2] ?? 0));
    const { varied } = await taught(labels);
    const shares = varied.map(([first = 0]) => (first - (ANSWER[0] ?? 0)) / (MISSED[0] ?? 1));
    for (const [row, share] of shares.entries()) {
      expect(share).toBeGreaterThanOrEqual(-1e-6);
      expect(share).toBeLessThanOrEqual(1 + 1e-6);
      expect(varied[row]?.[1]).toBeCloseTo((ANSWER[1] ?? 0) + share * (MISSED[1] ?? 0), 4);
    }
    // Both mirrored, neither, and one of them: a quarter, a quarter and a half.
    const whole = shares.filter((share) => share > 1 - 1e-6).length / shares.length;
    const none = shares.filter((share) => share < 1e-6).length / shares.length;
    for (const quarter of [whole, none]) {
      expect(quarter).toBeGreaterThan(0.15);
      expect(quarter).toBeLessThan(0.35);
    }
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
