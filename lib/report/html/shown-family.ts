import type { ScanEvidence } from "../../evidence/schema.ts";
import { type RankedInversion, shownInversion } from "../../evidence/statistics.ts";

/**
 * The inversions of the family that the verdict speaks of, with their places in the evidence: costs, and so pictures of
 * them, mean something only within one family.
 */
export function shownFamily(evidence: ScanEvidence): RankedInversion[] {
  const family = shownInversion(evidence)?.inversion.family;
  return evidence.inversions
    .map((inversion, index) => ({ inversion, index }))
    .filter(({ inversion }) => family === undefined || inversion.family === family);
}
