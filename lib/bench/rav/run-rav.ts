import { DrmGuardError } from "../../errors/index.ts";
import { readTrainedModel, type TrainedModelFacts } from "../../training/index.ts";
import type { ZooManifest, ZooModel } from "../../zoo/index.ts";
import { modelFacts } from "../model-facts.ts";
import { mean, median } from "../statistics/quantiles.ts";
import { attackCondition, perOutput } from "./attack-conditions.ts";
import { type AttackTable, attackTableSchema } from "./attack-table.ts";

export interface RavRequest {
  manifest: ZooManifest;
  /** The zoo's. */
  folder: string;
  /** Of this package. */
  version: string;
  /** Reads the facts of one model; readTrainedModel when left out. */
  readFacts?: ((path: string) => Promise<TrainedModelFacts>) | undefined;
}

interface Measured {
  model: ZooModel;
  facts: TrainedModelFacts;
}

/**
 * What every attack of a zoo does to its models, from the measurements that training made on the held-out images
 * with the true trigger.
 * @throws ERR_CONFIG when the zoo is empty or a model's facts are another model's; what reading facts throws.
 */
export async function runRav({ manifest, folder, version, readFacts }: RavRequest): Promise<AttackTable> {
  const models = await measuredModels(manifest, folder, readFacts ?? readTrainedModel);
  const first = models[0];
  if (first === undefined) {
    throw new DrmGuardError("ERR_CONFIG", `Expected models in the zoo ${folder}, got none.`, {
      hint: "Run drmguard zoo make to the end first.",
    });
  }
  const { source, unit, labelNames } = first.facts.data;
  const benign = models.filter(({ model }) => !model.backdoored).map(({ facts }) => facts.measured);
  const benignError = median(benign.map(({ cleanError }) => mean(cleanError)));
  const groups = new Map<string, Measured[]>();
  for (const measured of models) {
    const { model, facts } = measured;
    if (!model.backdoored || facts.measured.attacks.length === 0) continue;
    groups.set(model.condition, [...(groups.get(model.condition) ?? []), measured]);
  }
  return attackTableSchema.parse({
    schemaVersion: 1,
    kind: "attacks",
    tool: { name: "drmguard", version },
    createdAt: new Date().toISOString(),
    zoo: { name: manifest.plan.name, models: models.length },
    data: { source, unit, labelNames },
    benign:
      benign.length === 0
        ? null
        : {
            models: benign.length,
            cleanError: perOutput(benign.map(({ cleanError }) => cleanError)),
            constantError: perOutput(benign.map(({ constantError }) => constantError)),
          },
    conditions: [...groups].map(([condition, members]) =>
      attackCondition(
        condition,
        members.map(({ facts }) => ({ measured: facts.measured })),
        { unit, benignError },
      ),
    ),
    models: models.map(({ model: { name, condition, backdoored, seed }, facts: { measured } }) => ({
      name,
      condition,
      backdoored,
      seed,
      measured,
    })),
  } satisfies AttackTable);
}

async function measuredModels(
  manifest: ZooManifest,
  folder: string,
  readFacts: NonNullable<RavRequest["readFacts"]>,
): Promise<Measured[]> {
  const models: Measured[] = [];
  for (const model of manifest.models) {
    models.push({ model, facts: await modelFacts(model, folder, readFacts) });
  }
  return models;
}
