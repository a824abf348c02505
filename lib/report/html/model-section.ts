import { type Markup, markup } from "../markup.ts";
import { notChecked } from "../not-checked.ts";
import type { ModelEntry } from "../scan-report.ts";
import { badge, entryState } from "./badge.ts";
import { curveCharts } from "./curve-charts.ts";
import { facts } from "./facts.ts";
import { inversionTable } from "./inversion-table.ts";
import { outputPlane } from "./output-plane.ts";
import { probeTable } from "./probe-table.ts";
import { triggerGallery } from "./trigger-gallery.ts";
import { verdictSummary } from "./verdict-summary.ts";

/** Everything about one model. The anchor is its number in the report: names come from outside. */
export function modelSection(entry: ModelEntry, index: number): Markup {
  return markup`<article class="card model ${entryState(entry)}" id="model-${index + 1}">
<header class="model-header"><h2>${entry.path}</h2>${badge(entryState(entry))}</header>
${content(entry)}
</article>
`;
}

function content(entry: ModelEntry): Markup {
  if (entry.outcome === "skipped") return markup`<p class="reason">Skipped: ${entry.reason}</p>`;
  if (entry.outcome === "error") {
    const { code, message, hint } = entry.error;
    return markup`<p class="reason">${message}</p><p class="muted"><code>${code}</code> · ${hint}</p>`;
  }
  const { evidence, verdict } = entry;
  return markup`${verdictSummary(evidence, verdict)}
${triggerGallery(evidence, verdict.label)}
${outputPlane(evidence)}
${curveCharts(evidence)}
${inversionTable(evidence)}
${probeTable(evidence)}
<section class="unchecked"><h3>Not checked</h3><ul>${notChecked(evidence).map((gap) => markup`<li>${gap}</li>`)}</ul></section>
${facts(evidence)}`;
}
