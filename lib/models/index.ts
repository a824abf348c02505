import { DrmGuardError } from "../errors/index.ts";
import type { NativeAddon, NativeModel } from "../native/addon.ts";
import { callNative } from "../native/call-native.ts";
import { ARCHITECTURE_KEY, architectureOf, decodeSafetensors } from "../weights/index.ts";
import { lowerExportedProgram } from "./exported-program.ts";
import type { ModelFile } from "./load-model.ts";

export { lowerExportedProgram } from "./exported-program.ts";
export { loadModelFile, MAXIMUM_MODEL_BYTES, type ModelFile, type ModelFileOptions } from "./load-model.ts";
export type { ModelFormat } from "./model-format.ts";
export { tunerSource, withWeights } from "./tuner-source.ts";

/**
 * Builds the native model of a model file.
 * @throws ERR_MODEL_UNSAFE, ERR_MODEL_UNSUPPORTED, ERR_MODEL_NONFINITE, ERR_MODEL_INPUT, ERR_MODEL_TRUNCATED,
 * ERR_MODEL_TOO_LARGE, ERR_MODEL_FORMAT
 */
export async function openModel(addon: NativeAddon, file: ModelFile): Promise<NativeModel> {
  if (file.format === "torchscript") return callNative(() => addon.loadTorchScript(file.bytes));
  if (file.format === "safetensors") return openSafetensors(addon, file.bytes);
  const program = lowerExportedProgram(file.bytes);
  return callNative(() => addon.lowerProgram(program));
}

async function openSafetensors(addon: NativeAddon, bytes: Uint8Array): Promise<NativeModel> {
  const { tensors, metadata } = decodeSafetensors(bytes);
  const architecture = architectureOf(metadata);
  if (architecture === null) {
    throw new DrmGuardError("ERR_MODEL_FORMAT", `Expected the metadata ${ARCHITECTURE_KEY}, got none.`);
  }
  return callNative(async () => addon.loadTorchScript(await addon.buildTorchScript(architecture, tensors)));
}
