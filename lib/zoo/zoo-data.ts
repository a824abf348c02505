import { type DataSetOptions, type LabelledImages, loadDataSet, splitByPerson } from "../data/index.ts";
import { renderedImages, type TrainingSets, trainingSets } from "../training/index.ts";
import type { ZooData, ZooPlan } from "./manifest.ts";

/**
 * The data set of a plan.
 * @throws ERR_FILE_NOT_FOUND, ERR_CONFIG, ERR_IMAGES_*, ERR_CANCELLED
 */
export async function loadZooData(data: ZooData, signal?: AbortSignal): Promise<LabelledImages> {
  if ("render" in data) return renderedImages(data.render);
  const { path, kind, ...rest } = data;
  const options: DataSetOptions = { ...rest };
  // An unknown kind is refused by the reader, which has the list.
  if (kind !== undefined) options.kind = kind as NonNullable<DataSetOptions["kind"]>;
  if (signal !== undefined) options.signal = signal;
  return loadDataSet(path, options);
}

/** The data set, cut as the plan says. */
export async function loadZooSets(
  plan: Pick<ZooPlan, "data" | "training">,
  signal?: AbortSignal,
): Promise<TrainingSets> {
  const data = await loadZooData(plan.data, signal);
  const choice = { seed: plan.training.splitSeed, heldOutShare: plan.training.heldOutShare };
  return trainingSets(data, splitByPerson(data, choice), choice);
}
