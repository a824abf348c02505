import type { InversionEvidence } from "./schema.ts";

type Family = InversionEvidence["family"];

/** What people call a family of triggers, what its cost counts (InversionEvidence.cost), and how it is scored. */
export interface TriggerFamilyText {
  name: string;
  costUnit: string;
  /**
   * "cost": a trigger may be as large as it has to be; what counts is how many times dearer other targets are than the
   * cheapest. "depth": all triggers of the family are small; what counts is how many times narrower an optimised one
   * makes the outputs than others of the family do.
   */
  measure: "cost" | "depth";
  /** The most that eight benign models have shown of that; scores count in it (docs/decisions/0014; stripes: 0019, 0020). */
  benign: number;
  /**
   * "depth": the most that others of the family count, as a share of the outputs' variance: about what they leave at most in models that
   * nobody has hardened. In one that was taught to answer alike whatever is painted on the picture they leave all of it, and
   * the harder it is, the more suspicious it would be (docs/decisions/0017). Squares near the mean count less: what hides the eyes
   * leaves any model nothing else to answer. 1 where it is not looked at.
   */
  mostReference: number;
}

const CHANGE = "mean change per pixel in [0,1]";
const COSTS = { costUnit: CHANGE, measure: "cost", benign: 2.25, mostReference: 1 } as const;
const STRIPES = { costUnit: CHANGE, measure: "depth", mostReference: 0.45 } as const;
const SQUARE = { costUnit: CHANGE, measure: "depth" } as const;

export const TRIGGER_FAMILIES: Record<Family, TriggerFamilyText> = {
  wave: { name: "stripes", ...STRIPES, benign: 2.2 },
  "central-wave": { name: "stripes, target near the mean", ...STRIPES, benign: 3 },
  patch: { name: "patch", ...SQUARE, benign: 3, mostReference: 0.85 },
  "central-patch": {
    name: "patch, target near the mean",
    ...SQUARE,
    benign: 6.2,
    mostReference: 0.45,
  },
  "offset-patch": {
    name: "patch that moves the outputs",
    ...SQUARE,
    benign: 2.6,
    mostReference: 1,
  },
  "additive-pattern": { name: "additive pattern", ...COSTS },
  "smooth-warp": { name: "smooth warp", ...COSTS, costUnit: "mean displacement in image sides" },
  "encoder-decoder": { name: "input-aware change", ...COSTS },
  "mask-pattern": { name: "mask and pattern", ...COSTS },
};

/** How evidence speaks of a family whose inversions it may lack. */
export function familyText(family: Family | null): TriggerFamilyText {
  return TRIGGER_FAMILIES[family ?? "additive-pattern"];
}

/** Whether a trigger of the family moves all outputs by one offset, instead of bringing them to one value. */
export function movesByOffset(family: Family): boolean {
  return family === "offset-patch";
}

/** Whether all triggers of the family are small. */
export function bounded(family: Family): boolean {
  return TRIGGER_FAMILIES[family].measure === "depth";
}
