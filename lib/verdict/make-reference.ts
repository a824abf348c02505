import { differingSetting } from "../config/differing-setting.ts";
import type { ScanPlan } from "../config/scan-plan.ts";
import { DrmGuardError } from "../errors/index.ts";
import type { ScanEvidence } from "../evidence/schema.ts";
import { judge } from "./judge.ts";
import { type BenignReference, REFERENCE_SCHEMA_VERSION } from "./reference.ts";

/**
 * The reference of models that are taken to be benign, from the evidence of their scans.
 * @throws ERR_CONFIG when there are none; when one was scanned with another method or other settings, has another
 *   number
 *   of outputs, comes twice, was not scanned to the end or has no score.
 */
export function makeReference(
  scans: readonly ScanEvidence[],
  facts: { version: string; createdAt: string },
): BenignReference {
  const [first] = scans;
  if (first === undefined) {
    throw new DrmGuardError("ERR_CONFIG", "Expected the evidence of at least one benign model, got none.");
  }
  const reference: BenignReference = {
    schemaVersion: REFERENCE_SCHEMA_VERSION,
    tool: { name: "drmguard", version: facts.version },
    createdAt: facts.createdAt,
    outputs: first.model.outputs,
    contrast: structuredClone(first.plan.contrast),
    models: [],
  };
  for (const evidence of scans) {
    requireComparable(reference, evidence);
    const { name, sha256 } = evidence.model;
    if (reference.models.some((model) => model.sha256 === sha256)) {
      throw refused(name, "the same model file came twice", "Give every model once.");
    }
    const { score } = judge(evidence);
    if (!evidence.complete || score === null) {
      const why = evidence.complete ? "its scan gave no score" : "its scan was not complete";
      throw refused(name, why, "Scan it again, or leave it out.");
    }
    reference.models.push({ name, sha256, score });
  }
  return reference;
}

/**
 * @throws ERR_CONFIG when scores of the evidence and of the reference mean different things.
 */
export function requireComparable(reference: BenignReference, evidence: ScanEvidence): void {
  const { name, outputs } = evidence.model;
  requireSamePlan(reference, evidence.plan, name);
  if (outputs !== reference.outputs) {
    const why = `it has ${outputs} outputs, the models of the reference have ${reference.outputs}`;
    throw refused(name, why, "Use a reference of models of the same task.");
  }
}

/**
 * @param name what is scanned with the plan, for the message.
 * @throws ERR_CONFIG when the plan's scores would mean something else than the reference's.
 */
export function requireSamePlan(
  reference: BenignReference,
  { method, contrast }: Pick<ScanPlan, "method" | "contrast">,
  name: string,
): void {
  if (method !== "contrast") {
    throw refused(name, `its method is ${method}`, "A reference holds scores of contrast.");
  }
  const setting = differingSetting(contrast, reference.contrast, "contrast");
  if (setting !== null) {
    const why = `its ${setting} is another than that of the models of the reference`;
    throw refused(name, why, "Scan with the same settings, or make the reference again.");
  }
}

function refused(name: string, why: string, hint: string): DrmGuardError {
  return new DrmGuardError("ERR_CONFIG", `${name} does not compare with the reference: ${why}.`, { hint });
}
