import { asDrmGuardError } from "../errors/index.ts";
import type { ScanReport } from "../report/scan-report.ts";
import { EXIT, type ExitRules, exitCodeOf } from "./exit-codes.ts";
import { type OutputTarget, writeOutputs } from "./output-targets.ts";
import { type Messages, wantsColour } from "./terminal.ts";

export interface FinishRules extends ExitRules {
  /** Whether the user allows colours. */
  colour: boolean;
}

/** Writes the report everywhere and tells the exit code. A file that fails hides no finding. */
export async function finishReport(
  report: ScanReport,
  targets: readonly OutputTarget[],
  messages: Messages,
  rules: FinishRules,
): Promise<number> {
  const code = exitCodeOf(report, rules);
  try {
    await writeOutputs(report, targets, wantsColour(rules.colour, process.stdout, process.env));
    return code;
  } catch (thrown) {
    messages.error(asDrmGuardError(thrown, "ERR_FILE_WRITE"));
    return code === EXIT.ok ? EXIT.failed : code;
  }
}
