/** Side lengths of the probe's patches, as shares of the image's shorter side: triggers are small beside the image. */
const PATCH_SHARES = [1 / 13, 1 / 7] as const;

/** Different whole sizes of at least two pixels that fit the image. */
export function patchSizes({ height, width }: { height: number; width: number }): number[] {
  const side = Math.min(height, width);
  return [...new Set(PATCH_SHARES.map((share) => Math.min(side, Math.max(2, Math.round(side * share)))))];
}
