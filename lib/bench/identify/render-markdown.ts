import { significant } from "../../report/number-format.ts";
import { NOTHING, percent } from "../estimate-text.ts";
import { markdownTable, markdownText } from "../markdown-table.ts";
import type { Identification } from "./identification.ts";
import { IDENTIFICATION_COLUMNS, rowCells, tableNotes } from "./row-cells.ts";

/** The identification table as a section of Markdown. */
export function renderIdentifyMarkdown(bench: Identification): string {
  const { zoo, images, methods, failures, tool } = bench;
  const rows = methods.flatMap((method) => method.rows.map((row) => rowCells(method, row)));
  const parts = [
    `## Identification: ${markdownText(zoo.name)}`,
    `${zoo.models} models, ${images.count} held-out benign images of ${images.height}×${images.width} (${markdownText(images.source)}), DRMGuard ${markdownText(tool.version)}.`,
    markdownTable(IDENTIFICATION_COLUMNS, rows),
    thresholdTable(bench),
    tableNotes(bench)
      .map((note) => `- ${note}`)
      .join("\n"),
  ];
  if (failures.length > 0) {
    const lines = failures.map(
      ({ method, model, code, message }) =>
        `- ${markdownText(model)}, ${method}: ${code}: ${markdownText(message)}`,
    );
    parts.push(`Failed scans, counted as models without a score:\n\n${lines.join("\n")}`);
  }
  return `${parts.join("\n\n")}\n`;
}

function thresholdTable({ methods }: Identification): string {
  return markdownTable(
    [
      { heading: "method", align: "left" },
      { heading: "backdoored from score", align: "right" },
      { heading: "balanced accuracy where chosen", align: "right" },
    ],
    methods.map(({ method, threshold }) => [
      method,
      thresholdText(threshold),
      threshold === null ? NOTHING : `${percent(threshold.balancedAccuracy)} %`,
    ]),
  );
}

/** A method's line; "none" when calling nothing backdoored was best. */
export function thresholdText(threshold: Identification["methods"][number]["threshold"]): string {
  if (threshold === null) return NOTHING;
  return threshold.value === null ? "none: nothing is called backdoored" : significant(threshold.value);
}
