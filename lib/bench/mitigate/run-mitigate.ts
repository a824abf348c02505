import { DrmGuardError } from "../../errors/index.ts";
import { readTrainedModel, type TrainedModelFacts } from "../../training/index.ts";
import type { ZooManifest } from "../../zoo/index.ts";
import { modelFacts } from "../model-facts.ts";
import { medianErrors } from "./benign-reference.ts";
import { type KnownModel, type MitigateZooRequest, mitigateZoo } from "./mitigate-zoo.ts";
import {
  BENIGN_REFERENCE,
  type BenchedModel,
  type MitigationBench,
  mitigationBenchSchema,
} from "./mitigation-bench.ts";
import { mitigationTable } from "./mitigation-table.ts";

export interface MitigateBenchRequest extends Omit<MitigateZooRequest, "models"> {
  manifest: ZooManifest;
  /** Reads the facts of one model; readTrainedModel when left out. */
  readFacts?: ((path: string) => Promise<TrainedModelFacts>) | undefined;
}

/** What came of the models of a bench, in the order of the zoo. */
type BenchResults = Pick<MitigationBench, "models" | "references" | "failures">;

/**
 * Takes the backdoor out of every model of a zoo with every method and makes the table of what that did.
 * @throws what mitigateZoo throws; ERR_CONFIG when the zoo is empty or a model's facts are another model's.
 */
export async function runMitigate(request: MitigateBenchRequest): Promise<MitigationBench> {
  const { manifest, benign, plans, parts, labels, jobs, version, scanPlan } = request;
  if (manifest.models.length === 0) {
    throw new DrmGuardError("ERR_CONFIG", `Expected models in the zoo ${request.folder}, got none.`, {
      hint: "Run drmguard zoo make to the end first.",
    });
  }
  const results = await resultsOf(request);
  const { given, scanned, measured, labelNames, unit, sha256 } = parts;
  const { source, height, width } = measured.images;
  const directions = results.models.some(({ outcome }) => outcome.before.cleanAngularError !== null);
  const methods = plans.map(({ method }) => method);
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
    rows: mitigationTable({ zoo: manifest.models, methods, ...results }),
    benignModels: benign.map(({ name }) => name),
    ...results,
  } satisfies MitigationBench);
}

async function resultsOf(request: MitigateBenchRequest): Promise<BenchResults> {
  const { manifest, plans } = request;
  const models: BenchedModel[] = [];
  const medians = new Map<string, number[]>();
  const failures: MitigationBench["failures"] = [];
  const fail = (method: MitigationBench["failures"][number]["method"], model: string, error: DrmGuardError) =>
    failures.push({ method, model, code: error.code, message: error.message });
  await mitigateZoo(
    { ...request, models: await knownModels(request) },
    {
      mitigation: ({ model, plan: { method }, outcome, error }) => {
        const { name, condition, backdoored, seed } = model;
        if (outcome !== null) models.push({ method, name, condition, backdoored, seed, outcome });
        else fail(method, name, error);
      },
      reference: ({ model: { name }, reference, error }) => {
        if (reference !== null) medians.set(name, medianErrors(reference));
        else fail(BENIGN_REFERENCE, name, error);
      },
    },
  );
  const methods: string[] = plans.map(({ method }) => method);
  const names = manifest.models.map(({ name }) => name);
  const place = (method: string, name: string) =>
    methods.indexOf(method) * names.length + names.indexOf(name);
  // Jobs end in any order; a bench tells of them in one.
  models.sort((a, b) => place(a.method, a.name) - place(b.method, b.name));
  failures.sort((a, b) => place(a.method, a.model) - place(b.method, b.model));
  const references = manifest.models
    .filter(({ backdoored }) => backdoored)
    .map(({ name }) => ({ model: name, defendingAttackErrors: medians.get(name) ?? null }));
  return { models, references, failures };
}

async function knownModels(request: MitigateBenchRequest): Promise<KnownModel[]> {
  const { folder, manifest, readFacts = readTrainedModel } = request;
  const known: KnownModel[] = [];
  for (const model of manifest.models)
    known.push({ model, facts: await modelFacts(model, folder, readFacts) });
  return known;
}
