import type { ErrorCode } from "../errors/index.ts";
import { EVIDENCE_SCHEMA_VERSION, type ScanEvidence } from "../evidence/schema.ts";
import type { Verdict } from "../verdict/verdict.ts";

/** A report carries evidence and is read where evidence is: one version for both. */
export const REPORT_SCHEMA_VERSION = EVIDENCE_SCHEMA_VERSION;

/** One model of a scan. The three outcomes are never mixed: a finding, an error and a skip are different facts. */
export type ModelEntry =
  | { outcome: "scanned"; path: string; evidence: ScanEvidence; verdict: Verdict }
  | { outcome: "error"; path: string; error: { code: ErrorCode; message: string; hint: string } }
  | { outcome: "skipped"; path: string; reason: string };

/** What `scan` and `judge` hand to the user. */
export interface ScanReport {
  schemaVersion: typeof REPORT_SCHEMA_VERSION;
  tool: { name: "drmguard"; version: string };
  createdAt: string;
  /** True only when every model was scanned to the end. */
  complete: boolean;
  summary: { clean: number; backdoored: number; inconclusive: number; errors: number; skipped: number };
  models: ModelEntry[];
}
