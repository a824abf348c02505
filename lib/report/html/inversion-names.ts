import type { InversionEvidence } from "../../evidence/schema.ts";
import { TRIGGER_FAMILIES } from "../../evidence/trigger-families.ts";

/** Distinguishable colours that the style sheet defines for light and dark: --series-0 … --series-7. */
const SERIES_COLOURS = 8;

/** How people refer to an inversion: its number in the table, and where it started. */
export function inversionName(inversion: InversionEvidence, index: number): string {
  const { name } = TRIGGER_FAMILIES[inversion.family];
  return inversion.role === "forced"
    ? `#${index + 1} (${name}, fixed target)`
    : `#${index + 1} (${name}, from ${origin(inversion)})`;
}

/**
 * How an inversion's curve is drawn: its own colour when free, grey when forced. Where there are more free ones of its
 * family than colours, they share one, and the best has another.
 */
export function curveColour(inversions: readonly InversionEvidence[], index: number, best: number): string {
  const own = inversions[index];
  if (own?.role === "forced") return "var(--forced)";
  const place = freeOfFamily(inversions.slice(0, index), own).length;
  if (freeOfFamily(inversions, own).length <= SERIES_COLOURS) return `var(--series-${place})`;
  return index === best ? "var(--series-0)" : "var(--series-1)";
}

/** Whether every free inversion of a family has a colour of its own. */
export function colourEach(inversions: readonly InversionEvidence[], best: number): boolean {
  return freeOfFamily(inversions, inversions[best]).length <= SERIES_COLOURS;
}

function freeOfFamily(
  inversions: readonly InversionEvidence[],
  like: InversionEvidence | undefined,
): InversionEvidence[] {
  return inversions.filter(({ role, family }) => role === "free" && family === like?.family);
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
