import { type Markup, markup, trustedMarkup } from "../markup.ts";
import type { ScanReport } from "../scan-report.ts";
import { modelSection } from "./model-section.ts";
import { STYLE_SHEET } from "./style-sheet.ts";
import { summaryTable } from "./summary-table.ts";

/** Nothing but inline styles and inlined pictures: no script runs and nothing is fetched, whatever the report holds. */
export const CONTENT_POLICY =
  "default-src 'none'; img-src data:; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'";

/** The whole report as one self-contained HTML file without scripts; opens offline, in light and dark, and prints. */
export function renderHtml(report: ScanReport): string {
  return `<!DOCTYPE html>\n${page(report)}\n`;
}

function page(report: ScanReport): Markup {
  return markup`<html lang="en">
<head>
<meta charset="utf-8" />
<meta http-equiv="Content-Security-Policy" content="${trustedMarkup(CONTENT_POLICY)}" />
<meta name="viewport" content="width=device-width, initial-scale=1" />
<meta name="color-scheme" content="light dark" />
<meta name="referrer" content="no-referrer" />
<title>DRMGuard scan report</title>
<style>${trustedMarkup(STYLE_SHEET)}</style>
</head>
<body>
<header class="page-header">
<div><h1>DRMGuard scan report</h1>
<p class="muted">${readableTime(report.createdAt)} · DRMGuard ${report.tool.version} · ${models(report.models.length)}</p></div>
${counts(report)}
</header>
${report.complete ? null : incompleteNotice(report)}
<main>
${report.models.length > 1 ? summaryTable(report.models) : null}
${report.models.map((entry, index) => modelSection(entry, index))}
</main>
<footer class="muted"><p>A verdict holds for the images, triggers and settings listed with it. What was not checked is listed with every model.</p></footer>
</body>
</html>`;
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
