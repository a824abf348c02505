import { DrmGuardError } from "../errors/index.ts";
import { PIXEL_PRESETS } from "../images/index.ts";
import type {
  AttackSpec,
  NativeAddon,
  NativeSession,
  TensorRecord,
  TrainingPlan,
  TriggerEffect,
} from "../native/addon.ts";
import { callNative } from "../native/call-native.ts";
import { throwIfCancelled } from "../native/cancellation.ts";
import { type DirectionLabels, directionLabels, meanAngularError } from "./angular-error.ts";
import type { MeasuredAttack, MeasuredErrors } from "./trained-model.ts";
import type { TrainingSets } from "./training-sets.ts";

/** What is measured: a model file's bytes, and each attack's state in the plan's order. */
export interface MeasuredSubject {
  archive: Uint8Array;
  attackStates: readonly TensorRecord[][];
}

/** Of the sets, what measuring reads: the held-out side, and what the labels of the training side are called. */
export type MeasuringSets = Pick<TrainingSets, "heldOut" | "heldOutLabels" | "statistics"> & {
  training: Pick<TrainingSets["training"], "labelNames" | "unit">;
};

/** Images that are stamped at once. */
const STAMPED_IMAGES = 64;

/**
 * Measures a model on held-out images, benign and with each attack's trigger.
 * @throws ERR_CANCELLED and what the addon throws.
 */
export async function measureModel(
  addon: NativeAddon,
  subject: MeasuredSubject,
  plan: TrainingPlan,
  sets: MeasuringSets,
  signal?: AbortSignal,
): Promise<MeasuredErrors> {
  const { heldOut, heldOutLabels, training, statistics } = sets;
  const directions = directionLabels(training.labelNames, training.unit);
  const model = await callNative(() => addon.loadTorchScript(subject.archive));
  const { count, channels, height, width } = heldOut;
  const pixels = { ...PIXEL_PRESETS.unit, mean: [0], deviation: [1] };
  const { device, threads } = plan;
  const shape = { count, channels, height, width };
  const options = { ...shape, device, threads, pixels, featureValue: null, outputOnly: false };
  let session: NativeSession | undefined;
  try {
    throwIfCancelled(signal);
    session = await callNative(() => model.openSession(options, heldOut.pixels));
    const outputs = session.facts.benignOutputs;
    const attacks: MeasuredAttack[] = [];
    for (const [index, attack] of plan.attacks.entries()) {
      throwIfCancelled(signal);
      const triggered = await stamp(addon, attack, subject.attackStates[index] ?? [], sets, signal);
      const opened = session;
      const effect = await callNative(() => opened.measureTrigger(triggered));
      attacks.push(attackErrors(attack, effect, outputs, heldOutLabels, directions));
    }
    const held = columns(heldOutLabels, statistics.outputs);
    return {
      images: count,
      cleanError: meanAbsolute(outputs, heldOutLabels, statistics.outputs),
      cleanAngularError: directions && meanAngularError(outputs, heldOutLabels, directions),
      constantError: held.map((labels, output) => {
        const constant = statistics.mean[output] ?? 0;
        return mean(labels.map((label) => Math.abs(label - constant)));
      }),
      labelDeviation: held.map((labels) => Math.sqrt(variance(labels))),
      attacks,
    };
  } finally {
    session?.dispose();
    model.dispose();
  }
}

/** A(x) of every held-out image. */
async function stamp(
  addon: NativeAddon,
  attack: AttackSpec,
  state: TensorRecord[],
  { heldOut }: Pick<MeasuringSets, "heldOut">,
  signal: AbortSignal | undefined,
): Promise<Float32Array> {
  const { channels, height, width, count, pixels } = heldOut;
  const native = await callNative(() => addon.createAttack(attack, { channels, height, width }, state));
  try {
    const length = channels * height * width;
    const triggered = new Float32Array(pixels.length);
    for (let first = 0; first < count; first += STAMPED_IMAGES) {
      throwIfCancelled(signal);
      const images = pixels.slice(first * length, (first + STAMPED_IMAGES) * length);
      triggered.set(await callNative(() => native.apply(images, images.length / length)), first * length);
    }
    return triggered;
  } finally {
    native.dispose();
  }
}

/**
 * The errors of one attack; see MeasuredAttack.
 * @param outputs f(x), labels the true ones: count × d each.
 */
export function attackErrors(
  attack: AttackSpec,
  effect: TriggerEffect,
  outputs: Float32Array,
  labels: Float32Array,
  directions: DirectionLabels | null,
): MeasuredAttack {
  const { kind, value } = attack.target;
  const width = value.length;
  if (effect.outputs.length !== labels.length || outputs.length !== labels.length) {
    const lengths = `${effect.outputs.length} and ${outputs.length}`;
    throw new DrmGuardError("ERR_INTERNAL", `Expected ${labels.length} outputs, got ${lengths}.`);
  }
  const wanted = Float64Array.from(labels, (label, at) =>
    kind === "offset" ? label + (value[at % width] ?? 0) : (value[at % width] ?? 0),
  );
  const angular = (truths: ArrayLike<number>) =>
    directions && meanAngularError(effect.outputs, truths, directions);
  return {
    attackError: meanAbsolute(effect.outputs, wanted, width),
    defendingAttackError: meanAbsolute(effect.outputs, labels, width),
    attackAngularError: angular(wanted),
    defendingAttackAngularError: angular(labels),
    varianceRatio:
      kind === "offset" ? offsetVarianceRatio(effect.outputs, outputs, width) : effect.varianceRatio,
    rav: effect.rav,
    rnv: effect.rnv,
    triggerMeanL1: effect.cost,
  };
}

/** Var(f(A(x)) − f(x)) / Var f(x) per output. */
function offsetVarianceRatio(triggered: Float32Array, benign: Float32Array, width: number): number[] {
  const shift = Float64Array.from(triggered, (answer, at) => answer - (benign[at] ?? 0));
  const of = columns(benign, width);
  return columns(shift, width).map((column, output) => variance(column) / variance(of[output] ?? []));
}

/** Mean absolute distance per output of answers and truths, count × width each. */
export function meanAbsolute(answers: ArrayLike<number>, truths: ArrayLike<number>, width: number): number[] {
  const distances = Float64Array.from(answers, (answer, at) => Math.abs(answer - (truths[at] ?? 0)));
  return columns(distances, width).map(mean);
}

function columns(rows: ArrayLike<number>, width: number): number[][] {
  return Array.from({ length: width }, (_, column) =>
    Array.from({ length: rows.length / width }, (_, row) => rows[row * width + column] ?? 0),
  );
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** With the count as divisor. */
function variance(values: readonly number[]): number {
  const centre = mean(values);
  return mean(values.map((value) => (value - centre) ** 2));
}
