import type { ErrorCode } from "../errors/index.ts";
import { exitCode } from "../report/exit-code.ts";
import type { ScanReport } from "../report/scan-report.ts";

/** Exit codes beside those of a report (lib/report/exit-code.ts). */
export const EXIT = {
  ok: 0,
  /** A trigger that was found in a model still works in what a mitigation made of it. */
  stillThere: 1,
  /** An error kept the command from its work. */
  failed: 2,
  /** The command line or the configuration is wrong; nothing was started. */
  usage: 4,
  /** Ctrl-C, as shells report it: 128 + SIGINT. */
  interrupted: 130,
} as const;

/** The weakest outcome that fails a scan; errors always do. */
export type FailOn = "backdoored" | "inconclusive";

/** How a report becomes an exit code. */
export interface ExitRules {
  failOn: FailOn;
  /** For dashboards that read the report instead. */
  exitZero: boolean;
  interrupted: boolean;
}

export function exitCodeOf(report: ScanReport, rules: ExitRules): number {
  if (rules.interrupted) return EXIT.interrupted;
  if (rules.exitZero) return EXIT.ok;
  if (rules.failOn === "inconclusive") return exitCode(report);
  const { clean, inconclusive } = report.summary;
  return exitCode({
    ...report,
    summary: { ...report.summary, clean: clean + inconclusive, inconclusive: 0 },
  });
}

/** The exit code for an error that ended the whole command. */
export function exitCodeOfError(code: ErrorCode): number {
  if (code === "ERR_CANCELLED") return EXIT.interrupted;
  return code === "ERR_USAGE" || code === "ERR_CONFIG" ? EXIT.usage : EXIT.failed;
}
