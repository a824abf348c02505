import { DrmGuardError } from "../../errors/index.ts";
import { readTrainedModel, type TrainedModelFacts } from "../../training/index.ts";
import type { ZooManifest } from "../../zoo/index.ts";
import { modelFacts } from "../model-facts.ts";
import { type KnownModel, type MitigateZooRequest, mitigateZoo } from "./mitigate-zoo.ts";
import { type BenchedModel, type MitigationBench, mitigationBenchSchema } from "./mitigation-bench.ts";
import { mitigationTable } from "./mitigation-table.ts";

export interface MitigateBenchRequest extends Omit<MitigateZooRequest, "models"> {
  manifest: ZooManifest;
  /** Reads the facts of one model; readTrainedModel when left out. */
  readFacts?: ((path: string) => Promise<TrainedModelFacts>) | undefined;
}

/**
 * Takes the backdoor out of every model of a zoo with every method and makes the table of what that did.
 * @throws what mitigateZoo throws; ERR_CONFIG when the zoo is empty or a model's facts are another model's.
 */
export async function runMitigate(request: MitigateBenchRequest): Promise<MitigationBench> {
  const { manifest, plans, parts, labels, jobs, version, scanPlan } = request;
  if (manifest.models.length === 0) {
    throw new DrmGuardError("ERR_CONFIG", `Expected models in the zoo ${request.folder}, got none.`, {
      hint: "Run drmguard zoo make to the end first.",
    });
  }
  const models: BenchedModel[] = [];
  const failures: MitigationBench["failures"] = [];
  await mitigateZoo({ ...request, models: await knownModels(request) }, ({ model, plan, outcome, error }) => {
    const { name, condition, backdoored, seed } = model;
    const { method } = plan;
    if (outcome !== null) models.push({ method, name, condition, backdoored, seed, outcome });
    else failures.push({ method, model: name, code: error.code, message: error.message });
  });
  const methods = plans.map(({ method }) => method);
  const names = manifest.models.map(({ name }) => name);
  const place = (method: (typeof methods)[number], name: string) =>
    methods.indexOf(method) * names.length + names.indexOf(name);
  // Jobs end in any order; a bench tells of them in one.
  models.sort((a, b) => place(a.method, a.name) - place(b.method, b.name));
  failures.sort((a, b) => place(a.method, a.model) - place(b.method, b.model));
  const { given, scanned, measured, labelNames, unit, sha256 } = parts;
  const { source, height, width } = measured.images;
  const directions = models.some(({ outcome }) => outcome.before.cleanAngularError !== null);
  return mitigationBenchSchema.parse({
    schemaVersion: 1,
    kind: "mitigation",
    tool: { name: "drmguard", version },
    createdAt: new Date().toISOString(),
    zoo: { name: manifest.plan.name, models: manifest.models.length },
    images: {
      source,
      sha256,
      given: given.images.count,
      scanned: scanned.count,
      measured: measured.images.count,
      height,
      width,
    },
    labels,
    labelNames,
    error: directions ? { kind: "angle", unit: "degrees" } : { kind: "mean over outputs", unit },
    jobs,
    scan: scanPlan,
    plans: [...plans],
    rows: mitigationTable({ zoo: manifest.models, methods, models, failures }),
    models,
    failures,
  } satisfies MitigationBench);
}

async function knownModels(request: MitigateBenchRequest): Promise<KnownModel[]> {
  const { folder, manifest, readFacts = readTrainedModel } = request;
  const known: KnownModel[] = [];
  for (const model of manifest.models)
    known.push({ model, facts: await modelFacts(model, folder, readFacts) });
  return known;
}
