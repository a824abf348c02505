import { markdownTable, markdownText } from "../markdown-table.ts";
import type { AttackTable } from "./attack-table.ts";
import { attackGrids, attackNotes } from "./row-cells.ts";

/** The table of attacks as a section of Markdown. */
export function renderRavMarkdown(table: AttackTable): string {
  const { zoo, data, tool } = table;
  const notes = attackNotes(table).map((note) => `- ${markdownText(note)}`);
  return `${[
    `## Attacks: ${markdownText(zoo.name)}`,
    `${zoo.models} models on ${markdownText(data.source)}, DRMGuard ${markdownText(tool.version)}.`,
    ...attackGrids(table).flatMap(({ title, columns, rows }) => [
      `### ${title}`,
      markdownTable(
        columns,
        rows.map((cells) => cells.map(({ text }) => text)),
      ),
    ]),
    notes.join("\n"),
  ].join("\n\n")}\n`;
}
