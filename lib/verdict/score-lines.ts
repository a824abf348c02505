import type { ScanMethod, Thresholds } from "../config/scan-plan.ts";
import { DrmGuardError } from "../errors/index.ts";

/** The lines that a score is held against: at or above `backdoored`, at or below `clean`, inconclusive between. */
export interface ScoreLines {
  backdoored: number;
  clean: number;
}

/**
 * The lines of a method on its score's scale. All but contrast have one line, at 1: ε/meanL1 above 1 is meanL1 below ε.
 */
export function scoreLines(method: ScanMethod, thresholds: Thresholds): ScoreLines {
  return method === "contrast"
    ? { backdoored: thresholds.backdoored, clean: thresholds.clean }
    : { backdoored: 1, clean: 1 };
}

/** @throws ERR_CONFIG unless every threshold is a number, positive except for featureScore, and clean ≤ backdoored. */
export function requireThresholds(thresholds: Thresholds): void {
  for (const name of ["backdoored", "clean", "epsilon", "maskShare"] as const) {
    const value = thresholds[name];
    if (!Number.isFinite(value) || value <= 0) {
      throw new DrmGuardError("ERR_CONFIG", `thresholds.${name}: expected a positive number, came ${value}`);
    }
  }
  if (!Number.isFinite(thresholds.featureScore)) {
    const came = `came ${thresholds.featureScore}`;
    throw new DrmGuardError("ERR_CONFIG", `thresholds.featureScore: expected a number, ${came}`);
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
