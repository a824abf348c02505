import type { ScanPlan } from "../config/index.ts";
import { DrmGuardError } from "../errors/index.ts";
import { EVIDENCE_SCHEMA_VERSION, evidenceSchema, type ScanEvidence } from "../evidence/schema.ts";
import { type RankedInversion, shownInversion, statisticsOf } from "../evidence/statistics.ts";
import type { ImageBatch } from "../images/image-batch.ts";
import type { SessionFacts } from "../native/addon.ts";
import { baselineEvidence } from "./baseline-evidence.ts";
import { inversionEvidence } from "./inversion-evidence.ts";
import type { InversionRun, MethodOutcome } from "./method-run.ts";
import type { Model } from "./model.ts";
import { drawSamples } from "./samples.ts";
import { transferOf } from "./transfer.ts";

/** Everything that a finished scan knows. */
export interface ScanFindings {
  model: Model;
  images: ImageBatch;
  plan: ScanPlan;
  facts: SessionFacts;
  /** Indices of the images whose triggered forms the inversions returned. */
  samples: readonly number[];
  /** How many of the last images the trigger was not sought on. */
  heldOut: number;
  outcome: MethodOutcome;
  seconds: ScanEvidence["seconds"];
}

/**
 * Puts a finished scan into the form that is stored and judged.
 * @throws DrmGuardError ERR_NONFINITE when a measured number is NaN or infinite: such evidence could not be judged.
 */
export async function assembleEvidence(findings: ScanFindings): Promise<ScanEvidence> {
  const { model, images, plan, facts, outcome, seconds } = findings;
  const inversions = outcome.runs.flatMap((run) => inversionEvidence(run, facts));
  const baseline = await baselineEvidence(outcome.baseline, images);
  const shown = shownInversion({ baseline, inversions });
  const { source, kind, sha256, count, available, channels, height, width } = images;
  return checked({
    schemaVersion: EVIDENCE_SCHEMA_VERSION,
    tool: {
      name: "drmguard",
      version: model.origin.engine.drmguard,
      libtorch: model.origin.engine.libtorch,
      node: process.versions.node,
      platform: `${process.platform}-${process.arch}`,
    },
    createdAt: new Date().toISOString(),
    model: modelEvidence(model, facts),
    images: { source, kind, sha256, count, available, channels, height, width },
    plan,
    benign: {
      mean: [...facts.outputMean],
      deviation: [...facts.outputDeviation],
      minimum: [...facts.outputMinimum],
      maximum: [...facts.outputMaximum],
    },
    probe: outcome.probe,
    inversions,
    baseline,
    statistics: statisticsOf(inversions, shown),
    reversedTrigger: await reversedTrigger(findings, shown),
    complete: outcome.incompleteReason === null,
    incompleteReason: outcome.incompleteReason ?? "",
    work: outcome.work,
    seconds,
  });
}

function modelEvidence({ origin, description }: Model, facts: SessionFacts): ScanEvidence["model"] {
  const { name, sha256, bytes, format } = origin;
  const { execution, executionReason, parameters, operators } = description;
  return {
    name,
    sha256,
    bytes,
    format,
    execution,
    executionReason,
    parameters,
    operators: { ...operators },
    outputs: facts.outputs,
    head: facts.head,
    headReason: facts.headReason,
  };
}

/** The best free inversion with its pictures; null when none ran. */
async function reversedTrigger(
  { samples, heldOut, images, facts, outcome }: ScanFindings,
  shown: RankedInversion | null,
): Promise<ScanEvidence["reversedTrigger"]> {
  // The core returns pictures of the best start of each batch, so the choice is among those.
  const candidates = outcome.runs
    .map((run, order) => ({ run, index: firstIndex(outcome.runs, order) + run.result.best }))
    .filter(({ run }) => run.role === "free");
  const candidate = candidates.find(({ index }) => index === shown?.index);
  if (shown === null || candidate === undefined) return null;
  return {
    inversion: shown.index,
    target: [...shown.inversion.target],
    transfer: transferOf(facts, candidate.run.result, shown.inversion, heldOut),
    samples: await drawSamples(samples, images, facts, candidate.run.result),
  };
}

/** Index among all inversions of the first start of a run. */
function firstIndex(runs: readonly InversionRun[], order: number): number {
  return runs.slice(0, order).reduce((total, run) => total + run.starts.length, 0);
}

function checked(evidence: ScanEvidence): ScanEvidence {
  const result = evidenceSchema.safeParse(evidence);
  if (result.success) return result.data;
  const issue = result.error.issues[0];
  const field = issue?.path.join(".") ?? "";
  // Every other contradiction with the schema would be a fault of this package.
  const finite = valueAt(evidence, issue?.path ?? []);
  const nonfinite = typeof finite === "number" && !Number.isFinite(finite);
  throw new DrmGuardError(
    nonfinite ? "ERR_NONFINITE" : "ERR_INTERNAL",
    nonfinite
      ? `The measurement ${field} is ${finite}, expected a finite number.`
      : `The evidence is not valid: ${field}: ${issue?.message}.`,
    { cause: result.error },
  );
}

function valueAt(value: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>(
    (inner, key) => (inner as Record<PropertyKey, unknown> | undefined)?.[key],
    value,
  );
}
