import type { PatchPlace } from "../native/addon.ts";

/**
 * Where patches of a family should bring the outputs. "patch": to one value away from the mean, near which every model
 * is cheap. "central-patch": to one value, wherever it is, which takes far deeper a collapse to be told from what benign
 * models do.
 */
export type PatchFamily = "patch" | "central-patch";

/** A square that is optimised further: what the search found there, and what others leave of the variance. */
export interface Finalist {
  patch: PatchPlace;
  content: Float32Array | null;
  /** Where the search brought the outputs. */
  found: number[];
  collapse: number;
  reference: number;
}
