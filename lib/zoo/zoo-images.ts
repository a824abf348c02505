import { join, resolve } from "node:path";
import type { LabelledImages } from "../data/index.ts";
import { DrmGuardError } from "../errors/index.ts";
import type { ImageBatch } from "../images/index.ts";
import { readTrainedModel } from "../training/index.ts";
import type { ZooManifest } from "./manifest.ts";
import { loadZooSets } from "./zoo-data.ts";

/** Images of people that no model of the zoo was trained on. */
export interface ZooImages {
  images: ImageBatch;
  /** count × labelNames.length, in `unit`. */
  labels: Float32Array;
  /** Which person each image shows; null where persons are unknown. */
  subjects: Int32Array | null;
  labelNames: string[];
  unit: LabelledImages["unit"];
}

/**
 * The held-out benign images of a zoo, made or read again and checked against what the models were trained on.
 * @param folder the zoo's; a relative path of data starts there.
 * @throws ERR_CONFIG when the data set is another one; ERR_FILE_NOT_FOUND, ERR_IMAGES_*.
 */
export async function zooImages(
  manifest: ZooManifest,
  folder: string,
  signal?: AbortSignal,
): Promise<ZooImages> {
  const { data, training } = manifest.plan;
  const found = "path" in data ? { ...data, path: resolve(folder, data.path) } : data;
  const sets = await loadZooSets({ data: found, training }, signal);
  const [model] = manifest.models;
  if (model !== undefined) {
    const facts = await readTrainedModel(join(folder, model.facts));
    if (facts.data.sha256 !== sets.sha256) {
      throw new DrmGuardError(
        "ERR_CONFIG",
        `Expected the images that the zoo in ${folder} was trained on, but ${sets.training.source} holds others.`,
        { hint: "Put the data set back as it was, or make the zoo again." },
      );
    }
  }
  const { labelNames, unit } = sets.training;
  const { heldOut: images, heldOutLabels: labels, heldOutSubjects: subjects } = sets;
  return { images, labels, subjects, labelNames, unit };
}
