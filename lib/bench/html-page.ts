import { CONTENT_POLICY } from "../report/html/render-html.ts";
import { STYLE_SHEET } from "../report/html/style-sheet.ts";
import { type Markup, markup, trustedMarkup } from "../report/markup.ts";

/** What the pages of a bench need besides the report's style sheet. */
const BENCH_STYLE = `
.bench td{white-space:nowrap}
.bench thead th{white-space:normal;vertical-align:bottom}
.bench tbody .all td,.bench tbody .all th{font-weight:650;background:var(--soft)}
.bench small{display:block;color:var(--muted);font-weight:400}
.bench .pass{color:var(--clean)}
.bench .fail{color:var(--backdoored);font-weight:650}
.roc-figure{display:grid;grid-template-columns:minmax(0,400px) minmax(180px,1fr);gap:12px 28px;align-items:center;margin-top:22px;break-inside:avoid}
@media (max-width:720px){.roc-figure{grid-template-columns:minmax(0,1fr)}}
`;

export interface BenchPage {
  title: string;
  /** One line below the title. */
  subtitle: string;
  body: Markup;
}

/** A self-contained page without scripts in the style of the scan report. */
export function benchPage({ title, subtitle, body }: BenchPage): string {
  const page = markup`<html lang="en">
<head>
<meta charset="utf-8" />
<meta http-equiv="Content-Security-Policy" content="${trustedMarkup(CONTENT_POLICY)}" />
<meta name="viewport" content="width=device-width, initial-scale=1" />
<meta name="color-scheme" content="light dark" />
<meta name="referrer" content="no-referrer" />
<title>${title}</title>
<style>${trustedMarkup(STYLE_SHEET)}${trustedMarkup(BENCH_STYLE)}</style>
</head>
<body>
<header class="page-header"><div><h1>${title}</h1>
<p class="muted">${subtitle}</p></div></header>
<main>
${body}
</main>
</body>
</html>`;
  return `<!DOCTYPE html>\n${page}\n`;
}

/** A cell's text with the interval or range that it ends with on a line of its own. */
export function cellMarkup(text: string): Markup {
  const match = /^(.+) (\([^()]*\))$/.exec(text);
  return match === null ? markup`${text}` : markup`${match[1] ?? ""}<small>${match[2] ?? ""}</small>`;
}
