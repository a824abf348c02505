import { DrmGuardError } from "../errors/index.ts";
import type { TuningProgress } from "../native/addon.ts";
import { callNative } from "../native/call-native.ts";
import { throwIfCancelled } from "../native/cancellation.ts";
import { runJob } from "../native/run-job.ts";
import { trainGuarded } from "./guard.ts";
import {
  type MitigationContext,
  type MitigationRun,
  type MitigationWork,
  type RoundFacts,
  roundFacts,
} from "./method-context.ts";

/** Published settings of adversarial neuron pruning (Wu & Wang 2021) but for its 2,000 steps. */
const MASKS = { learningRate: 0.2, bound: 0.4, balance: 0.2 } as const;
/** Shares of all neurons that are tried, in hundredths, up to the published nine tenths. */
const HUNDREDTHS = Array.from({ length: 90 }, (_, index) => (index + 1) / 100);
/** Shares of a layer that are tried, in steps of a twentieth. */
const SHARES = Array.from({ length: 19 }, (_, index) => (index + 1) / 20);

/** Fine-tuning on the benign images alone, as many steps as fine-pruning takes. */
export const fineTune: MitigationRun = {
  resumes: true,
  run: (context) => tuneRounds(context, [...context.finished.rounds], () => {}, 0),
};

/**
 * Fine-pruning (Liu et al. 2018), adapted to regression: switches off the neurons of the last layer that benign images
 * use least, as many as the clean error allows, and fine-tunes the rest.
 */
export const finePrune: MitigationRun = { resumes: false, run: pruneLast };

async function pruneLast(context: MitigationContext): Promise<MitigationWork> {
  const { tuner, sets } = context;
  const groups = tuner.neuronGroups;
  const last = groups.at(-1) ?? 0;
  if (last === 0) {
    throw new DrmGuardError(
      "ERR_MODEL_UNSUPPORTED",
      "Expected layers with neurons that can be pruned, the model has none.",
    );
  }
  const first = groups.reduce((sum, count) => sum + count, 0) - last;
  const activations = await callNative(() => tuner.activations(sets.training));
  const ranked = Array.from({ length: last }, (_, index) => first + index).toSorted(
    (a, b) => (activations[a] ?? 0) - (activations[b] ?? 0),
  );
  const factors = await mostThatFits(
    context,
    SHARES.map((share) => ranked.slice(0, Math.floor(share * last))),
  );
  const mask = () => tuner.scaleNeurons(factors);
  const pruned = countOff(factors);
  // Training would switch them on again.
  return tuneRounds({ ...context, onRound: undefined }, [], mask, pruned);
}

/**
 * Adversarial neuron pruning, adapted to regression: switches off the neurons that a small change of the weights turns
 * against the model most easily, as many as the clean error allows. No training after it, as published.
 */
export const pruneAdversarially: MitigationRun = { resumes: false, run: pruneWeak };

async function pruneWeak(context: MitigationContext): Promise<MitigationWork> {
  const { tuner, plan, sets, signal, onProgress } = context;
  const began = performance.now();
  const masks = await runJob<TuningProgress, Float32Array>(
    (progress) =>
      tuner.neuronMasks(
        { ...MASKS, steps: plan.maskSteps, batchSize: plan.batchSize, seed: plan.seed },
        sets.training,
        progress,
      ),
    {
      signal,
      onProgress: ({ step, steps }) => onProgress?.((plan.rounds * step) / steps, "looking for weak neurons"),
    },
  );
  // A mask that has never moved tells nothing of its neuron.
  const ranked = Array.from(masks, (_, neuron) => neuron)
    .filter((neuron) => (masks[neuron] ?? 1) < 1)
    .toSorted((a, b) => (masks[a] ?? 0) - (masks[b] ?? 0));
  const factors = await mostThatFits(
    context,
    HUNDREDTHS.map((share) => ranked.slice(0, Math.ceil(share * masks.length))),
  );
  const error = await context.guard.error();
  const pruned = countOff(factors);
  const round = roundFacts(began, error, { pruned, accepted: pruned > 0 });
  return { rounds: [round], finish: () => tuner.scaleNeurons(factors) };
}

/** Switches off the last of the choices, each of which holds those before it, that the clean error allows. */
async function mostThatFits(
  { tuner, guard, signal }: MitigationContext,
  choices: readonly (readonly number[])[],
): Promise<Float32Array> {
  const neurons = tuner.neuronGroups.reduce((sum, count) => sum + count, 0);
  const start = tuner.weights();
  let best = new Float32Array(neurons).fill(1);
  for (const choice of choices) {
    throwIfCancelled(signal);
    const factors = new Float32Array(neurons).fill(1);
    for (const neuron of choice) factors[neuron] = 0;
    tuner.restore(start);
    tuner.scaleNeurons(factors);
    // The plain estimate: neurons are switched off for as long as it allows.
    if (!((await guard.error()).relative <= guard.allowed)) break;
    best = factors;
  }
  tuner.restore(start);
  tuner.scaleNeurons(best);
  return best;
}

function countOff(factors: Float32Array): number {
  return factors.reduce((count, factor) => count + (factor === 0 ? 1 : 0), 0);
}

async function tuneRounds(
  context: MitigationContext,
  rounds: RoundFacts[],
  finish: () => void,
  pruned: number,
): Promise<MitigationWork> {
  const { tuner, plan, sets, onProgress, onRound } = context;
  while (rounds.length < plan.rounds) {
    const round = rounds.length;
    const began = performance.now();
    const trained = await trainGuarded(context, round, sets.training, {
      finish,
      onProgress: (fraction) => onProgress?.(round + fraction, "fine-tuning"),
    });
    const { error, ...training } = trained;
    rounds.push(roundFacts(began, error, { ...training, pruned }));
    await onRound?.({ rounds, weights: [tuner.weights()] });
  }
  return { rounds, finish };
}
