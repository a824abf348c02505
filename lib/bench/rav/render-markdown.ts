import { markdownTable, markdownText } from "../markdown-table.ts";
import type { AttackTable } from "./attack-table.ts";
import { attackCells, attackColumns, attackNotes } from "./row-cells.ts";

/** The table of attacks as a section of Markdown. */
export function renderRavMarkdown(table: AttackTable): string {
  const { zoo, data, tool, conditions } = table;
  const notes = attackNotes(table).map((note) => `- ${markdownText(note)}`);
  return `${[
    `## Attacks: ${markdownText(zoo.name)}`,
    `${zoo.models} models on ${markdownText(data.source)}, DRMGuard ${markdownText(tool.version)}.`,
    markdownTable(
      attackColumns(table),
      conditions.map((row) => attackCells(row).map(({ text }) => text)),
    ),
    notes.join("\n"),
  ].join("\n\n")}\n`;
}
