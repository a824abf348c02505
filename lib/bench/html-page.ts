import { htmlPage } from "../report/html/page-shell.ts";
import { type Markup, markup } from "../report/markup.ts";

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
  return htmlPage({
    title,
    style: BENCH_STYLE,
    body: markup`<header class="page-header"><div><h1>${title}</h1>
<p class="muted">${subtitle}</p></div></header>
<main>
${body}
</main>`,
  });
}

/** A cell's text with the interval or range that it ends with on a line of its own. */
export function cellMarkup(text: string): Markup {
  const match = /^(.+) (\([^()]*\))$/.exec(text);
  return match === null ? markup`${text}` : markup`${match[1] ?? ""}<small>${match[2] ?? ""}</small>`;
}
