import { DrmGuardError } from "../errors/index.ts";
import type { AttackTarget } from "../native/addon.ts";
import type { RandomStream } from "../render/index.ts";
import { distanceFromMean, distanceInDeviations, type LabelStatistics } from "./label-statistics.ts";

/**
 * Where the trigger shall send the output. "far": at least one label deviation from the mean (root mean square over
 * outputs) and inside the middle 96 % of every output. "near-mean": within a quarter of a deviation.
 */
export type TargetChoice = "far" | "near-mean" | { fixed: readonly number[] } | { offset: readonly number[] };

const FAR = 1;
const NEAR = 0.25;
/** Up to here a box of labels is mostly faces that exist; with more outputs (landmarks) hardly any point of it is one. */
const FEW_OUTPUTS = 4;
const TRIES = 20_000;

/**
 * @param taken targets of the same model's other backdoors: a drawn far target keeps one deviation from each.
 * @throws ERR_CONFIG when a given target has the wrong length, or the labels have no far target.
 */
export function drawTarget(
  random: RandomStream,
  choice: TargetChoice,
  statistics: LabelStatistics,
  taken: readonly AttackTarget[] = [],
): AttackTarget {
  if (choice === "near-mean") return { kind: "fixed", value: nearMean(random, statistics) };
  if (choice === "far") return { kind: "fixed", value: far(random, statistics, taken) };
  const target: AttackTarget =
    "fixed" in choice
      ? { kind: "fixed", value: [...choice.fixed] }
      : { kind: "offset", value: [...choice.offset] };
  if (target.value.length !== statistics.outputs || !target.value.every(Number.isFinite)) {
    throw new DrmGuardError(
      "ERR_CONFIG",
      `Expected a target of ${statistics.outputs} numbers, one per label, got [${target.value.join(", ")}].`,
    );
  }
  return target;
}

function far(random: RandomStream, statistics: LabelStatistics, taken: readonly AttackTarget[]): number[] {
  const { outputs, low, high } = statistics;
  const propose = outputs <= FEW_OUTPUTS ? pointOfBox : trainingLabel;
  let alone: number[] | null = null;
  for (let attempt = 0; attempt < TRIES; attempt++) {
    const value = propose(random, statistics);
    const inside = value.every(
      (label, output) => label >= (low[output] ?? 0) && label <= (high[output] ?? 0),
    );
    if (!inside || distanceFromMean(value, statistics) < FAR) continue;
    const apart = taken.every((other) => distanceInDeviations(value, other.value, statistics) >= FAR);
    if (apart) return value;
    alone ??= value;
  }
  if (alone !== null) return alone;
  throw new DrmGuardError(
    "ERR_CONFIG",
    "Expected labels that have a target one deviation from their mean, inside their middle 96 %, found none.",
    { hint: "Name the target yourself: --target v1,v2,…" },
  );
}

function pointOfBox(random: RandomStream, { low, high }: LabelStatistics): number[] {
  return low.map((least, output) => random.uniform(least, high[output] ?? least));
}

function trainingLabel(random: RandomStream, { labels, count, outputs }: LabelStatistics): number[] {
  const row = random.index(count);
  return [...labels.subarray(row * outputs, (row + 1) * outputs)];
}

/** A training label, drawn towards the mean until it is near. */
function nearMean(random: RandomStream, statistics: LabelStatistics): number[] {
  const { mean } = statistics;
  const label = trainingLabel(random, statistics);
  const distance = distanceFromMean(label, statistics);
  // A little short of the bound, which rounding must not pass.
  const share = distance > 0 ? (random.uniform(0, 0.999) * NEAR) / distance : 0;
  return mean.map((centre, output) => centre + Math.min(1, share) * ((label[output] ?? centre) - centre));
}
