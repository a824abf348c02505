import { join } from "node:path";
import { differingSetting, type ScanPlan } from "../../config/index.ts";
import { DrmGuardError } from "../../errors/index.ts";
import { exists, jsonOrNull, readRegularFile, writeFileAtomically } from "../../files/index.ts";
import { type MitigationOutcome, type ResultIdentity, resultSchema } from "./mitigation-result.ts";

const LARGEST_RESULT_BYTES = 64 * 2 ** 20;

/** What all kept files of a bench depend on. */
export type BenchIdentity = Pick<ResultIdentity, "version" | "modelSha256" | "imagesSha256">;

/** Where the evidence of a model's scan lies, which all methods share: OUT/evidence/MODEL.json. */
export function evidencePath(out: string, model: string): string {
  return join(out, "evidence", `${model}.json`);
}

/** Where the result of one method on one model lies: OUT/results/METHOD/MODEL.json. */
export function resultPath(out: string, method: string, model: string): string {
  return join(out, "results", method, `${model}.json`);
}

/**
 * What an earlier run made of a model, if there is anything.
 * @param rescan whether the mitigated model must have been scanned again.
 * @throws ERR_CONFIG when what lies there was made with something else: it is somebody's work, neither used nor
 *   replaced; ERR_FILE_NOT_FOUND when it cannot be read.
 */
export async function keptResult(
  path: string,
  identity: ResultIdentity,
  rescan: boolean,
): Promise<MitigationOutcome | null> {
  if (!(await exists(path))) return null;
  const bytes = await readRegularFile(path, LARGEST_RESULT_BYTES, "the result");
  const parsed = resultSchema.safeParse(jsonOrNull(new TextDecoder().decode(bytes)));
  if (!parsed.success) throw refused(path, "it holds no whole result as this version writes them");
  const { outcome } = parsed.data;
  const difference = firstDifference(parsed.data.identity, identity);
  if (difference !== null) throw refused(path, difference);
  if (rescan && outcome.rescan === null) throw refused(path, "its mitigated model was not scanned again");
  return rescan ? outcome : { ...outcome, rescan: null };
}

/**
 * Keeps a result, whole or not at all.
 * @throws ERR_FILE_WRITE
 */
export async function keepResult(
  path: string,
  identity: ResultIdentity,
  outcome: MitigationOutcome,
): Promise<void> {
  const createdAt = new Date().toISOString();
  const result = { schemaVersion: 1, kind: "mitigation-result", createdAt, identity, outcome } as const;
  await writeFileAtomically(path, `${JSON.stringify(result)}\n`);
}

/** Why what is kept belongs to another bench; null when it does not. */
export function differingBench(kept: BenchIdentity, wanted: BenchIdentity): string | null {
  if (kept.modelSha256 !== wanted.modelSha256) return "its model is another file";
  if (kept.imagesSha256 !== wanted.imagesSha256) return "its images are others, or cut in other parts";
  if (kept.version === wanted.version) return null;
  return `DRMGuard ${kept.version} made it, and this is ${wanted.version}`;
}

/** ERR_CONFIG for a file that belongs to another bench. @param what it should be, with its article. */
export function refusedFile(path: string, what: string, reason: string): DrmGuardError {
  return new DrmGuardError("ERR_CONFIG", `${path} is not ${what} of this bench: ${reason}.`, {
    hint: "Give another --out, or the settings that it was made with.",
  });
}

function firstDifference(kept: ResultIdentity, wanted: ResultIdentity): string | null {
  const bench = differingBench(kept, wanted);
  if (bench !== null) return bench;
  if (kept.labels !== wanted.labels) return `its labels were ${kept.labels}`;
  const setting =
    differingSetting(kept.mitigation, wanted.mitigation) ??
    differingSetting(measuring(kept.scan), measuring(wanted.scan), "scan");
  return setting === null ? null : `its plan has another ${setting}`;
}

/** Threads change the time only. Thresholds count: they say which families of triggers are unlearned. */
function measuring({ threads: _threads, ...plan }: ScanPlan): object {
  return plan;
}

function refused(path: string, reason: string): DrmGuardError {
  return refusedFile(path, "a result", reason);
}
