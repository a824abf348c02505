import { markdownTable, markdownText } from "../markdown-table.ts";
import type { MitigationBench } from "./mitigation-bench.ts";
import { mitigationGrid, mitigationNotes } from "./row-cells.ts";

/** The mitigation table as a section of Markdown. */
export function renderMitigateMarkdown(bench: MitigationBench): string {
  const { zoo, images, failures, tool } = bench;
  const { columns, rows } = mitigationGrid(bench);
  const parts = [
    `## Mitigation: ${markdownText(zoo.name)}`,
    `${zoo.models} models on ${markdownText(images.source)} (${images.height}×${images.width}), DRMGuard ${markdownText(tool.version)}.`,
    markdownTable(
      columns,
      rows.map(({ cells }) => cells.map(({ text }) => text)),
    ),
    mitigationNotes(bench)
      .map((note) => `- ${markdownText(note)}`)
      .join("\n"),
  ];
  if (failures.length > 0) {
    const lines = failures.map(
      ({ method, model, code, message }) =>
        `- ${markdownText(model)}, ${method}: ${code}: ${markdownText(message)}`,
    );
    parts.push(`Failures; a model whose mitigation failed meets no goal:\n\n${lines.join("\n")}`);
  }
  return `${parts.join("\n\n")}\n`;
}
