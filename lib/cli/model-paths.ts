import { readdir, stat } from "node:fs/promises";
import { extname, join } from "node:path";
import { DrmGuardError } from "../errors/index.ts";
import type { ModelEntry } from "../report/scan-report.ts";

/** What the arguments of `scan` stand for. */
export interface ModelPaths {
  /** Files to scan, each once, in the order of the arguments. */
  models: string[];
  /** Files of a folder that are models of a kind that is not read. */
  skipped: Extract<ModelEntry, { outcome: "skipped" }>[];
  /** How many files of folders are no models at all. */
  otherFiles: number;
}

const READ = new Set([".pt", ".pt2"]);

/** Files that hold models elsewhere: left out of a scan they leave it incomplete, so they are never passed in silence. */
const MODELS_ELSEWHERE = new Set([
  ".bin",
  ".caffemodel",
  ".ckpt",
  ".engine",
  ".gguf",
  ".h5",
  ".hdf5",
  ".joblib",
  ".keras",
  ".mar",
  ".mlmodel",
  ".msgpack",
  ".onnx",
  ".ort",
  ".pb",
  ".pdparams",
  ".pickle",
  ".pkl",
  ".pte",
  ".ptl",
  ".pth",
  ".safetensors",
  ".tflite",
  ".torchscript",
]);

/**
 * Turns arguments into model files. A file named by itself is always taken, whatever its ending; of a folder, the
 * .pt and .pt2 directly in it, by name. What is not there is taken too: its error belongs to it alone.
 */
export async function findModels(paths: readonly string[]): Promise<ModelPaths> {
  const found: ModelPaths = { models: [], skipped: [], otherFiles: 0 };
  for (const path of paths) {
    const facts = await stat(path).catch(() => null);
    if (facts?.isDirectory()) await findInFolder(path, found);
    else found.models.push(path);
  }
  found.models = [...new Set(found.models)];
  return found;
}

async function findInFolder(folder: string, found: ModelPaths): Promise<void> {
  const entries = await readdir(folder, { withFileTypes: true }).catch((cause: Error) => {
    throw new DrmGuardError("ERR_FILE_NOT_FOUND", `The folder ${folder} cannot be read: ${cause.message}.`, {
      cause,
    });
  });
  const names = new Set(entries.map(({ name }) => name));
  for (const entry of entries.toSorted((a, b) => (a.name < b.name ? -1 : 1))) {
    if (entry.isDirectory()) continue;
    const path = join(folder, entry.name);
    const ending = extname(entry.name).toLowerCase();
    if (READ.has(ending)) found.models.push(path);
    else if (MODELS_ELSEWHERE.has(ending) && !isBesideModel(entry.name, names)) {
      const reason = `${ending} files of a folder are not read; DRMGuard reads TorchScript .pt and torch.export .pt2`;
      found.skipped.push({ outcome: "skipped", path, reason });
    } else found.otherFiles += 1;
  }
}

/** What train writes beside MODEL.pt: the same weights, and the state of its attacks. */
function isBesideModel(name: string, names: ReadonlySet<string>): boolean {
  const stem = /^(.+?)(?:\.attack-\d+)?\.safetensors$/.exec(name)?.[1];
  return stem !== undefined && names.has(`${stem}.pt`);
}
