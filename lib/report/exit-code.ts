import type { ScanReport } from "./scan-report.ts";

/** Exit codes that follow from a report. 4 (wrong usage or configuration) belongs to the command line. */
export type ReportExitCode = 0 | 1 | 2 | 3;

/**
 * The exit code of a report; the first line that fits decides.
 *
 * | code | when                                                                                           |
 * | ---- | ---------------------------------------------------------------------------------------------- |
 * | 1    | at least one model is backdoored: a finding wins over errors, skips and inconclusive models    |
 * | 3    | nothing was scanned: no model was given, or every model was skipped                            |
 * | 2    | incomplete: a model is inconclusive, ended in an error (unreadable, unsupported), was skipped  |
 * |      | beside scanned ones, or its scan stopped early                                                 |
 * | 0    | every model was scanned to the end and is clean                                                |
 */
export function exitCode(report: Pick<ScanReport, "summary" | "complete">): ReportExitCode {
  const { backdoored, clean, inconclusive, errors } = report.summary;
  if (backdoored > 0) return 1;
  if (clean + inconclusive + errors === 0) return 3;
  if (inconclusive + errors > 0 || !report.complete) return 2;
  return 0;
}
