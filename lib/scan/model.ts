import { DrmGuardError } from "../errors/index.ts";
import { loadModelFile, type ModelFile, openModel } from "../models/index.ts";
import type { BuildFacts, ModelDescription, NativeAddon, NativeModel } from "../native/addon.ts";
import { callNative } from "../native/call-native.ts";
import { throwIfCancelled, untilAborted } from "../native/cancellation.ts";
import { loadAddon } from "../native/load-addon.ts";

/** What evidence says of the file that a model came from. */
export type ModelOrigin = Pick<ModelFile, "name" | "sha256" | "format"> & {
  /** Size of the file in bytes. */
  bytes: number;
  /** Versions of this package and of the LibTorch that run it. */
  engine: Pick<BuildFacts, "drmguard" | "libtorch">;
};

/**
 * A loaded model. It holds native memory: dispose it, or declare it with `using`.
 * Scans that are running keep what they need.
 */
export class Model {
  readonly origin: ModelOrigin;
  readonly #description: ModelDescription;
  #native: NativeModel | null;

  /** For loadModel; a Model is not made by hand. */
  constructor(native: NativeModel, origin: ModelOrigin) {
    this.#native = native;
    this.#description = native.describe();
    this.origin = origin;
  }

  /** How the model runs, its operators and its size; stays readable after dispose. */
  get description(): ModelDescription {
    return this.#description;
  }

  /**
   * For scan().
   * @internal
   * @throws DrmGuardError ERR_DISPOSED after dispose.
   */
  get native(): NativeModel {
    if (this.#native === null) {
      throw new DrmGuardError(
        "ERR_DISPOSED",
        `The model ${this.origin.name} was disposed before it was used.`,
      );
    }
    return this.#native;
  }

  /** Frees the weights now. Calling it again does nothing. */
  dispose(): void {
    this.#native?.dispose();
    this.#native = null;
  }

  [Symbol.dispose](): void {
    this.dispose();
  }
}

export interface LoadModelOptions {
  /** Aborting rejects with ERR_CANCELLED at once. */
  signal?: AbortSignal | undefined;
}

/**
 * Reads a TorchScript .pt, a torch.export .pt2 or a .safetensors of drmguard train. The file is untrusted: disallowed
 * operations are refused before anything of it runs.
 * @throws DrmGuardError ERR_FILE_NOT_FOUND, ERR_MODEL_*, ERR_NATIVE_*, ERR_CANCELLED.
 * @example
 * using model = await loadModel("gaze.pt");
 */
export async function loadModel(path: string, options: LoadModelOptions = {}): Promise<Model> {
  const { signal } = options;
  throwIfCancelled(signal);
  const loading = loadFile(path);
  try {
    return await untilAborted(loading, signal);
  } catch (error) {
    // Loading cannot be stopped: a model that arrives after its caller has left is freed on arrival.
    if (signal?.aborted) loading.then((late) => late.dispose()).catch(() => {});
    throw error;
  }
}

async function loadFile(path: string): Promise<Model> {
  const addon = loadAddon();
  return modelOfFile(addon, await loadModelFile(path));
}

/** The model of a file that is in memory already. */
export async function modelOfFile(addon: NativeAddon, file: ModelFile): Promise<Model> {
  const native = await callNative(() => openModel(addon, file));
  const { name, sha256, format } = file;
  const { drmguard, libtorch } = addon.buildFacts();
  return new Model(native, {
    name,
    sha256,
    format,
    bytes: file.bytes.length,
    engine: { drmguard, libtorch },
  });
}
