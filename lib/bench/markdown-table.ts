import { printableText } from "../report/printable-text.ts";

/** Which side the cells of a column keep to. */
export interface Column {
  heading: string;
  align: "left" | "right";
}

/** A table in GitHub's Markdown; cells are text, whatever they hold. */
export function markdownTable(columns: readonly Column[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(" | ")} |`;
  const rule = columns.map(({ align }) => (align === "right" ? "--:" : "---"));
  return [
    line(columns.map(({ heading }) => markdownText(heading))),
    `|${rule.join("|")}|`,
    ...rows.map((row) => line(row.map(markdownText))),
  ].join("\n");
}

/** Text without anything that Markdown would take for markup. */
export function markdownText(text: string): string {
  return printableText(text).replace(/[\\`*_{}[\]<>|~&]/g, (character) => `\\${character}`);
}
