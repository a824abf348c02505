/** A position in an SVG, to a tenth of a unit: finer is invisible and only makes the file larger. */
export function coordinate(value: number): string {
  return String(finite(Math.round(value * 10) / 10));
}

/** A share of the width as an SVG percentage, for drawings whose text must not shrink with them. */
export function percentage(share: number): string {
  return `${finite(Math.round(share * 1e4) / 100)}%`;
}

/** Numbers from outside can be so large that a difference of two overflows; a drawing then loses its place, not its validity. */
function finite(value: number): number {
  return Number.isFinite(value) ? value : 0;
}
