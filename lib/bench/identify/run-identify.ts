import { DrmGuardError } from "../../errors/index.ts";
import { readTrainedModel, type TrainedModelFacts } from "../../training/index.ts";
import { judge } from "../../verdict/judge.ts";
import type { ZooImages, ZooManifest } from "../../zoo/index.ts";
import { modelFacts } from "../model-facts.ts";
import { type SeedHalves, seedHalves } from "./halves.ts";
import { type Identification, type IdentifiedModel, identificationSchema } from "./identification.ts";
import { methodTable } from "./identification-table.ts";
import { type FinishedScan, type ScanZooRequest, scanZoo } from "./scan-zoo.ts";
import { labelRange, targetError } from "./target-error.ts";

export interface IdentifyRequest extends Omit<ScanZooRequest, "models"> {
  manifest: ZooManifest;
  /** Of the images' data set; their range is the unit of the target error. */
  labels: Pick<ZooImages, "labels" | "labelNames">;
  /** Reads the facts of one model; readTrainedModel when left out. */
  readFacts?: ((path: string) => Promise<TrainedModelFacts>) | undefined;
}

/**
 * Scans a zoo with every method and makes the identification table.
 * @throws what scanZoo throws; ERR_CONFIG when the zoo is empty or a model's facts are another model's.
 */
export async function runIdentify(request: IdentifyRequest): Promise<Identification> {
  const { manifest, plans, images, jobs, version } = request;
  if (manifest.models.length === 0) {
    throw new DrmGuardError("ERR_CONFIG", `Expected models in the zoo ${request.folder}, got none.`, {
      hint: "Run drmguard zoo make to the end first.",
    });
  }
  const facts = await factsByName(request);
  const range = labelRange(request.labels.labels, request.labels.labelNames.length);
  const halves = seedHalves(manifest.models.map(({ seed }) => seed));
  const models: IdentifiedModel[] = [];
  const failures: Identification["failures"] = [];
  await scanZoo({ ...request, models: manifest.models }, (finished) => {
    const attacks = facts.get(finished.model.name)?.attacks ?? [];
    models.push(identified(finished, halves, (evidence) => targetError(evidence, attacks, range)));
    if (finished.error === null) return;
    const { code, message } = finished.error;
    failures.push({ method: finished.method, model: finished.model.name, code, message });
  });
  const order = manifest.models.map(({ name }) => name);
  models.sort((a, b) => order.indexOf(a.name) - order.indexOf(b.name));
  const { source, sha256, count, height, width } = images;
  const conditions = [
    ...new Set(manifest.models.filter((model) => model.backdoored).map(({ condition }) => condition)),
  ];
  return identificationSchema.parse({
    schemaVersion: 1,
    kind: "identification",
    tool: { name: "drmguard", version },
    createdAt: new Date().toISOString(),
    zoo: { name: manifest.plan.name, models: manifest.models.length },
    images: { source, sha256, count, height, width },
    halves,
    jobs,
    methods: plans.map(({ method, plan }) => ({
      method,
      plan,
      ...methodTable(
        models.filter((model) => model.method === method),
        conditions,
      ),
    })),
    models: plans.flatMap(({ method }) => models.filter((model) => model.method === method)),
    failures,
  } satisfies Identification);
}

/** A scan that failed has no score, which is a detector's failure, not the model's innocence. */
function identified(
  { method, plan, model, evidence }: FinishedScan,
  halves: SeedHalves,
  errorOf: (evidence: NonNullable<FinishedScan["evidence"]>) => number | null,
): IdentifiedModel {
  const { name, condition, backdoored, seed } = model;
  const half = halves.reporting.includes(seed) ? "reporting" : "choosing";
  const head = { method, name, condition, backdoored, seed, half } as const;
  if (evidence === null) {
    return { ...head, score: null, label: "inconclusive", targetError: null, seconds: null, threads: null };
  }
  const { score, label } = judge(evidence, plan.thresholds);
  const { threads } = evidence.plan;
  return { ...head, score, label, targetError: errorOf(evidence), seconds: evidence.seconds.total, threads };
}

async function factsByName(request: IdentifyRequest): Promise<Map<string, TrainedModelFacts>> {
  const { folder, manifest, readFacts = readTrainedModel } = request;
  const facts = new Map<string, TrainedModelFacts>();
  for (const model of manifest.models) facts.set(model.name, await modelFacts(model, folder, readFacts));
  return facts;
}
