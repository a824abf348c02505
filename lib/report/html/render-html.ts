import { type Markup, markup } from "../markup.ts";
import type { ScanReport } from "../scan-report.ts";
import { modelSection } from "./model-section.ts";
import { htmlPage } from "./page-shell.ts";
import { summaryTable } from "./summary-table.ts";

/** The whole report as one self-contained HTML file without scripts; opens offline, in light and dark, and prints. */
export function renderHtml(report: ScanReport): string {
  return htmlPage({ title: "DRMGuard scan report", body: body(report) });
}

function body(report: ScanReport): Markup {
  return markup`<header class="page-header">
<div><h1>DRMGuard scan report</h1>
<p class="muted">${readableTime(report.createdAt)} · DRMGuard ${report.tool.version} · ${models(report.models.length)}</p></div>
${counts(report)}
</header>
${report.complete ? null : incompleteNotice(report)}
<main>
${report.models.length > 1 ? summaryTable(report.models) : null}
${report.models.map((entry, index) => modelSection(entry, index))}
</main>
<footer class="muted"><p>A verdict holds for the images, triggers and settings listed with it. What was not checked is listed with every model.</p></footer>`;
}

function counts({ summary }: ScanReport): Markup {
  const cells = [
    ["backdoored", summary.backdoored],
    ["inconclusive", summary.inconclusive],
    ["clean", summary.clean],
    ["errors", summary.errors],
    ["skipped", summary.skipped],
  ] as const;
  return markup`<dl class="counts">${cells.map(
    ([label, count]) =>
      markup`<div class="${count === 0 ? "none" : label}"><dt>${label}</dt><dd>${count}</dd></div>`,
  )}</dl>`;
}

function incompleteNotice(report: ScanReport): Markup {
  const what =
    report.models.length === 0 ? "Nothing was scanned." : "Not every model was scanned to the end.";
  return markup`<p class="notice"><strong>This report is not complete.</strong> ${what}</p>`;
}

function models(count: number): string {
  return count === 1 ? "1 model" : `${count} models`;
}

function readableTime(iso: string): string {
  return iso.replace("T", " ").replace(/(\.\d+)?Z$/, " UTC");
}
