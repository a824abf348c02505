import { DrmGuardError } from "../errors/index.ts";
import type { NativeAddon, TensorRecord, TunerSource } from "../native/addon.ts";
import { callNative } from "../native/call-native.ts";
import {
  ARCHITECTURE_KEY,
  architectureOf,
  decodeSafetensors,
  encodeSafetensors,
  floatsOf,
} from "../weights/index.ts";
import { lowerExportedProgram } from "./exported-program.ts";
import type { ModelFile } from "./load-model.ts";
import { replaceExportedWeights } from "./replace-weights.ts";

/**
 * A model file as what a tuner is made of.
 * @throws ERR_MODEL_* as openModel.
 */
export async function tunerSource(addon: NativeAddon, file: ModelFile): Promise<TunerSource> {
  if (file.format === "torchscript") return { torchScript: file.bytes };
  if (file.format === "torch.export") return { program: lowerExportedProgram(file.bytes) };
  const { tensors, metadata } = decodeSafetensors(file.bytes);
  const architecture = architectureOf(metadata);
  if (architecture === null) {
    throw new DrmGuardError("ERR_MODEL_FORMAT", `Expected the metadata ${ARCHITECTURE_KEY}, got none.`);
  }
  return { torchScript: await callNative(() => addon.buildTorchScript(architecture, tensors)) };
}

/**
 * The file with other weights, in the format that it had.
 * @param weights parameters by the state dict's names; the file's others stay as they are.
 * @param torchScript of the tuner, for files that were TorchScript.
 * @throws ERR_MODEL_UNSUPPORTED for weights that cannot be replaced in place.
 */
export function withWeights(
  file: ModelFile,
  weights: readonly TensorRecord[],
  torchScript: () => Uint8Array,
): Uint8Array {
  if (file.format === "torchscript") return torchScript();
  if (file.format === "torch.export") {
    return replaceExportedWeights(
      file.bytes,
      weights.map((weight) => ({ name: weight.name, shape: weight.shape, data: floatsOf(weight) })),
    );
  }
  const { tensors, metadata } = decodeSafetensors(file.bytes);
  const changed = new Map(weights.map((weight) => [weight.name, weight]));
  return encodeSafetensors(
    tensors.map((tensor) => changed.get(tensor.name) ?? tensor),
    metadata,
  );
}
