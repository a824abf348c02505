import type { ScanMethod, Thresholds } from "../config/scan-plan.ts";
import { DrmGuardError } from "../errors/index.ts";

/** The lines that a score is held against: at or above `backdoored`, at or below `clean`, inconclusive between. */
export interface ScoreLines {
  backdoored: number;
  clean: number;
}

/**
 * The lines of a method on its score's scale. The paper's rule has one line: ε/meanL1 above 1 is meanL1 below ε.
 */
export function scoreLines(method: ScanMethod, thresholds: Thresholds): ScoreLines {
  return method === "contrast"
    ? { backdoored: thresholds.backdoored, clean: thresholds.clean }
    : { backdoored: 1, clean: 1 };
}

/** @throws ERR_CONFIG unless every threshold is a positive number and clean ≤ backdoored. */
export function requireThresholds(thresholds: Thresholds): void {
  for (const name of ["backdoored", "clean", "epsilon"] as const) {
    const value = thresholds[name];
    if (!Number.isFinite(value) || value <= 0) {
      throw new DrmGuardError("ERR_CONFIG", `thresholds.${name}: expected a positive number, came ${value}`);
    }
  }
  if (thresholds.clean > thresholds.backdoored) {
    throw new DrmGuardError(
      "ERR_CONFIG",
      `thresholds.clean: expected at most thresholds.backdoored (${thresholds.backdoored}), came ${thresholds.clean}`,
      {
        hint: "Lower thresholds.clean or raise thresholds.backdoored; scores between the two are inconclusive.",
      },
    );
  }
}
