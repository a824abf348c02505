import { type Markup, markup, trustedMarkup } from "../markup.ts";
import { STYLE_SHEET } from "./style-sheet.ts";

/** Nothing but inline styles and inlined pictures: no script runs and nothing is fetched, whatever the page holds. */
const CONTENT_POLICY =
  "default-src 'none'; img-src data:; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'";

export interface PageParts {
  title: string;
  /** What the page needs besides the style sheet of all pages; a constant of this package. */
  style?: string;
  /** Everything inside of <body>. */
  body: Markup;
}

/** A self-contained HTML page without scripts; opens offline, in light and dark, and prints. */
export function htmlPage({ title, style = "", body }: PageParts): string {
  const page = markup`<html lang="en">
<head>
<meta charset="utf-8" />
<meta http-equiv="Content-Security-Policy" content="${trustedMarkup(CONTENT_POLICY)}" />
<meta name="viewport" content="width=device-width, initial-scale=1" />
<meta name="color-scheme" content="light dark" />
<meta name="referrer" content="no-referrer" />
<title>${title}</title>
<style>${trustedMarkup(STYLE_SHEET)}${trustedMarkup(style)}</style>
</head>
<body>
${body}
</body>
</html>`;
  return `<!DOCTYPE html>\n${page}\n`;
}
