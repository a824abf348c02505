import { type Markup, markup } from "../markup.ts";
import { secondsText, signed, significant, vectorText } from "../number-format.ts";
import type { ModelEntry } from "../scan-report.ts";
import { badge, entryState } from "./badge.ts";

/** One line per model, each linked to its section. */
export function summaryTable(entries: readonly ModelEntry[]): Markup {
  return markup`<section class="card"><h2>Models</h2>
<div class="scroll"><table class="summary">
<thead><tr><th scope="col">Model</th><th scope="col">Verdict</th><th scope="col" class="number">Score</th><th scope="col" class="number">Line</th><th scope="col" class="number">Margin</th><th scope="col">Target found</th><th scope="col" class="number">Time</th></tr></thead>
<tbody>
${entries.map(
  (
    entry,
    index,
  ) => markup`<tr><th scope="row"><a href="#model-${index + 1}">${entry.path}</a></th><td>${badge(entryState(entry))}</td>${cells(entry)}</tr>
`,
)}</tbody>
</table></div></section>`;
}

function cells(entry: ModelEntry): Markup {
  if (entry.outcome === "error")
    return markup`<td colspan="5" class="muted">${entry.error.code}: ${entry.error.message}</td>`;
  if (entry.outcome === "skipped") return markup`<td colspan="5" class="muted">${entry.reason}</td>`;
  const { verdict, evidence } = entry;
  const number = (text: string) => markup`<td class="number">${text}</td>`;
  return markup`${number(verdict.score === null ? "–" : significant(verdict.score))}${number(significant(verdict.threshold))}${number(
    verdict.margin === null ? "–" : signed(verdict.margin),
  )}<td>${verdict.target === null ? "–" : vectorText(verdict.target, 4)}</td>${number(secondsText(evidence.seconds.total))}`;
}
