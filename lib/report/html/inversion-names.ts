import type { InversionEvidence } from "../../evidence/schema.ts";

/** Distinguishable colours that the style sheet defines for light and dark: --series-0 … --series-7. */
const SERIES_COLOURS = 8;

const FAMILIES = {
  "additive-pattern": "",
  "encoder-decoder": ", encoder–decoder",
  "mask-pattern": ", mask and pattern",
} as const satisfies Record<InversionEvidence["family"], string>;

/** How people refer to an inversion: its number in the table, and where it started. */
export function inversionName(inversion: InversionEvidence, index: number): string {
  const family = FAMILIES[inversion.family];
  return inversion.role === "forced"
    ? `#${index + 1} (forced target${family})`
    : `#${index + 1} (free, started at ${origin(inversion)}${family})`;
}

/** How an inversion's curve is drawn: its own colour when free, grey when forced; past the last colour, dashed. */
export function curveStyle(
  inversions: readonly InversionEvidence[],
  index: number,
): { colour: string; dashed: boolean } {
  if (inversions[index]?.role === "forced") return { colour: "var(--forced)", dashed: false };
  const place = inversions.slice(0, index).filter(({ role }) => role === "free").length;
  return { colour: `var(--series-${place % SERIES_COLOURS})`, dashed: place >= SERIES_COLOURS };
}

function origin({ origin: name }: InversionEvidence): string {
  const words = {
    mean: "the mean",
    spread: "a spread target",
    probe: "a probe patch",
    identity: "the identity",
  };
  return words[name];
}
