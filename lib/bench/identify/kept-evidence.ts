import { join } from "node:path";
import { differingSetting, type ScanPlan } from "../../config/index.ts";
import { DrmGuardError } from "../../errors/index.ts";
import { readEvidenceFile } from "../../evidence/read-evidence.ts";
import type { ScanEvidence } from "../../evidence/schema.ts";
import { exists } from "../../files/index.ts";

/** What evidence must have been made with to count as this scan's. */
export interface ScanIdentity {
  plan: ScanPlan;
  modelSha256: string;
  imagesSha256: string;
  /** Of this package. */
  version: string;
}

/** Where the evidence of one scan lies: OUT/evidence/METHOD/MODEL.json. */
export function evidencePath(out: string, method: string, model: string): string {
  return join(out, "evidence", method, `${model}.json`);
}

/**
 * The evidence of an earlier run, if there is any.
 * @throws ERR_CONFIG when what lies there was made with something else: it is somebody's work, neither used nor
 *   replaced.
 */
export async function keptEvidence(path: string, identity: ScanIdentity): Promise<ScanEvidence | null> {
  if (!(await exists(path))) return null;
  const recorded = await readEvidenceFile(path).catch((cause: unknown) => {
    throw refused(path, cause instanceof Error ? cause.message : String(cause), cause);
  });
  const [entry] = recorded;
  if (recorded.length !== 1 || entry?.outcome !== "scanned") throw refused(path, "it holds no single scan");
  const difference = firstDifference(entry.evidence, identity);
  if (difference !== null) throw refused(path, difference);
  return entry.evidence;
}

function firstDifference(evidence: ScanEvidence, wanted: ScanIdentity): string | null {
  if (evidence.model.sha256 !== wanted.modelSha256) return "its model is another file";
  if (evidence.images.sha256 !== wanted.imagesSha256) return "its images are others";
  if (evidence.tool.version !== wanted.version) {
    return `DRMGuard ${evidence.tool.version} made it, and this is ${wanted.version}`;
  }
  if (!evidence.complete) return "its scan was not complete";
  const setting = differingSetting(measuring(evidence.plan), measuring(wanted.plan));
  return setting === null ? null : `its plan has another ${setting}`;
}

/** Threads change the time, and thresholds the verdict; neither changes what was measured. */
function measuring({ threads: _threads, thresholds: _thresholds, ...plan }: ScanPlan): object {
  return plan;
}

function refused(path: string, reason: string, cause?: unknown): DrmGuardError {
  return new DrmGuardError("ERR_CONFIG", `${path} is not the evidence of this bench: ${reason}.`, {
    hint: "Give another --out, or the settings that the evidence was made with.",
    cause,
  });
}
