import { readFileSync } from "node:fs";
import { type ModelEntry, REPORT_SCHEMA_VERSION, type ScanReport } from "./scan-report.ts";

/** What a report says about its own making; for tests and for reports that are rebuilt. */
export interface ReportOrigin {
  /** Version of DRMGuard that judged; this package's when left out. */
  version?: string;
  /** Now when left out. */
  createdAt?: Date;
}

/**
 * Puts models, in the order given, into one report with its counts.
 * `complete` is true only when there is at least one model and every model was scanned to the end.
 */
export function buildReport(entries: readonly ModelEntry[], origin: ReportOrigin = {}): ScanReport {
  const summary = { clean: 0, backdoored: 0, inconclusive: 0, errors: 0, skipped: 0 };
  for (const entry of entries) {
    if (entry.outcome === "scanned") summary[entry.verdict.label] += 1;
    else if (entry.outcome === "error") summary.errors += 1;
    else summary.skipped += 1;
  }
  return {
    schemaVersion: REPORT_SCHEMA_VERSION,
    tool: { name: "drmguard", version: origin.version ?? packageVersion() },
    createdAt: (origin.createdAt ?? new Date()).toISOString(),
    complete:
      entries.length > 0 && entries.every((entry) => entry.outcome === "scanned" && entry.evidence.complete),
    summary,
    models: [...entries],
  };
}

function packageVersion(): string {
  // The manifest lies two folders up both from lib/report and from dist/report.
  const manifest: unknown = JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8"));
  return (manifest as { version: string }).version;
}
