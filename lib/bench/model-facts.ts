import { join } from "node:path";
import { DrmGuardError } from "../errors/index.ts";
import type { TrainedModelFacts } from "../training/index.ts";
import type { ZooModel } from "../zoo/index.ts";

/**
 * The facts of one model of a zoo.
 * @throws ERR_CONFIG when they describe another model file than the manifest does; what `readFacts` throws.
 */
export async function modelFacts(
  model: ZooModel,
  folder: string,
  readFacts: (path: string) => Promise<TrainedModelFacts>,
): Promise<TrainedModelFacts> {
  const path = join(folder, model.facts);
  const facts = await readFacts(path);
  if (facts.files.model.sha256 === model.sha256) return facts;
  throw new DrmGuardError("ERR_CONFIG", `${path} describes another model than the zoo's manifest does.`, {
    hint: "Make the zoo again: drmguard zoo make.",
  });
}
