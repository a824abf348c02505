import { describe, expect, it } from "vitest";
import { Guard } from "../../../lib/mitigation/guard.ts";
import type { FinishedRounds, MitigationContext } from "../../../lib/mitigation/method-context.ts";
import { MITIGATION_DEFAULTS, trainingOfRound } from "../../../lib/mitigation/mitigation-plan.ts";
import { unlearn } from "../../../lib/mitigation/unlearn.ts";
import type { TuningSet } from "../../../lib/native/addon.ts";
import { RandomStream } from "../../../lib/render/index.ts";
import { makePlan } from "../../fixtures/evidence/make-evidence.ts";
import { STUB_ORIGIN, StubCore } from "../scan/stub-model.ts";
import { evenSet, StubTuner } from "./stub-tuner.ts";

const COUNT = 8;
const SHAPE = { channels: 3, height: 8, width: 8 };
const LENGTH = 3 * 8 * 8;
const random = new RandomStream(1);
const pixels = Float32Array.from({ length: COUNT * LENGTH }, () => random.uniform(0, 1));
const plan = { ...MITIGATION_DEFAULTS, rounds: 2, bound: 0.05 };
/** What the untouched model answers to the images themselves, and to what is mixed of them. */
const ANSWERS = { own: 1, mixed: 2 };

const known: MitigationContext["known"] = [
  {
    family: "patch",
    target: [1, 1],
    score: 2,
    start: {
      target: null,
      walk: "still",
      patch: { top: 1, left: 1, size: 3, colour: [1, 0, 0] },
      wave: null,
      reference: 1,
      content: null,
    },
    stamp: () => new Float32Array(LENGTH).fill(0.75),
  },
];

/**
 * Unlearning of a model whose error after round r is errors[r], the last one from there on; it was 0.1 before unless told
 * otherwise, so that 0.105 is the bound.
 */
async function unlearned(
  errors: readonly number[],
  finished: FinishedRounds = { rounds: [], weights: [] },
  planned: typeof plan = plan,
  before = 0.1,
) {
  const heldOut = evenSet(2);
  const tuner = new StubTuner(heldOut);
  tuner.weight = before;
  const guard = await Guard.of(tuner.native, heldOut, plan.bound, false);
  const core = new StubCore(
    2,
    Array.from({ length: COUNT }, (_, row) => [row, -row]),
  );
  Object.assign(tuner, { snapshot: () => core.model().native });
  tuner.learned = ({ seed }) => errors[seed - plan.seed] ?? errors.at(-1) ?? 0;
  tuner.restore(finished.weights.at(-1) ?? tuner.weights());
  const left: FinishedRounds[] = [];
  /** Of every round: how often all stripes were swept. */
  const sweeps: number[] = [];
  const answers = ({ images, count }: Pick<TuningSet, "images" | "count">) =>
    Float32Array.from({ length: 2 * count }, (_, at) =>
      images === pixels ? ANSWERS.own + at / 100 : ANSWERS.mixed,
    );
  const { rounds } = await unlearn.run({
    tuner: tuner.native,
    plan: planned,
    sets: {
      training: { images: pixels, labels: answers({ images: pixels, count: COUNT }), count: COUNT },
      heldOut,
      heldOutPersons: null,
    },
    guard,
    untouched: async () => core.model().native,
    original: async (set) => answers(set),
    evidence: { plan: makePlan() } as MitigationContext["evidence"],
    origin: STUB_ORIGIN,
    batch: { ...SHAPE, pixels, count: COUNT, available: COUNT, source: "", kind: "memory", sha256: "" },
    known,
    finished,
    signal: undefined,
    onProgress: undefined,
    onRound: async ({ rounds: done, weights }) => {
      left.push({ rounds: [...done], weights });
      const before = sweeps.reduce((sum, count) => sum + count, 0);
      sweeps.push(core.calls.filter((call) => call === "sweep waves").length - before);
    },
  });
  return { tuner, rounds, left, sweeps };
}

/** Per image of a lesson, its mixed forms and those that are taught its own answer: itself. */
function formsOf({ labels, count }: TuningSet): { mixed: number; own: number } {
  const mixed = labels.filter((label) => label === ANSWERS.mixed).length / 2 / COUNT;
  return { mixed, own: count / COUNT - mixed };
}

