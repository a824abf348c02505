import { createHash } from "node:crypto";
import { join } from "node:path";
import { DrmGuardError } from "../errors/index.ts";
import { exists, readRegularFile } from "../files/index.ts";
import { planHash, readTrainedModel, type TrainedModelFacts, type TrainingSets } from "../training/index.ts";
import type { PlannedModel } from "./plan-models.ts";
import { MANIFEST_NAME, readManifest } from "./read-manifest.ts";

const LARGEST_MODEL_BYTES = 2 ** 31 - 1;

/**
 * The planned models that are in the folder already, whole and trained as planned.
 * @throws ERR_CONFIG when the folder holds a model of another plan: two populations in one zoo are none.
 */
export async function finishedModels(
  out: string,
  planned: readonly PlannedModel[],
  sets: TrainingSets,
): Promise<Map<string, TrainedModelFacts>> {
  await requireNoOthers(out, planned);
  const finished = new Map<string, TrainedModelFacts>();
  for (const { name, plan } of planned) {
    const path = join(out, `${name}.json`);
    if (!(await exists(path))) continue;
    const facts = await readTrainedModel(path);
    const sameData = facts.data.sha256 === sets.sha256 && facts.data.training === sets.training.count;
    const sameSplit =
      facts.data.splitSeed === sets.choice.seed && facts.data.heldOutShare === sets.choice.heldOutShare;
    if (!sameData) throw mixed(out, `${name} was trained on other images`);
    if (!sameSplit) throw mixed(out, `${name} was trained with other images held out`);
    if (planHash(facts.plan) !== planHash(plan)) throw mixed(out, `${name} was trained with other settings`);
    await requireUntouched(out, name, facts);
    finished.set(name, facts);
  }
  return finished;
}

async function requireNoOthers(out: string, planned: readonly PlannedModel[]): Promise<void> {
  if (!(await exists(join(out, MANIFEST_NAME)))) return;
  const { models } = await readManifest(out);
  const names = new Set(planned.map(({ name }) => name));
  const other = models.find(({ name }) => !names.has(name));
  if (other !== undefined) throw mixed(out, `${other.name} is no model of this plan`);
}

async function requireUntouched(out: string, name: string, { files }: TrainedModelFacts): Promise<void> {
  const path = join(out, files.model.name);
  const bytes = await readRegularFile(path, LARGEST_MODEL_BYTES, "the model");
  const sha256 = createHash("sha256").update(bytes).digest("hex");
  if (files.model.name !== `${name}.pt` || sha256 !== files.model.sha256) {
    throw mixed(out, `${files.model.name} is not the file that ${name}.json describes`);
  }
}

function mixed(out: string, reason: string): DrmGuardError {
  return new DrmGuardError("ERR_CONFIG", `The zoo in ${out} was made from another plan: ${reason}.`, {
    hint: "Give another --out, or the plan that the zoo was made from; conditions and seeds may be added to it.",
  });
}
