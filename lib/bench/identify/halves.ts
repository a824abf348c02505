/** The seeds of a zoo in two halves without a common seed. */
export interface SeedHalves {
  /** Thresholds are chosen on models of these seeds. */
  choosing: number[];
  /** Results are told of models of these seeds. */
  reporting: number[];
}

/**
 * Splits the distinct seeds, ascending, by turns; the first goes to the reporting half, which is the larger one of an
 * odd number. By seed over all conditions and not by model, because models of one seed share their first weights and
 * the draw of their attack.
 */
export function seedHalves(seeds: readonly number[]): SeedHalves {
  const distinct = [...new Set(seeds)].sort((a, b) => a - b);
  return {
    choosing: distinct.filter((_, index) => index % 2 === 1),
    reporting: distinct.filter((_, index) => index % 2 === 0),
  };
}
