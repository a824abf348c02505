import type { ScanEvidence } from "../../evidence/schema.ts";
import { type Markup, markup } from "../markup.ts";
import { grouped, significant, vectorText } from "../number-format.ts";

const PATCHES_SHOWN = 12;

/** The most suspicious patches of the probe sweep. */
export function probeTable({ probe }: ScanEvidence): Markup | null {
  if (probe === null) return null;
  const shown = probe.best.slice(0, PATCHES_SHOWN);
  return markup`<section><h3>Probe sweep</h3>
<p>${grouped(probe.patchesTried)} plain patches in ${grouped(probe.forwardPasses)} forward passes${shown.length === 0 ? "." : "; the most suspicious first."}</p>
${
  shown.length > 0 &&
  markup`<div class="scroll"><table>
<thead><tr><th scope="col">Colour</th><th scope="col" class="number">Top</th><th scope="col" class="number">Left</th><th scope="col" class="number">Size</th><th scope="col" class="number">Variance left</th><th scope="col" class="number">Shift (deviations)</th><th scope="col">Mean output</th></tr></thead>
<tbody>
${shown.map(
  (patch) =>
    markup`<tr><td><i class="patch" style="background:${cssColour(patch.colour)}"></i>${vectorText(patch.colour, 3)}</td><td class="number">${patch.top}</td><td class="number">${patch.left}</td><td class="number">${patch.size}</td><td class="number">${significant(patch.varianceRatio)}</td><td class="number">${significant(patch.shift)}</td><td>${vectorText(patch.target, 4)}</td></tr>
`,
)}</tbody></table></div>`
}</section>`;
}

/** A patch's colour in [0,1], grey or RGB, for a style attribute. */
function cssColour(colour: readonly number[]): string {
  const channel = (index: number) => {
    const value = colour[Math.min(index, colour.length - 1)] ?? 0;
    return Math.round(Math.min(Math.max(value, 0), 1) * 255);
  };
  return `rgb(${channel(0)},${channel(1)},${channel(2)})`;
}
