import type { InversionEvidence, ScanEvidence } from "../../evidence/schema.ts";
import { shownInversion } from "../../evidence/statistics.ts";
import { TRIGGER_FAMILIES } from "../../evidence/trigger-families.ts";
import { type Markup, markup } from "../markup.ts";
import { rangeText, significant, vectorText } from "../number-format.ts";
import { swatch } from "./curve-charts.ts";

/** Every inversion with its numbers, in the evidence's order. */
export function inversionTable(evidence: ScanEvidence): Markup | null {
  const { inversions } = evidence;
  if (inversions.length === 0) return null;
  const best = shownInversion(evidence)?.index ?? -1;
  return markup`<section><h3>All inversions</h3>
<div class="scroll"><table>
<thead><tr><th scope="col">#</th><th scope="col">Family</th><th scope="col">Role</th><th scope="col">Origin</th><th scope="col">Start → target</th><th scope="col" class="number">Cost</th><th scope="col" class="number">Collapse</th><th scope="col">Reached</th><th scope="col" class="number">RAV</th><th scope="col" class="number">RNV</th></tr></thead>
<tbody>
${inversions.map((inversion, index) => row(inversions, inversion, index, best))}</tbody></table></div>
<p class="caption muted">Cost: mean absolute change per pixel in [0,1]; of a warp, mean displacement in image sides. Collapse: output variance left, or distance to the target, over the benign variance. RAV and RNV: variance of feature angles and norms, triggered over benign; a range spans the outputs.</p></section>`;
}

function row(
  inversions: readonly InversionEvidence[],
  inversion: InversionEvidence,
  index: number,
  best: number,
): Markup {
  const start = inversion.startTarget === null ? "" : `${vectorText(inversion.startTarget, 3)} → `;
  const number = (text: string) => markup`<td class="number">${text}</td>`;
  return markup`<tr${index === best && markup` class="best"`}><th scope="row" class="nowrap">${swatch(inversions, index, best)}${index + 1}</th><td>${TRIGGER_FAMILIES[inversion.family].name}</td><td>${inversion.role}</td><td>${inversion.origin}</td><td>${start}${vectorText(inversion.target, 3)}</td>${number(significant(inversion.cost))}${number(significant(inversion.collapse))}<td>${inversion.reached ? "yes" : "no"}</td>${number(optionalRange(inversion.rav))}${number(optionalRange(inversion.rnv))}</tr>
`;
}

function optionalRange(values: number[] | null): string {
  return values === null ? "–" : rangeText(values);
}
