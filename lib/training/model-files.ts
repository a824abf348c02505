import { basename, dirname, join } from "node:path";
import { DrmGuardError } from "../errors/index.ts";
import { exists } from "../files/index.ts";

/** Every file of one trained model, all in one folder. */
export interface ModelPaths {
  folder: string;
  /** File name without its ending. */
  stem: string;
  /** TorchScript archive, MODEL.pt. */
  model: string;
  /** MODEL.safetensors. */
  weights: string;
  /** MODEL.json. */
  facts: string;
  /** There while the model is being trained. */
  checkpoint: string;
}

/** @param out MODEL or MODEL.pt. */
export function modelPaths(out: string): ModelPaths {
  const stem = basename(out).replace(/\.pt$/i, "");
  const folder = dirname(out);
  if (stem === "" || stem === "." || stem === "..") {
    throw new DrmGuardError("ERR_USAGE", `Expected a model's file name, got ${JSON.stringify(out)}.`);
  }
  const at = (ending: string) => join(folder, `${stem}${ending}`);
  return {
    folder,
    stem,
    model: at(".pt"),
    weights: at(".safetensors"),
    facts: at(".json"),
    checkpoint: at(".checkpoint.safetensors"),
  };
}

export function attackPath({ folder, stem }: ModelPaths, attack: number): string {
  return join(folder, `${stem}.attack-${attack}.safetensors`);
}

/** Which of a model's own files are there already. */
export async function existingFiles(paths: ModelPaths, attacks: number): Promise<string[]> {
  const candidates = [paths.model, paths.weights, paths.facts];
  for (let attack = 0; attack < attacks; attack++) candidates.push(attackPath(paths, attack));
  const found = await Promise.all(candidates.map(exists));
  return candidates.filter((_, index) => found[index]);
}
