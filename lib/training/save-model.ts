import { createHash } from "node:crypto";
import { basename } from "node:path";
import { writeTogether } from "../files/index.ts";
import type { NativeAddon, NativeTrainer, TrainingPlan } from "../native/addon.ts";
import { callNative } from "../native/call-native.ts";
import { architectureMetadata, encodeSafetensors } from "../weights/index.ts";
import { measureModel } from "./measure.ts";
import { attackPath, type ModelPaths } from "./model-files.ts";
import type { TrainedFile, TrainedModelFacts } from "./trained-model.ts";
import type { TrainingSets } from "./training-sets.ts";

/**
 * Measures a trained model and puts all of its files in place, the facts last: where they are, the model is whole.
 * @param seconds spent on training.
 */
export async function saveModel(
  addon: NativeAddon,
  trainer: NativeTrainer,
  plan: TrainingPlan,
  sets: TrainingSets,
  paths: ModelPaths,
  seconds: number,
  signal?: AbortSignal,
): Promise<TrainedModelFacts> {
  const { architecture, attacks } = plan;
  const weights = trainer.weights();
  const archive = await callNative(() => addon.buildTorchScript(architecture, weights));
  const attackStates = attacks.map((_, attack) => trainer.attackState(attack));
  const measured = await measureModel(addon, { archive, attackStates }, plan, sets, signal);
  const contents: [path: string, bytes: Uint8Array][] = [
    [paths.model, archive],
    [paths.weights, encodeSafetensors(weights, architectureMetadata(architecture))],
    ...attackStates.map((state, attack): [string, Uint8Array] => [
      attackPath(paths, attack),
      encodeSafetensors(state),
    ]),
  ];
  const [model, weightsFile, ...attackFiles] = contents.map(([path, bytes]) => fileFacts(path, bytes));
  const { drmguard, libtorch } = addon.buildFacts();
  const facts: TrainedModelFacts = {
    schemaVersion: 1,
    tool: { name: "drmguard", version: drmguard, libtorch },
    architecture,
    plan,
    attacks,
    data: dataFacts(sets),
    measured,
    files: { model: model as TrainedFile, weights: weightsFile as TrainedFile, attacks: attackFiles },
    seconds,
  };
  await writeTogether([...contents, [paths.facts, `${JSON.stringify(facts, null, 2)}\n`]]);
  return facts;
}

function fileFacts(path: string, bytes: Uint8Array): TrainedFile {
  return { name: basename(path), sha256: createHash("sha256").update(bytes).digest("hex") };
}

function dataFacts({ training, heldOutCount, sha256, choice }: TrainingSets): TrainedModelFacts["data"] {
  return {
    source: training.source,
    kind: training.kind,
    sha256,
    labelNames: training.labelNames,
    unit: training.unit,
    size: { height: training.height, width: training.width },
    training: training.count,
    heldOut: heldOutCount,
    splitSeed: choice.seed,
    heldOutShare: choice.heldOutShare,
  };
}