describe("rounds of the plan", () => {
  it("search small triggers anew every other time from the fourth on, and those beyond them do not", async () => {
    const { sweeps, rounds } = await unlearned([0.13], undefined, { ...plan, rounds: 6 });
    expect(sweeps).toEqual([0, 0, 0, 1, 0, 1, 0, 0, 0, 0, 0, 0]);
    // What is known and what was reversed again; the best stripes that were found, and no square that a scan would call clean.
    expect(rounds.map(({ triggers }) => triggers)).toEqual([1, 2, 2, 3, 2, 3, 2, 2, 2, 2, 2, 2]);
    expect(rounds[3]?.families).toEqual(["patch", "wave"]);
  });
});

describe("labels that the model missed before by more than a fifth of their deviation", () => {
  it.each([
    [0.1, 300],
    [0.19, 300],
    [0.21, 100],
    [0.6, 100],
  ])("are taught for a third of the steps: missed by %s", async (before, steps) => {
    const { tuner, rounds } = await unlearned([before], undefined, plan, before);
    expect(tuner.plans.map((training) => training.steps)).toEqual([steps, steps]);
    expect(rounds.map((round) => round.steps)).toEqual([steps, steps]);
  });

  it.each([
    [600, 200],
    [150, 100],
    [100, 100],
    [7, 7],
  ])("are taught no fewer steps than few images take: %s asked for", async (steps, taken) => {
    const { tuner } = await unlearned([0.5], undefined, { ...plan, rounds: 1, steps }, 0.5);
    expect(tuner.plans.map((training) => training.steps)).toEqual([taken]);
  });
});

describe("rounds beyond the plan's", () => {
  it("are none where the mean of the latest is within the bound", async () => {
    // The last of them alone is not.
    const { tuner, rounds } = await unlearned([0.102, 0.107]);
    expect(rounds).toHaveLength(2);
    expect(tuner.weight).toBeCloseTo(0.1045, 6);
  });

  it("are added until the mean of the latest three is within the bound", async () => {
    const { tuner, rounds, left } = await unlearned([0.13, 0.1095, 0.107, 0.104, 0.103]);
    expect(rounds.map(({ relativeError }) => Number(relativeError.toFixed(4)))).toEqual([
      0.13, 0.1095, 0.107, 0.104, 0.103,
    ]);
    expect(tuner.weight).toBeCloseTo((0.107 + 0.104 + 0.103) / 3, 6);
    expect(left).toHaveLength(5);
    // The mean is looked at; the work goes on from where it was.
    expect(tuner.starts.map((weight) => Number(weight.toFixed(4)))).toEqual([
      0.1, 0.13, 0.1095, 0.107, 0.104,
    ]);
  });

  it("train at the last rate, on fewer disturbances and triggers", async () => {
    const { tuner, rounds } = await unlearned([0.13, 0.1095, 0.107, 0.104, 0.103]);
    const last = trainingOfRound(plan, 1).learningRate;
    expect(tuner.rates.slice(1)).toEqual([last, last, last, last]);
    const planned = { mixed: 8 + 2 + 2, own: 1 };
    const added = { mixed: 8 + 1 + 1, own: 1 };
    expect(tuner.sets.map(formsOf)).toEqual([planned, planned, added, added, added]);
    // What was known and what was reversed again.
    expect(rounds.map(({ triggers }) => triggers)).toEqual([1, 2, 2, 2, 2]);
  });

  it("are six where nothing wins the clean error back", async () => {
    const { rounds } = await unlearned([0.1095]);
    expect(rounds).toHaveLength(8);
  });

  it("go on from a checkpoint to the same weights", async () => {
    const errors = [0.13, 0.1095, 0.107, 0.104, 0.103];
    const whole = await unlearned(errors);
    for (const finished of whole.left) {
      const rest = await unlearned(errors, finished);
      expect(rest.rounds).toHaveLength(5);
      expect(rest.tuner.plans).toEqual(whole.tuner.plans.slice(finished.rounds.length));
      expect(rest.tuner.weight).toBe(whole.tuner.weight);
    }
  });
});
