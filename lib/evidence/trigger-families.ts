import type { InversionEvidence } from "./schema.ts";

type Family = InversionEvidence["family"];

/** What people call a family of triggers, and what its cost counts (InversionEvidence.cost). */
export const TRIGGER_FAMILIES: Record<Family, { name: string; costUnit: string }> = {
  "additive-pattern": { name: "additive pattern", costUnit: "mean change per pixel in [0,1]" },
  "smooth-warp": { name: "smooth warp", costUnit: "mean displacement in image sides" },
  "encoder-decoder": { name: "input-aware change", costUnit: "mean change per pixel in [0,1]" },
  "mask-pattern": { name: "mask and pattern", costUnit: "mean change per pixel in [0,1]" },
};

/** How evidence speaks of a family whose inversions it may lack. */
export function familyText(family: Family | null): { name: string; costUnit: string } {
  return TRIGGER_FAMILIES[family ?? "additive-pattern"];
}
